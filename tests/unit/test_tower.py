"""The image tower that captions alone have taught (training/tower.py), without training one."""

import torch
import torch.nn.functional as F

from denoised.models.clip import Clip
from denoised.training.tower import Tower, fitting


def test_a_caption_without_a_style_fits_every_style_of_its_thing():
    concept, style = torch.tensor([0, 0, 1]), torch.tensor([0, 1, 0])
    styled = torch.tensor([True, False, True])
    assert fitting(concept, style, styled).tolist() == [
        [True, False, False],  # "cat, noto style"
        [True, True, False],  # "cat", drawn in another one
        [False, False, True],
    ]


def test_the_loss_is_that_of_clip():
    torch.manual_seed(0)
    tower = Tower(24, width=16).eval()
    pictures, pooled = torch.randn(6, 3, 64, 64), torch.randn(6, 24)
    positive = torch.eye(6, dtype=torch.bool) | (torch.rand(6, 6) < 0.2)
    text, image = F.normalize(tower.text(pooled), dim=-1), F.normalize(tower.image(pictures), dim=-1)
    wanted = Clip.loss(tower, text, image, positive)  # which asks for nothing but the temperature
    torch.testing.assert_close(tower.loss(pictures, pooled, positive), wanted)
    assert tower.features((torch.rand(3, 3, 64, 64) * 255).byte(), batch=2).shape == (3, tower.image.body.width)

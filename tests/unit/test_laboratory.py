"""The laboratory model: small enough, the same seed the same weights, and it learns what its labels say."""

import pytest
import torch

from denoised.errors import DenoisedError
from denoised.models.laboratory import UNTOLD, LabNet, parameters
from denoised.training import laboratory

SHORT = laboratory.Settings(samples=64 * 60, batch=64, warmup=256, ema=0.9, lr=4e-3)


def two_kinds(n=64):
    """Latents that are bright (label 1) or dark (label 2) all over, with a little noise."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(n)[:, None] % 2 + 1
    level = torch.where(labels == 1, 1.0, -1.0)[:, :, None, None]
    return level + 0.1 * torch.randn(n, 4, 8, 8, generator=generator), labels


@pytest.fixture(scope="module")
def trained():
    return laboratory.train(*two_kinds(), (2,), seed=3, settings=SHORT)


def test_it_has_fewer_than_a_million_parameters():
    assert parameters(LabNet((64, 8, 11))) < 1_000_000


def test_a_label_decides_what_is_drawn(trained):
    means = laboratory.draw(trained, torch.tensor([[1], [2]]).repeat(4, 1), seed=0, steps=10).mean((1, 2, 3))
    assert means[0::2].min() > 0.4
    assert means[1::2].max() < -0.4


def test_a_picture_does_not_depend_on_its_neighbours(trained):
    together = laboratory.draw(trained, torch.tensor([[1], [2], [1]]), seed=5, steps=4)
    alone = laboratory.draw(trained, torch.tensor([[1]]), seed=5, steps=4)
    assert torch.allclose(together[0], alone[0], atol=1e-4)
    batches = laboratory.draw(trained, torch.tensor([[1], [2], [1]]), seed=5, steps=4, batch=2)
    assert torch.allclose(together, batches, atol=1e-4)


def test_the_same_seed_gives_the_same_weights():
    few = laboratory.Settings(samples=64 * 3, batch=64)
    one, same, other = (laboratory.train(*two_kinds(), (2,), seed, few).state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not all(torch.equal(one[name], other[name]) for name in one)


def test_weight_zero_keeps_pictures_out():
    latents, labels = two_kinds()
    latents[labels[:, 0] == 2] = float("nan")  # one of these in a batch would ruin the weights
    net = laboratory.train(latents, labels, (2,), 0, laboratory.Settings(samples=192, batch=64), labels[:, 0] == 1)
    assert all(torch.isfinite(p).all() for p in net.parameters())


def test_labels_are_hidden_as_often_as_said():
    labels = torch.ones(20_000, 2, dtype=torch.long)
    seen = laboratory.hide(labels, 0.8, torch.Generator().manual_seed(0))
    assert (seen == UNTOLD).all(1).float().mean().item() == pytest.approx(0.1 + 0.1 / 4, abs=0.01)
    assert (seen != UNTOLD).all(1).float().mean().item() == pytest.approx(0.8 + 0.1 / 4, abs=0.01)


@pytest.mark.parametrize(
    ("latents", "labels", "words"),
    [
        (torch.zeros(2, 4, 16, 16), torch.ones(2, 1, dtype=torch.long), "latents"),
        (torch.zeros(2, 4, 8, 8), torch.ones(2, 2, dtype=torch.long), "shape"),
        (torch.zeros(2, 4, 8, 8), torch.full((2, 1), 3), "outside"),
        (torch.zeros(2, 4, 8, 8), torch.full((2, 1), -1), "outside"),
    ],
)
def test_what_does_not_fit_is_said(latents, labels, words):
    with pytest.raises(DenoisedError, match=words):
        laboratory.train(latents, labels, (2,), 0)

"""Operations are counted as one would on paper, steps are listed in their order, and smoothing kernels are told."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from denoised.models.unet import build
from denoised.probes.flow import ELEMENTWISE, Operations, kernels_of, low_pass_share, steps, switches


@pytest.fixture(scope="module")
def unet():
    return build(channels=(16, 32, 48), heads=(1, 2, 4), text_width=24).eval().requires_grad_(False)


def call(unet):
    return unet(torch.zeros(1, 4, 16, 16), 500, encoder_hidden_states=torch.zeros(1, 7, 24), return_dict=False)[0]


def test_a_small_network_is_counted_as_on_paper():
    network = nn.Sequential(nn.Conv2d(3, 5, 3, padding=1), nn.SiLU(), nn.Flatten(), nn.Linear(5 * 64, 7))
    x = torch.zeros(2, 3, 8, 8)
    with torch.no_grad(), Operations(network, ["0", "3"]) as counted:
        network(x)
    assert counted.total("matrix", "0") == 2 * 2 * 5 * 3 * 9 * 64
    assert counted.total("matrix", "3") == 2 * 2 * 7 * 5 * 64
    assert counted.total("rest", "elsewhere") == ELEMENTWISE * 2 * 5 * 64
    assert counted.total() == sum(counted.total(place=place) for place in ("0", "3", "elsewhere"))


def test_attention_is_counted_by_its_two_products():
    q, k = torch.zeros(1, 2, 6, 4), torch.zeros(1, 2, 9, 4)
    with torch.no_grad(), Operations(nn.Identity()) as counted:
        nn.functional.scaled_dot_product_attention(q, k, k)
    assert counted.total("matrix") >= 2 * (2 * 2 * 6 * 9 * 4)
    assert counted.total() <= 2 * (2 * 2 * 6 * 9 * 4) + 4 * ELEMENTWISE * 2 * (6 * 9 + 9 * 4)


def test_the_unet_agrees_with_torchs_own_counter(unet):
    with torch.no_grad(), Operations(unet, ["down_blocks.0", "mid_block"]) as counted:
        call(unet)
    with torch.no_grad(), FlopCounterMode(display=False) as theirs:
        call(unet)
    assert counted.total("matrix") == pytest.approx(theirs.get_total_flops(), rel=0.05)
    assert counted.total("frequency") == 0 < counted.total("sinusoid") < 0.001 * counted.total()
    assert 0 < counted.total(place="down_blocks.0") < counted.total()


def test_a_fourier_transform_would_be_noticed():
    with torch.no_grad(), Operations(nn.Identity()) as counted:
        torch.fft.fft2(torch.zeros(8, 8)).abs()
    assert counted.total("frequency") > 0


def test_steps_stand_in_their_order(unet):
    found = steps(unet, lambda: call(unet))
    names = [step.name for step in found]
    assert names[-1] == "conv_out" and found[-1].shape == (1, 4, 16, 16)
    assert names.index("conv_in") < names.index("down_blocks.1.attentions.0.transformer_blocks.0.attn1")
    assert sum(step.kind == "attention" for step in found) == 14
    assert not any(".attn2.to_q" in name for name in names)
    assert not any(step.gradient for step in found)
    assert steps(unet, lambda: call(unet)) == found


def test_gradients_are_noticed():
    network = nn.Sequential(nn.Linear(2, 2), nn.SiLU())
    assert all(step.gradient for step in steps(network, lambda: network(torch.zeros(1, 2))))


def test_switches_count_the_changes_only(unet):
    found = steps(unet, lambda: call(unet))
    assert switches(found) == 2 * 7  # seven transformers, each between convolutions
    assert switches([]) == 0


def test_smoothing_is_told_from_sharpening():
    blur, edge = np.ones((3, 3)) / 9, np.array([[0, 0, 0], [1.0, 0, -1], [0, 0, 0]])
    sharpen = np.array([[0, -1.0, 0], [-1, 5, -1], [0, -1, 0]])
    assert low_pass_share(np.stack([blur, -blur])) == 1
    assert low_pass_share(np.stack([edge, sharpen])) == 0
    assert low_pass_share(np.stack([blur, edge, sharpen, blur])) == 0.5


def test_kernels_are_taken_evenly(unet):
    assert kernels_of(unet, limit=10).shape[1:] == (3, 3)
    assert len(kernels_of(nn.Sequential(nn.Conv2d(4, 4, 3), nn.Conv2d(4, 4, 1)))) == 16

"""What "Equal damage" is measured with."""

import numpy as np
import pytest
import torch

from denoised import measured
from denoised.measured import knows_damage
from figures.knows import damage


def test_noise_is_of_the_asked_size_on_tables_only_and_goes_away_again():
    net = torch.nn.Sequential(torch.nn.Linear(200, 300), torch.nn.LayerNorm(300)).requires_grad_(False)
    net[0].weight *= 7
    before = {name: w.clone() for name, w in net.named_parameters()}
    with knows_damage.noisy([net], 0.1, seed=0):
        shift = net[0].weight - before["0.weight"]
        assert float(shift.norm() / before["0.weight"].norm()) == pytest.approx(0.1, rel=0.02)
        assert torch.equal(net[0].bias, before["0.bias"]) and torch.equal(net[1].weight, before["1.weight"])
    assert all(torch.equal(w, before[name]) for name, w in net.named_parameters())


def test_more_noise_is_the_same_noise_made_larger():
    net = torch.nn.Linear(30, 30).requires_grad_(False)
    whole, shifts = net.weight.clone(), []
    for level in (0.1, 0.2):
        with knows_damage.noisy([net], level, seed=3):
            shifts.append(net.weight - whole)
    assert torch.allclose(2 * shifts[0], shifts[1], atol=1e-6)


def test_weights_come_back_after_an_error():
    net = torch.nn.Linear(4, 4).requires_grad_(False)
    whole = net.weight.clone()
    with pytest.raises(RuntimeError), knows_damage.noisy([net], 1, seed=0):
        raise RuntimeError
    assert torch.equal(net.weight, whole)


def test_the_part_that_loses_least_is_told():
    rng = np.random.default_rng(0)
    lost = {"text": rng.normal(0.5, 0.1, 40), "unet": rng.normal(0.6, 0.1, 40), "decoder": rng.normal(0.1, 0.1, 40)}
    found = damage.compare(lost)
    assert found["decoder_is_least"] and found["least_under_next_low"] > 0.3 and found["most"] == "unet"
    lost["text"] = lost["decoder"] - 0.3
    found = damage.compare(lost)
    assert found["least"] == "text" and 0.2 < found["decoder_over_least_low"] <= 0.3 + 1e-9


def test_results_are_whole():
    numbers, arrays = measured.load(knows_damage)
    for part in knows_damage.PARTS:
        assert arrays[f"right_{part}"].shape == (len(knows_damage.LEVELS), numbers["prompts"])

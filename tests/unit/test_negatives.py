"""The instruments behind the page on negatives, against arithmetic by hand and against the pipeline itself."""

import numpy as np
import pytest
import torch

from denoised import paths
from denoised.pipeline import generate_batch, load
from denoised.probes import negatives, runs


@pytest.fixture(scope="module")
def pipe():
    return load(paths.WEIGHTS / "emoji-sd")


def test_apart_is_the_root_mean_square_and_strangers_its_mean_over_pairs():
    z = torch.stack([torch.zeros(4, 2, 2), torch.ones(4, 2, 2), 3 * torch.ones(4, 2, 2)])
    assert negatives.apart(z[:2], z[1:]).tolist() == [1, 2]
    assert negatives.strangers(z) == pytest.approx((1 + 3 + 2) / 3)
    with pytest.raises(ValueError, match="at least two"):
        negatives.strangers(z[:1])


def test_redness_is_of_the_drawing_and_not_of_the_page():
    page = np.full((3, 8, 8, 3), 255, np.uint8)
    page[0, 2:5, 2:5] = (255, 0, 0)
    page[1, 2:5, 2:5] = (0, 0, 255)
    assert negatives.redness(page) == pytest.approx([1, -0.5, 0])


@pytest.mark.parametrize("s", [0.0, 0.5, 1.0, 3.0])
def test_the_negatives_weight_is_one_minus_guidance(pipe, s):
    xt = runs.noise(pipe, [3])
    weight, rest = negatives.weight_of_negative(pipe, "cat face, noto style", "red", xt, 500, s)
    assert weight == pytest.approx(1 - s, abs=1e-3) and rest < 1e-2


def test_a_run_that_hears_all_is_the_pipelines_and_one_that_hears_nothing_ignores_the_words(pipe):
    prompts, seeds = ["red apple, noto style", "skull"], [4, 5]
    settings = {"steps": 2, "guidance": 3.0}
    heard = negatives.silenced(pipe, prompts, seeds, deaf=range(0), **settings)
    expected = torch.stack([trace.xt[-1] for trace in generate_batch(pipe, prompts, seeds, **settings)])
    torch.testing.assert_close(heard, expected, atol=1e-4, rtol=1e-4)
    deaf = negatives.silenced(pipe, prompts, seeds, deaf=range(2), **settings)
    other = negatives.silenced(pipe, ["rocket", "house"], seeds, deaf=range(2), **settings)
    torch.testing.assert_close(deaf, other)
    half = negatives.silenced(pipe, prompts, seeds, deaf=range(1), **settings)
    assert (negatives.apart(half, heard) > 0.01).all() and (negatives.apart(half, deaf) > 0.01).all()

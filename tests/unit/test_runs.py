"""The loop laid out is the loop of the pipeline, and what it can be asked for has a known answer."""

import pytest
import torch

from denoised import paths
from denoised.pipeline import generate_batch, load
from denoised.probes import runs

PROMPTS, SEEDS, STEPS = ["red apple, noto style", "cat face, noto style"], [5, 6], 3


@pytest.fixture(scope="module")
def pipe():
    return load(paths.ROOT / "figures_src" / "weights" / "emoji-sd")


@pytest.fixture(scope="module")
def traces(pipe):
    return generate_batch(pipe, PROMPTS, SEEDS, steps=STEPS, guidance=3.0)


def test_a_walk_is_the_pipelines_own(pipe, traces):
    seen = []
    end = runs.walk(pipe, runs.prompted(pipe, PROMPTS, 3.0), runs.noise(pipe, SEEDS), STEPS, seen=seen)
    torch.testing.assert_close(end, torch.stack([one.xt[-1] for one in traces]), atol=1e-4, rtol=1e-3)
    assert [step.t for step in seen] == traces[0].timesteps.tolist()


def test_a_walk_can_begin_in_the_middle(pipe, traces):
    model, begin = runs.prompted(pipe, PROMPTS, 3.0), torch.stack([one.xt[1] for one in traces])
    end = runs.walk(pipe, model, begin, STEPS, start=1)
    torch.testing.assert_close(end, torch.stack([one.xt[-1] for one in traces]), atol=1e-4, rtol=1e-3)
    assert runs.walk(pipe, model, begin, STEPS, start=STEPS) is begin


def test_the_right_answer_bets_on_the_clean_latent(pipe):
    x0, t = torch.randn(3, 4, 16, 16, generator=torch.Generator().manual_seed(0)), torch.tensor([50, 500, 999])
    xt, answer, eps = runs.homework(pipe, x0, t, torch.Generator().manual_seed(1))
    torch.testing.assert_close(runs.bet(pipe, answer, xt, t), x0, atol=1e-4, rtol=1e-3)
    again = runs.homework(pipe, x0, t, torch.Generator().manual_seed(1))
    assert torch.equal(again[0], xt) and torch.equal(again[2], eps)

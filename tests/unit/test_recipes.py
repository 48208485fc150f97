"""The benchmark of training recipes: what differs between recipes is what their table says, and turns are fair."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from denoised.lab import Lab
from denoised.models.laboratory import LabNet
from denoised.studies import recipes as study
from denoised.training import denoiser, recipes


@pytest.fixture(scope="module")
def vae():
    return Lab("tests/recipes", ("emoji-sd/vae",)).vae()


@pytest.fixture(scope="module")
def icons():
    return torch.randint(0, 256, (20, 3, 64, 64), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


def run(recipe, vae, icons, seed=0, limit=100.0):
    said = torch.arange(20)[:, None] % 3 + torch.ones(20, 2, dtype=torch.int64)
    return recipes.Run(replace(recipe, batch=4), partial(LabNet, (3, 3)), vae, icons, said, seed, limit)


def weights(one):
    return torch.cat([p.detach().flatten().clone() for p in one.parameters])


@pytest.mark.parametrize("name", recipes.RECIPES)
def test_every_recipe_learns_and_draws(vae, icons, name):
    one, before = run(recipes.RECIPES[name], vae, icons), None
    for _ in range(3):
        one.step()
        before, after = weights(one), before
        assert after is None or not torch.equal(before, after)
    assert one.samples == 12
    asked = torch.tensor([[1, 0], [2, 0]])
    drawn = one.draw(asked, 5, 2.0, 3)
    assert drawn.shape == (2, 4, 8, 8) and torch.isfinite(drawn).all()
    torch.testing.assert_close(weights(one), before, msg="drawing changes nothing")
    torch.testing.assert_close(one.draw(asked, 5, 2.0, 3), drawn)


def test_steps_are_the_same_twice_and_pictures_are_encoded_as_often_as_the_recipe_says(vae, icons, monkeypatch):
    calls, real = [], type(vae).encode
    monkeypatch.setattr(type(vae), "encode", lambda self, x: calls.append(len(x)) or real(self, x))
    once, twice = run(recipes.OURS, vae, icons), run(recipes.OURS, vae, icons)
    assert sum(calls) == 2 * len(icons)
    for one in (once, twice):
        one.step()
        one.step()
    assert sum(calls) == 2 * len(icons)
    torch.testing.assert_close(weights(once), weights(twice), atol=0, rtol=0)
    stock = run(recipes.STOCK, vae, icons)
    assert sum(calls) == 2 * len(icons)
    stock.step()
    stock.step()
    assert sum(calls) == 2 * len(icons) + 2 * 4


def test_the_noise_is_asked_for_on_the_schedule_of_stable_diffusion(vae, icons):
    from diffusers import DDIMScheduler

    theirs = DDIMScheduler(beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012).alphas_cumprod
    torch.testing.assert_close(recipes.table(recipes.STOCK).float(), theirs, atol=1e-6, rtol=1e-5)
    assert recipes.table(recipes.OURS)[-1] == 0 < recipes.table(recipes.STOCK)[-1]
    torch.testing.assert_close(recipes.table(recipes.OURS), denoiser.alpha_bar())


def test_turns_give_each_the_same_time():
    class Worker:
        def __init__(self):
            self.spent, self.turns = 0.0, []

        def work(self, until):
            self.turns.append(until)
            self.spent = until

    runs, seen = {"a": Worker(), "b": Worker()}, []
    study.in_turns(runs, (3, 8), 2, lambda mark, name, run: seen.append((mark, name, run.spent)))
    assert runs["a"].turns == runs["b"].turns == [2, 3, 5, 7, 8]
    assert seen == [(3, "a", 3), (3, "b", 3), (8, "a", 8), (8, "b", 8)]


def test_work_ends_when_the_time_is_spent(vae, icons):
    one = run(recipes.OURS, vae, icons)
    one.work(one.spent + 0.5)
    assert one.samples > 0
    spent, samples = one.spent, one.samples
    one.work(spent)
    assert (one.spent, one.samples) == (spent, samples)


def test_what_is_committed_is_whole():
    facts, arrays = study.load()
    s = study.SETTINGS
    for name in recipes.RECIPES:
        assert arrays[f"right_{name}"].shape == (len(s.seeds), len(s.marks), len(s.strengths), s.asked * s.concepts)
        assert np.all(np.diff(arrays[f"samples_{name}"], axis=1) > 0)
        assert arrays[f"z_{name}"].shape == (len(s.strengths), s.shown, 4, 8, 8)
    assert len(facts["things"]) == s.concepts

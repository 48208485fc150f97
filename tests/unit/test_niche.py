"""A niche for an adapter: mosaics, how they are told, who is asked for what, and a training that changes what it should."""

import copy
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from diffusers import UNet2DConditionModel

from denoised.diffusion import objectives
from denoised.models import adapter
from denoised.studies import niche as study
from denoised.training import niche
from denoised.training.denoiser import alpha_bar


def test_mosaics_keep_the_means_and_have_no_variance_within():
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (3, 64, 64, 3), np.uint8)
    made = study.mosaic(pictures)
    assert made.shape == pictures.shape and made.dtype == np.uint8
    assert (made[:, :4, :4] == made[:, :1, :1]).all()
    expected = pictures[1, 4:8, 8:12].astype(float).mean((0, 1))
    assert np.abs(made[1, 5, 9] - expected).max() <= 0.5
    assert study.within(made) == pytest.approx(np.zeros(3), abs=1e-12)
    assert (study.within(pictures) > 0.8).all(), "of noise nearly all lies within"


def test_within_is_the_share_of_the_definition():
    x = np.zeros((2, 32, 32, 3))
    x[0, ::2] = 100  # stripes within squares of two pixels, and no difference between squares
    x[1, :16] = 100
    assert study.within(x) == pytest.approx([1, 0])
    half = study.within((x[:1] + x[1:]) / 2)
    assert half == pytest.approx([0.5])
    assert np.isnan(study.within(np.full((1, 32, 32, 3), 7))).all()


def test_nothing_is_both_learned_and_asked_for():
    rows = [SimpleNamespace(concept=f"thing-{i % 50}") for i in range(200)]
    settings = replace(study.SETTINGS, learned=20, asked=12)
    learned, asked = study.chosen(rows, {f"thing-{i}" for i in range(0, 50, 2)}, settings)
    assert len(set(learned)) == 20 and len(asked) == 12
    things = [rows[i].concept for i in asked]
    assert len(set(things)) == 12 and not set(things) & {rows[i].concept for i in learned}
    assert all(int(thing.rpartition("-")[2]) % 2 == 0 for thing in things)
    assert study.chosen(rows, {f"thing-{i}" for i in range(0, 50, 2)}, settings) == (learned, asked)


@pytest.fixture(scope="module")
def small():
    torch.manual_seed(0)
    return UNet2DConditionModel(
        sample_size=8, block_out_channels=(32, 64), layers_per_block=1, cross_attention_dim=32, norm_num_groups=8,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        attention_head_dim=8,
    )  # fmt: skip


def test_training_leaves_the_network_alone_and_gives_an_adapter_that_helps(small):
    generator = torch.Generator().manual_seed(1)
    latents, states = torch.randn(4, 4, 8, 8, generator=generator), torch.randn(4, 6, 32, generator=generator)
    before = {name: value.clone() for name, value in small.state_dict().items()}
    settings = niche.Settings(rank=2, samples=240, batch=4, lr=5e-3, warmup=8)
    lessons, empty = (latents, states), torch.zeros(6, 32)
    made = niche.train(small, lessons, lessons, empty, 0, settings)
    assert all(torch.equal(value, before[name]) for name, value in small.state_dict().items())
    again = niche.train(small, lessons, lessons, empty, 0, settings)
    assert all(torch.equal(made[name], again[name]) for name in made)

    def error(strength):
        net = adapter.merge(copy.deepcopy(small), made, strength)
        eps = torch.randn(4, 4, 8, 8, generator=torch.Generator().manual_seed(2))
        t = torch.full((4,), 600)
        with torch.no_grad():
            loss = objectives.diffusion_loss(lambda xt, t: net(xt, t, states).sample, latents, eps, t, alpha_bar())
        return float(loss.mean())

    assert error(1.0) < error(0.0)


def test_ordinary_lessons_are_as_many_as_was_said(small, monkeypatch):
    asked, real = [], niche.draw
    monkeypatch.setattr(niche, "draw", lambda lessons, n, g: asked.append((len(lessons[0]), n)) or real(lessons, n, g))
    some, others = ((torch.zeros(k, 4, 8, 8), torch.zeros(k, 6, 32)) for k in (3, 5))
    settings = niche.Settings(rank=2, samples=8, batch=8, beside=0.25)
    niche.train(small, some, others, torch.zeros(6, 32), 0, settings)
    assert asked == [(3, 6), (5, 2)]


def test_what_is_committed_is_whole():
    facts, arrays = study.load()
    n = study.SETTINGS.asked * study.SETTINGS.times
    for case in study.CASES:
        assert all(len(arrays[f"{what}_{case}"]) == n for what in ("within", "moved", "top5", "style", "far"))
        assert len(arrays[f"z_{case}"]) == len(arrays["shown"]) == len(arrays["pixels"])
    assert not arrays["far_plain"].any() and len(facts["things"]) == study.SETTINGS.asked

"""The full-size diffusion transformer (models/dit.py) and its lessons (training/transformer.py), against diffusers and
transformers, and on stand-ins for data."""

import json
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler, PixArtTransformer2DModel, SD3Transformer2DModel
from diffusers.models.embeddings import get_2d_sincos_pos_embed

from denoised import paths
from denoised.diffusion import bridge, guidance, samplers
from denoised.errors import DenoisedError
from denoised.models import dit, small
from denoised.models import unet as unet_model
from denoised.probes.joint_attention import JointAttention
from denoised.training import store, transformer
from denoised.training.presets import PRESETS

SMALL = {"width": 24, "depth": 2, "heads": 2}


def size(net) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def moved(net):
    """A network that says something: as built, all of them answer with nothing."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.05 * torch.randn(parameter.shape, generator=generator))
    return net.eval()


def told(n: int = 2) -> torch.Tensor:
    return torch.randn((n, dit.READS + 1, 256), generator=torch.Generator().manual_seed(1))


def test_it_is_as_large_as_the_unet():
    with torch.device("meta"):
        unet = size(unet_model.build())
    assert size(dit.build()) == pytest.approx(unet, rel=0.05)


def test_it_begins_by_saying_nothing():
    net, xt = dit.build(**SMALL), torch.randn(2, 4, 16, 16)
    assert not dit.velocity(net, xt, torch.tensor(0.5), told()).any()


def test_places_are_the_stock_ones_and_a_small_token_stands_amid_its_four():
    stock = get_2d_sincos_pos_embed(24, 8, base_size=8, output_type="pt").float()
    torch.testing.assert_close(dit.places(24, 16)[0], stock)
    along = dit.places(24, 8)[0].reshape(4, 4, 24)
    sine = dit.places(24, 16)[0].reshape(8, 8, 24)[..., 0]  # the fastest sinusoid: sin(place along the row)
    assert torch.allclose(sine[0], torch.arange(8.0).sin(), atol=1e-6)
    assert torch.allclose(along[0, :, 0], (torch.arange(4.0) * 2 + 0.5).sin(), atol=1e-6)


def test_the_second_stage_goes_on_from_the_first():
    small, large = moved(dit.build(**SMALL, side=8)), dit.build(**SMALL)
    dit.enlarge(large, small.state_dict())
    assert torch.equal(large.proj_out.weight, small.proj_out.weight)
    assert torch.equal(large.pos_embed.pos_embed, dit.places(24, 16)), "its tokens keep their own places"
    with pytest.raises(ValueError, match="same transformer"):
        dit.enlarge(large, {"other": torch.zeros(1)})


def test_the_prompt_is_where_clip_pools():
    from transformers import CLIPTokenizer

    from denoised.models import clip

    folder = paths.WEIGHTS / "emoji-sd"
    tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer")
    captions = ["tiger face", "a very long caption about a red apple and a green pear on a plate, noto style", ""]
    encoder = clip.build_text(len(tokenizer)).eval()
    with torch.no_grad():
        out = encoder(input_ids=clip.tokenize(tokenizer, captions))
    found = dit.told(out.last_hidden_state, dit.ends(tokenizer, captions))
    assert found.shape == (3, 33, 256)
    torch.testing.assert_close(found[:, -1], out.pooler_output)
    torch.testing.assert_close(found[:, :-1], out.last_hidden_state)
    torch.testing.assert_close(dit.WithEnd(encoder)(clip.tokenize(tokenizer, captions))[0], found)


@pytest.mark.parametrize("s", [1.0, 3.0])
def test_it_draws_as_the_stock_scheduler_does(s):
    net, noise = moved(dit.build(**SMALL)), torch.randn(2, 4, 16, 16)
    words, nothing = told(), torch.zeros(2, dit.READS + 1, 256)
    found = transformer.draw(net, noise, words, nothing, s, 6)
    scheduler: FlowMatchEulerDiscreteScheduler = dit.scheduler()
    scheduler.set_timesteps(sigmas=[1 - i / 6 for i in range(6)])
    xt = noise
    with torch.no_grad():
        for t in scheduler.timesteps:
            said = [
                net(xt, context[:, :-1], context[:, -1], t.expand(2)).sample for context in (nothing, words)
            ]  # fmt: skip
            xt = scheduler.step(said[0] + s * (said[1] - said[0]), t, xt).prev_sample
    assert (found - noise).abs().max() > 0.1
    torch.testing.assert_close(found, xt, rtol=1e-4, atol=1e-4)


def test_it_draws_in_the_stock_pipeline_in_the_unets_place(monkeypatch):
    from diffusers import StableDiffusionPipeline

    from denoised import pipeline
    from denoised.training.denoiser import text_states

    pipe = StableDiffusionPipeline.from_pretrained(paths.WEIGHTS / "emoji-sd")
    pipe.set_progress_bar_config(disable=True)
    encoder, tokenizer, levels = pipe.text_encoder, pipe.tokenizer, pipe.scheduler.alphas_cumprod
    monkeypatch.setattr(dit, "load", lambda folder: moved(dit.build(**SMALL)))
    dit.put_into(pipe, paths.WEIGHTS / "dit")
    noise = torch.randn((1, 4, 16, 16), generator=torch.Generator().manual_seed(5))
    found = pipe("tiger face", num_inference_steps=4, guidance_scale=3, latents=noise, output_type="latent").images
    contexts = [
        dit.told(text_states(encoder, tokenizer, [words]), dit.ends(tokenizer, [words])) for words in ("tiger face", "")
    ]  # fmt: skip
    taus = bridge.tau_of(levels[torch.tensor([999, 749, 499, 249])]).float()
    model = guidance.guided(partial(call, pipe.unet.net), 3.0, *contexts)
    expected = samplers.euler(model, noise, taus)
    assert (expected - noise).abs().max() > 0.5
    torch.testing.assert_close(found, expected, rtol=0.02, atol=0.02)  # text_states rounds to half precision
    trace = pipeline.generate(pipe, "tiger face", seed=5, steps=4)
    torch.testing.assert_close(trace.xt[-1][None], found, rtol=1e-3, atol=1e-3)


def call(net, xt, tau, context):
    return dit.velocity(net, xt, torch.as_tensor(tau), context)


def test_attention_in_the_open_changes_nothing():
    net, xt, context = moved(dit.build(**SMALL)), torch.randn(2, 4, 16, 16), told()
    with torch.no_grad():
        before = dit.velocity(net, xt, torch.tensor(0.3), context)
        with JointAttention(net) as seen:
            torch.testing.assert_close(dit.velocity(net, xt, torch.tensor(0.3), context), before, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(dit.velocity(net, xt, torch.tensor(0.3), context), before)
    assert len(seen.weights) == SMALL["depth"], "on leaving, nothing more is kept"
    assert seen.mean().shape == (2, 64 + dit.READS, 64 + dit.READS)
    torch.testing.assert_close(seen.mean().sum(-1), torch.ones(2, 64 + dit.READS))
    maps = seen.maps(dit.READS)
    assert maps.shape == (2, 8, 8, dit.READS)
    torch.testing.assert_close(maps.sum(-1), torch.ones(2, 8, 8))
    torch.testing.assert_close(seen.shares(dit.READS).sum(-1), torch.ones(2, 2))


@pytest.fixture
def lessons(tmp_path, monkeypatch):
    """Two kinds of latents, told apart by their text states; a small transformer in place of the large one."""
    generator = torch.Generator().manual_seed(3)
    kinds = torch.arange(64) % 2
    states = torch.randn((2, 32, 256), generator=generator)[kinds][:, None].expand(-1, 8, -1, -1).clone()

    def cache(pixels):
        side = pixels // 8
        latents = (2.0 * kinds - 1)[:, None, None, None].expand(-1, 4, side, side)
        rows = [SimpleNamespace(group="symbols")] * 64
        return SimpleNamespace(
            rows=rows, latents=latents, states=states, empty=torch.zeros(32, 256), tokenizer=None,
            words=lambda: [""] * 64 * 8,
        )  # fmt: skip

    monkeypatch.setattr(paths, "RUNS", tmp_path)
    monkeypatch.setattr(transformer.denoiser, "Cache", cache)
    monkeypatch.setattr(transformer, "ends", lambda tokenizer, captions: torch.full((len(captions),), 3))
    monkeypatch.setattr(transformer, "sheet", lambda *_: None)
    for family in (dit, small):
        monkeypatch.setattr(family, "build", partial(family.build, **SMALL))
    short = {"samples": 1280, "warmup": 64, "batch": 16, "lr": 5e-3, "ema": 0.9}
    return {name: replace(PRESETS[name], **short) for name in ("dit-64px", "dit", "small-64px", "small")}


@pytest.mark.parametrize("name, kind", [("dit", SD3Transformer2DModel), ("small", PixArtTransformer2DModel)])
def test_it_learns_from_words_in_two_stages(lessons, name, kind):
    with pytest.raises(DenoisedError, match=f"{name}-64px"):
        transformer.train_dit(lessons[name])
    _, report = transformer.train_dit(lessons[f"{name}-64px"])
    assert report["gap"] > 1.5, "another icon's words must cost something"
    net, report = transformer.train_dit(lessons[name])
    assert isinstance(net, kind) and net.config.sample_size == 16
    assert report["finished"] and report["gap"] > 1.5
    json.dumps(report)
    words = dit.told(transformer.denoiser.Cache(128).states[:2, 0], torch.tensor([3, 3]))
    ask = transformer.FAMILIES[name].velocity
    drawn = transformer.draw(net, torch.randn(2, 4, 16, 16), words, torch.zeros_like(words), 1.0, 8, ask)
    assert drawn[0].mean() < -0.5 and drawn[1].mean() > 0.5, "each kind is drawn where its words are said"


def test_a_second_round_goes_on_from_what_is_shipped_where_its_run_is_gone(tmp_path, monkeypatch):
    """Runs are no part of a clone; the weights are, a byte each."""
    monkeypatch.setattr(paths, "RUNS", tmp_path / "runs")
    monkeypatch.setattr(paths, "WEIGHTS", tmp_path / "weights")
    net = moved(dit.build(**SMALL))
    with pytest.raises(DenoisedError, match="goes on from 'dit'"):
        transformer.averaged("dit", SD3Transformer2DModel)
    store.save_rounded(net, tmp_path / "weights" / "dit" / "transformer", PRESETS["dit"], {"finished": True})
    found = transformer.averaged("dit", SD3Transformer2DModel).state_dict()
    assert all((found[name] - value).abs().max() <= 0.02 * value.abs().max() for name, value in net.state_dict().items())
    with pytest.raises(DenoisedError, match="goes on from 'dit2'"):
        transformer.averaged("dit2", SD3Transformer2DModel)

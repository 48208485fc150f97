"""The small transformer (models/small.py) and its four-step lessons, against diffusers and on stand-ins."""

from dataclasses import replace

import pytest
import torch
from diffusers import PixArtTransformer2DModel
from test_student import Painter, cache  # noqa: F401 - a fixture
from test_transformer import moved, size, told

from denoised import paths, rounding
from denoised.models import dit, small
from denoised.training import student, transformer
from denoised.training.presets import PRESETS

TINY = {"width": 48, "depth": 2, "heads": 2}


def test_it_has_a_fifth_of_the_large_one_s_parameters():
    assert 0.15 < size(small.build()) / size(dit.build()) < 0.25


def test_it_begins_by_saying_nothing():
    assert not small.velocity(small.build(**TINY), torch.randn(2, 4, 16, 16), torch.tensor(0.5), told()).any()


def test_full_size_begins_as_what_was_learned_on_small_pictures():
    """A picture made of squares twice as wide is answered as the small one was; tokens have kept their places."""
    first, second = moved(small.build(**TINY, side=8)), small.build(**TINY)
    small.enlarge(second, first.state_dict())
    xt, at = torch.randn(2, 4, 8, 8), torch.tensor(0.6)

    def wide(x):
        return x.repeat_interleave(2, -1).repeat_interleave(2, -2)

    expected = wide(small.velocity(first, xt, at, told()))
    assert expected.abs().mean() > 0.01
    torch.testing.assert_close(small.velocity(second, wide(xt), at, told()), expected)
    assert torch.equal(second.pos_embed.pos_embed, first.pos_embed.pos_embed)
    again = small.build(**TINY)
    small.enlarge(again, second.state_dict())  # a run that goes on at the same size
    assert all(torch.equal(value, second.state_dict()[name]) for name, value in again.state_dict().items())


def test_what_is_loaded_stands_where_it_was_built(tmp_path):
    """The class itself does not keep places, and would put tokens elsewhere."""
    net = moved(small.build(**TINY))
    rounding.save(net, tmp_path)
    assert torch.equal(small.load(tmp_path).pos_embed.pos_embed, net.pos_embed.pos_embed)
    assert not torch.allclose(PixArtTransformer2DModel.from_config(net.config).pos_embed.pos_embed, net.pos_embed.pos_embed)


def test_it_is_told_the_time_and_the_words_it_reads_and_nothing_else():
    net, xt, words = moved(small.build(**TINY)), torch.randn(2, 4, 16, 16), told()
    at = torch.tensor(0.3)
    before = small.velocity(net, xt, at, words)
    torch.testing.assert_close(
        before, net(hidden_states=xt, encoder_hidden_states=words[:, : dit.READS], timestep=torch.full((2,), 300.0)).sample
    )
    other = words.clone()
    other[:, dit.READS :] += 1
    assert torch.equal(small.velocity(net, xt, at, other), before)
    other[:, dit.READS - 1] += 1
    assert not torch.allclose(small.velocity(net, xt, at, other), before)
    assert not torch.allclose(small.velocity(net, xt, torch.tensor(0.6), words), before)


def test_it_draws_in_the_stock_pipeline(monkeypatch):
    """From the same noise, what its steps by hand give."""
    from diffusers import StableDiffusionPipeline

    from denoised.training.denoiser import text_states

    net = moved(small.build(**TINY))
    pipe = StableDiffusionPipeline.from_pretrained(paths.WEIGHTS / "emoji-sd")
    pipe.set_progress_bar_config(disable=True)
    encoder, tokenizer = pipe.text_encoder, pipe.tokenizer
    monkeypatch.setattr(small, "load", lambda folder: net)
    small.put_into(pipe, paths.WEIGHTS / "small")
    small.put_into(pipe, paths.WEIGHTS / "small")  # as after the other transformer: told the end once, not twice
    how = {"num_inference_steps": 4, "guidance_scale": 1, "output_type": "latent"}
    found = pipe("tiger face", generator=torch.Generator().manual_seed(3), **how).images
    words = dit.told(text_states(encoder, tokenizer, ["tiger face"]), dit.ends(tokenizer, ["tiger face"]))
    xt = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(3))
    asked = dit.AsUNet(net, pipe.scheduler.alphas_cumprod, small.velocity)
    with torch.no_grad():
        for t in pipe.scheduler.timesteps:
            xt = pipe.scheduler.step(asked(xt, t, words).sample, t, xt).prev_sample
    torch.testing.assert_close(found, xt, rtol=1e-2, atol=1e-2)  # its states were kept in half precision


@pytest.fixture
def lessons(cache, tmp_path, monkeypatch):  # noqa: F811
    """A painter for a teacher, and what the small one began with in runs/."""
    monkeypatch.setattr(student, "SHARD", 8)
    monkeypatch.setattr(student, "_large_teacher", Painter)
    monkeypatch.setattr(student.denoiser, "Cache", lambda pixels: cache)
    monkeypatch.setattr(student, "reader", lambda *_, **how: student.Reader(
        lambda icons, wordings: told_of(cache.states[icons, wordings]), told_of(cache.empty[None])[0]))  # fmt: skip
    monkeypatch.setattr(transformer, "sheet", lambda *args, **how: None)
    monkeypatch.setattr(paths, "RUNS", tmp_path)
    cache.encoder = torch.nn.Linear(1, 1)
    build = small.build
    monkeypatch.setattr(small, "build", lambda: build(**TINY))
    moved(build(**TINY)).save_pretrained(tmp_path / "small" / "ema")
    extra = PRESETS["small-student"].extra | {"pictures": 16}
    return replace(PRESETS["small-student"], batch=8, samples=320, warmup=8, lr=1e-2, ema=0.5, extra=extra)


def told_of(states):
    return dit.told(states, torch.full((len(states),), 3))


def test_it_follows_its_teacher_from_where_it_was(lessons):
    net, idle = student.train_small_student(replace(lessons, name="idle", samples=8, lr=0.0))
    began = transformer.averaged("small", PixArtTransformer2DModel).state_dict()
    assert all(torch.equal(value, began[name]) for name, value in net.state_dict().items())
    taught, report = student.train_small_student(lessons)
    assert report["finished"] and not torch.equal(taught.proj_out.weight, net.proj_out.weight)
    assert sum(report[f"held_{k}"] for k in range(4)) < 0.9 * sum(idle[f"held_{k}"] for k in range(4))


def test_a_transformer_s_reader_adds_the_prompt_s_end(cache):  # noqa: F811
    from denoised.training.denoiser import load_text

    _, tokenizer = load_text()
    cache.states = cache.states + torch.randn(cache.states.shape)  # no two places alike
    cache.empty = torch.randn(32, 256)
    cache.tokenizer, cache.words = tokenizer, lambda: ["red apple"] * 16
    read = student.reader(cache, ends=True)
    found = read.told(torch.tensor([0, 1]), torch.tensor([0, 7]))
    assert found.shape == (2, 33, 256) and read.untold.shape == (33, 256)
    states = cache.states[[0, 1], [0, 7]]
    assert torch.equal(found[:, :32], states)
    end = tokenizer("red apple").input_ids.index(tokenizer.eos_token_id)
    assert end == 3 and torch.equal(found[:, 32], states[:, end])
    assert torch.equal(read.untold[32], cache.empty[1]), "the empty prompt ends behind its start mark"
    plain = student.reader(cache, ends=False)
    assert torch.equal(plain.told(torch.tensor([0]), torch.tensor([0])), cache.states[:1, 0])

"""Pixels, latents and tokens: what each network is asked, how it learns, what it draws from."""

from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import pytest
import torch

from denoised import paths
from denoised.diffusion.schedules import trailing_timesteps
from denoised.errors import DenoisedError
from denoised.models import fsq
from denoised.models.teller import Teller
from denoised.training import spaces, tokens
from denoised.training.denoiser import alpha_bar
from denoised.training.presets import PRESETS

TINY = {"widths": (8, 16), "plain": 1}


def test_all_three_are_of_one_size():
    """None has half as much again as another."""
    sizes = [sum(p.numel() for p in net.parameters()) / 1e6
             for net in (*(space.build() for space in spaces.SPACES.values()), Teller())]  # fmt: skip
    assert max(sizes) < 1.5 * min(sizes) and abs(sizes[0] - sizes[1]) < 0.2


def test_attention_begins_where_a_sample_is_small():
    for space in spaces.SPACES.values():
        config = space.build().config
        assert config.sample_size == space.side and config.in_channels == config.out_channels == space.channels
        plain = [name == "DownBlock2D" for name in config.down_block_types]
        assert plain == [True] * space.plain + [False] * (len(space.widths) - space.plain)
    assert spaces.SPACES["pixels"].side >> spaces.SPACES["pixels"].plain == 8 and spaces.SPACES["latents"].side == 8


def test_it_draws_as_diffusers_ddim_and_each_caption_from_its_own_noise():
    from diffusers import DDIMScheduler

    space, table = spaces.SPACES["pixels"], alpha_bar()
    noise = spaces.noises(space, [3, 4])
    assert torch.equal(noise[1:], spaces.noises(space, [4])) and noise.shape == (2, 3, 32, 32)
    net = replace(space, **TINY).build()
    with torch.no_grad():
        net.conv_out.weight.normal_(std=0.3, generator=torch.Generator().manual_seed(0))
    told, untold = torch.randn(2, 32, 256, generator=torch.Generator().manual_seed(1)), torch.zeros(2, 32, 256)
    found = spaces.draw(net.eval(), noise, told, untold, 2.0, 5)
    scheduler = DDIMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", prediction_type="v_prediction",
        rescale_betas_zero_snr=True, timestep_spacing="trailing", clip_sample=False, set_alpha_to_one=True,
    )  # fmt: skip
    scheduler.set_timesteps(5)
    assert scheduler.timesteps.tolist() == trailing_timesteps(len(table), 5).tolist()
    xt = noise
    with torch.no_grad():
        for t in scheduler.timesteps:
            without, asked = spaces.answer(net, xt, t, untold), spaces.answer(net, xt, t, told)
            xt = scheduler.step(without + 2.0 * (asked - without), t, xt).prev_sample
    torch.testing.assert_close(found, xt, rtol=1e-3, atol=1e-3)


def test_a_teller_never_looks_ahead_and_tells_with_its_cache_what_a_whole_pass_says():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        teller = Teller(width=32, layers=2, text_width=16).eval()
        told, untold, some = torch.randn(2, 5, 16), torch.zeros(2, 5, 16), torch.randint(fsq.WORDS, (2, 63))
    with torch.no_grad():
        whole, other = teller(told, some), some.clone()
        other[:, 30:] = 7
        assert whole.shape == (2, fsq.PLACES, fsq.WORDS)
        assert torch.allclose(whole[:, :31], teller(told, other)[:, :31], atol=1e-5)
        assert not torch.allclose(whole[:, :31], teller(untold, some)[:, :31], atol=1e-3), "it reads the words"
        found = teller.tell(told, untold, [8, 9], s=1.0)
        chances = teller(told, found[:, :-1]).softmax(-1)
        alone = teller.tell(told[1:], untold[1:], [9], s=1.0)
        loud, deaf = (teller.tell(told, other, [8, 9], s=3.0) for other in (untold, told))
    for row, seed, said in zip(chances, (8, 9), found, strict=True):
        generator = torch.Generator().manual_seed(seed)
        assert torch.equal(torch.cat([torch.multinomial(place, 1, generator=generator) for place in row]), said)
    assert torch.equal(alone[0], found[1]), "a picture does not depend on its neighbours"
    assert torch.equal(deaf, found) and not torch.equal(loud, found), "guidance leads away from the empty prompt"


@pytest.fixture
def lessons(tmp_path, monkeypatch):
    """Two kinds of icon, black and white, each with words of its own."""
    generator = torch.Generator().manual_seed(2)
    kinds = torch.arange(64) % 2
    states = torch.randn((2, 32, 256), generator=generator)[kinds][:, None].expand(-1, 8, -1, -1).clone()
    shown = (kinds * 255).to(torch.uint8)[:, None, None, None].expand(-1, 3, 64, 64)
    latents = (2.0 * kinds - 1)[:, None, None, None].expand(-1, 4, 8, 8)
    cache = SimpleNamespace(
        rows=[SimpleNamespace(group="symbols")] * 64, latents=latents, states=states, empty=torch.zeros(32, 256)
    )
    monkeypatch.setattr(paths, "RUNS", tmp_path)
    monkeypatch.setattr(spaces.denoiser, "Cache", lambda pixels: cache)

    def select(keep):
        assert keep is spaces.images.in_trunk, "nobody learns from what is kept"
        return cache.rows, shown.repeat(1, 1, 2, 2)

    monkeypatch.setattr(spaces.images, "select", select)
    monkeypatch.setattr(spaces, "sheet", lambda *_: None)
    monkeypatch.setattr(spaces, "SPACES", {name: replace(space, **TINY) for name, space in spaces.SPACES.items()})
    monkeypatch.setattr(tokens, "Teller", partial(Teller, width=32, layers=2))
    return {"samples": 1280, "warmup": 64, "batch": 16, "lr": 5e-3, "ema": 0.9}


@pytest.mark.parametrize("name", ["pixels", "latents"])
def test_it_learns_from_words_in_either_space(lessons, name):
    _, report = spaces.train_space(replace(PRESETS[name], **lessons))
    assert report["finished"] and report["gap"] > 1.5, "another icon's words must cost something"
    spent = tokens.spent(name)
    assert spent["samples"] == 1280 and spent["core_seconds"] > 0


def test_a_run_that_was_stopped_is_not_taken_for_a_whole_one(lessons):
    preset = replace(PRESETS["tokenizer"], **lessons)
    tokens.keep(torch.nn.Linear(1, 1), preset, {})
    with pytest.raises(DenoisedError, match="has not ended"):
        tokens.spent("tokenizer")


def test_it_learns_to_tell_what_the_tokenizer_reads(lessons):
    with pytest.raises(DenoisedError, match="train.py tokenizer"):
        tokens.train_teller(replace(PRESETS["teller"], **lessons))
    _, report = tokens.train_tokenizer(replace(PRESETS["tokenizer"], **lessons | {"samples": 320, "lr": 2e-3}))
    assert report["psnr"] > 10
    _, report = tokens.train_teller(replace(PRESETS["teller"], **lessons))
    assert report["bits"] < 1 and report["bits_swapped"] > 2 * report["bits"]
    assert tokens.store.read_card(tokens.trained("teller"))["tokenizer"] == tokens.sha256("tokenizer")


def test_kept_captions_are_of_icons_that_nobody_learned_from():
    from denoised.data import splits
    from denoised.training import images

    kept = [row for row in splits.load() if row.split == "pair"]
    assert len(kept) > 50 and not any(images.in_trunk(row) for row in kept)

"""The open box's modules against the libraries that they stand in for, run in a browser without any page of the site."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from denoised import paths

ROOT = Path(__file__).resolve().parents[2]
PROMPTS = [
    "red apple, noto style",
    "",
    "   Two   SPACES\tand\na new line ",
    "a cat's face, it'll do; we've 3 of 10 & 100%!",
    "don't — naïve façade, ÅNGSTRÖM, straße, İstanbul",
    "xylophagous antidisestablishmentarianism",
    "🍎 red apple 👩🏽‍🚀",
    "تفاحة حمراء, תפוח אדום, りんご, Яблоко",
    "<b>bold</b> <script>alert(1)</script> {{ x }} \\ \"quoted\"",
    "before <|endoftext|> between <|startoftext|> after",
    "<|EndOfText|> ﬁ ﬀ Ⅷ ½ x² e\u0301 \u00a0 \u200b \u2028 end",
    "word " * 80,
    "_under_score-and-dash 'quoted' ''s 'S 's",
]


def some_text(rng):
    ranges = [(32, 127), (0xA0, 0x24F), (0x370, 0x3FF), (0x600, 0x6FF), (0x4E00, 0x4E40), (0x1F300, 0x1F380)]
    letters = [chr(rng.randint(*ranges[min(len(ranges) - 1, int(rng.expovariate(1)))])) for _ in range(rng.randint(1, 40))]
    return "".join(letters)


@pytest.fixture(scope="module")
def page(modules_page):
    return modules_page


@pytest.fixture(scope="module")
def tokenizer():
    from transformers import CLIPTokenizer

    return CLIPTokenizer.from_pretrained(paths.WEIGHTS / "emoji-sd" / "tokenizer")


@pytest.fixture(scope="module")
def scheduler():
    from diffusers import DDIMScheduler

    return DDIMScheduler.from_pretrained(paths.WEIGHTS / "emoji-sd" / "scheduler")


@pytest.fixture(scope="module")
def schedule(scheduler):
    """The schedule as the figure lab/graphs writes it down."""
    config = scheduler.config
    return {"T": config.num_train_timesteps, "start": config.beta_start, "end": config.beta_end,
            "betas": config.beta_schedule, "zero_terminal": config.rescale_betas_zero_snr}  # fmt: skip


@pytest.mark.parametrize("seed", [0, 1, 5489, 123456789, 2**32 - 1])
def test_noise_is_that_of_torch(page, seed):
    import torch

    drawn = page.evaluate("async s => Array.from((await import('/noise.js')).normal(s, 1024))", seed)
    expected = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(seed)).numpy().ravel()
    assert np.abs(np.array(drawn) - expected).max() < 2e-6
    assert 0.8 < np.std(drawn) < 1.2


def test_noise_of_another_count_is_refused(page):
    refused = page.evaluate("""async () => { const { normal } = await import('/noise.js');
        try { normal(1, 1000); return ''; } catch (e) { return e.message; } }""")
    assert "multiple of 16" in refused


def test_tokens_are_those_of_transformers(page, tokenizer):
    from figures.lab.graphs import vocabulary

    rng = random.Random(0)
    texts = PROMPTS + [some_text(rng) for _ in range(400)]
    expected = tokenizer(texts, padding="max_length", truncation=True, max_length=32).input_ids
    whole = tokenizer(texts).input_ids
    found = page.evaluate("""async ([of, texts]) => {
        const { Tokenizer } = await import('/tokenizer.js'), tokenizer = new Tokenizer(of);
        return texts.map(text => { const { ids, cut } = tokenizer.encode(text); return [Array.from(ids), cut]; });
    }""", [json.loads(vocabulary(tokenizer)), texts])
    for text, ids, all_ids, (mine, cut) in zip(texts, expected, whole, found, strict=True):
        assert mine == ids, text
        assert cut == max(0, len(all_ids) - 32), text
    assert len({len(set(ids)) for ids in expected}) > 5, "these texts are all alike"


def test_schedule_is_that_of_diffusers(page, scheduler, schedule):
    table = page.evaluate("async of => Array.from((await import('/schedule.js')).alphaBar(of))", schedule)
    assert np.allclose(table, scheduler.alphas_cumprod.numpy(), atol=2e-6)
    assert table[-1] == 0


@pytest.mark.parametrize("steps", [1, 2, 4, 5, 8, 10, 20, 25, 40, 50])
def test_sampler_is_that_of_diffusers(page, scheduler, schedule, steps):
    """Every number of steps on offer: the same t, and the same latent after steps of a made-up velocity."""
    import torch

    scheduler.set_timesteps(steps)
    generator = torch.Generator().manual_seed(steps)
    xt = torch.randn(1, 4, 16, 16, generator=generator)
    answers = torch.randn(steps, 1, 4, 16, 16, generator=generator)
    start = xt.ravel().tolist()
    for t, v in zip(scheduler.timesteps, answers, strict=True):
        xt = scheduler.step(v, t, xt).prev_sample
    times, end = page.evaluate("""async ([of, start, answers]) => {
        const { alphaBar, timesteps, split, step } = await import('/schedule.js');
        const levels = alphaBar(of), times = timesteps(of.T, answers.length);
        let xt = Float32Array.from(start);
        times.forEach((t, i) => {
            const [x0, eps] = split(Float32Array.from(answers[i]), xt, levels[t]);
            xt = step(x0, eps, i + 1 < times.length ? levels[times[i + 1]] : 1);
        });
        return [times, Array.from(xt)];
    }""", [schedule, start, answers.reshape(steps, -1).tolist()])
    assert times == scheduler.timesteps.tolist()
    assert np.abs(np.array(end) - xt.numpy().ravel()).max() < 1e-4


def test_steps_that_the_stock_sampler_would_round_are_refused(page):
    refused = page.evaluate("""async () => { const { timesteps } = await import('/schedule.js');
        try { timesteps(1000, 30); return ''; } catch (e) { return e.message; } }""")
    assert "divide 1000" in refused


KNOWN = {"styles": ["noto"], "decoders": ["base", "tiny"], "pictures": ["cat"], "cells": 16}


def test_settings_survive_the_address(page):
    """Whatever is set comes back from the address; what makes no sense in one is left out."""
    same, odd = page.evaluate("""async known => {
        const { DEFAULT, fromAddress, toAddress } = await import('/state.js');
        const state = {prompt: 'a & b = "c"? #1 ü 🍎', style: '', negative: 'x', second: 'y', mix: 0.35, seed: 4294967295,
            steps: 8, guidance: 0, net: 'fast',
            weights: 'exact', sampler: 'dpm-2m', decoder: 'tiny', typing: '1', picture: 'cat',
            noise: 7, mask: '0f80'};
        const nonsense = '?style=oil&seed=-4&steps=7&guidance=900&weights=huge&x=1&decoder=oil&picture=dog&mask=zz&noise=0'
            + '&sampler=constructor&mix=1.5&typing=2';
        return [[state, fromAddress(toAddress(state), known)], [DEFAULT, fromAddress(nonsense, known)]];
    }""", KNOWN)
    assert same[0] == same[1]
    assert odd[0] == odd[1]


@pytest.mark.parametrize("steps, guidance", [(20, 3), (4, 1), (8, 3)])
def test_settings_of_another_network_survive_the_address(page, steps, guidance):
    """What is usual for the U-Net is not for its adapter, and must not be left out of the address as if it were."""
    settings = {"steps": steps, "guidance": guidance}
    found = page.evaluate("""async ([settings, known]) => {
        const { DEFAULT, fromAddress, toAddress } = await import('/state.js');
        return fromAddress(toAddress({ ...DEFAULT, net: "fast", ...settings }), known); }""", [settings, KNOWN])
    assert {name: found[name] for name in ("net", "steps", "guidance")} == {"net": "fast", **settings}


def test_failures_are_sentences(page):
    """What the reader hears when memory ends, when the runtime breaks, and when a sentence is there already."""
    said = page.evaluate("""async () => { const { sentence, Trouble } = await import('/files.js');
        return [new RangeError('Array buffer allocation failed'), new Error('std::bad_alloc'), new Error('no opset'),
            new Trouble('Said.')].map(sentence); }""")
    assert [line.split(" ")[2] for line in said[:2]] == ["has", "has"] and all("memory" in line for line in said[:2])
    assert "no opset" in said[2] and said[3] == "Said."


@pytest.mark.parametrize("steps", [1, 2, 4, 5, 8, 10, 20, 25, 40, 50])
def test_strength_is_what_diffusers_cuts_to_the_wanted_step(page, steps):
    found = page.evaluate("""async n => { const { strength } = await import('/start.js');
        return Array.from({length: n}, (_, from) => strength(n, from)); }""", steps)
    for begin, strength in enumerate(found):
        assert 0 < strength <= 1 and min(int(steps * strength), steps) == steps - begin
    assert found[0] == 1


def test_a_picture_is_noised_as_by_diffusers(page, scheduler, schedule):
    """A draw from the encoder's answer, then the noise: torch's next thousand numbers, and the scheduler's sum."""
    import torch

    mean, spread = torch.linspace(-2, 2, 1024), torch.linspace(0.01, 0.5, 1024)
    generator = torch.Generator().manual_seed(9)
    first, second = (torch.randn(1, 4, 16, 16, generator=generator).ravel() for _ in range(2))
    clean = mean + spread * first
    expected = scheduler.add_noise(clean, second, torch.tensor([599]))
    kept = page.evaluate("""async ([of, mean, spread]) => {
        const { alphaBar } = await import('/schedule.js'), { begin, blend, noised } = await import('/start.js');
        const level = alphaBar(of)[599], mask = Uint8Array.from({length: 256}, (_, i) => i % 2);
        const drawn = begin({mean: Float32Array.from(mean), spread: Float32Array.from(spread)}, 9);
        const kept = blend(new Float32Array(1024), drawn, level, mask);
        return [noised(drawn, level), noised(drawn, 1), kept].map(a => Array.from(a));
    }""", [schedule, mean.tolist(), spread.tolist()])
    assert np.abs(np.array(kept[0]) - expected.numpy()).max() < 1e-5
    assert np.abs(np.array(kept[1]) - clean.numpy()).max() < 1e-5
    unmasked = np.arange(1024) % 256 % 2 == 0
    assert np.abs(np.array(kept[2]) - np.where(unmasked, expected.numpy(), 0)).max() < 1e-5


ASKED = {
    "guided": {"prompt": 'cat "face", noto style', "negative": "", "seed": 7, "steps": 4, "guidance": 3},
    "off": {"prompt": "rocket", "negative": "red 'sky' \\ 🍎", "seed": 1, "steps": 2, "guidance": 1, "decoder": "noto"},
    "mixed": {"prompt": "cat face", "second": "tiger face, noto style", "mix": 0.4, "negative": "blue", "seed": 3,
              "steps": 2, "guidance": 3, "decoder": "tiny"},
    "by plants": {"prompt": "violin", "negative": "", "seed": 5, "steps": 2, "guidance": 3, "decoder": "plants"},
    "by tiny": {"prompt": "tiger face", "negative": "", "seed": 2, "steps": 3, "guidance": 3, "decoder": "tiny",
                "picture": {"name": "cat", "specimen": 254, "photo": None, "from": 1, "mask": ""}},
    "below one": {"prompt": "green apple", "negative": "", "seed": 2, "steps": 2, "guidance": 0.5, "decoder": "tiny"},
    "from a picture": {"prompt": "tiger face", "negative": "blue", "seed": 2, "steps": 4, "guidance": 0,
                       "picture": {"name": "cat", "specimen": 254, "photo": None, "from": 1, "mask": ""}},
}  # fmt: skip


@pytest.fixture(scope="module")
def drawn(page, tmp_path_factory):
    """The pictures that the shown code saves, by name: run as it stands by one new Python, from the repository's folder."""
    folder, found = tmp_path_factory.mktemp("shown"), {}
    for name, settings in ASKED.items():
        code = page.evaluate("async s => (await import('/python.js')).python(s)", settings)
        found[name] = folder / f"{name}.py"
        found[name].write_text(code.replace('"picture.png"', repr(str(found[name].with_suffix(".png")))))
        assert "StableDiffusion" in code and ("sys.path" in code) == ("denoised" in code)
    files = [str(path) for path in found.values()]
    rest = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    every = f"import runpy\nfor file in {files}: runpy.run_path(file)"
    done = subprocess.run([sys.executable, "-c", every], cwd=ROOT, env=rest, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    pictures = {name: Image.open(path.with_suffix(".png")).convert("RGB") for name, path in found.items()}
    return {name: np.asarray(picture).astype(int) for name, picture in pictures.items()}


@pytest.fixture(scope="module")
def lab():
    from denoised.lab import Lab

    return Lab("tests/open_box", ("emoji-sd", "decoders/noto"), ("specimens",))


def by_our_own_loop(lab, prompt, negative, seed, steps, guidance, decoder="base", picture=None, second=None, mix=0):
    """The same settings by the library's sampler, guidance and decoders: int [H, W, 3]."""
    import torch

    from denoised.diffusion import samplers, schedules
    from denoised.diffusion.guidance import guided
    from denoised.models import tiny, tiny_vae
    from denoised.pipeline import decode, encode_prompts

    pipe, generator = lab.pipeline(), torch.Generator().manual_seed(seed)
    alpha_bar = pipe.scheduler.alphas_cumprod.double()
    visited = schedules.trailing_timesteps(len(alpha_bar), steps)[picture["from"] if picture else 0 :]
    with torch.no_grad():
        if picture:
            pixels = torch.from_numpy(lab.specimens().images[picture["specimen"]]).permute(2, 0, 1)[None] / 127.5 - 1
            clean = pipe.vae.encode(pixels).latent_dist.sample(generator) * pipe.vae.config.scaling_factor
        xt = torch.randn(1, 4, 16, 16, generator=generator)
        if picture:
            level = alpha_bar[visited[0]].float()
            xt = level.sqrt() * clean + (1 - level).sqrt() * xt
        states = encode_prompts(pipe, [prompt, negative, second or prompt]).states
        states = torch.stack([(1 - mix) * states[0] + mix * states[2], states[1]])

        def unet(xt, t, context):
            return pipe.unet(xt, t, encoder_hidden_states=context).sample

        latent = samplers.ddim(guided(unet, guidance, states[:1], states[1:]), xt, visited, alpha_bar)
        if decoder == "tiny":
            return decode(tiny_vae.load(paths.WEIGHTS / "tiny-vae"), latent)[0].astype(int)
        if decoder == "plants":
            small = tiny.load(paths.WEIGHTS / "decoders" / "tiny-plants" / "decoder.safetensors")
            return tiny.decode(small, latent)[0].astype(int)
        return decode(lab.vae(decoder), latent)[0].astype(int)


@pytest.mark.parametrize("name", ASKED)
def test_the_shown_python_draws_that_picture(drawn, lab, name):
    """The code's picture is that of our own loop."""
    expected = by_our_own_loop(lab, **ASKED[name])
    assert expected.std() > 5
    assert np.abs(drawn[name] - expected).max() <= 2

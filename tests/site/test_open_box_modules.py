"""The open box's modules against the libraries that they stand in for, run in a browser without any page of the site."""

import functools
import http.server
import json
import random
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

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
def page(browser):
    """A blank page whose imports("name.js") is a module of docs/javascripts/lab."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_GET(self):
            if self.path != "/":
                return super().do_GET()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            return self.wfile.write(b"<!doctype html><title>blank</title>")

    handler = functools.partial(Quiet, directory=str(ROOT / "docs" / "javascripts" / "lab"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page = browser.new_page()
    page.goto(f"http://127.0.0.1:{server.server_port}/")
    yield page
    page.close()
    server.shutdown()


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


def test_settings_survive_the_address(page):
    """Whatever is set comes back from the address; what makes no sense in one is left out."""
    same, odd = page.evaluate("""async () => {
        const { DEFAULT, fromAddress, toAddress } = await import('/state.js');
        const state = {prompt: 'a & b = "c"? #1 ü 🍎', style: '', negative: 'x', seed: 4294967295, steps: 8,
            guidance: 0, weights: 'exact'};
        return [[state, fromAddress(toAddress(state), ['noto'])],
                [DEFAULT, fromAddress('?style=oil&seed=-4&steps=7&guidance=900&weights=huge&x=1', ['noto'])]];
    }""")
    assert same[0] == same[1]
    assert odd[0] == odd[1]


@pytest.mark.parametrize("settings", [
    {"prompt": 'cat "face", noto style', "negative": "", "seed": 7, "steps": 4, "guidance": 3},
    {"prompt": "rocket", "negative": "red 'sky' \\ 🍎", "seed": 1, "steps": 2, "guidance": 1},
    {"prompt": "green apple", "negative": "", "seed": 2, "steps": 2, "guidance": 0.5},
], ids=["guided", "off", "below one"])
def test_the_shown_python_draws_that_picture(page, settings, tmp_path):
    """The code is run as it stands, from the repository's folder; its picture is that of our own loop."""
    from PIL import Image

    from denoised.pipeline import generate, load

    code = page.evaluate("async s => (await import('/python.js')).python(s)", settings)
    code = code.replace('"picture.png"', repr(str(tmp_path / "picture.png")))
    assert ("StableDiffusionPipeline" in code) == (settings["guidance"] >= 1)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    drawn = np.asarray(Image.open(tmp_path / "picture.png").convert("RGB")).astype(int)
    rest = {k: v for k, v in settings.items() if k not in ("prompt", "negative")}
    expected = generate(load(paths.WEIGHTS / "emoji-sd"), settings["prompt"], negative_prompt=settings["negative"], **rest)
    assert np.abs(drawn - expected.image.astype(int)).max() <= 2

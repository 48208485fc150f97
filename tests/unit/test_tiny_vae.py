"""An AutoencoderTiny in the autoencoder's place: it fits, it is quick, it comes near, and its lessons teach both halves."""

import signal
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from denoised import paths
from denoised.data import specimens
from denoised.errors import DenoisedError
from denoised.models import tiny, tiny_vae
from denoised.models import vae as vae_model
from denoised.pipeline import decode, encode
from denoised.probes.metrics import psnr
from denoised.training import denoiser, store, tiny_autoencoder
from denoised.training.presets import preset

FOLDER = paths.WEIGHTS / "tiny-vae"


@pytest.fixture(scope="module")
def small():
    return tiny_vae.load(FOLDER)


def test_it_does_a_quarter_of_the_work_and_stays_within_a_decibel_and_a_half(small):
    """The bar of the project's second issue, on icons of held-out things; seconds are for scripts/bench_tiny_decoder.py."""
    vae, found = store.load_vae().eval(), specimens.load()
    images = found.images[found.where(split="concept", tone="none")][::2]
    z = encode(vae, images)
    assert 4 * tiny.multiply_adds(small.decoder, z[:1]) <= tiny.multiply_adds(vae_model.Half(vae), z[:1])
    loss = psnr(images, decode(vae, z)).mean() - psnr(images, decode(small, z)).mean()
    assert len(images) > 30 and loss <= 1.5
    with torch.no_grad():
        own = small.encode(torch.from_numpy(images).permute(0, 3, 1, 2) / 127.5 - 1).latents
    assert (own - z).square().mean() < 0.1 * z.var(), "its encoder gives the same latents, nearly"


def test_the_stock_pipeline_paints_with_it(small):
    from diffusers import AutoencoderTiny, StableDiffusionPipeline

    pipe = StableDiffusionPipeline.from_pretrained(paths.WEIGHTS / store.SD)
    pipe.set_progress_bar_config(disable=True)

    def draw():
        asked = {"num_inference_steps": 2, "guidance_scale": 3, "output_type": "np"}
        return pipe("red apple", generator=torch.Generator().manual_seed(0), **asked).images[0]

    theirs = draw()
    pipe.vae = AutoencoderTiny.from_pretrained(FOLDER)
    ours = draw()
    assert ours.shape == theirs.shape == (128, 128, 3)
    assert np.abs(ours - theirs).mean() < 0.05 < ours.std()


def test_it_loads_without_a_complaint(caplog):
    import diffusers

    diffusers.utils.logging.enable_propagation()
    try:
        tiny_vae.load(FOLDER)
    finally:
        diffusers.utils.logging.disable_propagation()
    assert not caplog.records


def test_a_missing_or_damaged_one_is_one_sentence(tmp_path):
    with pytest.raises(DenoisedError, match="train.py tiny-vae"):
        tiny_vae.load(tmp_path)
    (tmp_path / "config.json").write_text((FOLDER / "config.json").read_text())
    (tmp_path / "diffusion_pytorch_model.safetensors").write_bytes(b"no")
    with pytest.raises(DenoisedError, match="train.py tiny-vae"):
        tiny_vae.load(tmp_path)


def test_both_halves_learn(tmp_path, monkeypatch):
    generator = torch.Generator().manual_seed(0)
    pictures = torch.randint(0, 256, (6, 3, 1, 1), generator=generator).expand(6, 3, 32, 32).to(torch.uint8)
    rows = [SimpleNamespace(split="train", tone="none", group="objects") for _ in pictures]
    monkeypatch.setattr(paths, "RUNS", tmp_path)
    monkeypatch.setattr(tiny_autoencoder.images, "select", lambda keep: (rows, pictures))
    monkeypatch.setattr(tiny_autoencoder, "held_out", lambda n: pictures[:2])
    monkeypatch.setattr(denoiser.images, "data_hash", lambda: "toy")
    vae, toy = store.load_vae(), replace(preset("tiny-vae"), samples=240, batch=4, lr=3e-3, warmup=8)
    before = {name: signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        fresh, _ = tiny_autoencoder.train_tiny_autoencoder(replace(toy, name="fresh", samples=4), vae)
        learned, report = tiny_autoencoder.train_tiny_autoencoder(toy, vae)
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
    found = [tiny_autoencoder.likeness(vae, one.eval(), pictures) for one in (fresh, learned)]
    assert found[1]["decoder"] > found[0]["decoder"] + 3 and found[1]["both"] > found[0]["both"] + 3
    assert found[1]["shipped"] == found[0]["shipped"]
    assert set(report["held_out"]) == {"shipped", "decoder", "both"}

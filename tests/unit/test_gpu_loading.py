"""How a checkpoint is loaded for a GPU: types, what waits on the CPU, tiles. No test has a GPU: "cpu:0" is a device that
is not called "cpu", so that `load` does all that it does for one, and what it gives can be run."""

import dataclasses
import functools

import pytest
import tiny_pipelines
import torch

from denoised import pipeline, profiles

HALF = {"sd15": torch.float16, "sd21": torch.float16, "sdxl": torch.float16, "flux": torch.bfloat16}
TILED = {"sdxl", "flux"}
RESTING = {"flux"}
LARGE = ("text_encoder", "text_encoder_2", "unet", "transformer")
PIXELS = 64
GPU = "cpu:0"


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    """load(name, device): the pipeline of a profile with small pictures, its tiny random weights as they are fetched."""
    folder = tmp_path_factory.mktemp("models")
    for name in HALF:
        tiny_pipelines.save(name, folder / "files", folder, half=name != "flux")

    @functools.cache
    def open_it(name, device="cpu", **more):
        profile = dataclasses.replace(profiles.get(name), weights_folder=folder, pixels=PIXELS, **more)
        return pipeline.load(profile.path("emoji-sd"), profile, device=device)

    return open_it


def kinds(model):
    return {weight.dtype for weight in model.parameters()}


@pytest.mark.parametrize("name", HALF)
def test_large_parts_are_half_on_a_gpu_and_the_vae_is_not(load, name):
    assert profiles.get(name).half == str(HALF[name]).removeprefix("torch.")
    pipe, plain = load(name, GPU), load(name)
    found = [part for part in LARGE if pipe.components.get(part) is not None]
    assert len(found) == {"sdxl": 3, "flux": 3}.get(name, 2)
    for part in found:
        assert kinds(getattr(pipe, part)) == {HALF[name]}, part
        assert kinds(getattr(plain, part)) == {torch.float32}, "on the CPU everything is whole"
    assert kinds(pipe.vae) == kinds(plain.vae) == {torch.float32}


@pytest.mark.parametrize("name", HALF)
def test_half_precision_is_near_the_whole(load, name):
    """The same weights and seed: a wrong type somewhere on the way either raises, or is further off than this."""
    whole, made = (pipeline.generate(load(name, device), "a cat", seed=1, steps=3) for device in ("cpu", GPU))
    assert made.xt.dtype == made.text_states.dtype == torch.float32
    error = (made.xt[-1] - whole.xt[-1]).square().mean().sqrt() / whole.xt[-1].std()
    assert 0 < error < 0.05
    assert abs(made.image.astype(int) - whole.image.astype(int)).mean() < 3


@pytest.mark.parametrize("name", HALF)
def test_options_of_the_profile_reach_the_pipeline(load, name):
    profile, pipe = profiles.get(name), load(name, GPU)
    assert (profile.tile, profile.rest) == (name in TILED, name in RESTING)
    assert (pipe.vae.use_tiling, pipe.rests) == (name in TILED, name in RESTING)
    assert (pipe.pixels, pipe.most_at_once, pipe.home) == (PIXELS, profile.batch, GPU)


@pytest.mark.parametrize("name", HALF)
def test_a_large_picture_is_decoded_in_tiles_where_the_profile_says_so(load, name):
    """Latents of twice the VAE's own side go through its decoder whole, or in pieces that overlap."""
    pipe = load(name, GPU)
    own = pipe.vae.tile_latent_min_size
    sizes = []
    hook = pipe.vae.decoder.conv_in.register_forward_pre_hook(lambda _, given: sizes.append(given[0].shape[-2:]))
    channels = pipe.vae.config.latent_channels
    latents = torch.randn(1, channels, 2 * own, 2 * own, generator=torch.Generator().manual_seed(2))
    picture = pipeline.decode(pipe.vae, latents)
    hook.remove()
    assert picture.shape == (1, 16 * own, 16 * own, 3)
    if name not in TILED:
        assert sizes == [(2 * own, 2 * own)]
        return
    assert len(sizes) == 9
    assert all(max(size) <= own for size in sizes)
    untiled = pipeline.decode(load(name, GPU, tile=False).vae, latents)
    assert 0 < abs(picture.astype(int) - untiled.astype(int)).mean() < 25, "another picture than the whole would be"

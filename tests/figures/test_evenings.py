"""What plays the same prompts in many ways, and what takes an autoencoder's loss apart, on cases whose answer is known."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from denoised import paths
from denoised.diffusion import samplers, schedules
from denoised.diffusion.guidance import guided
from denoised.studies import evenings, losses

CONFIG = json.loads((paths.WEIGHTS / "emoji-sd" / "scheduler" / "scheduler_config.json").read_text(encoding="utf-8"))


class Unet:
    """A network that says something smooth of all that it is given."""

    config = SimpleNamespace(in_channels=2, sample_size=4)

    def __call__(self, xt, t, encoder_hidden_states, return_dict):
        said = encoder_hidden_states.mean((1, 2))[:, None, None, None]
        return (torch.tanh(0.5 * xt + said) * (0.2 + t / 2000),)


STATES = torch.linspace(-1, 1, 12).reshape(2, 3, 2)


def play(name, steps, guidance=3.0, seeds=(1, 2)):
    pipe = SimpleNamespace(unet=Unet())
    return evenings.play(pipe, evenings.stock(name, CONFIG), STATES, torch.zeros_like(STATES), seeds, steps, guidance)


def ours(steps, guidance=3.0, seeds=(1, 2)):
    """The same evening by this project's own loop."""
    alpha_bar = evenings.stock("DDIM", CONFIG).alphas_cumprod.double()

    def net(xt, t, context):
        return Unet()(xt, t, context, False)[0]

    model = guided(net, guidance, STATES, torch.zeros_like(STATES))
    start = samplers.noise_like(torch.empty(2, 2, 4, 4), [torch.Generator().manual_seed(s) for s in seeds])
    return samplers.ddim(model, start, schedules.trailing_timesteps(1000, steps), alpha_bar, prediction="v")


@pytest.mark.parametrize("steps", [2, 5, 10, 20])
def test_ddim_of_the_library_is_our_own_loop(steps):
    torch.testing.assert_close(play("DDIM", steps), ours(steps).float(), atol=2e-4, rtol=0)


@pytest.mark.parametrize("name", ["Euler", "DPM++ 2M", "UniPC"])
def test_all_roads_without_new_noise_lead_to_one_place(name):
    goal = ours(250)
    near, far = ((play(name, steps) - goal).square().mean().sqrt() for steps in (50, 4))
    assert near < 0.03 and near < far


def test_the_ancestral_one_goes_elsewhere_and_depends_on_its_seed_only():
    goal, once, again = ours(250), play("Euler ancestral", 50), play("Euler ancestral", 50)
    assert torch.equal(once, again)
    assert (once - goal).square().mean().sqrt() > 0.1


def test_an_unknown_sampler_is_refused_by_name():
    with pytest.raises(ValueError, match="no sampler 'PLMS'"):
        evenings.stock("PLMS", CONFIG)


def test_small_pictures_are_averages_and_come_back_from_their_sheet():
    rng = np.random.default_rng(0)
    large = np.repeat(np.repeat(rng.integers(0, 256, (3, 64, 64, 3), np.uint8), 2, 1), 2, 2)
    assert np.array_equal(evenings.small(large), large[:, ::2, ::2])
    smooth = np.broadcast_to(np.linspace(0, 255, 64).astype(np.uint8)[None, None, :, None], (3, 64, 64, 3))
    back = evenings.unpack(evenings.pack(smooth))
    assert back.shape == smooth.shape and np.abs(back.astype(int) - smooth).mean() < 3


def test_a_recipe_leaves_out_what_its_name_says():
    whole = dict(zip(losses.PARTS, losses.SETTINGS.strength, strict=True))
    assert losses.strengths("all") == whole
    for part in losses.PARTS:
        assert losses.strengths(f"no {part}") == whole | {part: 0.0}
    assert losses.strengths("plain") == whole | {"features": 0.0, "adversary": 0.0}


@pytest.mark.parametrize(("factor", "channels"), losses.SETTINGS.sizes)
def test_codes_have_the_size_that_is_claimed(factor, channels):
    encoder, decoder = losses.build(factor, channels)
    code = encoder(torch.zeros(2, 3, 32, 32))
    assert code.shape == (2, 2 * channels, 32 // factor, 32 // factor)
    assert decoder(code[:, :channels]).shape == (2, 3, 32, 32)


def test_octaves_of_a_picture_are_its_own_and_blur_takes_the_finest_first():
    real = np.random.default_rng(1).integers(0, 256, (4, 32, 32, 3), np.uint8)
    assert losses.detail(real, real) == pytest.approx(np.ones(4))
    x = real.astype(float)
    soft = ((x + np.roll(x, 1, 1)) / 2 + np.roll((x + np.roll(x, 1, 1)) / 2, 1, 2)) / 2
    bands = losses.detail(soft.round().astype(np.uint8), real)
    assert bands[0] > 0.9 > bands[2] > bands[3]


class Levels:
    """An encoder of one level that passes pictures through."""

    def __init__(self):
        same = torch.nn.Identity()
        self.encoder = SimpleNamespace(conv_in=same, down_blocks=[same])


def test_the_distance_by_features_ignores_strength_and_sees_direction():
    see = losses.Features(Levels())
    x = torch.rand(2, 3, 32, 32) + 0.1
    assert float(see.distance(x, x)) == 0
    assert float(see.distance(2 * x, x)) == pytest.approx(0, abs=1e-6)
    assert float(see.distance(-x, x)) == pytest.approx(4, abs=1e-4)

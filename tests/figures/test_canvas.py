"""The measurements behind the page on forward and reverse diffusion, each on cases whose answer is known."""

import numpy as np
import pytest
import torch

from denoised.diffusion import samplers
from denoised.diffusion.schedules import alpha_bar_from_betas, rescale_zero_terminal_snr, scaled_linear_betas
from denoised.lab import Lab
from denoised.measured import canvas_guidance as guidance
from denoised.measured import canvas_steps
from denoised.studies import shelf, thousand
from figures.canvas import (
    crossfade,
    denoising,
    forward_strip,
    one_jump,
    reverse_frames,
    snapshots,
    terminal,
    updates,
)
from plotting import style

TABLE = alpha_bar_from_betas(scaled_linear_betas())


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


# ------------------------------------------------ forward
@pytest.mark.parametrize(
    ("ratio", "words"),
    [(0, "no signal"), (1, "0 dB"), (0.98, "0 dB"), (1.02, "0 dB"), (10, "+10 dB"), (0.1, "−10 dB"), (1e3, "+30 dB")],
)
def test_decibels_read_as_a_person_would_write_them(ratio, words):
    assert forward_strip.decibels(ratio) == words


def test_gap_between_distributions_is_kolmogorov_and_smirnovs():
    stats = pytest.importorskip("scipy.stats")
    a, b = torch.randn(400, generator=generator(1)), 1.3 * torch.randn(300, generator=generator(2))
    assert one_jump.ks(a, b) == pytest.approx(stats.ks_2samp(a.numpy(), b.numpy()).statistic)
    assert one_jump.ks(a, a) == 0


def test_a_jump_lands_where_the_schedule_says():
    x0 = torch.full((8, 4, 16, 16), 2.0)
    landed = one_jump.jump(x0, 400, TABLE, generator())
    assert float(landed.mean()) == pytest.approx(2 * float(TABLE[399].sqrt()), abs=0.04)
    assert float(landed.var()) == pytest.approx(1 - float(TABLE[399]), rel=0.05)


def test_counting_sees_every_noisy_sample(monkeypatch):
    """One per example as the loss is; twice as many when the loss asks the network twice."""
    x0 = torch.zeros(6, 4, 8, 8)
    noisy, t = one_jump.count_training_step(x0, TABLE, generator())
    assert noisy == 1 and t.shape == (6,)
    real = one_jump.diffusion_loss

    def twice(model, x0, eps, t, table):
        real(model, x0, eps, t, table)
        return real(model, x0, eps, t, table)

    monkeypatch.setattr(one_jump, "diffusion_loss", twice)
    assert one_jump.count_training_step(x0, TABLE, generator())[0] == 2


def test_which_of_two_is_a_coin_without_signal_and_sure_with_it():
    x0 = torch.randn(30, 4, 8, 8, generator=generator(3))
    groups = torch.arange(30).repeat_interleave(20)
    noise = torch.randn(600, 4, 8, 8, generator=generator(4))
    assert terminal.which_of_two(x0, noise, groups, 0.0, generator()) == pytest.approx(0.5, abs=0.08)
    assert terminal.which_of_two(x0, x0[groups] + 0.1 * noise, groups, 1.0, generator()) == 1
    weak = terminal.which_of_two(x0, 0.05 * x0[groups] + noise, groups, 0.05, generator())
    assert 0.55 < weak < 0.99


def test_brightness_is_found_where_it_is_and_nowhere_else():
    groups = np.repeat(np.arange(40), 5)
    brightness = np.random.default_rng(0).normal(size=40)[groups]
    noise = torch.randn(200, 4, 8, 8, generator=generator(5))
    seen = noise + torch.from_numpy(brightness).float().reshape(-1, 1, 1, 1)
    assert terminal.r2_of_brightness(seen, brightness, groups) > 0.8
    assert terminal.r2_of_brightness(noise, brightness, groups) < 0.1


def test_neighbours_agree_in_a_ramp_and_not_in_static():
    ramp = np.repeat(np.linspace(0, 255, 64).astype(np.uint8)[None, :, None], 64, 0).repeat(3, 2)
    static = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    assert terminal.neighbours(ramp) > 0.99
    assert abs(terminal.neighbours(static)) < 0.1


def test_the_rescaled_schedule_leaves_the_observer_nothing():
    assert float(alpha_bar_from_betas(rescale_zero_terminal_snr(scaled_linear_betas()))[-1]) == 0


def test_snapshots_reach_the_network_with_their_own_t():
    seen = []

    def unet(xt, t, encoder_hidden_states, return_dict):
        seen.extend(t.tolist())
        return (xt * 0 + t.reshape(-1, 1, 1, 1),)

    t = torch.arange(25)
    said = snapshots.answers(unet, torch.zeros(25, 1, 2, 2), t, torch.zeros(25, 3, 4))
    assert seen == t.tolist()
    assert said[:, 0, 0, 0].tolist() == t.tolist()


def test_always_saying_the_average_is_an_error_of_one():
    truth = torch.randn(50, 4, 4, 4, generator=generator(6))
    assert snapshots.relative(truth.mean(0).expand_as(truth), truth) == pytest.approx(1)
    assert snapshots.relative(truth, truth) == 0


# ------------------------------------------------ reverse
def oracle(x0):
    """A network that knows the answer: v for a known clean sample."""

    def model(xt, t):
        level = TABLE[int(t)]
        eps = (xt - level.sqrt() * x0) / (1 - level).sqrt()
        return level.sqrt() * eps - (1 - level).sqrt() * x0

    return model


def test_the_loop_with_ddims_last_line_is_ddim():
    def last_line(xt, eps, i, levels):
        now, then = levels[i], levels[i + 1]
        return then.sqrt() * (xt - (1 - now).sqrt() * eps) / now.sqrt() + (1 - then).sqrt() * eps

    x0 = torch.randn(2, 4, 4, 4, generator=generator(7)).double()
    start, timesteps = torch.randn(x0.shape, generator=generator(8)).double(), torch.tensor([999, 600, 200])
    ours = updates.loop(last_line, oracle(x0), start, timesteps, TABLE, "v")
    torch.testing.assert_close(ours, samplers.ddim(oracle(x0), start, timesteps, TABLE))
    torch.testing.assert_close(ours, x0)


def test_the_wrong_last_lines_miss_even_with_a_perfect_network():
    x0 = torch.randn(2, 4, 8, 8, generator=generator(9)).double()
    start, timesteps = torch.randn(x0.shape, generator=generator(10)).double(), torch.tensor([999, 750, 500, 250])
    for name, _, update in updates.VERSIONS:
        if name in ("part", "fixed"):
            end = updates.loop(update, oracle(x0), start, timesteps, TABLE, "v")
            assert (end - x0).square().mean().sqrt() > 0.2, name


def test_calls_are_counted_in_latents_and_the_hook_goes_away():
    unet = torch.nn.Identity()
    with guidance.Calls(unet) as calls:
        unet(torch.zeros(3, 4))
        unet(torch.zeros(6, 4))
    unet(torch.zeros(9, 4))
    assert (calls.times, calls.latents) == (2, 9)


class Run:
    def __init__(self, end):
        self.xt = torch.stack([torch.zeros_like(end), end])


def test_own_icon_is_the_nearest_of_all():
    icons = torch.randn(4, 4, 4, 4, generator=generator(11))
    assert guidance.own_icon([Run(icon + 0.01) for icon in icons], icons) == 1
    assert guidance.own_icon([Run(icon) for icon in icons.roll(1, 0)], icons) == 0


def test_distance_is_measured_in_the_yardstick():
    a, b = torch.zeros(4, 4, 4), torch.full((4, 4, 4), 3.0)
    assert canvas_steps.distance([Run(a)], [Run(b)], scale=1.5) == pytest.approx(2)


def test_share_of_the_finished_latent():
    end = torch.randn(4, 8, 8, generator=generator(12))
    guesses = torch.stack([end.mean().expand_as(end), end, end + 100])
    for measured in (crossfade.share(guesses, end).tolist(), reverse_frames.settled(guesses, end)):
        assert measured[0] == pytest.approx(0, abs=1e-5)
        assert measured[1] == 1
        assert measured[2] < 0


def test_frames_lie_on_the_sheet_in_reading_order():
    frames = np.stack([np.full((2, 3, 3), i + 1, np.uint8) for i in range(7)])
    sheet = reverse_frames.sprite(frames)
    assert sheet.shape == (4, 3 * reverse_frames.COLUMNS, 3)
    tiles = sheet[::2, ::3, 0].ravel().tolist()
    assert tiles == [1, 2, 3, 4, 5, 6, 7, 0, 0, 0]


def test_frames_of_the_film_have_one_size_and_lose_their_insets_at_the_end():
    pictures = np.full((2, 128, 128, 3), 255, np.uint8)
    latents = np.zeros((2, 16, 16, 3), np.uint8)
    with style.context(style.LIGHT):
        first, last = (denoising.frame(style.LIGHT, pictures, latents, t, s) for t, s in ((999, 0.0), (0, 1.0)))
    assert first.shape == last.shape and first.dtype == np.uint8
    assert (first < 40).all(-1).sum() > 10 * (last < 40).all(-1).sum(), "the black insets are gone in the last frame"


def test_the_thousand_steps_end_where_a_hundred_nearly_do():
    """Kept results of other weights, prompts or seeds would lie as far away as any other picture, which is 1."""
    facts, arrays = thousand.load()
    bench = Lab("study/thousand", weights=("emoji-sd",))
    assert facts["weights"] == shelf.digests(bench, *thousand.NETWORKS)
    pipe = bench.pipeline()
    (near,) = thousand.run(pipe, "ddim", 60, count=1)
    (other,) = thousand.run(pipe, "ddim", 20, count=1, shift=100)

    def away(trace):
        return float((trace.xt[-1] - torch.from_numpy(arrays["latents"][0])).square().mean().sqrt())

    assert away(near) < 0.5 * away(other)

"""Schedules against diffusers', and conversions against each other at every noise level, ends included."""

import pytest
import torch
from diffusers import DDIMScheduler
from diffusers.schedulers.scheduling_ddim import rescale_zero_terminal_snr as diffusers_rescale
from hypothesis import given, settings
from hypothesis import strategies as st

from denoised.diffusion import schedules as sch

T = 1000
BETAS = sch.scaled_linear_betas(T)
PLAIN = sch.alpha_bar_from_betas(BETAS)
ZERO = sch.alpha_bar_from_betas(sch.rescale_zero_terminal_snr(BETAS))
inside = st.floats(1e-6, 1 - 1e-6)
everywhere = st.floats(0, 1)
same_every_run = settings(deadline=None, derandomize=True, database=None)


def samples(seed=0, n=T):
    g = torch.Generator().manual_seed(seed)
    return torch.randn(2, n, 1, 2, 2, generator=g, dtype=torch.float64)


# ------------------------------------------------ against diffusers
@pytest.mark.parametrize(
    ("betas", "name", "start", "end"),
    [
        (sch.scaled_linear_betas(), "scaled_linear", 0.00085, 0.012),
        (sch.linear_betas(), "linear", 1e-4, 0.02),
        (sch.cosine_betas(), "squaredcos_cap_v2", 1e-4, 0.02),
    ],
)
def test_betas_are_diffusers(betas, name, start, end):
    theirs = DDIMScheduler(beta_schedule=name, beta_start=start, beta_end=end)
    assert betas.dtype == torch.float64
    torch.testing.assert_close(betas, theirs.betas.double(), atol=1e-7, rtol=1e-5)
    torch.testing.assert_close(
        sch.alpha_bar_from_betas(betas), theirs.alphas_cumprod.double(), atol=1e-6, rtol=1e-3
    )


def test_rescaled_schedule_is_diffusers():
    theirs = DDIMScheduler(
        beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012, rescale_betas_zero_snr=True
    )
    torch.testing.assert_close(ZERO, theirs.alphas_cumprod.double(), atol=1e-6, rtol=1e-4)
    torch.testing.assert_close(
        sch.rescale_zero_terminal_snr(BETAS), diffusers_rescale(BETAS.clone()), atol=1e-12, rtol=0
    )


def test_rescaling_keeps_the_start_and_empties_the_end():
    assert ZERO[-1] == 0
    assert PLAIN[-1].sqrt() > 0.05  # what rescaling is for
    torch.testing.assert_close(ZERO[0], PLAIN[0])
    assert (ZERO.diff() < 0).all()
    assert (sch.rescale_zero_terminal_snr(sch.rescale_zero_terminal_snr(BETAS))[-1]) == 1


@pytest.mark.parametrize("steps", [1, 2, 4, 5, 8, 10, 20, 25, 30, 40, 50, 100, 250, 500, 1000])
def test_trailing_timesteps_are_diffusers(steps):
    theirs = DDIMScheduler(timestep_spacing="trailing")
    theirs.set_timesteps(steps)
    assert torch.equal(sch.trailing_timesteps(T, steps), theirs.timesteps)


@same_every_run
@given(T=st.integers(1, 2000), share=st.floats(0, 1))
def test_trailing_timesteps_fall_from_the_last(T, share):
    steps = 1 + int(share * (T - 1))
    t = sch.trailing_timesteps(T, steps)
    assert t.shape == (steps,)
    assert t[0] == T - 1
    assert t[-1] >= 0
    assert (t.diff() < 0).all()


# ------------------------------------------------ one level under several names
@same_every_run
@given(inside)
def test_levels_come_back(ab):
    assert float(sch.alpha_bar_from_snr(sch.snr(ab))) == pytest.approx(ab, abs=1e-9)
    assert float(sch.alpha_bar_from_sigma(sch.sigma_from_alpha_bar(ab))) == pytest.approx(ab, abs=1e-9)
    assert float(sch.alpha_bar_from_tau(sch.tau_from_alpha_bar(ab))) == pytest.approx(ab, abs=1e-9)


@same_every_run
@given(inside)
def test_one_signal_to_noise_ratio_under_every_name(ab):
    ratio, sigma = float(sch.snr(ab)), float(sch.sigma_from_alpha_bar(ab))
    tau = float(sch.tau_from_alpha_bar(ab))
    assert 1 / sigma**2 == pytest.approx(ratio, rel=1e-6)
    assert ((1 - tau) / tau) ** 2 == pytest.approx(ratio, rel=1e-6)


def test_levels_at_the_ends():
    assert sch.snr(0.0) == 0 and sch.snr(1.0) == float("inf")
    assert sch.alpha_bar_from_snr(float("inf")) == 1 and sch.alpha_bar_from_snr(0.0) == 0
    assert sch.sigma_from_alpha_bar(0.0) == float("inf") and sch.sigma_from_alpha_bar(1.0) == 0
    assert sch.alpha_bar_from_sigma(float("inf")) == 0 and sch.alpha_bar_from_sigma(0.0) == 1
    assert sch.tau_from_alpha_bar(0.0) == 1 and sch.tau_from_alpha_bar(1.0) == 0
    assert sch.alpha_bar_from_tau(1.0) == 0 and sch.alpha_bar_from_tau(0.0) == 1


@same_every_run
@given(everywhere, st.floats(0.1, 10))
def test_both_shifts_are_the_same_shift(ab, shift):
    shifted = sch.shift_alpha_bar(ab, shift)
    assert float(sch.tau_from_alpha_bar(shifted)) == pytest.approx(
        float(sch.shift_tau(sch.tau_from_alpha_bar(ab), shift)), abs=1e-9
    )
    assert float(sch.shift_alpha_bar(shifted, 1 / shift)) == pytest.approx(ab, abs=1e-9)


def test_shift_multiplies_sigma():
    torch.testing.assert_close(
        sch.sigma_from_alpha_bar(sch.shift_alpha_bar(PLAIN, 2.0)), 2 * sch.sigma_from_alpha_bar(PLAIN)
    )


# ------------------------------------------------ one sample in three scales
def test_the_three_families_hold_the_same_mixture():
    x0, eps = samples()
    xt, tau, sigma = sch.mix(x0, eps, PLAIN), sch.tau_from_alpha_bar(PLAIN), sch.sigma_from_alpha_bar(PLAIN)
    wide = [-1, 1, 1, 1]
    flow = (1 - tau).reshape(wide) * x0 + tau.reshape(wide) * eps
    karras = x0 + sigma.reshape(wide) * eps
    torch.testing.assert_close(sch.flow_from_diffusion(xt, PLAIN), flow)
    torch.testing.assert_close(sch.diffusion_from_flow(flow, tau), xt)
    torch.testing.assert_close(sch.karras_from_diffusion(xt, PLAIN), karras)
    torch.testing.assert_close(sch.diffusion_from_karras(karras, sigma), xt)


def test_flow_scale_reaches_pure_noise():
    x0, eps = samples(n=1)
    torch.testing.assert_close(sch.flow_from_diffusion(sch.mix(x0, eps, 0.0), 0.0), eps)


# ------------------------------------------------ predictions convert
def test_v_round_trip_at_every_t_of_a_schedule_that_ends_in_noise():
    x0, eps = samples()
    xt, v = sch.mix(x0, eps, ZERO), sch.v_from_x0_eps(x0, eps, ZERO)
    torch.testing.assert_close(sch.x0_from_v(xt, v, ZERO), x0)
    torch.testing.assert_close(sch.eps_from_v(xt, v, ZERO), eps)
    torch.testing.assert_close(sch.v_from_x0(xt, x0, ZERO), v)
    torch.testing.assert_close(sch.eps_from_x0(xt, x0, ZERO), eps)
    torch.testing.assert_close(xt[-1], eps[-1], atol=0, rtol=0)
    torch.testing.assert_close(v[-1], -x0[-1], atol=0, rtol=0)


def test_float32_round_trip_at_every_t():
    x0, eps = samples().float()
    xt, v = sch.mix(x0, eps, ZERO), sch.v_from_x0_eps(x0, eps, ZERO)
    assert xt.dtype == v.dtype == torch.float32
    torch.testing.assert_close(sch.x0_from_v(xt, v, ZERO), x0, atol=2e-6, rtol=1e-5)
    torch.testing.assert_close(sch.eps_from_v(xt, v, ZERO), eps, atol=2e-6, rtol=1e-5)


def test_eps_round_trip_at_every_t_that_holds_signal():
    x0, eps = samples()
    xt, v = sch.mix(x0, eps, PLAIN), sch.v_from_x0_eps(x0, eps, PLAIN)
    torch.testing.assert_close(sch.x0_from_eps(xt, eps, PLAIN), x0)
    torch.testing.assert_close(sch.v_from_eps(xt, eps, PLAIN), v)


@same_every_run
@given(everywhere, st.integers(0, 99))
def test_v_is_a_rotation_that_never_breaks(ab, seed):
    x0, eps = samples(seed, 3)
    xt, v = sch.mix(x0, eps, ab), sch.v_from_x0_eps(x0, eps, ab)
    torch.testing.assert_close(xt**2 + v**2, x0**2 + eps**2)
    torch.testing.assert_close(sch.x0_from_v(xt, v, ab), x0)
    torch.testing.assert_close(sch.eps_from_v(xt, v, ab), eps)


@pytest.mark.parametrize("prediction", sch.PREDICTIONS)
def test_split_understands_every_prediction(prediction):
    x0, eps = samples(n=4)
    levels = PLAIN[[0, 250, 600, 999]]
    output = {"v": sch.v_from_x0_eps(x0, eps, levels), "eps": eps, "x0": x0}[prediction]
    got_x0, got_eps = sch.split(output, sch.mix(x0, eps, levels), levels, prediction)
    torch.testing.assert_close(got_x0, x0)
    torch.testing.assert_close(got_eps, eps)


def test_one_level_and_a_level_a_sample_agree():
    x0, eps = samples(n=3)
    each = torch.full((3,), 0.3, dtype=torch.float64)
    torch.testing.assert_close(sch.mix(x0, eps, 0.3), sch.mix(x0, eps, each))


# ------------------------------------------------ wrong arguments
X = torch.zeros(2, 1, 2, 2)
WRONG = {
    "no steps": lambda: sch.scaled_linear_betas(0),
    "falling betas": lambda: sch.linear_betas(10, 0.5, 0.1),
    "beta of one": lambda: sch.linear_betas(10, 0.5, 1.0),
    "beta outside": lambda: sch.alpha_bar_from_betas(torch.tensor([0.1, 1.5])),
    "betas in a square": lambda: sch.alpha_bar_from_betas(torch.zeros(2, 2)),
    "constant schedule": lambda: sch.rescale_zero_terminal_snr(torch.zeros(5)),
    "single step": lambda: sch.rescale_zero_terminal_snr(torch.tensor([0.5])),
    "too many steps": lambda: sch.trailing_timesteps(1000, 1001),
    "zero steps": lambda: sch.trailing_timesteps(1000, 0),
    "level above one": lambda: sch.snr(1.01),
    "level not a number": lambda: sch.snr(float("nan")),
    "negative sigma": lambda: sch.alpha_bar_from_sigma(-1.0),
    "negative ratio": lambda: sch.alpha_bar_from_snr(-1.0),
    "tau above one": lambda: sch.alpha_bar_from_tau(1.5),
    "shift of zero": lambda: sch.shift_tau(0.5, 0),
    "negative shift": lambda: sch.shift_alpha_bar(0.5, -1),
    "x0 from pure noise": lambda: sch.x0_from_eps(X, X, 0.0),
    "x0 from pure noise in one sample": lambda: sch.x0_from_eps(X, X, torch.tensor([0.5, 0.0])),
    "v from pure noise": lambda: sch.v_from_eps(X, X, 0.0),
    "eps without noise": lambda: sch.eps_from_x0(X, X, 1.0),
    "v without noise": lambda: sch.v_from_x0(X, X, 1.0),
    "infinite sigma": lambda: sch.karras_from_diffusion(X, 0.0),
    "three levels for two samples": lambda: sch.mix(X, X, torch.tensor([0.1, 0.2, 0.3])),
    "unknown prediction": lambda: sch.split(X, X, 0.5, "score"),
}


@pytest.mark.parametrize("call", WRONG.values(), ids=WRONG.keys())
def test_wrong_arguments_get_one_sentence(call):
    with pytest.raises(ValueError, match=r"^[A-Z][^\n]*\.$|^alpha_bar [^\n]*\.$"):
        call()

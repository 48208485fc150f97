"""Objectives against diffusers', the loss weight against its derivation, flow times against their density."""

import math

import pytest
import torch
from diffusers import DDPMScheduler
from diffusers.training_utils import compute_density_for_timestep_sampling, compute_snr

from denoised.diffusion import objectives as obj
from denoised.diffusion import schedules as sch

BETAS = sch.scaled_linear_betas()
PLAIN = sch.alpha_bar_from_betas(BETAS)
ZERO = sch.alpha_bar_from_betas(sch.rescale_zero_terminal_snr(BETAS))
ENDS_IN_NOISE = torch.tensor([0, 1, 500, 900, 998, 999])


def batch(n=6, seed=0):
    g = torch.Generator().manual_seed(seed)
    return torch.randn(2, n, 4, 5, 5, generator=g)


def theirs(zero=False, **config):
    return DDPMScheduler(
        beta_schedule="scaled_linear",
        beta_start=0.00085,
        beta_end=0.012,
        rescale_betas_zero_snr=zero,
        **config,
    )


@pytest.mark.parametrize("zero", [False, True])
def test_noise_and_v_are_diffusers(zero):
    (x0, eps), alpha_bar = batch(), (ZERO if zero else PLAIN)
    scheduler = theirs(zero)
    torch.testing.assert_close(
        obj.add_noise(x0, eps, ENDS_IN_NOISE, alpha_bar),
        scheduler.add_noise(x0, eps, ENDS_IN_NOISE),
        atol=1e-5,
        rtol=0,
    )
    torch.testing.assert_close(
        obj.v_target(x0, eps, ENDS_IN_NOISE, alpha_bar),
        scheduler.get_velocity(x0, eps, ENDS_IN_NOISE),
        atol=1e-5,
        rtol=0,
    )


def test_targets():
    x0, eps = batch()
    v = obj.v_target(x0, eps, ENDS_IN_NOISE, ZERO)
    for prediction, expected in {"eps": eps, "x0": x0, "v": v}.items():
        assert torch.equal(obj.target(x0, eps, ENDS_IN_NOISE, ZERO, prediction), expected)


# ------------------------------------------------ the weight
def test_eps_weight_is_min_snr():
    ratio = compute_snr(theirs(), torch.arange(1000)).double()
    expected = ratio.clamp(max=5.0) / ratio
    torch.testing.assert_close(obj.loss_weight(PLAIN, "eps", 5.0), expected, atol=1e-4, rtol=1e-3)


def test_v_weight_is_one_at_pure_noise_and_clips_the_clean_end():
    weight = obj.loss_weight(ZERO, "v", 5.0)
    ratio = ZERO / (1 - ZERO)
    torch.testing.assert_close(weight, (ratio + 1).clamp(max=5.0) / (ratio + 1))
    assert weight[-1] == 1
    assert weight[0] < 0.01
    assert (weight.diff() >= 0).all()
    usual = ratio.clamp(max=5.0) / (ratio + 1)
    assert usual[-1] == 0  # the hole that this weight closes


def test_one_error_in_x0_costs_the_same_through_v_and_x0():
    """Change x0's estimate by d and see what the weighted loss of each prediction says."""
    x0, eps = batch(5)
    t = torch.tensor([5, 200, 500, 800, 999])
    levels, d = ZERO[t], 0.1
    xt = sch.mix(x0, eps, levels)
    wrong_v = sch.v_from_x0(xt, x0 + d, levels)
    given = (x0, eps, t, ZERO)
    through_v = obj.diffusion_loss(lambda *_: wrong_v, *given, prediction="v")
    through_x0 = obj.diffusion_loss(lambda *_: x0 + d, *given, prediction="x0")
    torch.testing.assert_close(through_v, through_x0, atol=1e-6, rtol=2e-3)
    expected = d**2 * (1 / (1 - levels)).clamp(max=5).float()
    torch.testing.assert_close(through_x0, expected, atol=1e-6, rtol=1e-4)


def test_no_weighting():
    assert torch.equal(obj.loss_weight(ZERO, "v", None), torch.ones(1000, dtype=torch.float64))


@pytest.mark.parametrize("prediction", sch.PREDICTIONS)
def test_a_perfect_answer_costs_nothing(prediction):
    x0, eps = batch()
    answer = obj.target(x0, eps, ENDS_IN_NOISE, ZERO, prediction)
    loss = obj.diffusion_loss(lambda *_: answer, x0, eps, ENDS_IN_NOISE, ZERO, prediction=prediction)
    assert loss.shape == (6,)
    assert (loss == 0).all()


def test_loss_is_finite_and_trains_at_every_step_of_the_schedule():
    x0, eps = batch()
    scale = torch.tensor(0.3, requires_grad=True)
    seen = {}

    def model(xt, t):
        seen["xt"], seen["t"] = xt, t
        return scale * xt

    loss = obj.diffusion_loss(model, x0, eps, ENDS_IN_NOISE, ZERO)
    assert torch.equal(seen["xt"], obj.add_noise(x0, eps, ENDS_IN_NOISE, ZERO))
    assert torch.equal(seen["t"], ENDS_IN_NOISE)
    assert loss.isfinite().all() and loss[-1] > 0.1
    loss.mean().backward()
    assert scale.grad.isfinite() and scale.grad != 0


# ------------------------------------------------ flow matching
def test_flow_line_and_direction():
    x0, eps = batch()
    tau = torch.tensor([0.0, 0.1, 0.25, 0.5, 0.9, 1.0])
    xt, direction = obj.flow_mix(x0, eps, tau), obj.flow_target(x0, eps)
    assert torch.equal(xt[0], x0[0]) and torch.equal(xt[-1], eps[-1])
    wide = tau.reshape(-1, 1, 1, 1)
    torch.testing.assert_close(xt - wide * direction, x0)
    torch.testing.assert_close(xt + (1 - wide) * direction, eps)
    assert (obj.flow_loss(lambda xt, tau: direction, x0, eps, tau) == 0).all()
    torch.testing.assert_close(
        obj.flow_loss(lambda xt, tau: direction + 0.5, x0, eps, tau), torch.full((6,), 0.25)
    )


def test_tau_is_logit_normal_with_a_share_drawn_evenly():
    n = 200_000
    tau = obj.sample_tau(n, generator=torch.Generator().manual_seed(0))
    assert tau.shape == (n,) and (tau >= 0).all() and (tau <= 1).all()

    def expected(x):  # share of the mixture below x
        return 0.9 * 0.5 * (1 + math.erf(math.log(x / (1 - x)) / math.sqrt(2))) + 0.1 * x

    for x in (0.01, 0.1, 0.3, 0.5, 0.7, 0.95):
        assert float((tau < x).float().mean()) == pytest.approx(expected(x), abs=0.004)


def test_pure_logit_normal_is_diffusers():
    torch.manual_seed(3)
    density = compute_density_for_timestep_sampling("logit_normal", 50_000, logit_mean=0.4, logit_std=0.8)
    tau = obj.sample_tau(50_000, mean=0.4, std=0.8, uniform=0.0, generator=torch.Generator().manual_seed(4))
    grid = torch.linspace(0.05, 0.95, 19)
    torch.testing.assert_close(tau.quantile(grid), density.quantile(grid), atol=0.01, rtol=0)


def test_tau_repeats_with_its_seed():
    one, two, other = (obj.sample_tau(8, generator=torch.Generator().manual_seed(s)) for s in (1, 1, 2))
    assert torch.equal(one, two) and not torch.equal(one, other)


# ------------------------------------------------ wrong arguments
X = torch.zeros(2, 1, 2, 2)
STEPS = torch.tensor([0, 1])
WRONG = {
    "t past the end": lambda: obj.add_noise(X, X, torch.tensor([0, 1000]), PLAIN),
    "negative t": lambda: obj.add_noise(X, X, torch.tensor([-1, 0]), PLAIN),
    "t not whole": lambda: obj.add_noise(X, X, torch.tensor([0.5, 1.0]), PLAIN),
    "table with two rows": lambda: obj.v_target(X, X, STEPS, torch.ones(2, 2) / 2),
    "unknown target": lambda: obj.target(X, X, STEPS, PLAIN, "score"),
    "unknown weight": lambda: obj.loss_weight(PLAIN, "score"),
    "gamma of zero": lambda: obj.loss_weight(PLAIN, "v", 0.0),
    "tau outside": lambda: obj.flow_mix(X, X, torch.tensor([0.5, 1.5])),
    "share above one": lambda: obj.sample_tau(3, uniform=1.5),
    "no spread": lambda: obj.sample_tau(3, std=0.0),
}


@pytest.mark.parametrize("call", WRONG.values(), ids=WRONG.keys())
def test_wrong_arguments_get_one_sentence(call):
    with pytest.raises(ValueError, match=r"^\w[^\n]*\.$"):
        call()


def test_timesteps_lean_towards_less_noise_when_shifted():
    from denoised.training.denoiser import alpha_bar, draw_t

    def mean(shift):
        t = draw_t(20_000, shift, torch.Generator().manual_seed(0))
        assert 0 <= int(t.min()) <= int(t.max()) <= 999
        return t.float().mean().item()

    assert mean(1.0) == pytest.approx(499.5, abs=10)
    assert mean(0.5) < mean(0.7) < mean(1.0) - 30
    t = draw_t(20_000, 0.01, torch.Generator().manual_seed(0))
    assert (t > 900).float().mean() == pytest.approx(0.01, abs=0.004), "one in ten is uniform"
    assert alpha_bar()[-1] == 0

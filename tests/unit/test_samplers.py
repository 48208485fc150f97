"""Each sampler walks step for step with diffusers' scheduler on the same small random network."""

import pytest
import torch
from diffusers import DDIMScheduler, DDPMScheduler, FlowMatchEulerDiscreteScheduler

from denoised.diffusion import samplers
from denoised.diffusion import schedules as sch

BETAS = sch.scaled_linear_betas()
PLAIN = sch.alpha_bar_from_betas(BETAS)
ZERO = sch.alpha_bar_from_betas(sch.rescale_zero_terminal_snr(BETAS))
CLOSE = {"atol": 1e-5, "rtol": 1e-5}


class Net(torch.nn.Module):
    """Random, smooth, and different at every t, so that a wrong t or a skipped step shows."""

    def __init__(self):
        super().__init__()
        g = torch.Generator().manual_seed(11)
        self.first = torch.nn.Conv2d(4, 16, 3, padding=1)
        self.last = torch.nn.Conv2d(16, 4, 3, padding=1)
        for p in self.parameters():
            p.data = torch.randn(p.shape, generator=g) * 0.15

    def forward(self, xt, t):
        wave = torch.sin(torch.as_tensor(t).float() / 70 + torch.arange(16)).reshape(1, 16, 1, 1)
        return self.last(torch.tanh(self.first(xt) + wave))


NET = Net().eval()


def start(n=2, seed=5):
    return torch.randn(n, 4, 8, 8, generator=torch.Generator().manual_seed(seed))


def config(prediction, zero):
    return {
        "beta_schedule": "scaled_linear",
        "beta_start": 0.00085,
        "beta_end": 0.012,
        "clip_sample": False,
        "timestep_spacing": "trailing",
        "prediction_type": {"v": "v_prediction", "eps": "epsilon", "x0": "sample"}[prediction],
        "rescale_betas_zero_snr": zero,
    }


@torch.no_grad()
def walk(scheduler, steps, xT, **step_arguments):
    """diffusers' own loop: the latents before every step and after the last, and its guesses of x0."""
    scheduler.set_timesteps(steps)
    xt, path, guesses = xT, [xT], []
    for t in scheduler.timesteps:
        out = scheduler.step(NET(xt, t), t, xt, **step_arguments)
        xt = out.prev_sample
        path.append(xt)
        guesses.append(getattr(out, "pred_original_sample", None))
    return torch.stack(path), guesses


def ours(sampler, steps, alpha_bar, xT, **arguments):
    seen = []
    end = sampler(NET, xT, sch.trailing_timesteps(1000, steps), alpha_bar, on_step=seen.append, **arguments)
    return torch.stack([*(s.xt for s in seen), end]), seen


# eps says nothing about x0 at alpha_bar = 0, so eps prediction goes with the plain schedule only
CASES = [("v", True), ("v", False), ("eps", False), ("x0", True)]


@pytest.mark.parametrize(("prediction", "zero"), CASES)
@pytest.mark.parametrize("eta", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("steps", [1, 10, 50])
def test_ddim_is_diffusers(prediction, zero, eta, steps):
    if zero and eta == 1:
        # Here diffusers takes the root of a number that rounding left just below 0, and all is NaN from then on.
        # Ours clamps it; test_ddpm_is_ddim_with_eta_one covers eta = 1 itself.
        eta = 0.999
    xT = start()
    scheduler = DDIMScheduler(**config(prediction, zero))
    theirs, guesses = walk(scheduler, steps, xT, eta=eta, generator=torch.Generator().manual_seed(9))
    path, seen = ours(
        samplers.ddim,
        steps,
        ZERO if zero else PLAIN,
        xT,
        prediction=prediction,
        eta=eta,
        generator=torch.Generator().manual_seed(9),
    )
    scale = theirs.abs().amax().clamp(min=1)  # random eps answers are blown up by 1 / sqrt(alpha_bar)
    torch.testing.assert_close(path / scale, theirs / scale, **CLOSE)
    for step, guess in zip(seen, guesses, strict=True):
        torch.testing.assert_close(step.x0 / scale, guess / scale, **CLOSE)


@pytest.mark.parametrize(("prediction", "zero"), CASES)
@pytest.mark.parametrize("steps", [1, 7, 10, 50])
def test_ddpm_is_diffusers(prediction, zero, steps):
    xT = start()
    scheduler = DDPMScheduler(**config(prediction, zero))
    theirs, _ = walk(scheduler, steps, xT, generator=torch.Generator().manual_seed(9))
    path, _ = ours(
        samplers.ddpm,
        steps,
        ZERO if zero else PLAIN,
        xT,
        prediction=prediction,
        generator=torch.Generator().manual_seed(9),
    )
    scale = theirs.abs().amax().clamp(min=1)
    torch.testing.assert_close(path / scale, theirs / scale, **CLOSE)


def test_ddpm_is_ddim_with_eta_one():
    paths = [
        ours(f, 20, ZERO, start(), generator=torch.Generator().manual_seed(2), **more)[0]
        for f, more in ((samplers.ddpm, {}), (samplers.ddim, {"eta": 1.0}))
    ]
    assert all(path.isfinite().all() for path in paths)
    torch.testing.assert_close(*paths, **CLOSE)


@pytest.mark.parametrize("shift", [1.0, 3.0])
def test_euler_is_diffusers(shift):
    xT = start()
    taus = samplers.uniform_taus(20)
    scheduler = FlowMatchEulerDiscreteScheduler(shift=shift)
    scheduler.set_timesteps(sigmas=taus.tolist())
    xt = xT
    with torch.no_grad():
        for t in scheduler.timesteps:
            xt = scheduler.step(NET(xt, t), t, xt).prev_sample
    end = samplers.euler(lambda x, tau: NET(x, 1000 * tau), xT, sch.shift_tau(taus, shift))
    torch.testing.assert_close(end, xt, **CLOSE)


def test_euler_reports_both_ends_of_the_line():
    x0, eps, seen = start(seed=1), start(seed=2), []
    end = samplers.euler(lambda xt, tau: eps - x0, eps, samplers.uniform_taus(4), on_step=seen.append)
    torch.testing.assert_close(end, x0, **CLOSE)
    assert [s.t for s in seen] == [1.0, 0.75, 0.5, 0.25]
    for s in seen:
        torch.testing.assert_close(s.x0, x0, **CLOSE)
        torch.testing.assert_close(s.eps, eps, **CLOSE)


@pytest.mark.parametrize("sampler", [samplers.ddim, samplers.ddpm])
@pytest.mark.parametrize("steps", [1, 3, 25, 30])
def test_a_perfect_model_leads_back_to_its_picture(sampler, steps):
    """Told x0 always, any sampler must end on it, from pure noise and in any number of steps."""
    x0 = start(seed=3)
    end, seen = ours_with(lambda xt, t: x0, sampler, steps)
    torch.testing.assert_close(end, x0, **CLOSE)
    assert [s.i for s in seen] == list(range(steps))
    assert [s.t for s in seen] == sch.trailing_timesteps(1000, steps).tolist()
    for s in seen:
        torch.testing.assert_close(sch.mix(s.x0, s.eps, ZERO[s.t]), s.xt, **CLOSE)


def ours_with(model, sampler, steps):
    seen = []
    t = sch.trailing_timesteps(1000, steps)
    return sampler(model, start(), t, ZERO, prediction="x0", on_step=seen.append), seen


def test_a_generator_a_sample_makes_samples_independent_of_their_batch():
    def run(rows):
        generators = [torch.Generator().manual_seed(100 + r) for r in rows]
        t = sch.trailing_timesteps(1000, 10)
        return samplers.ddpm(NET, start(3)[rows], t, ZERO, generator=generators)

    torch.testing.assert_close(run([0, 1, 2])[2:], run([2]), **CLOSE)


def test_sampling_keeps_no_graph_and_leaves_the_start_alone():
    xT = start()
    copy = xT.clone()
    end = samplers.ddim(NET, xT, sch.trailing_timesteps(1000, 3), ZERO)
    assert not end.requires_grad and torch.equal(xT, copy) and end.dtype == xT.dtype


# ------------------------------------------------ wrong arguments
GOOD = sch.trailing_timesteps(1000, 4)
WRONG = {
    "rising timesteps": lambda: samplers.ddim(NET, start(), GOOD.flip(0), ZERO),
    "no timesteps": lambda: samplers.ddim(NET, start(), GOOD[:0], ZERO),
    "t past the table": lambda: samplers.ddpm(NET, start(), GOOD, ZERO[:500]),
    "negative t": lambda: samplers.ddpm(NET, start(), torch.tensor([3, -1]), ZERO),
    "fractional t": lambda: samplers.ddim(NET, start(), torch.tensor([3.0, 1.0]), ZERO),
    "eta above one": lambda: samplers.ddim(NET, start(), GOOD, ZERO, eta=1.5),
    "flow answer for ddim": lambda: samplers.ddim(NET, start(), GOOD, ZERO, prediction="flow"),
    "eps from pure noise": lambda: samplers.ddim(NET, start(), GOOD, ZERO, prediction="eps"),
    "v answer for euler": lambda: samplers.euler(NET, start(), samplers.uniform_taus(3), prediction="v"),
    "whole t for euler": lambda: samplers.euler(NET, start(), GOOD),
    "tau of zero": lambda: samplers.euler(NET, start(), torch.tensor([0.5, 0.0])),
    "no strides": lambda: samplers.uniform_taus(0),
    "too few generators": lambda: samplers.ddpm(NET, start(2), GOOD, ZERO, generator=[torch.Generator()]),
}


@pytest.mark.parametrize("call", WRONG.values(), ids=WRONG.keys())
def test_wrong_arguments_get_one_sentence(call):
    with pytest.raises(ValueError, match=r"^\w[^\n]*\.$"):
        call()

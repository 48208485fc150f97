"""How much noise there is at each step, and every conversion between the ways of saying so.

A noisy sample is a mixture of a clean sample and noise. Three families of models write it differently:

    diffusion (variance preserving)     xt = sqrt(alpha_bar) * x0 + sqrt(1 - alpha_bar) * eps
    flow matching                       xt = (1 - tau) * x0 + tau * eps
    Karras et al. (variance exploding)  xt = x0 + sigma * eps

They describe the same thing up to one scale factor, so each converts into the others. A network may be
asked for `eps`, for `x0` or for `v = sqrt(alpha_bar) * eps - sqrt(1 - alpha_bar) * x0`; those convert too,
except at the two ends of the schedule where the question has no answer (see `x0_from_eps`).

Schedules are float64 tables, because `1 - alpha_bar` and ratios of neighbours lose digits in float32.
Conversions compute their coefficients in float64 and return samples in the type they came in. Wherever a
function takes samples of shape [N, ...], `alpha_bar` is a number, a 0-dimensional tensor, or a tensor [N]
with one level a sample.
"""

import math

import torch
from torch import Tensor

PREDICTIONS = ("v", "eps", "x0")


# ------------------------------------------------ tables of beta
def linear_betas(T: int = 1000, start: float = 1e-4, end: float = 0.02) -> Tensor:
    """Betas that grow evenly, [T] float64 (Ho et al. 2020, section 4)."""
    _check_table(T, start, end)
    return torch.linspace(start, end, T, dtype=torch.float64)


# --8<-- [start:scaled_linear]
def scaled_linear_betas(T: int = 1000, start: float = 0.00085, end: float = 0.012) -> Tensor:
    """Betas whose roots grow evenly, [T] float64: Stable Diffusion's schedule (Rombach et al. 2022)."""
    _check_table(T, start, end)
    return torch.linspace(start**0.5, end**0.5, T, dtype=torch.float64) ** 2
    # --8<-- [end:scaled_linear]


def cosine_betas(T: int = 1000, max_beta: float = 0.999) -> Tensor:
    """Betas whose alpha_bar falls like a squared cosine, [T] float64 (Nichol & Dhariwal 2021, eq. 17)."""
    _check_table(T, max_beta, max_beta)
    u = torch.arange(T + 1, dtype=torch.float64) / T
    alpha_bar = torch.cos((u + 0.008) / 1.008 * math.pi / 2) ** 2
    return (1 - alpha_bar[1:] / alpha_bar[:-1]).clamp(max=max_beta)


def alpha_bar_from_betas(betas: Tensor) -> Tensor:
    """Share of the clean sample's variance left after each step, [T] float64 (Ho et al. 2020, eq. 4)."""
    return torch.cumprod(1 - _betas(betas), dim=0)


# --8<-- [start:rescale]
def rescale_zero_terminal_snr(betas: Tensor) -> Tensor:
    """Stretch a schedule until its last step is pure noise, [T] float64 (Lin et al. 2024, algorithm 1).

    Stable Diffusion's own schedule stops with about 7 % of the picture's amplitude left, while sampling
    starts from none: the model never learns to choose the overall brightness. The first step keeps its
    level; the last beta becomes 1 and the last alpha_bar exactly 0.
    """
    root = alpha_bar_from_betas(betas).sqrt()
    if len(root) < 2 or root[0] == root[-1]:
        raise ValueError("Rescaling to zero terminal SNR needs at least two steps and a schedule that falls.")
    root = (root - root[-1]) * root[0] / (root[0] - root[-1])
    alpha_bar = root**2
    alphas = torch.cat([alpha_bar[:1], alpha_bar[1:] / alpha_bar[:-1]])
    return 1 - alphas
    # --8<-- [end:rescale]


def trailing_timesteps(T: int, steps: int) -> Tensor:
    """The t that a sampler visits, [steps] int64, falling from T - 1 (Lin et al. 2024, table 2).

    Trailing spacing always starts at T - 1, where a zero-terminal-SNR schedule is pure noise as the
    sampler's start is. Stable Diffusion's original "leading" spacing starts lower and so tells the network
    a wrong noise level.
    """
    if not 1 <= steps <= T:
        raise ValueError(f"The number of steps must lie between 1 and {T}, not {steps}.")
    return (torch.arange(steps, 0, -1, dtype=torch.float64) * T / steps).round().long() - 1


# ------------------------------------------------ one noise level, four names for it
def snr(alpha_bar: Tensor | float) -> Tensor:
    """Signal-to-noise ratio of variances, alpha_bar / (1 - alpha_bar), float64; infinite at alpha_bar 1."""
    ab = _levels(alpha_bar)
    return ab / (1 - ab)


def alpha_bar_from_snr(ratio: Tensor | float) -> Tensor:
    """Inverse of `snr`, float64; an infinite ratio gives 1. Raises ValueError for a negative ratio."""
    ratio = _not_negative(ratio, "signal-to-noise ratio")
    return 1 - 1 / (1 + ratio)


def sigma_from_alpha_bar(alpha_bar: Tensor | float) -> Tensor:
    """Noise level of Karras et al. (2022): sigma = 1 / sqrt(snr), float64; infinite where alpha_bar is 0."""
    ab = _levels(alpha_bar)
    return ((1 - ab) / ab).sqrt()


def alpha_bar_from_sigma(sigma: Tensor | float) -> Tensor:
    """Inverse of `sigma_from_alpha_bar`, float64; an infinite sigma gives 0."""
    return 1 / (1 + _not_negative(sigma, "sigma") ** 2)


def tau_from_alpha_bar(alpha_bar: Tensor | float) -> Tensor:
    """Flow-matching time with the same signal-to-noise ratio, float64 in [0, 1], 1 = noise.

    From (1 - tau) / tau = sqrt(alpha_bar / (1 - alpha_bar)); finite at both ends.
    """
    ab = _levels(alpha_bar)
    return (1 - ab).sqrt() / (ab.sqrt() + (1 - ab).sqrt())


def alpha_bar_from_tau(tau: Tensor | float) -> Tensor:
    """Inverse of `tau_from_alpha_bar`, float64. Raises ValueError for a tau outside [0, 1]."""
    tau = _tau(tau)
    return (1 - tau) ** 2 / ((1 - tau) ** 2 + tau**2)


def shift_tau(tau: Tensor | float, shift: float) -> Tensor:
    """Make flow times noisier by `shift`, float64 (Esser et al. 2024, eq. 23).

    A larger picture averages noise away over more pixels, so the same visible damage needs more noise:
    their shift from n to m pixels is sqrt(m / n). shift = 1 changes nothing.
    """
    if not shift > 0:
        raise ValueError(f"A shift must be above 0, not {shift}.")
    tau = _tau(tau)
    return shift * tau / (1 + (shift - 1) * tau)


def shift_alpha_bar(alpha_bar: Tensor | float, shift: float) -> Tensor:
    """The same shift for diffusion, float64: noise over signal (`sigma`) is multiplied by `shift`."""
    if not shift > 0:
        raise ValueError(f"A shift must be above 0, not {shift}.")
    ab = _levels(alpha_bar)
    return ab / (ab + shift**2 * (1 - ab))


# ------------------------------------------------ the same noisy sample in the three families' scales
def flow_from_diffusion(xt: Tensor, alpha_bar: Tensor | float) -> Tensor:
    """Diffusion's noisy sample in flow matching's scale, at `tau_from_alpha_bar(alpha_bar)`; shape of xt."""
    a, b = _roots(alpha_bar, xt)
    return xt / (a + b)


def diffusion_from_flow(xt: Tensor, tau: Tensor | float) -> Tensor:
    """Flow matching's noisy sample in diffusion's scale, at `alpha_bar_from_tau(tau)`; shape of xt."""
    tau = _tau(tau)
    return xt / _like(((1 - tau) ** 2 + tau**2).sqrt(), xt)


def karras_from_diffusion(xt: Tensor, alpha_bar: Tensor | float) -> Tensor:
    """Diffusion's noisy sample as x0 + sigma * eps; shape of xt. Raises ValueError at alpha_bar = 0."""
    a, _ = _roots(alpha_bar, xt)
    _forbid_zero(a, "At alpha_bar = 0 sigma is infinite, so the sample has no Karras form.")
    return xt / a


def diffusion_from_karras(xt: Tensor, sigma: Tensor | float) -> Tensor:
    """x0 + sigma * eps in diffusion's scale, at `alpha_bar_from_sigma(sigma)`; shape of xt."""
    return xt * _like(alpha_bar_from_sigma(sigma).sqrt(), xt)


# ------------------------------------------------ what a network may be asked for
def mix(x0: Tensor, eps: Tensor, alpha_bar: Tensor | float) -> Tensor:
    """Noisy sample xt = sqrt(alpha_bar) x0 + sqrt(1 - alpha_bar) eps, shape of x0 (Ho et al. 2020, eq. 4)."""
    a, b = _roots(alpha_bar, x0)
    return a * x0 + b * eps


def v_from_x0_eps(x0: Tensor, eps: Tensor, alpha_bar: Tensor | float) -> Tensor:
    """v = sqrt(alpha_bar) eps - sqrt(1 - alpha_bar) x0, shape of x0 (Salimans & Ho 2022, section 4).

    (xt, v) is (x0, eps) turned by one angle, so v is worth asking for at every noise level: it is the noise
    when there is none in xt, and minus the picture when there is nothing else.
    """
    a, b = _roots(alpha_bar, x0)
    return a * eps - b * x0


def x0_from_v(xt: Tensor, v: Tensor, alpha_bar: Tensor | float) -> Tensor:
    """Clean sample from v: the rotation turned back. Holds at every alpha_bar, both ends included."""
    a, b = _roots(alpha_bar, xt)
    return a * xt - b * v


def eps_from_v(xt: Tensor, v: Tensor, alpha_bar: Tensor | float) -> Tensor:
    """Noise from v: the rotation turned back. Holds at every alpha_bar, both ends included."""
    a, b = _roots(alpha_bar, xt)
    return b * xt + a * v


def x0_from_eps(xt: Tensor, eps: Tensor, alpha_bar: Tensor | float) -> Tensor:
    """Clean sample from the noise. Raises ValueError where alpha_bar is 0: xt is then nothing but noise."""
    a, b = _roots(alpha_bar, xt)
    _forbid_zero(a, "At alpha_bar = 0 eps says nothing about x0: with such a schedule predict v or x0.")
    return (xt - b * eps) / a


def eps_from_x0(xt: Tensor, x0: Tensor, alpha_bar: Tensor | float) -> Tensor:
    """Noise from the clean sample. Raises ValueError where alpha_bar is 1: xt then holds no noise."""
    a, b = _roots(alpha_bar, xt)
    _forbid_zero(b, "At alpha_bar = 1 there is no noise in xt, so eps cannot be found from x0.")
    return (xt - a * x0) / b


def v_from_eps(xt: Tensor, eps: Tensor, alpha_bar: Tensor | float) -> Tensor:
    """v from the noise. Raises ValueError where alpha_bar is 0, as `x0_from_eps` does."""
    a, b = _roots(alpha_bar, xt)
    _forbid_zero(a, "At alpha_bar = 0 eps says nothing about v: with such a schedule predict v or x0.")
    return (eps - b * xt) / a


def v_from_x0(xt: Tensor, x0: Tensor, alpha_bar: Tensor | float) -> Tensor:
    """v from the clean sample. Raises ValueError where alpha_bar is 1, as `eps_from_x0` does."""
    a, b = _roots(alpha_bar, xt)
    _forbid_zero(b, "At alpha_bar = 1 there is no noise in xt, so v cannot be found from x0.")
    return (a * xt - x0) / b


# --8<-- [start:split]
def split(
    output: Tensor, xt: Tensor, alpha_bar: Tensor | float, prediction: str = "v"
) -> tuple[Tensor, Tensor]:
    """A network's output as (x0, eps), whichever of the three it predicts; both in the shape of xt."""
    if prediction == "v":
        return x0_from_v(xt, output, alpha_bar), eps_from_v(xt, output, alpha_bar)
    if prediction == "eps":
        return x0_from_eps(xt, output, alpha_bar), output
    if prediction == "x0":
        return output, eps_from_x0(xt, output, alpha_bar)
    raise ValueError(f"A prediction is one of {', '.join(PREDICTIONS)}, not {prediction!r}.")
    # --8<-- [end:split]


# ------------------------------------------------ small checks
def _check_table(T: int, start: float, end: float) -> None:
    if T < 1:
        raise ValueError(f"A schedule needs at least one step, not {T}.")
    if not 0 < start <= end < 1:
        raise ValueError(f"Betas must satisfy 0 < start <= end < 1, not start={start}, end={end}.")


def _betas(betas: Tensor) -> Tensor:
    betas = torch.as_tensor(betas, dtype=torch.float64)
    if betas.ndim != 1 or len(betas) == 0 or not bool(((betas >= 0) & (betas <= 1)).all()):
        raise ValueError("Betas must be one row of numbers between 0 and 1.")
    return betas


def _levels(alpha_bar: Tensor | float) -> Tensor:
    ab = torch.as_tensor(alpha_bar, dtype=torch.float64)
    if not bool(((ab >= 0) & (ab <= 1)).all()):
        raise ValueError("alpha_bar must lie between 0 and 1.")
    return ab


def _tau(tau: Tensor | float) -> Tensor:
    tau = torch.as_tensor(tau, dtype=torch.float64)
    if not bool(((tau >= 0) & (tau <= 1)).all()):
        raise ValueError("Flow time tau must lie between 0 (clean) and 1 (noise).")
    return tau


def _not_negative(value: Tensor | float, name: str) -> Tensor:
    value = torch.as_tensor(value, dtype=torch.float64)
    if not bool((value >= 0).all()):
        raise ValueError(f"A {name} cannot be negative.")
    return value


def time_like(tau: Tensor | float, x: Tensor) -> Tensor:
    """A flow time, [] or [N], checked and shaped to multiply samples x [N, ...], in x's type."""
    return _like(_tau(tau), x)


def _like(level: Tensor, x: Tensor) -> Tensor:
    """A level, [] or [N], in x's type and device and shaped to multiply x [N, ...]."""
    if level.ndim > 1 or (level.ndim == 1 and level.shape[0] not in (1, x.shape[0])):
        raise ValueError(f"Give one noise level or {len(x)}, one a sample, not {tuple(level.shape)}.")
    level = level.to(device=x.device, dtype=x.dtype)
    return level.reshape(-1, *[1] * (x.ndim - 1)) if level.ndim else level


def _roots(alpha_bar: Tensor | float, x: Tensor) -> tuple[Tensor, Tensor]:
    """sqrt(alpha_bar) and sqrt(1 - alpha_bar), taken in float64, ready to multiply x."""
    ab = _levels(alpha_bar)
    return _like(ab.sqrt(), x), _like((1 - ab).sqrt(), x)


def _forbid_zero(root: Tensor, sentence: str) -> None:
    if bool((root == 0).any()):
        raise ValueError(sentence)

"""What a denoiser is trained to do: a clean sample is damaged by a known amount, and it says what was done.

Samples have shape [N, ...]; `t` is [N] int64 in [0, T), `tau` is [N] in [0, 1] with 1 = noise. Losses come
back one a sample, [N], so that a caller can average them, plot them against the noise level or compare two
captions.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from . import schedules


def add_noise(x0: Tensor, eps: Tensor, t: Tensor, alpha_bar: Tensor) -> Tensor:
    """Noisy samples at steps t of a schedule, shape of x0 (Ho et al. 2020, eq. 4).

    alpha_bar is the whole table [T]. Raises ValueError for a t outside it.
    """
    return schedules.mix(x0, eps, _at(alpha_bar, t))


def v_target(x0: Tensor, eps: Tensor, t: Tensor, alpha_bar: Tensor) -> Tensor:
    """What a v-predicting network should answer at steps t, shape of x0 (Salimans & Ho 2022, section 4)."""
    return schedules.v_from_x0_eps(x0, eps, _at(alpha_bar, t))


def target(x0: Tensor, eps: Tensor, t: Tensor, alpha_bar: Tensor, prediction: str = "v") -> Tensor:
    """What a network of this prediction should answer at steps t, shape of x0."""
    _check_prediction(prediction)
    if prediction == "v":
        return v_target(x0, eps, t, alpha_bar)
    return eps if prediction == "eps" else x0


def loss_weight(alpha_bar: Tensor, prediction: str = "v", gamma: float | None = 5.0) -> Tensor:
    """Weight of the squared error, float64 in the shape of alpha_bar (after Hang et al. 2023, Min-SNR).

    One mistake has three sizes. If xt is given and x0 is off by d, then eps is off by sqrt(snr) * d and v by
    sqrt(snr + 1) * d, since x0 = sqrt(alpha_bar) xt - sqrt(1 - alpha_bar) v and 1 / (1 - alpha_bar) is
    snr + 1. A rule about errors in x0 is therefore divided by the square of that size. Min-SNR's rule: an
    error in x0 counts snr times, but at most gamma times, because nearly clean samples, which are easy,
    would drown the others. For eps this makes min(snr, gamma) / snr.

    For v it would make min(snr, gamma) / (snr + 1), which has a hole where a schedule ends in pure noise:
    there snr = 0, so the very step that chooses colours and layout would weigh nothing. A plain v loss counts
    an error in x0 snr + 1 times, so here that number is held to gamma: min(snr + 1, gamma) / (snr + 1). It is
    1 wherever snr + 1 <= gamma, pure noise included. For x0 the same rule is min(snr + 1, gamma).

    gamma=None turns the weighting off. Raises ValueError for gamma <= 0 or an unknown prediction.
    """
    _check_prediction(prediction)
    ratio = schedules.snr(alpha_bar)
    if gamma is None:
        return torch.ones_like(ratio)
    if not gamma > 0:
        raise ValueError(f"gamma must be above 0 (or None for no weighting), not {gamma}.")
    if prediction == "x0":
        return (ratio + 1).clamp(max=gamma)
    return (gamma / (ratio + 1 if prediction == "v" else ratio)).clamp(max=1)


# --8<-- [start:diffusion_loss]
def diffusion_loss(
    model: Callable[[Tensor, Tensor], Tensor],
    x0: Tensor,
    eps: Tensor,
    t: Tensor,
    alpha_bar: Tensor,
    *,
    prediction: str = "v",
    gamma: float | None = 5.0,
) -> Tensor:
    """Squared error of `model(xt, t)` times `loss_weight`, [N] float32 (Ho et al. 2020, eq. 14)."""
    xt = add_noise(x0, eps, t, alpha_bar)
    error = model(xt, t).float() - target(x0, eps, t, alpha_bar, prediction).float()
    weight = loss_weight(_at(alpha_bar, t), prediction, gamma).to(error)
    return weight * error.square().flatten(1).mean(1)
    # --8<-- [end:diffusion_loss]


def flow_mix(x0: Tensor, eps: Tensor, tau: Tensor) -> Tensor:
    """Noisy samples on the straight line from x0 to eps, shape of x0 (Esser et al. 2024, eq. 13)."""
    tau = schedules.time_like(tau, x0)
    return (1 - tau) * x0 + tau * eps


def flow_target(x0: Tensor, eps: Tensor) -> Tensor:
    """The line's direction, eps - x0, shape of x0: the same at every tau, since the line is straight."""
    return eps - x0


# --8<-- [start:flow_loss]
def flow_loss(model: Callable[[Tensor, Tensor], Tensor], x0: Tensor, eps: Tensor, tau: Tensor) -> Tensor:
    """Squared error of the direction `model(xt, tau)`, [N] float32 (Lipman et al. 2022, eq. 9).

    No weight: which noise levels count most is decided by how often `sample_tau` draws them.
    """
    error = model(flow_mix(x0, eps, tau), tau).float() - flow_target(x0, eps).float()
    return error.square().flatten(1).mean(1)
    # --8<-- [end:flow_loss]


def sample_tau(
    n: int,
    *,
    mean: float = 0.0,
    std: float = 1.0,
    uniform: float = 0.1,
    generator: torch.Generator | None = None,
) -> Tensor:
    """n flow times, [n] float32 in [0, 1]: logit-normal, mostly from the middle (Esser et al. 2024, eq. 19).

    The ends are easy questions, so the middle is asked more often. But a logit-normal density falls to
    nothing at 0 and 1, where sampling has to go as well: a share `uniform` is drawn evenly instead.
    """
    if not 0 <= uniform <= 1 or not std > 0 or n < 0:
        raise ValueError(f"This needs n >= 0, std > 0 and 0 <= uniform <= 1, not {n}, {std} and {uniform}.")
    middle = torch.sigmoid(mean + std * torch.randn(n, generator=generator))
    even = torch.rand(n, generator=generator)
    return torch.where(torch.rand(n, generator=generator) < uniform, even, middle)


def _at(alpha_bar: Tensor, t: Tensor) -> Tensor:
    if t.is_floating_point() or alpha_bar.ndim != 1:
        raise ValueError("Steps t are whole numbers that index a table alpha_bar of shape [T].")
    if not bool(((t >= 0) & (t < len(alpha_bar))).all()):
        raise ValueError(f"Every t must lie in [0, {len(alpha_bar)}).")
    return alpha_bar[t.to(alpha_bar.device)]


def _check_prediction(prediction: str) -> None:
    if prediction not in schedules.PREDICTIONS:
        raise ValueError(f"A prediction is one of {', '.join(schedules.PREDICTIONS)}, not {prediction!r}.")

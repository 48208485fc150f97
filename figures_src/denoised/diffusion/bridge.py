"""A flow read as a diffusion: both mix a clean sample with noise, in other shares and at another clock.

A flow's sample is (1 - tau) x0 + tau eps, a diffusion's alpha x0 + sigma eps with alpha^2 + sigma^2 = 1. Divided by the
length of its two shares, the first is the second: at the level where sigma / alpha = tau / (1 - tau) a network that knows
one knows the other (Gao et al. 2025, "Two sides of the same coin"). Everything that works on diffusions (samplers, pictures
as a start, masks) then works with it, unchanged.
"""

from collections.abc import Callable

from torch import Tensor


def tau_of(alpha_bar: Tensor) -> Tensor:
    """The flow's time at which signal and noise stand as at level alpha_bar, same shape: 0 where there is no noise, 1
    where there is nothing else."""
    alpha, sigma = alpha_bar.sqrt(), (1 - alpha_bar).sqrt()
    return sigma / (alpha + sigma)


def alpha_bar_of(tau: Tensor) -> Tensor:
    """The level of a flow's time: the inverse of `tau_of`."""
    return (1 - tau) ** 2 / ((1 - tau) ** 2 + tau**2)


# --8<-- [start:as_diffusion]
def as_diffusion(flow: Callable[[Tensor, Tensor], Tensor], alpha_bar: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
    """A v-predicting `model(xt, t)` for the schedule alpha_bar [T], made of one that answers a flow's `(xt, tau)` with its
    direction eps - x0.

    xt [N, ...]; t is 0-dimensional or [N], from 0 up to T. The sample is stretched to the flow's size; the direction tells
    where x0 and eps lie, and these what v is.
    """

    def model(xt: Tensor, t: Tensor) -> Tensor:
        level = alpha_bar[t.long()]
        taus, alphas, sigmas = tau_of(level).float(), level.sqrt().float(), (1 - level).sqrt().float()
        tau, alpha, sigma = (row.reshape(-1, *[1] * (xt.ndim - 1)) for row in (taus, alphas, sigmas))
        line = xt / (alpha + sigma)
        direction = flow(line, taus)
        x0, eps = line - tau * direction, line + (1 - tau) * direction
        return alpha * eps - sigma * x0

    return model
    # --8<-- [end:as_diffusion]

"""From noise to a sample: one function a sampler, all called alike.

    xt = sampler(model, xT, timesteps, alpha_bar, prediction="v", on_step=..., generator=...)

`model(xt, t)` is the network (with prompt and guidance already inside, see `guidance.guided`); it gets
samples [N, ...] and one 0-dimensional t, and answers in the shape of xt. `xT` [N, ...] is the start, drawn
from a normal distribution. `timesteps` [S] falls; `alpha_bar` [T] is the schedule's table. After the last
timestep comes the clean sample, alpha_bar = 1. What is returned has the shape and type of xT.

`on_step(Step)` is called once a step, before moving on, with everything there is to see. `generator` is one
torch.Generator, or a list of N (one a sample, so that a sample does not depend on its neighbours in the
batch).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .schedules import PREDICTIONS, split

Generators = torch.Generator | Sequence[torch.Generator] | None


@dataclass(frozen=True)
class Step:
    """One step: its number i, the time t that the network was told, its input, its answer as eps and x0."""

    i: int
    t: int | float
    xt: Tensor
    eps: Tensor
    x0: Tensor


# --8<-- [start:ddim]
@torch.no_grad()
def ddim(model, xT, timesteps, alpha_bar, *, prediction="v", eta=0.0, on_step=None, generator=None):
    """Guess the clean sample, then add back less of the same noise (Song et al. 2021, eq. 12 and 16)."""
    levels = path(timesteps, alpha_bar, prediction, eta)
    xt = xT
    for i, t in enumerate(timesteps):
        now, then = levels[i], levels[i + 1]
        x0, eps = split(model(xt, t), xt, now, prediction)
        if on_step:
            on_step(Step(i, int(t), xt, eps, x0))
        fresh = eta**2 * posterior_variance(now, then)  # how much of the noise is new: none at eta = 0
        xt = then.sqrt() * x0 + (1 - then - fresh).clamp(min=0).sqrt() * eps
        if eta > 0:
            xt = xt + fresh.sqrt() * noise_like(xt, generator)
    return xt
    # --8<-- [end:ddim]


# --8<-- [start:ddpm]
@torch.no_grad()
def ddpm(model, xT, timesteps, alpha_bar, *, prediction="v", on_step=None, generator=None):
    """Draw each sample from what the last one and the guess allow (Ho et al. 2020, algorithm 2 and eq. 7)."""
    levels = path(timesteps, alpha_bar, prediction)
    xt = xT
    for i, t in enumerate(timesteps):
        now, then = levels[i], levels[i + 1]
        x0, eps = split(model(xt, t), xt, now, prediction)
        if on_step:
            on_step(Step(i, int(t), xt, eps, x0))
        alpha = now / then
        xt = (then.sqrt() * (1 - alpha) * x0 + alpha.sqrt() * (1 - then) * xt) / (1 - now)
        if then < 1:
            xt = xt + posterior_variance(now, then).sqrt() * noise_like(xt, generator)
    return xt
    # --8<-- [end:ddpm]


# --8<-- [start:euler]
@torch.no_grad()
def euler(model, xT, timesteps, alpha_bar=None, *, prediction="flow", on_step=None, generator=None):
    """Walk along the direction eps - x0 in straight strides (Liu et al. 2022, rectified flow).

    Here `timesteps` are flow times tau, falling within (0, 1], and the model is told tau itself (a network
    trained on 0..1000 multiplies inside). Flow matching has no table, so alpha_bar is not used; nor is the
    generator.
    """
    taus = flow_path(timesteps, prediction)
    xt = xT
    for i, t in enumerate(timesteps):
        now, then = taus[i], taus[i + 1]
        direction = model(xt, t)
        if on_step:
            on_step(Step(i, float(t), xt, xt + (1 - now) * direction, xt - now * direction))
        xt = xt + (then - now) * direction
    return xt
    # --8<-- [end:euler]


def uniform_taus(steps: int) -> Tensor:
    """Flow times of equal strides from noise, [steps] float64: 1, ..., 1 / steps; see `shift_tau`."""
    if steps < 1:
        raise ValueError(f"A sampler needs at least one step, not {steps}.")
    return torch.arange(steps, 0, -1, dtype=torch.float64) / steps


def posterior_variance(now: Tensor, then: Tensor) -> Tensor:
    """Variance left at level `then` once x0 and xt (at level `now`) are known (Ho et al. 2020, eq. 7)."""
    return (1 - then) / (1 - now) * (1 - now / then)


def noise_like(x: Tensor, generator: Generators = None) -> Tensor:
    """Normal noise in the shape and type of x, from one generator or from one a sample."""
    if generator is None or isinstance(generator, torch.Generator):
        return torch.randn(x.shape, generator=generator, dtype=x.dtype).to(x.device)
    if len(generator) != len(x):
        raise ValueError(f"Give one generator, or one for each of {len(x)} samples, not {len(generator)}.")
    rows = [torch.randn(x.shape[1:], generator=g, dtype=x.dtype) for g in generator]
    return torch.stack(rows).to(x.device)


def path(timesteps: Tensor, alpha_bar: Tensor, prediction: str = "v", eta: float = 0.0) -> Tensor:
    """alpha_bar at each timestep and then 1, for the clean sample: [S + 1] float64. Checks all arguments."""
    if prediction not in PREDICTIONS:
        raise ValueError(f"This sampler's prediction is one of {', '.join(PREDICTIONS)}, not {prediction!r}.")
    if not 0 <= eta <= 1:
        raise ValueError(f"eta must lie between 0 (no new noise) and 1 (as much as ddpm), not {eta}.")
    t = torch.as_tensor(timesteps)
    if t.is_floating_point() or alpha_bar.ndim != 1:
        raise ValueError("Timesteps are whole numbers that index a table alpha_bar of shape [T].")
    if t.ndim != 1 or len(t) == 0 or not bool((t.diff() < 0).all()) or t[-1] < 0 or t[0] >= len(alpha_bar):
        raise ValueError(f"Timesteps must be one falling row of numbers in [0, {len(alpha_bar)}).")
    levels = alpha_bar.double()[t.to(alpha_bar.device)]
    return torch.cat([levels, levels.new_ones(1)])


def flow_path(timesteps: Tensor, prediction: str = "flow") -> Tensor:
    """Flow times with a final 0 for the clean sample: [S + 1] float64. Checks all arguments."""
    if prediction != "flow":
        raise ValueError(f"euler follows a flow-matching model: prediction is 'flow', not {prediction!r}.")
    tau = torch.as_tensor(timesteps, dtype=torch.float64)
    if tau.ndim != 1 or len(tau) == 0 or not bool((tau.diff() < 0).all()) or tau[0] > 1 or tau[-1] <= 0:
        raise ValueError("Flow times must be one falling row of numbers in (0, 1].")
    return torch.cat([tau, tau.new_zeros(1)])

"""Classifier-free guidance: ask the network twice, with the prompt and without, and exaggerate the
difference.
"""

from collections.abc import Callable

import torch
from torch import Tensor


# --8<-- [start:guide]
def guide(eps_u: Tensor, eps_c: Tensor, s: float) -> Tensor:
    """eps_u + s * (eps_c - eps_u), any shape (Ho & Salimans 2022, eq. 6, with their w = s - 1).

    s = 0 ignores the prompt, s = 1 is the model as trained, more exaggerates. It works as well on v or on
    x0: for one xt each of them is an affine function of eps, and the two weights, 1 - s and s, add up to 1.
    """
    return eps_u + s * (eps_c - eps_u)
    # --8<-- [end:guide]


# --8<-- [start:guided]
def guided(
    model: Callable[[Tensor, Tensor, Tensor], Tensor],
    s: float,
    cond: Tensor,
    uncond: Tensor | None = None,
    *,
    interval: tuple[float, float] | None = None,
) -> Callable[[Tensor, Tensor], Tensor]:
    """`model(xt, t, context)` with its prompt and guidance filled in: a function of (xt, t), as samplers
    want it.

    cond, uncond: contexts [N, ...] with and without the prompt. Where s is 1 (off) or 0 (no prompt) the
    model is called once; otherwise once on a batch of 2N, uncond first. `interval=(low, high)` guides only
    while low <= t <= high and is off elsewhere (Kynkäänniemi et al. 2024).
    """
    check(s, cond, uncond, interval)

    def guided_model(xt: Tensor, t: Tensor) -> Tensor:
        strength = s if interval is None or interval[0] <= t <= interval[1] else 1.0
        if strength == 1:
            return model(xt, t, cond)
        if strength == 0:
            return model(xt, t, uncond)
        both = model(torch.cat([xt, xt]), t, torch.cat([uncond, cond]))
        return guide(*both.chunk(2), strength)

    return guided_model
    # --8<-- [end:guided]


def check(s: float, cond: Tensor, uncond: Tensor | None, interval: tuple[float, float] | None) -> None:
    """Raise ValueError, with a sentence, for arguments that `guided` could only misunderstand."""
    if not float("-inf") < s < float("inf"):
        raise ValueError(f"The guidance strength must be a finite number, not {s}.")
    if s != 1 and uncond is None:
        raise ValueError("Guidance needs uncond, the context without a prompt, unless s is 1 (off).")
    if uncond is not None and uncond.shape != cond.shape:
        shapes = f"{tuple(cond.shape)} and {tuple(uncond.shape)}"
        raise ValueError(f"cond and uncond must have the same shape, not {shapes}.")
    if interval is not None and not interval[0] <= interval[1]:
        raise ValueError(f"A guidance interval is (low, high) with low <= high, not {interval}.")

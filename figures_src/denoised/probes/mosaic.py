"""Diffusion without a network: the best possible denoiser of a handful of pictures, seen whole or through a window.

Whoever knows all N training pictures can say what a noisy one was: their average, each weighted by how well it fits
the noise. That denoiser has no parameters, and sampling with it gives back training pictures. If it may only look
through a small window around each pixel, the windows disagree about which picture it is, and sampling gives mosaics
(Kamb & Ganguli 2024, the local score without translation).
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from denoised.diffusion import samplers


# --8<-- [start:guess]
def best_guess(xt: Tensor, pictures: Tensor, alpha_bar: float, window: int | None = None) -> Tensor:
    """The clean pictures that fit xt [M, C, h, w] best on average, if it comes from `pictures` [N, C, h, w].

    window: side, in pixels and odd, of what may be looked at around each pixel; None is everything.
    """
    signal = float(alpha_bar) ** 0.5
    gap = ((xt[:, None] - signal * pictures[None]) ** 2).sum(2)  # [M, N, h, w]
    if window is None:
        gap = gap.sum((2, 3), keepdim=True)
    else:
        if window < 1 or window % 2 == 0:
            raise ValueError(f"A window has an odd number of pixels, not {window}.")
        gap = F.avg_pool2d(gap, window, stride=1, padding=window // 2, divisor_override=1)
    weights = torch.softmax(-gap / (2 * max(1 - float(alpha_bar), 1e-6)), dim=1)
    return (weights[:, :, None] * pictures[None]).sum(1)
    # --8<-- [end:guess]


def sample(pictures: Tensor, xT: Tensor, timesteps: Tensor, alpha_bar: Tensor, windows) -> Tensor:
    """New pictures [M, C, h, w] from noise xT by DDIM with `best_guess`. windows: one a step (odd, or None)."""
    told = dict(zip(timesteps.tolist(), windows, strict=True))

    def model(xt, t):
        return best_guess(xt, pictures, float(alpha_bar[int(t)]), told[int(t)])

    return samplers.ddim(model, xT, timesteps, alpha_bar, prediction="x0")


def nearest_patch(made: Tensor, pool: Tensor, size: int, stride: int | None = None) -> tuple[Tensor, Tensor]:
    """How far each patch of `made` [M, C, h, w] is from the nearest patch of `pool` [N, C, h, w] at the same place.

    Distances [M, P], root mean square over a patch's values, and which of the pool it is [M, P]; P places on a
    grid of `stride` pixels (by default half a patch). A patch of one colour everywhere is found anywhere, so look
    at the busiest ones if it matters.
    """
    stride = max(1, size // 2) if stride is None else stride
    cut = [F.unfold(x.float(), size, stride=stride) for x in (made, pool)]  # [M, C size^2, P]
    gaps = torch.stack([torch.cdist(cut[0][..., p], cut[1][..., p]) for p in range(cut[0].shape[2])], dim=2)
    best = gaps.min(dim=1)
    return best.values / cut[0].shape[1] ** 0.5, best.indices


def busy(pictures: Tensor, size: int, stride: int | None = None) -> Tensor:
    """Standard deviation within each patch [M, P], places as in `nearest_patch`: 0 for an empty margin."""
    stride = max(1, size // 2) if stride is None else stride
    return F.unfold(pictures.float(), size, stride=stride).std(dim=1)

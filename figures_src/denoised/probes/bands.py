"""Latents band by band, from coarse to fine, with the Fourier transform as the observer's glasses."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from .spectra import frequencies

NAMES = ("coarse", "middle", "fine")
EDGES = (0.0, 0.125, 0.25, 1.0)  # cycles a latent cell: waves longer than 8 cells, 8 to 4, and shorter than 4


def masks(height: int, width: int) -> Tensor:
    """One [height, width] mask a band, [3, height, width] bool; the mean (zero frequency) belongs to none."""
    far = frequencies(height, width)
    rings = [(far >= low) & (far < high) & (far > 0) for low, high in zip(EDGES[:-1], EDGES[1:], strict=True)]
    return torch.from_numpy(np.stack(rings))


def power(x: Tensor) -> Tensor:
    """Sum of squares of each band of x [..., h, w], pooled over channels and all else but the first axis: [N, 3]."""
    spectrum = torch.fft.fft2(x.double(), norm="ortho").abs().square()
    rings = masks(*x.shape[-2:])
    return torch.stack([spectrum[..., ring].flatten(1).sum(1) for ring in rings], dim=1)


def correlation(a: Tensor, b: Tensor) -> Tensor:
    """Correlation of a and b [N, C, h, w] within each band, [N, 3]; 0 where a band is empty."""
    one, other = (torch.fft.fft2(x.double(), norm="ortho") for x in (a, b))
    rows = []
    for ring in masks(*a.shape[-2:]):
        p, q = one[..., ring].flatten(1), other[..., ring].flatten(1)
        scale = (p.abs().square().sum(1) * q.abs().square().sum(1)).sqrt()
        rows.append((p * q.conj()).real.sum(1) / scale.clamp(min=1e-12))
    return torch.stack(rows, dim=1)

"""How much of a picture's or a latent's variation is coarse, and how much fine."""

import numpy as np


def power_spectrum(x) -> np.ndarray:
    """Power of each spatial frequency of x [..., H, W], same shape, float64, zero frequency at [0, 0].

    Scaled so that the powers of one plane add up to its mean square (Parseval). Planes are taken as
    periodic, with no window: an icon's margin is of one colour, so that its edges meet.
    """
    x = np.asarray(x, dtype=np.float64)
    if x.ndim < 2 or x.size == 0:
        raise ValueError(f"A spectrum needs planes [..., H, W], not {x.shape}.")
    return np.abs(np.fft.fft2(x)) ** 2 / (x.shape[-2] * x.shape[-1]) ** 2


def frequencies(height: int, width: int) -> np.ndarray:
    """Frequency of each entry of `power_spectrum`, [H, W], in cycles a pixel; 0.5 is the finest stripe."""
    return np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None, :])


def radial_power_spectrum(x) -> tuple[np.ndarray, np.ndarray]:
    """Mean power in rings around zero frequency, for x [N, C, H, W] (array or tensor).

    Returns frequency [K], in cycles a pixel, and power [N, C, K]. Ring k holds what rounds to k cycles
    across the longer side, from k = 0 (the mean) to half its pixels; the corners beyond, seen in diagonal
    directions only, are left out. Power is the average over a ring's entries, so white noise is flat.
    """
    x = np.asarray(x, dtype=np.float64)
    if x.ndim != 4:
        raise ValueError(f"Radial spectra are taken of [N, C, H, W], not of shape {x.shape}.")
    power = power_spectrum(x)
    n, c, height, width = x.shape
    side = max(height, width)
    ring = np.floor(frequencies(height, width) * side + 0.5).astype(int).ravel()
    inside = ring <= side // 2
    total = np.zeros((n * c, side // 2 + 1))
    for row, plane in zip(total, power.reshape(n * c, -1), strict=True):
        row += np.bincount(ring[inside], weights=plane[inside], minlength=len(row))
    entries = np.bincount(ring[inside], minlength=side // 2 + 1)
    return np.arange(side // 2 + 1) / side, (total / entries).reshape(n, c, -1)


def high_frequency_share(x, cutoff: float = 0.25) -> np.ndarray:
    """Share of the variance of x [..., H, W] at or above `cutoff` cycles a pixel, [...], in 0..1.

    The default, a quarter, is details of four pixels and finer. A plane of one colour has none, so 0.
    """
    power, far = power_spectrum(x), frequencies(*np.shape(x)[-2:])
    if not 0 < cutoff < far.max():
        raise ValueError(f"The cutoff lies between 0 and {far.max():.3f} cycles a pixel, not at {cutoff}.")
    fine, every = power[..., far >= cutoff].sum(-1), power[..., far > 0].sum(-1)
    # rounding leaves about 1e-30 of the mean square in a plane of one colour
    blank = every <= 1e-20 * power.sum(axis=(-2, -1))
    return np.where(blank, 0.0, fine / np.where(blank, 1.0, every))

"""How far one set of pictures is from another, by simple statistics that need no network and few pictures."""

import numpy as np


def colour_mosaics(images, side: int = 4) -> np.ndarray:
    """Pictures uint8 [N, H, W, 3] as mosaics of side x side mean colours, [N, side * side * 3] float64 in 0..1."""
    images = np.asarray(images)
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1] % side or images.shape[2] % side:
        raise ValueError(f"Mosaics are made of uint8 [N, H, W, 3], sides multiples of {side}, not {images.shape}.")
    n, h, w, c = images.shape
    return images.reshape(n, side, h // side, side, w // side, c).mean((2, 4)).reshape(n, -1) / 255


def moment_distance(a, b) -> float:
    """Fréchet distance of rows a [N, D] and b [M, D] taken as normal with independent columns, divided by D.

    That is the squared difference of means plus the squared difference of standard deviations (Dowson & Landau 1982
    for diagonal covariances); unlike the full distance it can be had from a dozen rows.
    """
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1] or min(len(a), len(b)) < 2:
        raise ValueError(f"Distances need two sets of at least two rows of one length, not {a.shape} and {b.shape}.")
    return float(((a.mean(0) - b.mean(0)) ** 2 + (a.std(0) - b.std(0)) ** 2).mean())

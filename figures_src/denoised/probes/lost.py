"""How much of what tells two pictures apart is still there after a round trip: a beard, a skin tone, a texture.

Pictures are uint8 [N, H, W, 3] on white.
"""

import numpy as np
from scipy.ndimage import gaussian_filter


def region(a, b, least: float = 30) -> np.ndarray:
    """Where two versions of a drawing differ by at least `least` of 255 on average over colours: bool [N, H, W]."""
    return np.abs(np.asarray(a, np.float64) - np.asarray(b, np.float64)).mean(-1) >= least


def position(y, start, end, where) -> np.ndarray:
    """Where `y` lies on the way from `start` (0) to `end` (1), by least squares over the pixels in `where`, [N].

    Raises ValueError where nothing tells start from end.
    """
    y, start, end = (np.asarray(x, np.float64) for x in (y, start, end))
    way = (end - start) * where[..., None]
    length = (way**2).sum((1, 2, 3))
    if not (length > 0).all():
        raise ValueError("Start and end are the same there: there is no way between them.")
    return ((y - start) * way).sum((1, 2, 3)) / length


def blobs(images, sigma: float = 6) -> np.ndarray:
    """The pictures blurred until only coloured blobs are left (Gaussian, `sigma` pixels)."""
    blurred = gaussian_filter(np.asarray(images, np.float64), (0, sigma, sigma, 0), mode="nearest")
    return np.rint(blurred).astype(np.uint8)


def detail(images, sigma: float = 2) -> np.ndarray:
    """Root mean square (of 255) of what a small blur takes away: fine texture, [N]."""
    x = np.asarray(images, np.float64)
    rest = x - gaussian_filter(x, (0, sigma, sigma, 0), mode="nearest")
    return np.sqrt((rest**2).mean((1, 2, 3)))

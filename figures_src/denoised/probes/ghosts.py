"""Two kinds of ghosts: a lattice in the spectrum, put in, measured and filtered out, and limbs, painted in and counted."""

import numpy as np

from .metrics import LUMA
from .spectra import power_spectrum


def excess(made, real, smooth: int = 3) -> np.ndarray:
    """Power of `made` over that of `real` at each frequency of the brightness, [H, W], both uint8 [N, H, W, 3].

    Averaged over the pictures first, and over smooth x smooth neighbouring frequencies in the denominator, so that a
    peak stays a peak.
    """
    ours, theirs = (power_spectrum(np.asarray(x).astype(np.float64) @ LUMA).mean(0) for x in (made, real))
    reach = smooth // 2
    around = [np.roll(theirs, (i, j), (0, 1)) for i in range(-reach, reach + 1) for j in range(-reach, reach + 1)]
    return ours / np.maximum(np.mean(around, axis=0), 1e-12)


def lattice(size: int, period: int = 8) -> np.ndarray:
    """Which frequencies [size, size] a pattern of that many pixels lights up: all its multiples but the mean. bool."""
    on = np.arange(size) % (size // period) == 0
    where = on[:, None] & on[None]
    where[0, 0] = False
    return where


def haunted(images, strength: float = 14.0, period: int = 8) -> np.ndarray:
    """Pictures uint8 [N, H, W, 3] with the trace of a careless upsampler: one cell of a grid, repeated over all."""
    images = np.asarray(images)
    y, x = np.mgrid[:period, :period] * 2 * np.pi / period
    tile = np.cos(x) + np.cos(y) + np.cos(2 * x) * np.cos(2 * y)
    tile = np.tile(tile / np.abs(tile).max(), (images.shape[1] // period, images.shape[2] // period))
    return np.clip(np.round(images + strength * (tile - tile.max())[..., None]), 0, 255).astype(np.uint8)


def another_limb(images, width: int = 11, length: int = 26) -> np.ndarray:
    """Pictures uint8 [N, H, W, 3] with one more limb: a bar in the drawing's own colour, out of its emptier side."""
    out = np.array(images)
    for image in out:
        ink = (255 - image.astype(int)).max(-1) >= 40
        rows, columns = np.nonzero(ink)
        middle = int(np.median(rows))
        span = np.flatnonzero(ink[middle])
        if not len(span):
            continue
        left, right = span[0], span[-1]
        colour = np.median(image[ink], axis=0)
        top = max(0, middle - width // 2)
        reach = (max(0, left - length), left + 8) if left > 127 - right else (right - 8, min(128, right + length))
        image[top : top + width, reach[0] : reach[1]] = colour
    return out


def without(images, ratio, keep: float = 2.0) -> np.ndarray:
    """Pictures uint8 [N, H, W, 3] with each frequency whose `ratio` [H, W] exceeds `keep` turned down to `keep`.

    `ratio` as `excess` gives it: power, so that amplitudes are scaled by the root. Rounded and clipped to uint8.
    """
    gain = np.sqrt(np.minimum(1.0, keep / np.maximum(ratio, 1e-12)))
    gain[0, 0] = 1.0
    spectrum = np.fft.fft2(np.asarray(images).astype(np.float64), axes=(1, 2))
    filtered = np.fft.ifft2(spectrum * gain[None, :, :, None], axes=(1, 2)).real
    return np.clip(np.round(filtered), 0, 255).astype(np.uint8)


def limbs(images, width: int = 9, least: int = 60, paper: int = 40) -> np.ndarray:
    """How many slender parts stick out of the drawing in each picture uint8 [N, H, W, 3] on white, [N] int.

    The silhouette is all that differs from white by `paper` or more in any colour. An opening by a disc of radius
    `width` removes what is slenderer than twice that; the pieces of the difference with at least `least` pixels count.
    """
    from scipy import ndimage

    y, x = np.mgrid[-width : width + 1, -width : width + 1]
    disc = x * x + y * y <= width * width
    counts = []
    for image in np.asarray(images):
        shape = ndimage.binary_fill_holes((255 - image.astype(int)).max(-1) >= paper)
        padded = np.pad(shape, width)
        body = ndimage.binary_opening(padded, structure=disc)[width:-width, width:-width]
        pieces, found = ndimage.label(shape & ~body)
        sizes = ndimage.sum_labels(np.ones_like(pieces), pieces, range(1, found + 1)) if found else np.array([])
        counts.append(int((np.asarray(sizes) >= least).sum()))
    return np.array(counts)

"""Two kinds of ghosts: a lattice in the spectrum, put in, measured and filtered out, and limbs, painted in and counted."""

import numpy as np

from .metrics import LUMA
from .spectra import power_spectrum


def standing_out(plane) -> np.ndarray:
    """Power of each frequency of planes [..., H, W] over the mean of its eight neighbours': 1 = no peak, [..., H, W]."""
    power = power_spectrum(plane)
    steps = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)]
    around = sum(np.roll(power, step, (-2, -1)) for step in steps) / len(steps)
    return power / np.maximum(around, 1e-12)


def peaks(images, period: int = 8) -> float:
    """How far the lattice of `period` stands out of the brightness of uint8 [N, H, W, 3]: median over frequencies.

    The spectra are averaged over the pictures' own ratios in logarithms, so that no single picture decides.
    """
    light = np.asarray(images).astype(np.float64) @ LUMA
    ratio = np.exp(np.log(np.maximum(standing_out(light), 1e-12)).mean(0))
    return float(np.median(ratio[lattice(light.shape[-1], period)]))


def lattice(size: int, period: int = 8) -> np.ndarray:
    """Which frequencies [size, size] a pattern of that many pixels lights up: all its multiples but the mean. bool."""
    on = np.arange(size) % (size // period) == 0
    where = on[:, None] & on[None]
    where[0, 0] = False
    return where


def haunted(images, strength: int = 10, period: int = 8) -> np.ndarray:
    """Pictures uint8 [N, H, W, 3] with the trace of a careless upsampler: one small tile, laid over all of them.

    The tile darkens by 0 to 2 * strength, at random with a fixed seed, so that it has every frequency of the lattice.
    """
    images = np.asarray(images)
    tile = np.random.default_rng(0).integers(0, 2 * strength + 1, (period, period))
    tile = np.tile(tile, (images.shape[1] // period, images.shape[2] // period))
    return np.clip(images.astype(int) - tile[..., None], 0, 255).astype(np.uint8)


def another_limb(images, width: int = 11, length: int = 26) -> np.ndarray:
    """Pictures uint8 [N, H, W, 3] with one more limb: a bar in the drawing's own colour, out of its emptier side."""
    out = np.array(images)
    for image in out:
        ink = (255 - image.astype(int)).max(-1) >= 60
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


def without(images, period: int = 8) -> np.ndarray:
    """Pictures uint8 [N, H, W, 3] with each peak on the lattice turned down to its neighbours' power, rounded to uint8."""
    planes = np.moveaxis(np.asarray(images).astype(np.float64), -1, 1)  # [N, 3, H, W]
    gain = np.sqrt(np.minimum(1.0, 1 / np.maximum(standing_out(planes), 1e-12)))
    gain = np.where(lattice(planes.shape[-1], period), gain, 1.0)
    filtered = np.fft.ifft2(np.fft.fft2(planes) * gain).real
    return np.moveaxis(np.clip(np.round(filtered), 0, 255).astype(np.uint8), 1, -1)


def limbs(images, width: int = 9, least: int = 60, paper: int = 60) -> np.ndarray:
    """How many slender parts stick out of the drawing in each picture uint8 [N, H, W, 3] on white, [N] int.

    The silhouette is all that is darker than the page by `paper` or more in any colour. An opening by a disc of radius
    `width` removes what is slenderer than twice that; the pieces of the difference with at least `least` pixels count.
    """
    from scipy import ndimage

    y, x = np.mgrid[-width : width + 1, -width : width + 1]
    disc = x * x + y * y <= width * width
    counts = []
    for image in np.asarray(images):
        page = np.percentile(image.reshape(-1, 3), 90, axis=0)  # a greyed page is still the page
        shape = ndimage.binary_fill_holes((page - image).max(-1) >= paper)
        padded = np.pad(shape, width)
        body = ndimage.binary_opening(padded, structure=disc)[width:-width, width:-width]
        pieces, found = ndimage.label(shape & ~body)
        sizes = ndimage.sum_labels(np.ones_like(pieces), pieces, range(1, found + 1)) if found else np.array([])
        counts.append(int((np.asarray(sizes) >= least).sum()))
    return np.array(counts)

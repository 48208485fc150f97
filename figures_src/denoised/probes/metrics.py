"""Numbers for pictures. All take uint8 [N, H, W, 3] and answer one number a picture, [N] float64."""

from collections.abc import Callable, Sequence

import numpy as np

from . import spectra

LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601: how bright red, green and blue look


def psnr(a, b, mask=None) -> np.ndarray:
    """Peak signal-to-noise ratio in dB, 10 log10(255^2 / mean squared error); infinite for equal pictures.

    mask [N, H, W]: count only pixels inside, i.e. True, or with an alpha of at least 128. An icon's white
    margin is easy and differs in size, so icons are compared inside their alpha. Raises ValueError for an
    empty mask.
    """
    a, b = _pair(a, b)
    error = ((a - b) ** 2).mean(axis=-1)
    with np.errstate(divide="ignore"):
        return 10 * np.log10(255**2 / _inside_mean(error, mask))


def ssim(a, b) -> np.ndarray:
    """Structural similarity, mean over pixels and colours, 1 = equal (Wang et al. 2004, eq. 13).

    Gaussian window of 11 pixels and standard deviation 1.5; windows reaching over the border are left out.
    """
    a, b = _pair(a, b)
    if min(a.shape[1:3]) < 11:
        raise ValueError(f"ssim needs pictures of at least 11 pixels, not {a.shape[1]}x{a.shape[2]}.")
    mean_a, mean_b = _blur(a), _blur(b)
    var_a, var_b = _blur(a * a) - mean_a**2, _blur(b * b) - mean_b**2
    both = _blur(a * b) - mean_a * mean_b
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    same_light = (2 * mean_a * mean_b + c1) / (mean_a**2 + mean_b**2 + c1)
    same_structure = (2 * both + c2) / (var_a + var_b + c2)
    return (same_light * same_structure).mean(axis=(1, 2, 3))


def high_frequency_ratio(made, real, cutoff: float = 0.25) -> np.ndarray:
    """Energy of fine detail in `made` over that in `real`: 1 = all there, below = blurred, above = invented.

    Detail is everything in the brightness at or above `cutoff` cycles a pixel. NaN where `real` has none.
    """
    made, real = _pair(made, real)
    far = spectra.frequencies(*made.shape[1:3])
    if not 0 < cutoff < far.max():
        raise ValueError(f"The cutoff lies between 0 and {far.max():.3f} cycles a pixel, not at {cutoff}.")
    fine = [spectra.power_spectrum(x @ LUMA)[:, far >= cutoff].sum(-1) for x in (made, real)]
    none = fine[1] <= 1e-12
    return np.where(none, np.nan, fine[0] / np.where(none, 1.0, fine[1]))


def outline(images, dark: float = 64, step: float = 32) -> np.ndarray:
    """Share of edge pixels that touch near-black, 0..1: near 1 for drawings with black outlines.

    A pixel is on an edge where its brightness differs from a neighbour's (right or below) by at least
    `step` of 255; it touches near-black where the darkest of the 3x3 pixels around it is below `dark`. A
    picture without edges gives 0.
    """
    light = _pictures(images) @ LUMA
    right = np.abs(np.diff(light, axis=2, append=light[:, :, -1:]))
    below = np.abs(np.diff(light, axis=1, append=light[:, -1:]))
    edge = np.maximum(right, below) >= step
    around = np.pad(light, ((0, 0), (1, 1), (1, 1)), mode="edge")
    h, w = light.shape[1:]
    darkest = np.min([around[:, i : i + h, j : j + w] for i in range(3) for j in range(3)], axis=0)
    edges = edge.sum(axis=(1, 2))
    return (edge & (darkest < dark)).sum(axis=(1, 2)) / np.maximum(edges, 1)


def saturation(images, mask=None) -> np.ndarray:
    """Mean saturation, 0 (grey) to 1 (pure colour): (max - min) / max of red, green and blue, black being 0.

    mask as in `psnr`; without one a white margin counts as grey.
    """
    images = _pictures(images)
    top, low = images.max(axis=-1), images.min(axis=-1)
    return _inside_mean((top - low) / np.maximum(top, 1), mask)


def bootstrap_ci(
    values: Sequence[float],
    n: int = 2000,
    seed: int = 0,
    level: float = 0.95,
    statistic: Callable = np.mean,
) -> tuple[float, float]:
    """Percentile interval (low, high) of a statistic of `values`, from n resamples (Efron 1979).

    statistic: like np.mean, takes `axis`. Raises ValueError for no values, NaN, or a level outside (0, 1).
    """
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 1 or not len(values) or not np.isfinite(values).all():
        raise ValueError("A bootstrap needs one row of finite values, at least one.")
    if n < 1 or not 0 < level < 1:
        raise ValueError(f"A bootstrap needs n >= 1 and a level inside (0, 1), not {n} and {level}.")
    picks = np.random.default_rng(seed).integers(0, len(values), (n, len(values)))
    low, high = np.quantile(statistic(values[picks], axis=1), [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _pictures(images) -> np.ndarray:
    images = np.asarray(images)
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[-1] != 3 or not images.size:
        raise ValueError(f"Pictures are uint8 [N, H, W, 3], not {images.dtype} {images.shape}.")
    return images.astype(np.float64)


def _pair(a, b) -> tuple[np.ndarray, np.ndarray]:
    a, b = _pictures(a), _pictures(b)
    if a.shape != b.shape:
        raise ValueError(f"Pictures to compare need one shape, not {a.shape} and {b.shape}.")
    return a, b


def _inside_mean(values: np.ndarray, mask) -> np.ndarray:
    """Mean of values [N, H, W] over each picture, inside a mask if there is one."""
    if mask is None:
        return values.mean(axis=(1, 2))
    mask = np.asarray(mask)
    mask = mask if mask.dtype == bool else mask >= 128
    if mask.shape != values.shape:
        raise ValueError(f"The mask must have shape {values.shape}, not {mask.shape}.")
    if not mask.any(axis=(1, 2)).all():
        raise ValueError("A mask is empty: there is no pixel inside to measure.")
    return np.where(mask, values, 0).sum(axis=(1, 2)) / mask.sum(axis=(1, 2))


def _blur(x: np.ndarray) -> np.ndarray:
    """Gaussian mean over windows of 11 pixels that lie inside [N, H, W, 3]: [N, H - 10, W - 10, 3]."""
    kernel = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
    kernel /= kernel.sum()
    h, w = x.shape[1] - 10, x.shape[2] - 10
    x = sum(k * x[:, i : i + h] for i, k in enumerate(kernel))
    return sum(k * x[:, :, i : i + w] for i, k in enumerate(kernel))

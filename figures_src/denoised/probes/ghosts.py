"""Two kinds of ghosts: a lattice in the spectrum, put in, measured and filtered out, and limbs, painted in and counted."""

from dataclasses import dataclass

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


def _shade(height: int, width: int, strength: int, period: int, seed: int) -> np.ndarray:
    """A tile of random darkening, 0..2 * strength, laid over [height, width]; it has every frequency of the lattice."""
    tile = np.random.default_rng(seed).integers(0, 2 * strength + 1, (period, period))
    return np.tile(tile, (height // period, width // period))


def haunted(images, strength: int = 10, period: int = 8, seed: int = 0) -> np.ndarray:
    """Pictures uint8 [N, H, W, 3] with the trace of a careless upsampler: one small tile, laid over all of them."""
    images = np.asarray(images)
    shade = _shade(*images.shape[1:3], strength, period, seed)
    return np.clip(images.astype(int) - shade[..., None], 0, 255).astype(np.uint8)


def grained(images, strength: int = 10, period: int = 8, seed: int = 0) -> np.ndarray:
    """The same darkening as `haunted`, value for value, but scattered over the picture: as strong, and no lattice."""
    images = np.asarray(images)
    shade = _shade(*images.shape[1:3], strength, period, seed)
    shade = np.random.default_rng(seed + 1).permutation(shade.ravel()).reshape(shade.shape)
    return np.clip(images.astype(int) - shade[..., None], 0, 255).astype(np.uint8)


def another_limb(images, width: float = 0.2, length: float = 0.45) -> np.ndarray:
    """Pictures uint8 [N, H, W, 3] with one more limb: a bar with a round end in the drawing's own colour.

    It leaves the middle of the drawing in the direction in which it meets least ink and most canvas once it is out.
    Width and length, counted from the outline, are shares of the drawing's size, the root of its area.
    """
    from scipy import ndimage

    out = np.array(images)
    y, x = np.mgrid[: out.shape[1], : out.shape[2]]
    for image in out:
        ink = ndimage.binary_fill_holes((255 - image.astype(int)).max(-1) >= 60)
        if not ink.any():
            continue
        size = np.sqrt(ink.sum())
        depth = ndimage.distance_transform_edt(np.pad(ink, 1))[1:-1, 1:-1]
        middle = np.array(np.unravel_index(depth.argmax(), depth.shape))  # of the thickest part: the palm, not a finger
        best = (-1.0, None)
        for angle in np.linspace(0, 2 * np.pi, 48, endpoint=False):
            way = np.array([np.sin(angle), np.cos(angle)])
            steps = np.round(middle + np.arange(1, 180)[:, None] * way).astype(int)
            inside = ((steps >= 0) & (steps < ink.shape)).all(1)
            line = np.zeros(len(steps), bool)
            line[inside] = ink[tuple(steps[inside].T)]
            edge = int(np.argmin(line))  # where the drawing ends first
            along = (y - middle[0]) * way[0] + (x - middle[1]) * way[1]
            across = np.abs((x - middle[1]) * way[0] - (y - middle[0]) * way[1])
            beyond = np.maximum(along - edge - length * size, 0)
            limb = (along > 0) & (np.hypot(across, beyond) <= width * size / 2)
            around = (along > edge + 2) & (np.hypot(across, beyond) <= width * size)
            room = float((around & ~ink).sum() - 2 * (around & ink).sum())
            if room > best[0]:
                best = (room, limb)
        if best[1] is not None:
            image[best[1] & ~ink] = np.median(image[ink], axis=0)
    return out


def without(images, period: int = 8) -> np.ndarray:
    """Pictures uint8 [N, H, W, 3] with each peak on the lattice turned down to its neighbours' power, rounded to uint8."""
    planes = np.moveaxis(np.asarray(images).astype(np.float64), -1, 1)  # [N, 3, H, W]
    gain = np.sqrt(np.minimum(1.0, 1 / np.maximum(standing_out(planes), 1e-12)))
    gain = np.where(lattice(planes.shape[-1], period), gain, 1.0)
    filtered = np.fft.ifft2(np.fft.fft2(planes) * gain).real
    return np.moveaxis(np.clip(np.round(filtered), 0, 255).astype(np.uint8), 1, -1)


@dataclass(frozen=True)
class Counter:
    """How limbs are counted. Chosen on real hands whose fingers are known (studies.limbs), before it was used.

    soften: standard deviation (px) of the blur before looking; paper: how much darker than the page, in any colour, a
    pixel of the drawing is; share: a part is slender if it is narrower than twice this share of the drawing's size, the
    root of its area; least: share of the drawing's area that a part needs to count.
    """

    soften: float = 1.5
    paper: int = 50
    share: float = 0.2
    least: float = 0.048


def silhouette(image, counter: Counter) -> np.ndarray:
    """bool [H, W]: the drawing on a picture uint8 [H, W, 3], holes filled. A greyed page is still the page."""
    from scipy import ndimage

    soft = ndimage.gaussian_filter(np.asarray(image, np.float64), (counter.soften, counter.soften, 0), mode="nearest")
    border = np.concatenate([soft[0], soft[-1], soft[:, 0], soft[:, -1]])
    page = np.median(border, axis=0)
    return ndimage.binary_fill_holes((page - soft).max(-1) >= counter.paper)


def parts(image, counter: Counter) -> np.ndarray:
    """Sizes of the slender parts of one drawing uint8 [H, W, 3], each as a share of the drawing's area, [K].

    Opening the silhouette by a disc removes what is slender; the pieces of the difference are the parts.
    """
    from scipy import ndimage

    shape = silhouette(image, counter)
    area = shape.sum()
    radius = counter.share * np.sqrt(area)
    padded = np.pad(shape, int(np.ceil(radius)) + 1)
    eroded = ndimage.distance_transform_edt(padded) > radius
    body = ndimage.distance_transform_edt(~eroded) <= radius if eroded.any() else eroded
    pieces, found = ndimage.label(padded & ~body)
    return np.bincount(pieces.ravel(), minlength=found + 1)[1:] / max(area, 1)


def limbs(images, counter: Counter | None = None) -> np.ndarray:
    """How many slender parts stick out of the drawing in each picture uint8 [N, H, W, 3], [N] int."""
    counter = counter or Counter()
    return np.array([int((parts(image, counter) >= counter.least).sum()) for image in np.asarray(images)])

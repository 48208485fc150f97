"""Looking at latents without the decoder: a linear preview in colour, and one picture a channel."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Preview:
    """Colour = latent channels times `matrix`, the last row being a constant; fitted by `fit_preview`."""

    matrix: np.ndarray  # [C + 1, 3] float64, to red, green and blue in 0..255
    r2: float  # share of the colour variance that it explains on the pictures it was fitted to

    def __call__(self, latents) -> np.ndarray:
        """Latents [N, C, h, w] (or one, [C, h, w]) to small pictures [N, h, w, 3] (or [h, w, 3]) uint8."""
        latents = np.asarray(latents, dtype=np.float64)
        if latents.ndim == 3:
            return self(latents[None])[0]
        _check_channels(latents, len(self.matrix) - 1)
        colours = _rows(latents) @ self.matrix
        n, _, h, w = latents.shape
        return np.clip(np.round(colours), 0, 255).astype(np.uint8).reshape(n, h, w, 3)

    def score(self, latents, images) -> float:
        """R^2 on other pictures than those of the fit; arguments as in `fit_preview`."""
        latents = np.asarray(latents, dtype=np.float64)
        _check_channels(latents, len(self.matrix) - 1)
        colours = shrink(images, latents.shape[-2:]).reshape(-1, 3)
        return _r2(colours, _rows(latents) @ self.matrix)


def fit_preview(latents, images) -> Preview:
    """Least-squares map from each latent cell to the mean colour of the patch above it.

    latents [N, C, h, w] (array or tensor), images [N, H, W, 3] uint8 of the same N pictures, H and W
    multiples of h and w. Raises ValueError for shapes that do not fit, or fewer cells than unknowns.
    """
    latents = np.asarray(latents, dtype=np.float64)
    _check_channels(latents, latents.shape[1] if latents.ndim == 4 else 0)
    colours = shrink(images, latents.shape[-2:]).reshape(-1, 3)
    rows = _rows(latents)
    if len(rows) != len(colours):
        raise ValueError(f"Give as many pictures as latents, not {len(images)} for {len(latents)}.")
    if len(rows) < rows.shape[1]:
        raise ValueError(f"A preview needs at least {rows.shape[1]} latent cells to be fitted, not {len(rows)}.")
    matrix = np.linalg.lstsq(rows, colours, rcond=None)[0]
    return Preview(matrix, _r2(colours, rows @ matrix))


def shrink(images, size: tuple[int, int]) -> np.ndarray:
    """Pictures [N, H, W, 3] uint8 to the mean colour of each patch, [N, h, w, 3] float64 in 0..255."""
    images = np.asarray(images)
    if images.ndim != 4 or images.shape[-1] != 3 or images.dtype != np.uint8:
        raise ValueError(f"Pictures are uint8 [N, H, W, 3], not {images.dtype} {images.shape}.")
    n, height, width, _ = images.shape
    h, w = size
    if height % h or width % w:
        raise ValueError(f"Pictures of {height}x{width} do not divide into {h}x{w} latent cells.")
    return images.reshape(n, h, height // h, w, width // w, 3).mean(axis=(2, 4))


def channel_images(latents, limits=None) -> tuple[np.ndarray, np.ndarray]:
    """Each channel on its own scale from -1 to 1 with zero staying zero, for a diverging colour map.

    latents [N, C, h, w] (array or tensor) to values [N, C, h, w] float64, and limits [C]: the magnitude
    that became 1, by default a channel's largest over all N. Pass `limits` to show two sets of latents on
    one scale; what exceeds them is clipped. A channel of zeros stays zero.
    """
    latents = np.asarray(latents, dtype=np.float64)
    _check_channels(latents, latents.shape[1] if latents.ndim == 4 else 0)
    limits = np.abs(latents).max(axis=(0, 2, 3)) if limits is None else np.asarray(limits, dtype=np.float64)
    if limits.shape != (latents.shape[1],) or not (limits >= 0).all():
        raise ValueError(f"Limits are {latents.shape[1]} magnitudes, one a channel.")
    safe = np.where(limits > 0, limits, 1.0).reshape(1, -1, 1, 1)
    return np.clip(latents / safe, -1, 1), limits


def _rows(latents: np.ndarray) -> np.ndarray:
    """[N, C, h, w] to [N h w, C + 1], a one at the end of each row."""
    rows = latents.transpose(0, 2, 3, 1).reshape(-1, latents.shape[1])
    return np.concatenate([rows, np.ones((len(rows), 1))], axis=1)


def _r2(truth: np.ndarray, guess: np.ndarray) -> float:
    spread = ((truth - truth.mean(axis=0)) ** 2).sum()
    if spread == 0:
        raise ValueError("R^2 needs pictures that differ: these have one colour everywhere.")
    return float(1 - ((truth - guess) ** 2).sum() / spread)


def _check_channels(latents: np.ndarray, channels: int) -> None:
    if latents.ndim != 4 or latents.shape[1] != channels or latents.size == 0:
        expected = f"[N, {channels}, h, w]" if channels else "[N, C, h, w]"
        raise ValueError(f"Latents are {expected}, not {latents.shape}.")
    if not np.isfinite(latents).all():
        raise ValueError("These latents hold NaN or infinite numbers.")

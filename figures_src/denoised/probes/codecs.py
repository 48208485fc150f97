"""Everyday image codecs with a budget in bytes, and a latent rounded to bytes, so that they can be compared."""

import io

import numpy as np

from .metrics import psnr

SCALES = (1, 2, 4)  # a codec that cannot meet the budget may store a smaller picture, as a person would


def packed(image, kind: str, quality: int) -> bytes:
    """The file of one picture uint8 [H, W, 3]; kind "JPEG" or "WEBP"."""
    from PIL import Image

    buffer = io.BytesIO()
    options = {"JPEG": {"optimize": True}, "WEBP": {"method": 4}}[kind]
    Image.fromarray(image).save(buffer, kind, quality=quality, **options)
    return buffer.getvalue()


def unpacked(data: bytes, size: tuple[int, int] | None = None) -> np.ndarray:
    """Pixels uint8 [H, W, 3] of a file, enlarged to `size` (width, height) if it is given."""
    from PIL import Image

    picture = Image.open(io.BytesIO(data)).convert("RGB")
    return np.asarray(picture if size in (None, picture.size) else picture.resize(size, Image.Resampling.BICUBIC))


def at_most(image, kind: str, budget: int) -> tuple[int, np.ndarray]:
    """(bytes, picture) of the best file that fits into `budget` bytes: every scale at its best quality, best PSNR.

    Raises ValueError when even the smallest does not fit.
    """
    from PIL import Image

    height, width = image.shape[:2]
    found = []
    for scale in SCALES:
        small = Image.fromarray(image).resize((width // scale, height // scale), Image.Resampling.LANCZOS)
        source = np.asarray(small) if scale > 1 else image
        low, high, best = 0, 95, None
        while low < high:  # the highest quality that fits
            middle = (low + high + 1) // 2
            data = packed(source, kind, middle)
            if len(data) <= budget:
                low, best = middle, data
            else:
                high = middle - 1
        if best is not None:
            found.append((len(best), unpacked(best, (width, height))))
    if not found:
        raise ValueError(f"No {kind} of {width}x{height} pixels fits into {budget} bytes.")
    return max(found, key=lambda pair: psnr(pair[1][None], image[None])[0])


def byte_each(latents, limit: float = 6.0):
    """Latents (a tensor in the U-Net's scale) with each value on one of 256 levels in [-limit, limit]: a byte each."""
    return (latents.clamp(-limit, limit) / limit * 127.5 + 127.5).round().sub(127.5).div(127.5) * limit


def png_bytes(image) -> int:
    """Size of a picture uint8 [H, W, 3] as a PNG file, which gives back every byte."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG", optimize=True)
    return len(buffer.getvalue())

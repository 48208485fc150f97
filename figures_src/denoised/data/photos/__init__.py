"""Photographs shipped with the repository: what an autoencoder trained on drawings has never seen.

Their licences are in LICENSES.md.
They are read by importing this module, so a figure that uses one is made again when the picture changes.
"""

from pathlib import Path

import numpy as np

from denoised.errors import DenoisedError

FOLDER = Path(__file__).parent


def load(name: str = "chelsea", size: int = 128) -> np.ndarray:
    """A square photograph, uint8 [size, size, 3]. Raises DenoisedError when it is missing or damaged."""
    from PIL import Image

    path = FOLDER / f"{name}-{size}.png"
    try:
        with Image.open(path) as picture:
            pixels = np.asarray(picture.convert("RGB"))
    except (OSError, SyntaxError) as error:
        raise DenoisedError(f"The photograph {path.name} cannot be read ({error}): restore it from git.") from None
    if pixels.shape != (size, size, 3):
        raise DenoisedError(f"The photograph {path.name} is {pixels.shape[1]}x{pixels.shape[0]}: restore it from git.")
    return pixels

"""A copy of a copy of a copy: unseen icons, a photograph and random latents, sent through the real autoencoder again and
again, next to JPEG of that size, read by the judge, and compared at the end with every training icon there is.

    python scripts/lab_copies.py        # some minutes on one core; writes copies.npz beside this file
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from denoised.probes import codecs
from denoised.studies import shelf

FILE = Path(__file__).with_suffix(".npz")


@dataclass(frozen=True)
class Settings:
    """The whole experiment. The icons are held-out pairs of style and concept, which neither the autoencoder nor the
    judge has learnt from, while the judge knows their concepts from other styles. An orbit *lands* on a training icon if
    it ends within `landed_db` of it, as in the study of tiny autoencoders."""

    icons: int = 32
    dreams: int = 8  # random latents of unit spread
    cycles: int = 20
    looks: tuple[int, ...] = (0, 1, 2, 5, 10, 20)  # times copied after which the judge looks
    shown: tuple[int, ...] = (1, 5, 20)
    landed_db: float = 25.0
    seed: int = 9


SETTINGS = Settings()


def key(settings: Settings = SETTINGS) -> str:
    """Short hash of the settings and of the source of all that computes the results."""
    return shelf.key(asdict(settings), chosen, copied, copied_by_jpeg, codecs.at_most)


def load(path: Path = FILE, settings: Settings = SETTINGS) -> tuple[dict, dict[str, np.ndarray]]:
    """(facts, arrays) of the committed results."""
    return shelf.take(path, key(settings), "lab_copies")


def chosen(rows, settings: Settings = SETTINGS) -> list[int]:
    """Positions in `rows` of the icons, drawn by chance, no concept twice."""
    order = np.random.default_rng(settings.seed).permutation(len(rows))
    found: dict[str, int] = {}
    for i in order:
        row = rows[i]
        if row.split == "pair" and row.tone == "none":
            found.setdefault(row.concept, int(i))
    return list(found.values())[: settings.icons]


# --8<-- [start:copied]
def copied(vae, images, times: int):
    """Yield pictures uint8 [N, H, W, 3] after 1, 2, ... `times` round trips through the autoencoder."""
    from denoised.pipeline import decode, encode

    for _ in range(times):
        images = decode(vae, encode(vae, images))
        yield images
    # --8<-- [end:copied]


def copied_by_jpeg(images, times: int, budget: int):
    """The same with JPEG files of at most `budget` bytes, each the best that fits."""
    for _ in range(times):
        images = np.stack([codecs.at_most(image, "JPEG", budget)[1] for image in images])
        yield images

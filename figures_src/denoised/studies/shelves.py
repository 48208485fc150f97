"""What a librarian would bring who has every training icon at hand: the likest whole icon, and the likest patches.

    python scripts/lab_shelves.py        # some minutes on one core; writes shelves.npz beside this file

The archive is all that the generators were trained on, in an order drawn by chance, so that its first part is a fair
smaller archive. Icons of held-out concepts are asked for; patches that are blank are left out.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from denoised.probes import archive
from denoised.studies import shelf

FILE = Path(__file__).with_suffix(".npz")


@dataclass(frozen=True)
class Settings:
    """The whole experiment: `icons` held-out icons, `patches` of their patches of `side` pixels, archives of these sizes
    (None = everything). `ranks` choose what is shown by likeness of the round trip, so that nobody picks."""

    icons: int = 48
    patches: int = 400
    side: int = 8
    stride: int = 4
    sizes: tuple[int | None, ...] = (100, 300, 1000, 3000, None)
    ranks: tuple[float, ...] = (0.15, 0.4, 0.65, 0.9)
    batch: int = 200  # archive icons at a time
    seed: int = 13


SETTINGS = Settings()


def key(settings: Settings = SETTINGS) -> str:
    """Short hash of the settings and of the source of all that computes the results."""
    parts = (Best, archive.cells, archive.windows, archive.nearest)
    return shelf.key(asdict(settings), *parts)


def load(path: Path = FILE, settings: Settings = SETTINGS) -> tuple[dict, dict[str, np.ndarray]]:
    """(facts, arrays) of the committed results."""
    return shelf.take(path, key(settings), "lab_shelves")


class Best:
    """The best match so far of each query [Q, D], as an archive is walked through in pieces."""

    def __init__(self, queries):
        self.queries = np.asarray(queries, np.float32)
        self.error = np.full(len(self.queries), np.inf)
        self.row = np.zeros_like(self.queries)
        self.origin = np.full(len(self.queries), -1)

    def look(self, rows, origin) -> None:
        """Compare with rows [K, D] of the archive, which stem from pictures origin [K]."""
        index, error = archive.nearest(self.queries, rows)
        better = error < self.error
        self.error[better] = error[better]
        self.row[better] = np.asarray(rows)[index[better]]
        self.origin[better] = np.asarray(origin)[index[better]]

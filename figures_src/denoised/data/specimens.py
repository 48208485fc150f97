"""A few hundred icons shipped in the repository, so that figures and tests need no npm: one lossless WebP sheet.

`python -m denoised.data.specimens` makes the sheet again from the rasterized sets.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from denoised import paths
from denoised.data import splits
from denoised.data.icons import SIZE, on_white
from denoised.errors import DenoisedError

COLUMNS = 24
LIMIT = 3_000_000  # bytes, sheet and index together
CONCEPTS = (  # every style of these; the pages' recurring cast
    "cat-face", "tiger-face", "dog-face", "octopus", "red-apple", "green-apple", "pizza", "rose", "cactus",
    "house", "rocket", "automobile", "skull", "ghost", "robot",
    "red-heart", "purple-heart", "blue-heart", "yellow-heart",
    "grinning-face", "loudly-crying-face", "one-oclock", "six-oclock", "nine-oclock", "victory-hand", "raised-hand",
    "person-beard", "man", "woman", "toolbox", "guitar", "hot-beverage", "umbrella-with-rain-drops", "books", "key",
)  # fmt: skip
TONED = ("woman", "man", "person-beard", "victory-hand")  # also in dark and light skin, in three styles
HELD_OUT = {"concept": 120, "pair": 72, "clock": 4}


@dataclass(frozen=True)
class Specimens:
    """images uint8 [N, 128, 128, 3] on white; alpha uint8 [N, 128, 128]; records[i] describes picture i."""

    images: np.ndarray
    alpha: np.ndarray
    records: list[dict]

    def where(self, **fields) -> list[int]:
        """Indices of the records whose fields equal these: where(style="noto", concept="cat-face")."""
        return [i for i, record in enumerate(self.records) if all(record[k] == v for k, v in fields.items())]

    def one(self, **fields) -> np.ndarray:
        """The single picture uint8 [128, 128, 3] with these fields; raises LookupError unless exactly one fits."""
        found = self.where(**fields)
        if len(found) != 1:
            raise LookupError(f"{len(found)} specimens have {fields}: name fields that fit exactly one.")
        return self.images[found[0]]


def choose(rows: list[splits.Row]) -> list[int]:
    """Row numbers of the specimens, sorted by split, concept and style."""
    chosen = set()
    for i, row in enumerate(rows):
        if row.concept in CONCEPTS and row.tone == "none" and row.split not in ("judge", "twin"):
            chosen.add(i)
        toned = row.tone in ("light", "dark") and row.style in ("noto", "twemoji", "openmoji")
        if row.concept in TONED and toned and row.split not in ("judge", "twin"):
            chosen.add(i)
    rng = np.random.default_rng(3)
    for split, count in HELD_OUT.items():
        pool = [i for i, r in enumerate(rows) if r.split == split and r.tone == "none" and i not in chosen]
        chosen.update(int(i) for i in rng.permutation(pool)[:count])
    return sorted(chosen, key=lambda i: (rows[i].split, rows[i].concept, rows[i].style, rows[i].tone))


def make(folder: Path = paths.SPECIMENS) -> Path:
    """Write sheet.webp and index.json from the rasterized sets. Raises DenoisedError beyond LIMIT bytes."""
    from PIL import Image

    from denoised.data import icons

    found, pictures = icons.load()
    rows = splits.load()
    start = {}
    for i, icon in enumerate(found):
        start.setdefault(icon.style, i)
    chosen = choose(rows)
    lines = -(-len(chosen) // COLUMNS)
    sheet = np.zeros((lines * SIZE, COLUMNS * SIZE, 4), np.uint8)
    for place, i in enumerate(chosen):
        y, x = divmod(place, COLUMNS)
        row = rows[i]
        sheet[y * SIZE : (y + 1) * SIZE, x * SIZE : (x + 1) * SIZE] = pictures[row.style][i - start[row.style]]
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / "sheet.webp.part"
    Image.fromarray(sheet).save(part, format="WEBP", lossless=True, quality=100, method=6)
    if part.stat().st_size > LIMIT:
        raise DenoisedError(f"The specimen sheet has {part.stat().st_size} bytes, over {LIMIT}: choose fewer icons.")
    os.replace(part, folder / "sheet.webp")
    index = folder / "index.json.part"
    index.write_text(json.dumps([asdict(rows[i]) for i in chosen], indent=0) + "\n")
    os.replace(index, folder / "index.json")
    return folder


def load(folder: Path = paths.SPECIMENS) -> Specimens:
    """Read the shipped sheet. Raises DenoisedError when it is missing or damaged."""
    from PIL import Image

    try:
        records = json.loads((folder / "index.json").read_text())
        with Image.open(folder / "sheet.webp") as picture:
            sheet = np.asarray(picture.convert("RGBA"))
        cells = sheet.reshape(-1, SIZE, COLUMNS, SIZE, 4).swapaxes(1, 2).reshape(-1, SIZE, SIZE, 4)
        if not 0 <= len(cells) - len(records) < COLUMNS:
            raise ValueError(f"{len(records)} records for {len(cells)} places on the sheet")
        cells = cells[: len(records)]
    except (OSError, ValueError) as error:
        raise DenoisedError(
            f"The specimens in {folder} cannot be read ({error}): restore them with `git checkout -- {folder.name}`."
        ) from None
    return Specimens(on_white(cells), cells[..., 3].copy(), records)


if __name__ == "__main__":
    print(make())

"""Who may learn from which icon: made once from fixed rules and hashes, committed as splits.csv.gz, used everywhere.

    train    what every generator learns from
    pair     held-out style-concept pairs: the concept is known from other styles
    colour   held-out colour-object pairs (no blue heart in any style)
    concept  held-out concepts, in every style
    clock    held-out times; fingers: held-out finger count
    judge    a slice that only the judge learns from
    twin     copies of a held-out picture, kept out of everything

All skin tones of a drawing stay together, and so do its man, woman and person (but where under four sets draw one).
"""

import csv
import gzip
import hashlib
import io
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from denoised.data.catalogue import Icon
from denoised.errors import DenoisedError

FILE = Path(__file__).with_name("splits.csv.gz")
SEED = "denoised-1"
SPLITS = ("train", "pair", "colour", "concept", "clock", "fingers", "judge", "twin")

COLOUR_HELD_OUT = ("blue-heart", "green-circle", "purple-square", "orange-book", "large-blue-diamond")
CLOCKS_HELD_OUT = ("three-thirty", "four-oclock", "seven-thirty", "nine-oclock", "eleven-oclock")
FINGERS = {  # extended fingers, thumb included, as drawn
    0: ("raised-fist", "oncoming-fist", "left-facing-fist", "right-facing-fist"),
    1: ("index-pointing-up", "backhand-index-pointing-up", "backhand-index-pointing-down", "thumbs-up",
        "backhand-index-pointing-left", "backhand-index-pointing-right", "middle-finger", "thumbs-down"),
    2: ("victory-hand", "crossed-fingers", "sign-of-the-horns", "call-me-hand"),
    3: ("love-you-gesture", "ok-hand"),
    5: ("raised-hand", "hand-with-fingers-splayed", "vulcan-salute", "raised-back-of-hand", "waving-hand"),
}  # fmt: skip
FINGERS_HELD_OUT = FINGERS[3]


@dataclass(frozen=True)
class Row(Icon):
    """An icon with its measured dominant colour and its split."""

    colour: str = "none"
    split: str = "train"


def _share(*parts: str) -> float:
    """A number in [0, 1) that depends on nothing but the words: no order, no library version."""
    return int.from_bytes(hashlib.sha256("/".join((SEED, *parts)).encode()).digest()[:8], "big") / 2**64


def family(concept: str) -> str:
    """'woman-pilot' and 'man-pilot' -> 'pilot', so that near copies do not sit on both sides of a split."""
    return (
        "-".join(w for w in concept.split("-") if w not in ("woman", "man", "person", "women", "men", "people"))
        or concept
    )


def assign(icon: Icon, styles_of: dict[str, set[str]]) -> str:
    """The split of one icon by rule; `styles_of` maps a concept to the styles that draw it."""
    concept, kin = icon.concept, family(icon.concept)
    for split, held in (("colour", COLOUR_HELD_OUT), ("clock", CLOCKS_HELD_OUT), ("fingers", FINGERS_HELD_OUT)):
        if concept in held:
            return split
    if icon.group in ("flags", "extras", "component") or len(styles_of[concept]) < 4:
        return "train"
    if _share("concept", kin) < 0.05:
        return "concept"
    share = _share("pair", kin, icon.style)
    return "pair" if share < 0.06 else "judge" if share < 0.14 else "train"


def colour_name(rgba: np.ndarray) -> str:
    """Dominant colour of the visible pixels of a uint8 [H, W, 4] icon: the fullest of eleven named bins."""
    pixels = rgba[rgba[..., 3] > 128][:, :3].astype(np.float32) / 255
    if len(pixels) < 20:
        return "none"
    high, low = pixels.max(1), pixels.min(1)
    chroma = high - low
    r, g, b = pixels.T
    with np.errstate(divide="ignore", invalid="ignore"):
        hue = (
            np.where(high == r, (g - b) / chroma % 6, np.where(high == g, (b - r) / chroma + 2, (r - g) / chroma + 4))
            * 60
        )
    names = np.full(len(pixels), "red   ", dtype="<U6")
    for start, name in (
        (16, "orange"),
        (42, "yellow"),
        (68, "green"),
        (165, "blue"),
        (255, "purple"),
        (295, "pink"),
        (345, "red"),
    ):
        names[hue >= start] = name
    names[(hue >= 10) & (hue < 45) & (high < 0.62)] = "brown"
    names[chroma < 0.13] = "grey"
    names[(chroma < 0.13) & (high > 0.85)] = "white"
    names[high < 0.25] = "black"
    values, counts = np.unique(names, return_counts=True)
    order = np.argsort(-counts)
    # Outlines and glints are not what a person would name: neutral only when nothing else covers a quarter.
    for i in order:
        if values[i].strip() not in ("black", "white", "grey") and counts[i] > 0.25 * len(pixels):
            return values[i].strip()
    return values[order[0]].strip()


def _digest(rgba: np.ndarray) -> bytes:
    """Equal for drawings that look the same at 32 px and 16 levels a channel."""
    from denoised.data.icons import on_white

    small = on_white(rgba).reshape(32, 4, 32, 4, 3).mean((1, 3))
    return hashlib.sha256((small / 16).astype(np.uint8).tobytes()).digest()


def make(icons: list[Icon], pictures: dict[str, np.ndarray]) -> list[Row]:
    """Measure colours, assign splits and take out twins. `pictures` as `icons.load()` returns them."""
    styles_of: dict[str, set[str]] = {}
    for icon in icons:
        styles_of.setdefault(icon.concept, set()).add(icon.style)
    position = dict.fromkeys(pictures, 0)
    rows, seen = [], {}
    for icon in icons:
        rgba = np.asarray(pictures[icon.style][position[icon.style]])
        position[icon.style] += 1
        rows.append(Row(**asdict(icon), colour=colour_name(rgba), split=assign(icon, styles_of)))
        seen.setdefault(_digest(rgba), []).append(len(rows) - 1)
    for group in seen.values():
        splits = {rows[i].split for i in group}
        if len(splits) > 1:  # the same picture on two sides: the held-out side keeps it
            keep = next(s for s in ("concept", "colour", "clock", "fingers", "pair", "judge") if s in splits)
            for i in group:
                if rows[i].split != keep:
                    rows[i] = Row(**{**asdict(rows[i]), "split": "twin"})
    return rows


def save(rows: list[Row], path: Path = FILE) -> None:
    """Write the committed file, byte for byte the same for the same rows."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(asdict(rows[0])), lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    path.write_bytes(gzip.compress(text.getvalue().encode(), mtime=0))


def load(path: Path = FILE) -> list[Row]:
    """The committed splits, in catalogue order. Raises DenoisedError when the file is missing or damaged."""
    try:
        text = gzip.decompress(path.read_bytes()).decode()
        rows = [Row(**row) for row in csv.DictReader(io.StringIO(text))]
        if not rows:
            raise EOFError("it is empty")
    except (OSError, EOFError, TypeError, UnicodeDecodeError, zlib.error) as error:
        raise DenoisedError(
            f"The splits in {path} cannot be read ({error}): restore them with `git checkout -- {path.name}`."
        ) from None
    return rows

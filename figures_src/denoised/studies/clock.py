"""Asked for each half hour: which time do the hands of the drawn clock show?

    python scripts/lab_clock.py        # some minutes on one core; writes clock.npz beside this file

A reader takes a style's dial away (the median of its 24 real clocks; no place is covered by a hand in most of them) and
compares what is left with the hands of real clocks of the *other* styles. It is tested on real clocks, each style read with
the hands of the others.

Written down before the first drawing was made (claim r07-22: logic defeats the model, which may draw nonsense when asked
for a clock at half past two). Shares with 95 % intervals that draw whole times anew, since drawings of one time are
alike. No verdict at all if the reader names fewer than nine in ten real clocks.
- holds: of times that were in the training data in that style, fewer than half are drawn rightly, with the whole interval;
- false: of times held out in every style, more than half are drawn rightly, with the whole interval;
- partly: all else.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from denoised.studies import shelf

FILE = Path(__file__).with_suffix(".npz")
NETWORKS = ("emoji-sd/text_encoder", "emoji-sd/unet", "emoji-sd/vae")  # that had a part in the results
HOURS = ("twelve", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven")
TIMES = tuple(f"{hour}-{half}" for hour in HOURS for half in ("oclock", "thirty"))  # half hours since twelve


@dataclass(frozen=True)
class Settings:
    """The drawings: `steps` of DDIM with `guidance`, one a style, time and seed. `side`: pixels that the reader sees."""

    styles: tuple[str, ...] = ("noto", "twemoji")
    seeds: tuple[int, ...] = (0, 1, 2)
    steps: int = 20
    guidance: float = 3.0
    side: int = 64


SETTINGS = Settings()


def key(settings: Settings = SETTINGS) -> str:
    """Short hash of the settings and of the source of all that reads."""
    return shelf.key(asdict(settings) | {"times": TIMES}, grey, hands, read)


def load(path: Path = FILE, settings: Settings = SETTINGS) -> tuple[dict, dict[str, np.ndarray]]:
    """(facts, arrays) of the committed results. "said" int8 [styles, times, seeds] is the time (place in TIMES) that was
    read off each drawing, "split" [styles, times] what the model had of it ("train", "clock", ...), "real" int8 [all
    styles, times] what the reader says of real clocks, "drawn" and "icons" uint8 [times, 64, 64, 3] are the first style's
    drawings with the first seed and its real clocks."""
    return shelf.take(path, key(settings), "lab_clock")


# --8<-- [start:read]
def grey(pictures, side: int = SETTINGS.side) -> np.ndarray:
    """Brightness in [0, 1], float [N, side, side], of pictures uint8 [N, H, H, 3] whose side is a multiple of `side`."""
    n, height = pictures.shape[:2]
    k = height // side
    return pictures.reshape(n, side, k, side, k, 3).mean((2, 4, 5)) / 255


def hands(pictures, clocks) -> np.ndarray:
    """What is not dial, of length 1: float [N, side * side], for pictures of a style whose real clocks are `clocks`."""
    left = np.abs(grey(pictures) - np.median(grey(clocks), axis=0)).reshape(len(pictures), -1)
    return left / np.maximum(np.linalg.norm(left, axis=1, keepdims=True), 1e-9)


def read(pictures, clocks, others) -> np.ndarray:
    """The time of each picture uint8 [N, H, H, 3]: the likest of the mean hands of other styles' real clocks (`others`:
    one [24, H, H, 3] a style, in the order of TIMES)."""
    known = np.mean([hands(other, other) for other in others], axis=0)
    known /= np.linalg.norm(known, axis=1, keepdims=True)
    return (hands(pictures, clocks) @ known.T).argmax(1)
    # --8<-- [end:read]

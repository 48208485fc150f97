"""A niche: can an adapter teach the U-Net a style that nobody has shown it, in minutes, and what happens to the others?

    python scripts/lab_niche.py           # a quarter of an hour on one core, resumable; writes niche.npz beside this file

The style is pixel art, made of icons by giving each of 16 x 16 squares its mean colour. One adapter learns from such
pictures alone, another has as many ordinary icons with ordinary captions beside them. Both are then asked for things that
were not among their pixel pictures, in the new style and in the old ones.

Written down before the first run. Asked for a new thing as pixel art, the U-Net with either adapter goes more than half of
the way from its ordinary drawings to real mosaics (share of a picture's variance that lies within squares), and the word
alone, without an adapter, less than a tenth of it. The judge has the right thing among its first five at least two thirds
as often as for ordinary drawings. The adapter that learned alone draws squares where nobody asked for them: ordinary
captions come more than a quarter of the way. With ordinary icons beside, they come less than a quarter.
"""

import random
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from denoised.data.captions import prompt
from denoised.studies import evenings, shelf
from denoised.training import niche

FILE = Path(__file__).with_suffix(".npz")
NETWORKS = ("emoji-sd/text_encoder", "emoji-sd/unet", "emoji-sd/vae", "judge")  # that had a part in the results
WORDS, SQUARES = "pixel art", 16
ARMS = {"alone": niche.Settings(), "beside": niche.Settings(samples=19_200, beside=0.5)}  # the same pixel lessons
CASES = ("plain", "word", *(f"{kind}_{arm}" for arm in ARMS for kind in ("niche", "leak")))


@dataclass(frozen=True)
class Settings:
    """`learned` icons become pixel art, `asked` things of others are asked for, `times` each."""

    learned: int = 240
    asked: int = 48
    times: int = 2
    seed: int = 3
    steps: int = 16
    guidance: float = 3.0
    shown: int = 7
    arms: dict = field(default_factory=lambda: {name: asdict(arm) for name, arm in ARMS.items()})


SETTINGS = Settings()


def key(settings: Settings = SETTINGS) -> str:
    """Short hash of the settings and of the source of all that computes the results."""
    return shelf.key([asdict(settings), WORDS, SQUARES], niche, evenings.play, prompt, mosaic, within, chosen)


def load(path: Path = FILE, settings: Settings = SETTINGS) -> tuple[dict, dict[str, np.ndarray]]:
    """(facts, arrays) of the committed results. For each of CASES, of `times` drawings of each thing one after the other:
    "within_<case>", "moved_<case>" (the same with the squares' edges half a square further, which a blur would not
    notice), "top5_<case>", "style_<case>" [N] (is the style that was asked for named; False where it was the new one), and
    "far_<case>" [N], how far the latent is from that of "plain" where 1 is another drawing; the first four also of the
    things' own icons, as they are ("real") and as mosaics through the autoencoder ("mosaic"). "shown" are places of the
    first things whose plain drawing the judge names, "z_<case>" [shown, 4, h, w] their latents and "pixels" [shown, 16,
    16, 3] their own icons' squares."""
    return shelf.take(path, key(settings), "lab_niche")


def mosaic(pictures: np.ndarray) -> np.ndarray:
    """uint8 [N, H, W, 3], each of SQUARES x SQUARES squares in its mean colour. H = W, a multiple of SQUARES."""
    n, side = len(pictures), pictures.shape[1]
    cell = side // SQUARES
    mean = pictures.reshape(n, SQUARES, cell, SQUARES, cell, 3).astype(float).mean((2, 4))
    return np.round(mean).astype(np.uint8).repeat(cell, 1).repeat(cell, 2)


def within(pictures: np.ndarray) -> np.ndarray:
    """Share of each picture's variance that lies within its squares, [N]: 0 for a mosaic; of a blank picture NaN."""
    x = pictures.astype(float)
    n, side = len(x), x.shape[1]
    cells = x.reshape(n, SQUARES, side // SQUARES, SQUARES, side // SQUARES, 3)
    inner = ((cells - cells.mean((2, 4), keepdims=True)) ** 2).mean((1, 2, 3, 4, 5))
    whole = ((x - x.mean((1, 2), keepdims=True)) ** 2).mean((1, 2, 3))
    return np.where(whole > 0, inner / np.where(whole > 0, whole, 1), np.nan)


def chosen(rows, known: set[str], settings: Settings = SETTINGS) -> tuple[list[int], list[int]]:
    """Places in `rows` of icons to learn from and of icons whose things are asked for; no thing is in both."""
    rng = random.Random(settings.seed)
    order = rng.sample(range(len(rows)), len(rows))
    learned = sorted(order[: settings.learned])
    things = {rows[i].concept for i in learned}
    asked, seen = [], set()
    for i in order[settings.learned :]:
        if rows[i].concept in known and rows[i].concept not in things | seen:
            asked.append(i)
            seen.add(rows[i].concept)
    return learned, asked[: settings.asked]

"""What does a decoder make of what it has never seen? Tiny decoders from random weights on the shipped encoder's latents,
each on a one-sided diet, and one on a balanced diet of the same length.

    python scripts/train.py tiny-balanced tiny-women tiny-men tiny-light tiny-plants
    python scripts/lab_unseen.py     # some minutes on one core; writes unseen.npz beside this file
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from denoised.probes import logistic, lost
from denoised.studies import shelf
from denoised.training import diets

FILE = Path(__file__).with_suffix(".npz")
HELD_OUT = ("pair", "concept", "judge")  # what no autoencoder has learnt from


@dataclass(frozen=True)
class Settings:
    """How many drawings of each kind are looked at; `seed` draws them; `runs`, of each diet, seeds of its training."""

    people: int = 72
    tones: int = 64
    plants: int = 48
    others: int = 96
    probe: int = 400  # training icons of each side that a probe learns from
    runs: int = 1
    seed: int = 7


SETTINGS = Settings()


def key(settings: Settings = SETTINGS) -> str:
    """Short hash of the settings and of the source of all that computes the results."""
    return shelf.key(asdict(settings), pairs, singles, diets, logistic, lost)


def load(path: Path = FILE, settings: Settings = SETTINGS) -> tuple[dict, dict[str, np.ndarray]]:
    """(facts, arrays) of the committed results."""
    return shelf.take(path, key(settings), "lab_unseen")


def decoders(diet: str, settings: Settings = SETTINGS) -> list[str]:
    """Folders under weights/decoders of a diet's runs."""
    return [f"tiny-{diet}" + (f"-{run}" if run else "") for run in range(settings.runs)]


def pairs(rows) -> dict[str, list[tuple[int, int]]]:
    """Two versions of one drawing, as positions in `rows`. "beards": with and without, in three tones, one tone after
    the other for each drawing. "tones": dark and light skin of held-out drawings."""
    at = {(row.style, row.concept, row.tone): i for i, row in enumerate(rows)}
    found: dict[str, list[tuple[int, int]]] = {"beards": [], "tones": []}
    for style in sorted({row.style for row in rows}):
        for who in ("man", "woman", "person"):
            some = [(at.get((style, f"{who}-beard", t)), at.get((style, who, t))) for t in ("none", "light", "dark")]
            if all(None not in pair for pair in some):
                found["beards"] += some
    for (style, concept, tone), i in sorted(at.items()):
        if tone == "dark" and rows[i].split in HELD_OUT and (j := at.get((style, concept, "light"))) is not None:
            found["tones"].append((i, j))
    return found


def singles(rows, keep, n: int, seed: int, splits=HELD_OUT) -> list[int]:
    """At most n positions of icons for which keep(row), drawn by chance; of one drawing's tones only one."""
    order, seen, chosen = np.random.default_rng(seed).permutation(len(rows)), set(), []
    for i in order:
        row = rows[i]
        if row.split in splits and keep(row) and (row.style, row.concept) not in seen and len(chosen) < n:
            seen.add((row.style, row.concept))
            chosen.append(int(i))
    return sorted(chosen)


def mean(arrays: dict, name: str) -> np.ndarray:
    """One number a picture [N]: the mean over the runs of a diet."""
    return np.asarray(arrays[name], np.float64).mean(0)


def share(scores) -> float:
    """Share of pictures on the true side of a probe."""
    return float((np.asarray(scores) > 0).mean())


def cost(arrays: dict, kind: str, diet: str) -> np.ndarray:
    """Decibels [N] that a one-sided decoder loses against the balanced one on pictures of a kind."""
    return mean(arrays, f"psnr_{kind}_balanced") - mean(arrays, f"psnr_{kind}_{diet}")


def gap(outside, inside, draws: int = 2000, seed: int = 0) -> tuple[float, float, float]:
    """(mean of outside minus mean of inside, low, high): percentile bootstrap, each side drawn again by itself."""
    rng = np.random.default_rng(seed)
    sides = [np.asarray(side, np.float64) for side in (outside, inside)]
    means = [side[rng.integers(0, len(side), (draws, len(side)))].mean(1) for side in sides]
    low, high = np.quantile(means[0] - means[1], [0.025, 0.975])
    return float(sides[0].mean() - sides[1].mean()), float(low), float(high)


def probe(arrays: dict, name: str) -> logistic.Logistic:
    """One of the study's probes, "woman" or "plant", on the judge's features."""
    parts = [arrays[f"probe_{name}_{part}"] for part in ("centre", "scale", "weight")]
    return logistic.Logistic(*parts, float(arrays[f"probe_{name}_bias"]))

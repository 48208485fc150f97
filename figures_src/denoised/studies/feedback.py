"""Feedback: a small denoiser draws, a rater says which of its drawings shows best what was asked for, and the denoiser is
tuned to please. Does a judge who had no part in it agree, and what becomes of variety and of the look?

    python scripts/lab_feedback.py        # some ten minutes on one core, resumable; writes feedback.npz beside this file

A wish names a thing and no style, so that its drawings may differ; real icons of a thing come in eight styles.

Written before the first run that counts (pilots with another seed had chosen network and strengths): both roads please
the rater more, step by step. The judge follows at first and by less. Drawings of one wish become more alike. The same
preferences dealt out by a coin do nothing of it. What guidance would buy for nothing is the measure of all this.
"""

import random
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from denoised.data.catalogue import STYLES
from denoised.models import laboratory as nets
from denoised.probes import rater
from denoised.studies import shelf
from denoised.training import feedback, laboratory

FILE = Path(__file__).with_suffix(".npz")
NETWORKS = ("emoji-sd/vae", "judge")  # that had a part in the results
ROADS = {
    "dpo": "pairs, the rater prefers one",
    "picked": "the drawing of four that the rater likes best",
    "coin": "pairs, a coin prefers one",
    "own": "one drawing of four, by lot",
    "more": "more of the ordinary training, on real icons",
}


@dataclass(frozen=True)
class Settings:
    """`concepts` things by lot out of `groups`, each drawn by `least` sets or more for training; the rater learns all icons
    of these groups that are for training. For every thing `rounds`
    wishes are drawn four times each, to be rated; `asked` wishes a thing test a model, with noise of their own."""

    groups: tuple[str, ...] = ("animals-nature", "food-drink")
    least: int = 6
    concepts: int = 12
    views: int = 3  # of each icon beside itself: moved, turned and scaled a little
    seeds: tuple[int, ...] = (0, 1, 2)
    training: laboratory.Settings = field(
        default=laboratory.Settings(samples=60_000, lr=3e-3, warmup=8_000, ema=0.998, told=0.7)
    )
    eye: rater.Training = rater.Training()
    rounds: int = 16
    of: int = 4
    tuning: feedback.Settings = feedback.Settings()
    marks: tuple[int, ...] = (20, 40, 80, 160)  # steps of tuning after which a model is looked at
    main: int = 80  # the mark at which verdicts are read; controls are tuned until there
    strengths: tuple[float, ...] = (1.0, 2.0, 3.0)  # of guidance, on the untuned model
    steps: int = 16
    asked: int = 10
    shown: int = 4  # things whose drawings are kept, of the first seed


SETTINGS = Settings()


def key(settings: Settings = SETTINGS) -> str:
    """Short hash of the settings and of the source of all that computes the results."""
    return shelf.key(
        asdict(settings), nets.LabSpeaker, nets._Block, laboratory, rater, feedback, chosen, captions, wishes, ranked
    )


def load(path: Path = FILE, settings: Settings = SETTINGS) -> tuple[dict, dict[str, np.ndarray]]:
    """(facts, arrays) of the committed results."""
    return shelf.take(path, key(settings), "lab_feedback")


def marks(road: str, settings: Settings = SETTINGS) -> tuple[int, ...]:
    """After how many steps a model is looked at that was tuned on this road."""
    return settings.marks if road in ("dpo", "picked") else (settings.main,)


def models(settings: Settings = SETTINGS) -> list[str]:
    """Names of all that is asked: the untuned model at each strength of guidance, each road at its marks."""
    tuned = [f"{road}-{mark}" for road in ROADS for mark in marks(road, settings)]
    return [f"s{s:g}" for s in settings.strengths] + tuned


def chosen(rows, settings: Settings = SETTINGS) -> list[str]:
    """The things: by lot among those of `groups` with enough icons in the training split."""
    found = Counter(row.concept for row in rows if row.split == "train" and row.group in settings.groups)
    return random.Random(0).sample(sorted(c for c, n in found.items() if n >= settings.least), settings.concepts)


def captions(rows, things: list[str]) -> np.ndarray:
    """What is told of each icon, int64 [N, 2]: its thing and its style, from 1."""
    return np.array([[1 + things.index(row.concept), 1 + STYLES.index(row.style)] for row in rows])


def wishes(rounds: int, settings: Settings = SETTINGS) -> np.ndarray:
    """Every thing, `rounds` times over, with no word about style: int64 [rounds * concepts, 2]."""
    thing = np.tile(np.arange(1, settings.concepts + 1), rounds)
    return np.stack([thing, np.zeros_like(thing)], 1)


# --8<-- [start:ranked]
def ranked(liked, seed: int) -> dict[str, np.ndarray]:
    """Which of the drawings of each wish to learn from, as places [wishes], given how the rater likes each [wishes, of]:
    "best" and "worst" as the rater says, "heads" and "tails" the same two as a coin says, "any" one by lot."""
    rng, (n, of) = np.random.default_rng(seed), liked.shape
    best, worst = liked.argmax(1), liked.argmin(1)
    coin = rng.random(n) < 0.5
    return {"best": best, "worst": worst, "heads": np.where(coin, best, worst), "tails": np.where(coin, worst, best),
            "any": rng.integers(of, size=n)}  # fmt: skip
    # --8<-- [end:ranked]


def styles(found) -> float:
    """How many styles there are in effect, 1 to 8: the exponential of the entropy of their shares (Hill 1973)."""
    share = np.bincount(found) / len(found)
    share = share[share > 0]
    return float(np.exp(-(share * np.log(share)).sum()))

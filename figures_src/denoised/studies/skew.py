"""Bias in, bias out: a small denoiser learns hands of light and of dark skin, evenly or one far more often than the other,
and is then asked for a hand without a word about skin, with more and more guidance.

    python scripts/lab_skew.py        # some ten minutes on one core, resumable; writes skew.npz beside this file

The condition of the claim that rests on it stands in docs/series/claims.yaml since before the first run.
"""

from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from denoised.data import splits
from denoised.models import laboratory as nets
from denoised.probes import logistic
from denoised.studies import shelf
from denoised.training import laboratory

FILE = Path(__file__).with_suffix(".npz")
GESTURES = tuple(sorted(concept for some in splits.FINGERS.values() for concept in some))
TONES = ("light", "dark")


@dataclass(frozen=True)
class Settings:
    """shares: of light hands among what is learned. Half of the captions name the tone, the other half are neutral, as
    captions on the web are; `asked` neutral prompts for each strength of guidance, gesture after gesture."""

    shares: tuple[float, ...] = (0.5, 0.7, 0.9)
    strengths: tuple[float, ...] = (1.0, 3.0, 7.5)
    seeds: tuple[int, ...] = (0, 1, 2)
    training: laboratory.Settings = field(
        default=laboratory.Settings(samples=64_000, lr=3e-3, warmup=8_000, ema=0.998, told=0.85)
    )
    steps: int = 16
    asked: int = 210
    shown: int = 7  # drawings kept of each share and strength, of the first seed


SETTINGS = Settings()


def key(settings: Settings = SETTINGS) -> str:
    """Short hash of the settings and of the source of all that computes the results."""
    return shelf.key(
        asdict(settings), nets.LabSpeaker, nets._Block, laboratory, logistic, learned, strangers, tested, skin, captions
    )


def load(path: Path = FILE, settings: Settings = SETTINGS) -> tuple[dict, dict[str, np.ndarray]]:
    """(facts, arrays) of the committed results."""
    return shelf.take(path, key(settings), "lab_skew")


def learned(row) -> bool:
    """Whether the denoiser learns from it: hands of both tones out of the training split."""
    return row.split == "train" and row.tone in TONES and row.concept in GESTURES


def strangers(row) -> bool:
    """Whether the reader of tones learns from it: people, and what else has a skin, but no such hand."""
    return row.split == "train" and row.tone in TONES and row.group == "people-body" and row.concept not in GESTURES


def tested(row) -> bool:
    """Whether the reader is tested on it: hands that neither has learned from."""
    return row.split not in ("train", "twin") and row.tone in TONES and row.concept in GESTURES


# --8<-- [start:skin]
def skin(latents) -> np.ndarray:
    """What the reader of tones looks at, [N, 12]: the mean, the spread and the sum of squares of each channel of a latent
    [4, 8, 8], whatever stands where."""
    z = np.asarray(latents, np.float64).reshape(len(latents), 4, -1)
    return np.concatenate([z.mean(2), z.std(2), (z**2).mean(2)], 1)
    # --8<-- [end:skin]


def captions(row) -> np.ndarray:
    """The two ways to tell of a hand, int64 [2, 2]: its gesture and its tone, or its gesture alone."""
    gesture, tone = 1 + GESTURES.index(row.concept), 1 + len(GESTURES) + TONES.index(row.tone)
    return np.array([[gesture, tone], [gesture, 0]])

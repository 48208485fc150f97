"""Where DDIM ends when it takes every one of the schedule's thousand steps: two runs, kept since they take minutes.

    python scripts/lab_thousand.py      # writes thousand.npz beside this file
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from denoised.studies import shelf

FILE = Path(__file__).with_suffix(".npz")
NETWORKS = ("emoji-sd/text_encoder", "emoji-sd/unet")  # that had a part in the results


@dataclass(frozen=True)
class Settings:
    """One run a prompt, from seeds that count up from `seed`."""

    prompts: tuple[str, ...] = ("grinning face, noto style", "red apple, noto style")
    steps: int = 1000
    guidance: float = 3.0
    seed: int = 5


SETTINGS = Settings()


def run(pipe, sampler: str, steps: int, settings: Settings = SETTINGS, count: int | None = None, shift: int = 0) -> list:
    """Traces of the first `count` prompts (all if None); `shift` is added to their seeds."""
    from denoised.pipeline import generate_batch

    prompts = settings.prompts[:count]
    seeds = [settings.seed + shift + k for k in range(len(prompts))]
    return generate_batch(pipe, prompts, seeds, steps=steps, guidance=settings.guidance, sampler=sampler)


def key(settings: Settings = SETTINGS) -> str:
    """Short hash of the settings and of the source of what runs."""
    return shelf.key(asdict(settings), run)


def load(path: Path = FILE, settings: Settings = SETTINGS) -> tuple[dict, dict[str, np.ndarray]]:
    """(facts, arrays) of the committed results: arrays["latents"] [prompts, C, h, w] are the finished latents."""
    return shelf.take(path, key(settings), "lab_thousand")

"""What the judge sees in many drawings of the model: enough of them for narrow intervals, too many to draw in each build.

    python scripts/lab_judged.py        # some minutes on one core; writes judged.npz beside this file
"""

import random
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from denoised.data.captions import prompt
from denoised.data.prompts import SHEET_PROMPTS
from denoised.data.splits import Row
from denoised.studies import shelf

FILE = Path(__file__).with_suffix(".npz")
NO_PEOPLE_OF = ("flags", "extras", "component")  # groups that the generator does not learn from
SETS = ("kept", "learned", "sheet")
NETWORKS = ("emoji-sd/text_encoder", "emoji-sd/unet", "emoji-sd/vae", "judge")  # that had a part in the results


@dataclass(frozen=True)
class Settings:
    """The drawings: each in `steps` steps of DDIM with `guidance`; `seed` draws the captions of the second set."""

    steps: int = 25
    guidance: float = 3.0
    seed: int = 0


SETTINGS = Settings()


def key(settings: Settings = SETTINGS) -> str:
    """Short hash of the settings and of the source of what chooses and draws."""
    return shelf.key(asdict(settings) | {"sheet": SHEET_PROMPTS}, wanted, draw, prompt)


def load(path: Path = FILE, settings: Settings = SETTINGS) -> tuple[dict, dict[str, np.ndarray]]:
    """(facts, arrays) of the committed results; arrays[name of SETS] are the judge's features [N, D] of the drawings,
    facts["asked"] the ids of the icons whose captions were drawn."""
    return shelf.take(path, key(settings), "lab_judged")


def wanted(held_out: list[Row], rows: list[Row], known: set[str], settings: Settings = SETTINGS) -> dict[str, list[Row]]:
    """The icons whose captions are drawn: "kept", all of `held_out` that the judge has a name for (`known`), and
    "learned", as many of `rows` that the model was trained on, by lot."""
    kept = [row for row in held_out if row.split == "pair" and row.tone == "none" and row.concept in known]
    fit = [row for row in rows if row.split == "train" and row.tone == "none" and row.concept in known]
    pool = [row for row in fit if row.group not in NO_PEOPLE_OF]
    return {"kept": kept, "learned": random.Random(settings.seed).sample(pool, len(kept))}


def draw(pipe, prompts, settings: Settings = SETTINGS, batch: int = 16) -> np.ndarray:
    """One drawing a prompt, uint8 [N, H, W, 3]; seeds count up from 0."""
    from denoised.pipeline import generate_batch

    some = generate_batch(
        pipe, prompts, range(len(prompts)), steps=settings.steps, guidance=settings.guidance, batch=batch
    )
    return np.stack([trace.image for trace in some])

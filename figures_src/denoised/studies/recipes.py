"""How soon does a small denoiser draw what is asked, by our recipe and by that of diffusers' text-to-image example?

    python scripts/lab_recipes.py         # half an hour on one core, resumable; writes recipes.npz beside this file

Same network, same pictures, same labels, same processor: all recipes of a seed take turns of a few seconds, so that
whatever else the machine does meets each alike, and each is given the same processor time. How far a recipe comes in it
depends on the machine; two runs give other numbers.

Written down before the first run. At the end ours has at least twenty points more than the example as it comes (each with
that one of two strengths of guidance that suits it better), and at most half of what the example lacks remains when it is
given our batch and our rate, which were made for training from nothing, while its own were made for tuning. What our
questions, our average and cooldown, and pictures encoded once are worth is left open.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from denoised.models import laboratory as nets
from denoised.studies import feedback, shelf
from denoised.training import laboratory, recipes

FILE = Path(__file__).with_suffix(".npz")
NETWORKS = ("emoji-sd/vae", "judge")  # that had a part in the results


@dataclass(frozen=True)
class Settings:
    """`marks`: after how many processor seconds a model is looked at, the last being all; `turn`: seconds of a turn."""

    concepts: int = 24  # of feedback's groups, drawn by feedback's `least` sets or more
    seeds: tuple[int, ...] = (0, 1)
    marks: tuple[int, ...] = (15, 30, 60, 90)
    turn: int = 5
    strengths: tuple[float, ...] = (1.0, 2.0)
    steps: int = 16
    asked: int = 10  # wishes for each thing
    shown: int = 8


SETTINGS = Settings()


def key(settings: Settings = SETTINGS) -> str:
    """Short hash of the settings and of the source of all that computes the results."""
    return shelf.key(
        asdict(settings), nets.LabNet, recipes, laboratory.hide, in_turns,
        feedback.chosen, feedback.captions, feedback.wishes,
    )  # fmt: skip


def load(path: Path = FILE, settings: Settings = SETTINGS) -> tuple[dict, dict[str, np.ndarray]]:
    """(facts, arrays) of the committed results. For each recipe, "right_<recipe>" [seeds, marks, strengths, wishes] says
    whether the judge, choosing among the things, names the right one, "samples_<recipe>" [seeds, marks] how many it had
    seen, and "z_<recipe>" [strengths, shown, 4, 8, 8] are latents of the first seed's last look; "real_right" [icons]."""
    return shelf.take(path, key(settings), "lab_recipes")


# --8<-- [start:in_turns]
def in_turns(runs: dict, marks, turn: float, look) -> None:
    """Let all runs work, in turns of `turn` seconds; look(mark, name, run) is called when each has reached a mark."""
    done = 0.0
    for mark in marks:
        while done < mark:
            done = min(done + turn, mark)
            for run in runs.values():
                run.work(done)
        for name, run in runs.items():
            look(mark, name, run)
    # --8<-- [end:in_turns]

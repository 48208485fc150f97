"""What models/drawn measures: pictures of prompts drawn by lot, and whether their colour is that of the icon asked for."""

import random

import numpy as np
import torch

from denoised import pipeline
from denoised.data import captions, splits
from denoised.data.captions import prompt
from denoised.lab import seed_of
from denoised.pipeline import generate_batch

FIGURE = "models/drawn"
WEIGHTS = ("emoji-sd",)
DATA = ()
SOURCES = (pipeline, captions, splits)

COUNT, GUIDANCE, STEPS = 24, 3.0, 25
WHITE = 245  # a pixel with all channels above this counts as background


def colour(picture):
    """Name of a drawn picture's dominant colour, background left out: the same measure as for the data."""
    alpha = np.where(picture.min(-1) > WHITE, 0, 255).astype(np.uint8)
    return splits.colour_name(np.dstack([picture, alpha]))


def lot(lab) -> tuple[list, int]:
    """The rows drawn by lot for this figure, and how many there were to draw from."""
    rows = [row for row in splits.load() if row.split == "train" and row.tone == "none"]
    rows = [row for row in rows if row.group not in ("flags", "extras", "component")]
    return random.Random(seed_of(lab.seed, lab.figure_id)).sample(rows, COUNT), len(rows)


def measure(lab, smoke=False):
    """(numbers, arrays): the finished latents, in the order of the lot."""
    chosen, pool = lot(lab)
    count, steps = (2, 1) if smoke else (COUNT, STEPS)
    chosen = chosen[:count]
    traces = generate_batch(
        lab.pipeline(), [prompt(row) for row in chosen], range(count), steps=steps, guidance=GUIDANCE
    )
    found = [colour(trace.image) for trace in traces]
    hits = sum(a == row.colour for a, row in zip(found, chosen, strict=True))
    # The same pictures against each other's icons: what the match would be if the prompt did not matter.
    chance = np.mean([a == row.colour for i, a in enumerate(found) for j, row in enumerate(chosen) if i != j])
    n = {
        "pictures": count,
        "pool": pool,
        "guidance": GUIDANCE,
        "steps": steps,
        "colour_hits": hits,
        "colour_hits_percent": 100 * hits / count,
        "colour_chance_percent": 100 * float(chance),
    }
    return n, {"latents": torch.stack([trace.xt[-1] for trace in traces]).numpy()}

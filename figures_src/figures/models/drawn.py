"""Prompts drawn by lot from the training captions, each with one seed: no prompt was chosen, no picture
left out. As a first measure, the dominant colour of each picture is compared with that of the icon it was asked for.
"""

import random

import numpy as np

from denoised.data import splits
from denoised.data.captions import prompt
from denoised.lab import seed_of
from denoised.pipeline import generate_batch
from plotting.layout import chunk, image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd",)
DATA = ()
TITLE = "Prompts drawn by lot"

COUNT, GUIDANCE, STEPS = 24, 3.0, 25
WHITE = 245  # a pixel with all channels above this counts as background


def colour(picture):
    """Name of a drawn picture's dominant colour, background left out: the same measure as for the data."""
    alpha = np.where(picture.min(-1) > WHITE, 0, 255).astype(np.uint8)
    return splits.colour_name(np.dstack([picture, alpha]))


def short(text, length):
    return text if len(text) <= length else text[: length - 1].rstrip(" ,") + "…"


def make(lab, smoke=False):
    rows = [row for row in splits.load() if row.split == "train" and row.tone == "none"]
    rows = [row for row in rows if row.group not in ("flags", "extras", "component")]
    chosen = random.Random(seed_of(lab.seed, lab.figure_id)).sample(rows, COUNT)
    count, steps = (2, 1) if smoke else (COUNT, STEPS)
    chosen = chosen[:count]
    traces = generate_batch(
        lab.pipeline(), [prompt(row) for row in chosen], range(count), steps=steps, guidance=GUIDANCE
    )
    pictures = [trace.image for trace in traces]
    found = [colour(picture) for picture in pictures]
    hits = sum(a == row.colour for a, row in zip(found, chosen, strict=True))
    # The same pictures against each other's icons: what the match would be if the prompt did not matter.
    chance = np.mean([a == row.colour for i, a in enumerate(found) for j, row in enumerate(chosen) if i != j])
    n = {
        "pictures": count,
        "pool": len(rows),
        "guidance": GUIDANCE,
        "steps": steps,
        "colour_hits": hits,
        "colour_hits_percent": 100 * hits / count,
        "colour_chance_percent": 100 * float(chance),
    }

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        columns, gap = (3, 24) if narrow else (6, 19)
        labels = [f"{short(row.label.lower(), 17)}\n{prompt(row).rpartition(', ')[2]}" for row in chosen]
        y = 0.0
        for some, names in zip(chunk(pictures, columns), chunk(labels, columns), strict=True):
            y = image_grid(fig, [some], y=y, cell=104, gap=gap, labels=[names], size=11) + 12
        return fig

    return Output(
        alt=(
            f"A sheet of {n['pictures']} pictures that the model drew from prompts drawn by lot, among them "
            f"{'; '.join(prompt(row) for row in chosen[:6])}. {n['colour_hits']} of them have the dominant colour of "
            "the icon they were asked for."
        ),
        caption=(
            f"**Nobody chose these.** {n['pictures']} of {n['pool']:,} training captions, drawn by lot, each with one "
            f"seed, guidance {GUIDANCE:g} and {n['steps']} steps. In {n['colour_hits']} pictures the colour that "
            f"dominates is the one that dominates the icon ({n['colour_hits_percent']:.0f} %); pictures and icons "
            f"paired up at random agree in {n['colour_chance_percent']:.0f} %. Whether the shape is right, judge for "
            "yourself."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

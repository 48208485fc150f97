"""Prompts drawn by lot from the training captions, each with one seed: no prompt was chosen, no picture
left out. As a first measure, the dominant colour of each picture is compared with that of the icon it was asked for.
"""

import torch

from denoised import measured
from denoised.data.captions import prompt
from denoised.measured import models_drawn
from denoised.pipeline import decode
from plotting.layout import chunk, image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd",)
DATA = ()
TITLE = "Prompts drawn by lot"


def short(text, length):
    return text if len(text) <= length else text[: length - 1].rstrip(" ,") + "…"


def make(lab, smoke=False):
    n, found = measured.results(lab, models_drawn, smoke)
    chosen = models_drawn.lot(lab)[0][: n["pictures"]]
    pictures = decode(lab.pipeline().vae, torch.from_numpy(found["latents"]))

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
            f"seed, guidance {n['guidance']:g} and {n['steps']} steps. In {n['colour_hits']} pictures the colour that "
            f"dominates is the one that dominates the icon ({n['colour_hits_percent']:.0f} %); pictures and icons "
            f"paired up at random agree in {n['colour_chance_percent']:.0f} %. Whether the shape is right, judge for "
            "yourself."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

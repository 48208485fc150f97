"""The weight of one word, from minus two to three: the states of “red” scaled in an otherwise unchanged prompt. How red
is the result, and what else changes? As a control, a random direction of the same length.

Tests claims: c5-02.
"""

import numpy as np
import torch

from denoised import measured
from denoised.measured import latent_weights
from denoised.measured.latent_weights import WITH, WITHOUT
from denoised.pipeline import decode
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd",)
TITLE = "Turning one word up and down"


def make(lab, smoke=False):
    n, found = measured.results(lab, latent_weights, smoke)
    sweep, red = found["sweep"].tolist(), found["redness"]
    pictures = decode(lab.vae(), torch.from_numpy(found["shown"]).flatten(0, 1))

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        left = 76 if narrow else 100
        count = len(sweep)
        cell = (fig.width - left - 6 * (count - 1)) // count
        grid = [list(pictures[i : i + count]) for i in range(0, len(pictures), count)]
        heads = [f"{w:d}".replace("-", "−") for w in sweep]
        names = ["“red”"] * (len(grid) - 1) + ["random"]
        y = image_grid(fig, grid, columns=heads, rows=names, left=left, gap=6, cell=cell, size=13)
        ax = fig.area(left, y + 34, fig.width - left - 8, 120, grid="y", below=30)
        for k, (name, colour) in enumerate((("“red”", "text"), ("random", "noise"))):
            values = red[k]
            ax.plot(range(count), values, "-o", color=theme.colour(colour))
            where = int(np.argmax(values)) if k == 0 else 0
            ax.annotate(name, (where, values[where]), xytext=(0, 9), textcoords="offset points", fontsize=13,
                        color=theme.label(colour), ha="center", annotation_clip=False)  # fmt: skip
        ax.set_xlim(-0.5, count - 0.5)
        ax.margins(y=0.25)
        ax.set_xticks(range(count), heads)
        fig.note(0, y + 20, "redness", "muted", SMALL)
        return fig

    return Output(
        alt=(
            f"Apples drawn with the weight of “red” from −2 to 3. Redness: {n.get('red_minus_2', 0):.0f} at −2, "
            f"{n['red_0']:.0f} at 0, {n['red_1']:.0f} at 1, {n.get('red_3', 0):.0f} at 3. Rank correlation with the "
            "weight "
            f"{n['follows_word']:.2f}, for a random direction {n['follows_random']:.2f}; at the two ends the "
            f"outline overlaps that at weight one by {n['shape_word']:.0%}."
        ),
        caption=(
            f"**A word as a knob.** The states of “{WITHOUT}” plus a weight times the difference to “{WITH}”: "
            "0 is the one prompt, 1 the other, and the rest lies beyond. "
            f"Redness follows the weight with a rank correlation of {n['follows_word']:.2f}, mean of {n['seeds']} "
            f"starts. Between 0 and 1 it changes by {n['range_word']:.0f} of 255, along a random direction of equal "
            f"length by {n['range_random']:.0f}. The outline pays at the ends: its overlap with that at weight 1 "
            f"falls to {n['shape_word']:.0%} (random: {n['shape_random']:.0%})."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

"""What a negative is: the weight with which it enters one step, for guidance below, at and above 1, and what asking for a
red thing and negating "red" does to whole pictures.

Tests claims: r10b-05, r10b-06.
"""

import numpy as np
import torch

from denoised import measured
from denoised.measured import negatives_algebra
from denoised.measured.negatives_algebra import NEGATIVE
from denoised.pipeline import decode
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd",)
DATA = ()
TITLE = "The weight of a negative"


def make(lab, smoke=False):
    n, found = measured.results(lab, negatives_algebra, smoke)
    scales, weights, moved = (found[name].tolist() for name in ("scales", "weights", "moved"))
    near = n["seeds_near"]
    images = decode(lab.vae(), torch.from_numpy(found["shown"]).flatten(0, 1))
    rows = [list(images[i : i + len(scales)]) for i in range(0, len(images), len(scales))]
    names = ["without", f"not “{NEGATIVE}”"] * (len(rows) // 2)

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        cell, gap = (62, 7) if narrow else (84, 8)
        heads = [f"guidance\n{s:g}" if not narrow else f"{s:g}" for s in scales]
        if narrow:
            fig.note(72, 0, "guidance", "muted", 12)
        y = image_grid(
            fig, rows, y=18 if narrow else 0, columns=heads, rows=names, left=72, cell=cell, gap=gap, size=12
        )
        wide = 72 + len(scales) * (cell + gap) + 24
        x, y = (0, y + 28) if narrow else (wide, 0)
        width = fig.width - x
        fig.note(x, y, "Weight of the negative in a step", size=14, weight=600)
        ax = fig.area(x + 36, y + 28, width - 48, 130, below=42)
        line = np.linspace(0, max(scales), 20)
        ax.plot(line, 1 - line, color=theme.grid, linewidth=2)
        ax.plot(scales, weights, "o", color=theme.text, markersize=8)
        ax.axhline(0, color=theme.muted, linewidth=1.2)
        ax.set_xticks(range(0, int(max(scales)) + 1, 1 if max(scales) < 4 else 2))
        ax.set_xlabel("guidance")
        y += 28 + 130 + 56
        fig.note(x, y, "Moved by the negative", size=14, weight=600)
        ax = fig.area(x + 36, y + 28, width - 48, 110, below=42)
        ax.plot(scales, moved, "o-", color=theme.text)
        ax.axhline(near, color=theme.noise, linewidth=1.6)
        ax.annotate("another seed", (0, near), xytext=(2, 4), textcoords="offset points", fontsize=12,
                    color=theme.label("noise"))  # fmt: skip
        ax.set_ylim(0, 1.25 * max(near, *moved))
        ax.set_xticks(range(0, int(max(scales)) + 1, 1 if max(scales) < 4 else 2))
        ax.set_xlim(-0.1, max(scales) + 0.2)
        ax.set_xlabel("guidance")
        return fig

    return Output(
        alt=(
            f"Pictures of red things at guidance {n['least']:g} to {n['most']:g}, without a negative and with “red” as "
            f"one. Plots: the negative's weight falls along a line from {n['weight_below']:+.2f} at {n['least']:g} "
            f"through {n['weight_off']:+.2f} at 1 to {n['weight_above']:+.2f} at {n['usual']:g}; at 1 it moves nothing "
            f"({n['moved_off']:.2f}), at {n['usual']:g} latents by {n['moved_above']:.2f}, where another seed is "
            f"{n['seeds_near']:.2f} away."
        ),
        caption=(
            "**One more input, with a weight that changes sign.** Above, in one step: exchange the empty prompt for the "
            f"negative “{NEGATIVE}”, and the guided answer moves along the difference of the two answers by "
            f"{n['weight_below']:+.2f} at guidance {n['least']:g}, {n['weight_off']:+.2f} at 1 and "
            f"{n['weight_above']:+.2f} at {n['usual']:g} (dots; the line is one minus guidance). Below, whole pictures, "
            f"{n['pictures']} at each guidance: a finished latent moves by {n['moved_off']:.2f} at 1 and "
            f"{n['moved_above']:.2f} at {n['usual']:g}. Of {n['more']} further pictures of red things at {n['usual']:g} "
            f"the negative moves each {n['moved_of_seed']:.0%} of the way to another seed (95 % interval "
            f"{n['moved_of_seed_low']:.0%} to {n['moved_of_seed_high']:.0%}), and their redness goes from "
            f"{n['red_before']:.2f} to {n['red_after']:.2f}; at {n['least']:g} it takes away "
            f"{n['red_removed_below']:+.2f}, below zero meaning that it adds some."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )  # fmt: skip

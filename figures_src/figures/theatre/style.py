"""What a style word does: neutral prompts with and without it, what style the judge sees in them, and how black the
outlines become.

Tests claims: r11-04.
"""

import torch

from denoised import measured
from denoised.measured import theatre_style
from denoised.measured.theatre_style import WAYS
from denoised.pipeline import decode
from plotting.layout import picture
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd", "judge")
DATA = ("specimens",)
TITLE = "What a style word brings along"


def make(lab, smoke=False):
    n, found = measured.results(lab, theatre_style, smoke)
    lines = {"none": n["outline_none"], "openmoji": n["outline_openmoji"], "fluent-emoji": n["outline_fluent"]}
    hits = {"openmoji": n["hit_openmoji"], "fluent-emoji": n["hit_fluent"]}
    made = {way: decode(lab.vae(), torch.from_numpy(z)) for way, z in zip(WAYS, found["made"], strict=True)}
    titles = {"": "no style word", "openmoji": "“openmoji style”", "fluent-emoji": "“fluent style”"}

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        shown = len(made[""])
        gap, left = 8, 0 if narrow else 176
        cell = (fig.width - gap * (shown - 1)) // shown if narrow else 128
        y = 0
        for way in WAYS:
            line = f"black at edges {lines[way or 'none']:.0%}"
            named_so = f"judged so: {hits[way]:.0%}" if way else ""
            if narrow:
                fig.note(0, y, titles[way], "text", 13, weight=600)
                fig.note(fig.width, y + 1, line, "muted", SMALL, ha="right")
                y += 22
            else:
                fig.note(0, y + cell / 2 - 30, titles[way], "text", 13, weight=600)
                fig.note(0, y + cell / 2 - 7, line, "muted", SMALL)
                fig.note(0, y + cell / 2 + 12, named_so, "muted", SMALL)
            for j, image in enumerate(made[way]):
                picture(fig, image, left + j * (cell + gap), y, cell, cell)
            y += cell + (14 if narrow else gap)
        return fig

    return Output(
        alt=(
            f"The same neutral prompts without a style word, with “openmoji style” and with “fluent style”. A judge of "
            f"{n['styles']} styles finds the one asked for in {n['hit_with']:.0%} of pictures with the word, "
            f"{n['hit_without']:.0%} without. The share of edges that touch black goes from {lines['none']:.0%} to "
            f"{lines['openmoji']:.0%} with the word openmoji."
        ),
        caption=(
            f"**One word, and its habits come along.** {n['prompts']} neutral prompts, the same seeds, {n['steps']} "
            f"steps. A judge that no generator was trained with names the right one of {n['styles']} styles on "
            f"{n['judge']:.0%} of {n['unseen']} unseen drawings after a round trip through the VAE (chance "
            f"{n['chance']:.0%}). It finds the style asked for in {n['hit_with']:.0%} of the pictures; without the word "
            f"{n['hit_without']:.0%} of them look so to it. "
            f"Nobody asked for black outlines, yet the share of edges that touch black goes from "
            f"{lines['none']:.0%} to {lines['openmoji']:.0%} (in real OpenMoji {n['outline_real']:.0%})."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

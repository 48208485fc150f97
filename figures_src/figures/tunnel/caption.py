"""Can words stand in for a picture? Icons are described by their true names, drawn again from the description, and
looked up among all specimens: how far up the list is the original?

Tests claims: r12-01.
"""

import torch

from denoised import measured
from denoised.measured import tunnel_caption
from denoised.pipeline import decode
from plotting.layout import picture
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "A description and its picture"


def make(lab, smoke=False):
    n, found = measured.results(lab, tunnel_caption, smoke)
    images = decode(lab.vae(), torch.from_numpy(found["made"]))
    pictures = lab.specimens().images[found["icons"]]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        count = len(images)
        columns = 3 if narrow else count
        gap = 8
        cell = (fig.width - gap * (columns - 1)) // columns
        y = 0
        for first in range(0, count, columns):
            chosen = range(first, min(first + columns, count))
            for j, i in enumerate(chosen):
                x = j * (cell + gap)
                picture(fig, pictures[i], x, y, cell, cell)
                fig.note(x + cell / 2, y + cell + 5, found["names"][i], "text", SMALL, ha="center")
                picture(fig, images[i], x, y + cell + 26, cell, cell)
                told = f"place {found['places'][i]} of {n['specimens']}"
                fig.note(x + cell / 2, y + 2 * cell + 31, told, "muted", SMALL, ha="center")
            y += 2 * cell + 58
        fig.note(0, y, "Where the original is found, median", size=14, weight=600)
        bars = (
            ("its name", n["rank_percent"], "text"),
            ("style only", n["style_percent"], "prediction"),
            ("another’s", n["wrong_percent"], "noise"),
        )
        for k, (words, value, colour) in enumerate(bars):
            top = y + 30 + 24 * k
            fig.note(84, top + 8, words, colour, SMALL, ha="right", va="center")
            wide = fig.width - 92 - 150
            ax = fig.area(92, top, wide, 16, grid="")
            ax.barh([0], [value], height=1, color=theme.colour(colour))
            ax.set(xlim=(0, 60), ylim=(-0.5, 0.5), xticks=[], yticks=[])
            ax.axvline(0, color=theme.muted, linewidth=1)
            fig.note(
                98 + wide * min(value, 60) / 60, top + 8, f"after {value:.0f} % of the list", "ink", SMALL, va="center"
            )
        fig.set_height(y + 30 + 24 * len(bars))
        return fig

    return Output(
        alt=(
            f"Icons, their names, and what the model draws from the names. Among {n['specimens']} specimens the original "
            f"is first in {n['first_percent']:.0f} % of cases; the median place is {n['rank_percent']:.0f} % down the "
            f"list, {n['style_percent']:.0f} % if only the style is named, {n['wrong_percent']:.0f} % for another icon's "
            "name; chance is 50 %."
        ),
        caption=(
            f"**From picture to words and back.** {n['icons']} icons were described by the name that their makers gave "
            f"them, better than any captioner could, drawn again, and looked up among {n['specimens']} specimens by "
            f"likeness of latents. The original comes first in {n['first_percent']:.0f} % of cases and, in the median, "
            f"after {n['rank_percent']:.0f} % of the list (95 % interval {n['rank_low']:.0f} to {n['rank_high']:.0f}); "
            f"with only the style named after {n['style_percent']:.0f} %; looked up for another icon after "
            f"{n['wrong_percent']:.0f} %. Chance is {n['chance_percent']} %."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

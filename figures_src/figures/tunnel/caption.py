"""Can words stand in for a picture? Icons are described by their true names, drawn again from the description, and
looked up among all specimens: how far up the list is the original?

Tests claims: r12-01.
"""

from types import SimpleNamespace

import numpy as np
import torch

from denoised.data.captions import prompt
from denoised.pipeline import decode, encode
from denoised.probes.metrics import bootstrap_ci
from denoised.probes.runs import noise, prompted, walk
from plotting.layout import picture
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "A description and its picture"

ICONS = (
    ("cat-face", "noto"), ("red-apple", "noto"), ("pizza", "twemoji"), ("red-heart", "twemoji"), ("house", "noto"),
    ("octopus", "twemoji"), ("rocket", "fluent-emoji"), ("grinning-face", "noto"), ("tiger-face", "openmoji"),
    ("skull", "twemoji"), ("rose", "twemoji"), ("ghost", "openmoji"),
)  # fmt: skip
SEED = 40
STEPS = 10
GUIDANCE = 3.0
SHOWN = 6


def ranks(made, latents, originals):
    """Place of each original when all latents [M, C, h, w] are sorted by likeness to made [N, C, h, w]; 1 is first.
    Likeness is the cosine between what sets each apart from the average specimen."""
    average = latents.mean(0)
    a, b = (torch.nn.functional.normalize((x - average).flatten(1)) for x in (made, latents))
    likeness = a @ b.T
    own = likeness[torch.arange(len(made)), torch.tensor(originals)]
    return (likeness > own[:, None]).sum(1).numpy() + 1


def make(lab, smoke=False):
    pipe, specimens = lab.pipeline(), lab.specimens()
    icons, steps = (ICONS[:2], 1) if smoke else (ICONS, STEPS)
    found = [specimens.where(concept=c, style=s, tone="none")[0] for c, s in icons]
    every = sorted({*found, *range(0, len(specimens.images), 60 if smoke else 3)})
    latents = encode(pipe.vae, specimens.images[every])
    originals = [every.index(i) for i in found]
    named = [prompt(SimpleNamespace(**specimens.records[i])) for i in found]
    style_only = [f"{name.rpartition(', ')[2]}" for name in named]  # what a captioner says who sees no more than that
    start = noise(pipe, range(SEED, SEED + len(found)))
    made = {
        key: walk(pipe, prompted(pipe, texts, GUIDANCE), start, steps)
        for key, texts in (("named", named), ("style", style_only))
    }
    place = {key: ranks(x, latents, originals) for key, x in made.items()}
    # the wrong captions: each result is looked up for the next icon's original
    place["wrong"] = ranks(made["named"], latents, originals[1:] + originals[:1])
    percent = {key: 100 * (rank - 1) / (len(every) - 1) for key, rank in place.items()}
    low, high = bootstrap_ci(percent["named"], statistic=np.median)
    n = {
        "icons": len(found), "specimens": len(every), "steps": steps, "guidance": GUIDANCE,
        "first_percent": 100 * float((place["named"] == 1).mean()), "first_chance": 100 / len(every),
        "rank_percent": float(np.median(percent["named"])), "rank_low": low, "rank_high": high,
        "style_percent": float(np.median(percent["style"])), "wrong_percent": float(np.median(percent["wrong"])),
        "rank": float(np.median(place["named"])), "chance_percent": 50,
    }  # fmt: skip
    images = decode(pipe.vae, made["named"][:SHOWN])
    pictures = specimens.images[found]

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
                fig.note(x + cell / 2, y + cell + 5, named[i].split(",")[0], "text", SMALL, ha="center")
                picture(fig, images[i], x, y + cell + 26, cell, cell)
                told = f"place {place['named'][i]} of {len(every)}"
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
            f"after {n['rank_percent']:.0f} % of the list (95 % interval {low:.0f} to {high:.0f}); with only the style "
            f"named after {n['style_percent']:.0f} %; looked up for another icon after {n['wrong_percent']:.0f} %. Chance "
            f"is {n['chance_percent']} %."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

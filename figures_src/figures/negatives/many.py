"""From no negatives to twenty, added in order: is the thing still recognized, does a negated thing turn up, how far has the
picture moved, and how many negatives are cut off unread? As a control, as many words that mean nothing.

Tests claims: r10b-07.
"""

import torch

from denoised import measured
from denoised.measured import negatives_many
from denoised.measured.negatives_many import COUNTS
from denoised.pipeline import decode
from plotting.layout import image_grid, label_ends
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd", "judge")
DATA = ()
TITLE = "From no negatives to twenty"


def make(lab, smoke=False):
    n, found = measured.results(lab, negatives_many, smoke)
    images = decode(lab.vae(), torch.from_numpy(found["shown"]).flatten(0, 1))
    ways = len(COUNTS) + 1
    grid = [list(images[i : i + ways]) for i in range(0, len(images), ways)]
    heads = [str(count) for count in COUNTS] + [f"{COUNTS[-1]}\nneutral"]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        cell, gap = (52, 6) if narrow else (64, 7)
        top = 20
        fig.note(0, 0, "Number of negatives", size=14, weight=600)
        y = image_grid(fig, grid, y=top, columns=heads, cell=cell, gap=gap, size=12)
        x, y = (0, y + 28) if narrow else (6 * (cell + gap) + 30, 0)
        width = fig.width - x
        fig.note(x, y, "Among the judge's first five", size=14, weight=600)
        ax = fig.area(x + 42, y + 28, width - 168, 110, below=42)
        for key, colour, word in (("asked", "prediction", "what was asked"), ("negated", "text", "what was negated")):
            ax.plot(COUNTS, [n[f"{key}_{count}"] for count in COUNTS], "o-", color=theme.colour(colour), label=word)
        label_ends(ax, {"what was asked": "what was asked", "what was negated": "what was negated"}, size=12)
        ax.set_ylim(-0.04, 1.04)
        ax.set_yticks([0, 0.5, 1], ["0%", "50%", "100%"])
        ax.set_xticks([0, 4, 12, 20])
        ax.set_xlabel("negatives")
        y += 28 + 110 + 58
        fig.note(x, y, "Moved from the first picture", size=14, weight=600)
        ax = fig.area(x + 42, y + 28, width - 168, 110, below=42)
        ax.plot(COUNTS, [n[f"moved_{count}"] for count in COUNTS], "o-", color=theme.text, label="moved")
        ax.plot([COUNTS[-1]], [n[f"moved_neutral_{COUNTS[-1]}"]], "s", color=theme.noise, label="neutral")
        label_ends(ax, {"moved": "negatives", "neutral": "neutral words"}, size=12)
        ax.set_ylim(0, 1.15 * max(n[f"moved_{c}"] for c in COUNTS))
        ax.set_xticks([0, 4, 12, 20])
        ax.set_xlabel("words")
        return fig

    last = COUNTS[-1]
    return Output(
        alt=(
            f"Four things drawn with no negatives, with 1, 4, 12 and {last}, and with {last} neutral words. Plots: "
            f"what was asked is among the judge's first five in {n['asked_0']:.0%} of pictures without negatives and in "
            f"{n[f'asked_{last}']:.0%} with {last}; a negated thing in {n['negated_0']:.0%} and "
            f"{n[f'negated_{last}']:.0%}; latents move by {n['moved_1']:.2f} for one negative and "
            f"{n[f'moved_{last}']:.2f} for {last}."
        ),
        caption=(
            f"**More and more of them.** {n['things']} pictures, each with its seed, at guidance {n['guidance']:g}; the "
            "negatives name other things, in the same order. What was asked for is among the judge's first five in "
            f"{n['asked_0']:.0%} of pictures without (95 % interval {n['asked_0_low']:.0%} to "
            f"{n['asked_0_high']:.0%}) and in {n[f'asked_{last}']:.0%} with {last} ({n[f'asked_{last}_low']:.0%} to "
            f"{n[f'asked_{last}_high']:.0%}); one of the negated things in {n['negated_0']:.0%} and "
            f"{n[f'negated_{last}']:.0%}. The first negative moves a latent by {n['moved_1']:.2f}, {last} by "
            f"{n[f'moved_{last}']:.2f}, {last} words that mean nothing by {n[f'moved_neutral_{last}']:.2f}; pictures of "
            f"other things are {n['strangers_apart']:.2f} apart. Of {last} negatives, {n[f'cut_{last}']} tokens are cut "
            f"off unread: the text encoder reads {n['limit']}."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )  # fmt: skip

"""Two things with a colour each in one prompt: which of them is drawn, and whose colour does it get? Does the order of the
words matter?
"""

import numpy as np
import torch

from denoised import measured
from denoised.measured import knows_two
from denoised.pipeline import decode
from denoised.probes.judge import Share
from plotting.forest import forest
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd", "judge")
DATA = ()
TITLE = "Two things in one sentence"
TINY_ONLY = "The judge knows the small model's emoji only."


def whose(drawings, first, colour) -> np.ndarray:
    """Of each drawing "own", "other" or "none": its colour was asked for the thing that is drawn (`first` bool [N]: the
    one named first), for the other thing, or for neither. "" where the prompt names no colours."""
    found = []
    for (_, _, one, other, *_), is_first, has in zip(drawings, first, colour, strict=True):
        own, stranger = (one, other) if is_first else (other, one)
        found.append("" if one is None else "own" if has == own else "other" if has == stranger else "none")
    return np.array(found)


def make(lab, smoke=False):
    n, arrays = measured.results(lab, knows_two, smoke)
    drawings = knows_two.asked(smoke)
    coloured = np.array([one[2] is not None for one in drawings])
    told = ~arrays["neither"]
    owner = whose(drawings, arrays["first"], arrays["colour"])
    hue = np.array([one[2] for one in drawings])
    shares = {
        "both": (arrays["both"], np.ones(len(drawings), bool)),
        "neither": (arrays["neither"], np.ones(len(drawings), bool)),
        "first": (arrays["first"], told & coloured),
        "on_first": (arrays["first"], told & ~coloured),
        "own": (owner == "own", told & np.isin(owner, ["own", "other"])),
        "lead": (arrays["colour"] == hue, coloured & np.isin(owner, ["own", "other"])),
    }
    for name, (hit, among) in shares.items():
        share = Share(int(hit[among].sum()), max(int(among.sum()), 1))
        n |= {
            name: share.share,
            f"{name}_low": share.interval[0],
            f"{name}_high": share.interval[1],
            f"{name}_of": share.n,
        }
    n |= {"asked_red": float((arrays["colour"][coloured] == "red").mean()),
          "asked_blue": float((arrays["colour"][coloured] == "blue").mean()), "half": 0.5}  # fmt: skip
    pictures = decode(lab.vae(), torch.from_numpy(arrays["shown"]))
    words = [drawings[i][4] for i in ([0, 1, 2] if smoke else knows_two.SHOWN)]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        across = 3 if narrow else 6
        cell, gap = (88, 36) if narrow else (88, 34)
        split = [w.replace(" and ", "\nand ").replace(" on ", "\non ") for w in words]
        rows = [slice(i, i + across) for i in range(0, len(words), across)]
        y = image_grid(fig, [list(pictures[r]) for r in rows], labels=[split[r] for r in rows], x=12 if narrow else 8, y=0,
                       cell=cell, gap=gap) + 20  # fmt: skip
        lines = [("both things among the judge's first five", "both", "image"),
                 ("the thing drawn is the one named first", "first", "prediction"),
                 ("the same for \"a X on a Y\"", "on_first", "prediction"),
                 ("the thing drawn has its own colour", "own", "attention"),
                 ("the colour is the one named first", "lead", "text")]  # fmt: skip
        made = [(text, n[key], n[f"{key}_low"], n[f"{key}_high"], colour) for text, key, colour in lines]
        end = forest(
            fig, 0, y, fig.width - 10, "Shares, with the line at one half", made, (-0.02, 1.02), ".0%", zero=0.5
        )
        fig.set_height(end - 8)
        return fig

    def said(key):
        return f"{n[key]:.0%} ({n[f'{key}_low']:.0%} to {n[f'{key}_high']:.0%}) of {n[f'{key}_of']}"

    return Output(
        alt=(
            f"Six drawings of prompts with two things, and shares. Both things are seen in {said('both')} drawings. The "
            f"thing drawn is the one named first in {said('first')}, and has its own colour rather than the other's in "
            f"{said('own')}."
        ),
        caption=(
            f"**Two things, two colours.** {n['pairs']} pairs of things, each in both orders and with both colourings, so "
            f"that what a thing usually looks like cancels out, {n['seeds']} seeds. Both things are among the judge's "
            f"first five in {said('both')} drawings, neither in {said('neither')}. Where it sees one, that is the one "
            f"named first in {said('first')}, and in {said('on_first')} for “a X on a Y”. Drawings that are mostly red "
            f"or blue have the colour asked for the thing that is drawn in {said('own')}, where colours without an owner "
            f"would give {n['half']:.0%}; the colour named first, whatever is drawn, in {said('lead')}."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

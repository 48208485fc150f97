"""How far one cell of the latent is heard: it is nudged, and at each place of the U-Net the change is mapped, as the
network is and with its attention silenced. One kernel looks at nine cells; what is built of many is not local at all.

Tests claims: r12-02.
"""

import numpy as np
import torch

from denoised.pipeline import encode, encode_prompts
from denoised.probes.features import Features, branches, stages, without
from denoised.probes.runs import homework
from plotting.layout import colour_map, picture
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "How far one tile is heard"

T = 500
ICONS = 24
NUDGE = 0.5
FAINT = 0.01  # of the largest change
WAYS = (("whole", "as it is"), ("silent", "attention silenced"))


def reached(change):
    """How many cells of each map change by more than FAINT of the most changed one; change [N, h, w] -> [N]."""
    return (change > FAINT * change.flatten(1).amax(1)[:, None, None]).flatten(1).sum(1).double()


def near(change, row, column):
    """Share of the squared change that lies in the 3 x 3 cells around (row, column); [N, h, w] -> [N]."""
    energy = change.square()
    return energy[:, row - 1 : row + 2, column - 1 : column + 2].sum((1, 2)) / energy.sum((1, 2))


@torch.no_grad()
def make(lab, smoke=False):
    pipe, specimens = lab.pipeline(), lab.specimens()
    picks = specimens.where(split="concept")[: 2 if smoke else ICONS]
    x0 = encode(pipe.vae, specimens.images[picks])
    xt, _, _ = homework(pipe, x0, torch.full((len(x0),), T), lab.generator("noise"))
    side = xt.shape[-1]
    row = column = side // 2 - 1
    nudged = xt.clone()
    nudged[:, :, row, column] += NUDGE * torch.randn(len(xt), xt.shape[1], generator=lab.generator("nudge"))
    text = encode_prompts(pipe, [""]).states.expand(len(xt), -1, -1)
    first = f"{stages(pipe.unet)[1][1]}"
    places = [("first convolution", "conv_in"), ("one block", first), *stages(pipe.unet)[2:-1], ("answer", "conv_out")]
    attention = [name for kind, _, name in branches(pipe.unet) if kind in ("self-attention", "words")]
    change = {}
    for way, _ in WAYS:
        with (
            without(pipe.unet, attention if way == "silent" else []),
            Features(pipe.unet, dict(places).values()) as seen,
        ):
            pipe.unet(xt, T, encoder_hidden_states=text)
            pipe.unet(nudged, T, encoder_hidden_states=text)
        for words, name in places:
            before, after = seen.maps[name]
            change[way, words] = (after - before).square().mean(1).sqrt()
    n = {"t": T, "icons": len(picks), "cells": side * side, "faint_percent": 100 * FAINT, "nudge": NUDGE}
    counts = {key: float(reached(maps).mean()) for key, maps in change.items()}
    for (way, words), maps in change.items():
        n[f"cells_{way}_{words.replace(' ', '_')}"] = counts[way, words]
        n[f"of_{words.replace(' ', '_')}"] = maps.shape[-1] ** 2
    n |= {
        "first": counts["whole", "first convolution"], "block": counts["whole", "one block"],
        "whole": counts["whole", "answer"], "silent": counts["silent", "answer"],
        "near_percent": 100 * float(near(change["whole", "answer"], row, column).mean()),
        "near_silent_percent": 100 * float(near(change["silent", "answer"], row, column).mean()),
    }  # fmt: skip
    shown = [w for w, _ in places if w in ("first convolution", "one block", "down 2", "middle", "up 2", "answer")]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        gap = 8
        columns = 3 if narrow else len(shown)
        cell = (fig.width - gap * (columns - 1)) // columns
        y = 0
        for way, title in WAYS:
            fig.note(0, y, title, "ink" if way == "whole" else "attention", 13, weight=600)
            y += 24
            for start in range(0, len(shown), columns):
                for j, words in enumerate(shown[start : start + columns]):
                    maps = change[way, words]
                    mean = (maps / maps.flatten(1).amax(1)[:, None, None]).mean(0).numpy()
                    strength = np.clip(1 + np.log10(np.maximum(mean, 1e-9)) / 3, 0, 1)  # three powers of ten
                    x = j * (cell + gap)
                    picture(fig, colour_map(strength, theme, 1.0, "latent"), x, y, cell, cell, smooth=False)
                    told = f"{counts[way, words]:.0f} of {maps.shape[-1] ** 2}"
                    name = "first conv." if words == "first convolution" else words
                    fig.note(x + cell / 2, y + cell + 5, name, "ink", SMALL, ha="center")
                    fig.note(x + cell / 2, y + cell + 21, told, "muted", SMALL, ha="center")
                y += cell + 46
        fig.set_height(y - 4)
        return fig

    return Output(
        alt=(
            "Two rows of heat maps: where a nudge of one cell of the latent is felt, after the first convolution, one "
            f"block, deeper, and in the answer. As it is: {n['first']:.0f}, {n['block']:.0f} and finally "
            f"{n['whole']:.0f} of {n['cells']} cells change by more than {n['faint_percent']:.0f} % of the largest "
            f"change. With attention silenced: {n['silent']:.0f} in the end."
        ),
        caption=(
            f"**A kernel sees its neighbours, the network looks further.** One cell of {n['icons']} noisy latents was "
            f"nudged (t = {T}). Cells that change by more than {n['faint_percent']:.0f} % of the most changed one: "
            f"{n['first']:.0f} after the first convolution, {n['block']:.0f} after one block, {n['whole']:.0f} of "
            f"{n['cells']} in the answer; with all attention silenced {n['silent']:.0f}, since halving the grid "
            f"twice brings far things together, and the norms average over the whole map. Of the answer's squared "
            f"change, {n['near_percent']:.0f} % lies in the nearest nine cells (attention silenced: "
            f"{n['near_silent_percent']:.0f} %). Colours span three powers of ten."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

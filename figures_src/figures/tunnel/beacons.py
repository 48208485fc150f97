"""The beacons along the run: how undecided the cells are between the tokens, how widely a word's map is spread, and whether
it lies on the thing that is being drawn, beside maps of other words and the mere middle of the frame.

Tests claims: r12-03.
"""

import numpy as np

from denoised.pipeline import decode, encode_prompts
from denoised.probes.attention import Attention, word_tokens
from denoised.probes.metrics import bootstrap_ci
from denoised.probes.runs import noise, prompted, walk
from plotting.layout import label_ends
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd",)
DATA = ()
TITLE = "Beacons along the run"

PROMPTS = (
    ("cat face, noto style", "cat"),
    ("rocket, noto style", "rocket"),
    ("red heart, twemoji style", "heart"),
    ("banana, noto style", "banana"),
    ("key, twemoji style", "key"),
    ("octopus, twemoji style", "octopus"),
    ("guitar, noto style", "guitar"),
    ("umbrella, twemoji style", "umbrella"),
)
SEED = 61
STEPS = 10
GUIDANCE = 3.0
SIDE = 8  # cells of the finer attention maps
PAPER = 0.06  # a pixel this far from white, on a scale of one, is part of the thing


def evenness(weights, axis=-1):
    """Entropy along an axis as a share of the largest possible: 1 = all alike, 0 = all on one. Weights are scaled to
    add up to 1 there."""
    p = weights / weights.sum(axis, keepdims=True)
    p = np.clip(p, 1e-12, None)
    return -(p * np.log(p)).sum(axis) / np.log(weights.shape[axis])


def covered(images, side=SIDE):
    """Share of each cell that the thing covers, pictures [N, H, W, 3] uint8 on white -> [N, side, side]."""
    ink = np.abs(images / 255.0 - 1).max(-1) > PAPER
    n, height, width = ink.shape
    return ink.reshape(n, side, height // side, side, width // side).mean((2, 4))


def agreement(maps, masks):
    """Correlation of maps and masks over the cells, each [N, s, s]; 0 where one of them is constant. [N]."""
    a, b = (x.reshape(len(x), -1) - x.reshape(len(x), -1).mean(1, keepdims=True) for x in (maps, masks))
    scale = np.sqrt((a**2).sum(1) * (b**2).sum(1))
    return np.where(scale > 1e-12, (a * b).sum(1) / np.maximum(scale, 1e-12), 0.0)


def middle(side=SIDE):
    """A map that is brightest in the middle of the frame: what one could guess without looking, [side, side]."""
    at = (np.arange(side) + 0.5) / side - 0.5
    return np.exp(-(at[:, None] ** 2 + at[None] ** 2) / 0.08)


def make(lab, smoke=False):
    pipe = lab.pipeline()
    chosen, steps = (PROMPTS[:2], 2) if smoke else (PROMPTS, STEPS)
    prompts = [text for text, _ in chosen]
    text = encode_prompts(pipe, prompts)
    tokens = [word_tokens(row, word) for row, (_, word) in zip(text.tokens, chosen, strict=True)]
    start = noise(pipe, range(SEED, SEED + len(chosen)))
    with Attention(pipe.unet) as watched:
        end = walk(pipe, prompted(pipe, prompts, GUIDANCE), start, steps)
    # [S, N, 8, 8, L]; the second half of each batch has the prompt
    maps = np.stack([watched.maps(SIDE, call=i)[len(chosen) :].numpy() for i in range(steps)]).astype(np.float64)
    lamp = np.stack([maps[:, i][..., token].sum(-1) for i, token in enumerate(tokens)], 1)  # [S, N, 8, 8]
    masks = covered(decode(pipe.vae, end))
    between = evenness(maps).mean((2, 3))  # [S, N]: how undecided a cell is between tokens
    spread = evenness(lamp.reshape(steps, len(chosen), -1))  # [S, N]: how widely the word is looked at
    own = np.stack([agreement(lamp[i], masks) for i in range(steps)])
    other = np.stack([agreement(lamp[i], np.roll(masks, 1, 0)) for i in range(steps)])
    guess = agreement(np.broadcast_to(middle(), masks.shape), masks)
    low, high = bootstrap_ci((own - other).mean(0))
    rate = np.arange(SIDE) + 0.5
    mass = lamp / lamp.sum((2, 3), keepdims=True)
    rows, columns = (mass.sum(3) * rate).sum(2), (mass.sum(2) * rate).sum(2)
    wander = np.hypot(np.diff(rows, axis=0), np.diff(columns, axis=0)).sum(0)  # cells that the centre travels in a run
    n = {
        "prompts": len(chosen), "steps": steps, "guidance": GUIDANCE, "cells": SIDE * SIDE, "tokens": maps.shape[-1],
        "between_first": 100 * float(between[0].mean()), "between_last": 100 * float(between[-1].mean()),
        "spread_first": 100 * float(spread[0].mean()), "spread_last": 100 * float(spread[-1].mean()),
        "own": float(own.mean()), "own_last": float(own[-1].mean()), "other": float(other.mean()),
        "middle": float(guess.mean()), "own_minus_other": float((own - other).mean()), "own_low": low, "own_high": high,
        "wander": float(wander.mean()),
    }  # fmt: skip

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        wide = (fig.width - 44 - 96) if narrow else 216
        at = np.arange(1, steps + 1)
        panels = (
            ("How even the light is", 0, (0.0, 1.05), {
                "tokens": (between, "text", "over tokens"), "cells": (spread, "attention", "over cells")}),
            ("Is it on the thing drawn?", 1, (-1.0, 1.05), {
                "own": (own, "attention", "its own"), "other": (other, "noise", "another’s"),
                "middle": (np.tile(guess, (steps, 1)), "image", "the middle")}),
        )  # fmt: skip
        for title, k, limits, lines in panels:
            x, y = (44, 250 * k) if narrow else (44 + k * 372, 0)
            fig.note(x - 44, y, title, size=14, weight=600)
            ax = fig.area(x, y + 34, wide, 160, below=42)
            for key, (values, colour, _) in lines.items():
                if key == "own":
                    ax.plot(at, values, color=theme.colour(colour), linewidth=0.8, alpha=0.35)
                style = {"linewidth": 1.4, "linestyle": (0, (4, 3))} if key == "middle" else {}
                ax.plot(at, values.mean(1), color=theme.colour(colour), label=key, **style)
            percent = k == 0
            ticks = [0, 0.5, 1] if percent else [-1, -0.5, 0, 0.5, 1]
            ax.set(xlim=(1, steps), ylim=limits, yticks=ticks,
                   yticklabels=[f"{100 * tick:.0f} %" if percent else f"{tick:g}" for tick in ticks])  # fmt: skip
            ax.set_xticks(range(1, steps + 1, max(1, steps // 4)))
            ax.set_xlabel("step")
            label_ends(ax, {key: words for key, (_, _, words) in lines.items()}, size=12)
        return fig

    return Output(
        alt=(
            f"Two plots over {steps} steps. Left, how evenly attention is spread, as a share of the most possible: over "
            f"{n['tokens']} tokens from {n['between_first']:.0f} to {n['between_last']:.0f} %, over {n['cells']} cells "
            f"from {n['spread_first']:.0f} to {n['spread_last']:.0f} %. Right, correlation of a word's map with the thing "
            f"drawn: {n['own']:.2f} on average, {n['other']:.2f} with the thing of another prompt, {n['middle']:.2f} for "
            "a spot in the middle of the frame."
        ),
        caption=(
            f"**Beacons that light nearly everything.** Left, entropy of the attention, in per cent of its largest value "
            f"(reached when all weights are alike): of a cell over the {n['tokens']} tokens, "
            f"{n['between_first']:.0f} % at the first step and {n['between_last']:.0f} % at the last; of a word over "
            f"the {n['cells']} cells, {n['spread_first']:.0f} and {n['spread_last']:.0f} %. "
            "Right, whether a word's map lies on what is drawn in the end: correlation "
            f"{n['own']:.2f} over {n['prompts']} prompts (thin lines) and all steps, {n['other']:.2f} for the thing of "
            f"another prompt (difference {n['own_minus_other']:.2f}, 95 % interval {low:.2f} to {high:.2f}), and "
            f"{n['middle']:.2f} for a spot in the middle that looks at nothing. The map's centre travels "
            f"{n['wander']:.1f} cells in a run."
        ),
        numbers=n,
        draw=draw,
    )

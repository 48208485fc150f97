"""The weight of one word, from minus two to three: the states of “red” scaled in an otherwise unchanged prompt. How red
is the result, and what else changes? As a control, a random direction of the same length.

Tests claims: c5-02.
"""

import numpy as np
import torch

from denoised.pipeline import decode, encode_prompts
from denoised.probes import steering
from denoised.probes.similarity import spearman
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd",)
TITLE = "Turning one word up and down"

WITH, WITHOUT = "red apple, noto style", "green apple, noto style"
SWEEP = (-2, -1, 0, 1, 2, 3)
SEEDS = (21, 22, 23)
STEPS = 8


def redness(images):
    """Red minus the mean of green and blue, over what is not white: [N], -255..255."""
    images = np.asarray(images, dtype=np.float64)
    ink = (images.min(-1) < 235).astype(float)
    red = images[..., 0] - images[..., 1:].mean(-1)
    return (red * ink).sum((1, 2)) / np.maximum(ink.sum((1, 2)), 1)


def same_shape(images, other):
    """Overlap of what is not white in two sets of pictures, intersection over union: [N]."""
    a, b = ((np.asarray(x).min(-1) < 235) for x in (images, other))
    return (a & b).sum((1, 2)) / np.maximum((a | b).sum((1, 2)), 1)


def make(lab, smoke=False):
    pipe = lab.pipeline()
    sweep, seeds, steps = ((0, 1), SEEDS[:1], 2) if smoke else (SWEEP, SEEDS, STEPS)
    states = encode_prompts(pipe, [WITH, WITHOUT]).states
    direction = states[0] - states[1]  # what turns green into red; weight 1 is red, 0 is green
    random = torch.randn(direction.shape, generator=lab.generator("random")) * (direction != 0)
    random = random * direction.norm(dim=-1, keepdim=True) / random.norm(dim=-1, keepdim=True).clamp(min=1e-9)
    texts = torch.stack([states[1] + w * direction for w in sweep] + [states[0] + (w - 1) * random for w in sweep])
    start = steering.start_noise(pipe, seeds)
    ends = steering.run(pipe, texts.repeat_interleave(len(seeds), 0), start.repeat(len(texts), 1, 1, 1), steps=steps)
    shape = (2, len(sweep), len(seeds))
    pictures = decode(pipe.vae, ends)
    pictures = pictures.reshape(*shape, *pictures.shape[1:])
    red = redness(pictures.reshape(-1, *pictures.shape[3:])).reshape(shape)
    home = sweep.index(1)
    held = np.stack([
        [same_shape(pictures[k, i], pictures[k, home]) for i in range(len(sweep))] for k in range(2)
    ])  # fmt: skip
    middle = [i for i, w in enumerate(sweep) if 0 <= w <= 1]
    n = {"seeds": len(seeds), "steps": steps, "weights": len(sweep), "length": float(direction.norm())}
    for k, name in enumerate(("word", "random")):
        n[f"follows_{name}"] = float(np.mean([spearman(sweep, red[k, :, s]) for s in range(len(seeds))]))
        n[f"range_{name}"] = float(red[k, middle[-1]].mean() - red[k, middle[0]].mean())
        n[f"shape_{name}"] = float(np.mean([held[k, 0].mean(), held[k, -1].mean()]))
    n["steps_up"] = float(np.mean(np.diff(red[0], axis=0) > 0))
    for i, w in enumerate(sweep):
        n[f"red_{'minus_' if w < 0 else ''}{abs(w)}"] = float(red[0, i].mean())
        n[f"shape_{'minus_' if w < 0 else ''}{abs(w)}"] = float(held[0, i].mean())

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        left = 76 if narrow else 100
        count = len(sweep)
        cell = (fig.width - left - 6 * (count - 1)) // count
        shown = min(2, len(seeds))
        grid = [[pictures[0, i, s] for i in range(count)] for s in range(shown)] + [list(pictures[1, :, 0])]
        heads = [f"{w:d}".replace("-", "−") for w in sweep]
        names = ["“red”"] * shown + ["random"]
        y = image_grid(fig, grid, columns=heads, rows=names, left=left, gap=6, cell=cell, size=13)
        ax = fig.area(left, y + 34, fig.width - left - 8, 120, grid="y", below=30)
        for k, (name, colour) in enumerate((("“red”", "text"), ("random", "noise"))):
            values = red[k].mean(1)
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
            f"Redness follows the weight with a rank correlation of {n['follows_word']:.2f}, mean of {n['seeds']} starts. "
            f"Between 0 and 1 it changes by {n['range_word']:.0f} of 255, along a random direction of equal length by "
            f"{n['range_random']:.0f}. The outline pays at the ends: its overlap with that at weight 1 "
            f"falls to {n['shape_word']:.0%} (random: {n['shape_random']:.0%})."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

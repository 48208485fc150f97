"""Where each word is looked at, step by step, and whether that matters: one word is silenced in its own brightest
region, in random regions of the same size, and the change of the network's bet is measured inside and outside.

Tests claims: r12-03.
"""

import numpy as np
import torch

from denoised.pipeline import decode, encode_prompts
from denoised.probes.attention import Attention, is_word, word_tokens
from denoised.probes.metrics import bootstrap_ci
from denoised.probes.runs import bet, noise, prompted, walk
from plotting.layout import colour_map, picture
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd",)
DATA = ()
TITLE = "The lamps of the words"

PROMPTS = (
    ("cat face, noto style", "cat"),
    ("red apple, noto style", "apple"),
    ("house, noto style", "house"),
    ("pizza, twemoji style", "pizza"),
    ("octopus, twemoji style", "octopus"),
    ("rocket, fluent style", "rocket"),
    ("red heart, twemoji style", "heart"),
    ("grinning face, noto style", "grinning"),
    ("tiger face, openmoji style", "tiger"),
    ("skull, twemoji style", "skull"),
)
SEED = 31
STEPS = 10
GUIDANCE = 3.0
SHOWN = (0, 2, 4, 6, 9)
CUT_AT = (2, 4, 6)  # steps at which the causal test is made
FINE, REGION = 8, 4  # cells a side of the finer attention maps; a region is REGION x REGION of them
RANDOM = 3


def brightest(one):
    """(row, column) of the upper left corner of the REGION x REGION window with the largest sum in a map [s, s]."""
    sums = torch.nn.functional.avg_pool2d(one[None, None], REGION, stride=1)[0, 0]
    return divmod(int(sums.argmax()), sums.shape[1])


def window(row, column, side, scale=1):
    """A mask [side, side] of a region whose corner is given in cells of the finer maps; side = FINE times `scale`."""
    mask = torch.zeros(side, side, dtype=torch.bool)
    a, b, size = (round(k * scale) for k in (row, column, REGION))
    mask[a : a + max(size, 1), b : b + max(size, 1)] = True
    return mask


def silences(places, tokens, length):
    """{cells: [N, cells, length] bool}: for each sample its tokens are silent inside its region, on both grids."""
    found = {}
    for side in (FINE, FINE // 2):
        mask = torch.zeros(len(places), side * side, length, dtype=torch.bool)
        for i, ((row, column), chosen) in enumerate(zip(places, tokens, strict=True)):
            inside = window(row, column, side, side / FINE).flatten()
            for token in chosen:
                mask[i, inside, token] = True
        found[side * side] = mask
    return found


@torch.no_grad()
def make(lab, smoke=False):
    pipe = lab.pipeline()
    unet = pipe.unet
    chosen, steps = (PROMPTS[:2], 2) if smoke else (PROMPTS, STEPS)
    shown, cuts = ([0, 1], [1]) if smoke else (SHOWN, CUT_AT)
    prompts = [text for text, _ in chosen]
    text = encode_prompts(pipe, prompts)
    tokens = [word_tokens(row, word) for row, (_, word) in zip(text.tokens, chosen, strict=True)]
    seen: list = []
    with Attention(unet) as watched:
        end = walk(
            pipe,
            prompted(pipe, prompts, GUIDANCE),
            noise(pipe, [SEED + k for k in range(len(chosen))]),
            steps,
            seen=seen,
        )
    maps = [watched.maps(FINE, call=i)[len(chosen) :] for i in range(steps)]  # the second half has the prompt
    lamp = [torch.stack([m[i, ..., token].sum(-1) for i, token in enumerate(tokens)]) for m in maps]  # [N, 8, 8] a step
    mean = torch.stack(maps).mean((0, 2, 3))  # [N, L]
    words = torch.tensor([[is_word(token) for token in row] for row in text.tokens])
    start = torch.tensor([[j == 0 for j in range(len(row))] for row in text.tokens])

    # all but the start mark, which must take what the others lose
    everything = [list(range(1, text.states.shape[1]))] * len(chosen)
    near, far, own, other, rest = [], [], [], [], []
    side = end.shape[-1]
    rng = np.random.default_rng(int(torch.randint(2**31, (), generator=lab.generator("regions"))))
    for i in cuts:
        xt, t = seen[i].xt, torch.full((len(chosen),), seen[i].t)

        def answer(places=None, which=tokens, xt=xt, t=t):
            silent = silences(places, which, text.states.shape[1]) if places else {}
            with Attention(unet, silent=silent):
                out = unet(xt, t, encoder_hidden_states=text.states, return_dict=False)[0]
            return bet(pipe, out, xt, t)

        free = answer()
        homes = [brightest(one) for one in lamp[i]]
        cut = (answer(homes, everything) - free).square().mean((1, 2, 3)) / free.square().mean((1, 2, 3))
        rest.append(cut.numpy())
        for k in range(1 + (1 if smoke else RANDOM)):
            limit = FINE - REGION + 1
            places = homes if k == 0 else [tuple(rng.integers(0, limit, 2)) for _ in chosen]
            change = (answer(places) - free).square().mean(1)  # [N, 16, 16]
            inside = torch.stack([window(r, c, side, side / FINE) for r, c in places])
            a = (change * inside).sum((1, 2)) / inside.sum((1, 2))
            b = (change * ~inside).sum((1, 2)) / (~inside).sum((1, 2))
            total = change.mean((1, 2)) / free.square().mean((1, 2, 3))
            if k == 0:
                near.append(a.numpy()), far.append(b.numpy()), own.append(total.numpy())
            else:
                other.append(total.numpy())
    near, far = np.mean(near, 0), np.mean(far, 0)
    own, other = np.mean(own, 0), np.mean(other, 0)  # one number a prompt
    ratio = np.log2(own / other)
    low, high = bootstrap_ci(ratio)
    peak = torch.stack(lamp).flatten(2)  # [S, N, 64]
    n = {
        "prompts": len(chosen), "steps": steps, "layers": len(watched.weights), "cells": FINE * FINE,
        "region_cells": REGION * REGION, "regions": 1 + RANDOM,
        "words_percent": 100 * float((mean * words).sum(1).mean()),
        "start_percent": 100 * float((mean * start).sum(1).mean()),
        "padding_percent": 100 * float((mean * ~(words | start)).sum(1).mean()),
        "peak_over_mean": float((peak.amax(2) / peak.mean(2)).mean()),
        "inside_over_outside": float(2 ** np.log2(near / far).mean()),
        "own_over_random": float(2 ** ratio.mean()), "own_over_random_low": float(2**low),
        "own_over_random_high": float(2**high), "changed_percent": 100 * float(np.sqrt(own).mean()),
        "rest_changed_percent": 100 * float(np.sqrt(np.mean(rest, 0)).mean()),
    }  # fmt: skip
    few = range(min(3, len(chosen)))
    bets = {i: decode(pipe.vae, seen[i].x0[: len(few)]) for i in shown}

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        gap, left = 6, 0 if narrow else 96
        cell = (fig.width - left - gap * (len(shown) - 1)) // len(shown)
        cell = min(cell, 118)
        y = 0
        for k in few:
            word = chosen[k][1]
            if narrow:
                fig.note(0, y, f"“{word}”", "attention", 13, weight=600)
                y += 20
            else:
                fig.note(0, y + cell / 2, "the bet", "image", SMALL, va="center")
                fig.note(0, y + cell * 1.5 + gap, f"“{word}”", "attention", 13, weight=600, va="center")
            for j, i in enumerate(shown):
                x = left + j * (cell + gap)
                picture(fig, bets[i][k], x, y, cell, cell)
                one = lamp[i][k]
                shade = colour_map((one / one.mean()).numpy() - 0.5, theme, 1.0, "attention")
                picture(fig, shade, x, y + cell + gap, cell, cell, smooth=False)
            y += 2 * cell + gap + 12
        for j, i in enumerate(shown):
            fig.note(left + j * (cell + gap) + cell / 2, y - 6, f"step {i + 1}", "muted", SMALL, ha="center")
        y += 24
        parts = (("start", "start mark", "accent"), ("words", "words", "text"), ("padding", "end and padding", "noise"))
        fig.note(0, y, "Where the attention goes, all places together", size=14, weight=600)
        ax = fig.area(0, y + 26, fig.width, 22, grid="")
        ax.set_axis_off()
        at = 0
        for key, _, colour in parts:
            ax.barh([0], [n[f"{key}_percent"]], left=at, color=theme.colour(colour), height=1)
            at += n[f"{key}_percent"]
        ax.set(xlim=(0, 100), ylim=(-0.5, 0.5))
        x = 0
        for key, told, colour in parts:
            fig.note(x, y + 54, "■", colour, 11)
            fig.note(x + 13, y + 54, f"{told} {n[f'{key}_percent']:.0f} %", "ink", 11)
            x += 104 if key == "start" else 84
        return fig

    return Output(
        alt=(
            f"Three prompts at {len(shown)} steps: the network's bet and, below it, a map of {FINE} by {FINE} cells of "
            f"the attention to one word. A bar: {n['start_percent']:.0f} % of the attention goes to the start mark, "
            f"{n['words_percent']:.0f} % to words, {n['padding_percent']:.0f} % to end and padding. Silencing a word in "
            f"one region changes the bet {n['inside_over_outside']:.1f} times as much inside as outside; its brightest "
            f"region matters {n['own_over_random']:.2f} times as much as a random one."
        ),
        caption=(
            f"**Lamps, and what happens when one is put out.** Attention to one word at each of {n['cells']} cells, mean "
            "over layers and heads; colour fades out at half of a map's mean and is full at one and a half times it. The "
            f"lamps are soft: the brightest cell has {n['peak_over_mean']:.1f} times the mean, and "
            f"{n['words_percent']:.0f} % of all attention goes to words at all. The test: a word is silenced in a region "
            f"of {n['region_cells']} cells, in {n['prompts']} prompts, which changes the bet by "
            f"{n['changed_percent']:.1f} % of its size; silencing all but the start mark there changes it by "
            f"{n['rest_changed_percent']:.0f} %. The squared change "
            f"of the bet is {n['inside_over_outside']:.1f} times as large inside the region as outside. "
            f"In the region where its lamp is brightest the whole change is {n['own_over_random']:.2f} times that of "
            f"random regions (95 % interval {n['own_over_random_low']:.2f} to {n['own_over_random_high']:.2f})."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

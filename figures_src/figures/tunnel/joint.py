"""The same job without a tunnel: a transformer's bets and the lamp of a word step by step, and where the attention of its
picture and of its words goes, beside the U-Net's, whose picture asks the words and nobody answers back.
"""

import copy

import torch

from denoised.models import dit
from denoised.pipeline import decode, encode_prompts
from denoised.probes.attention import Attention, is_word, word_tokens
from denoised.probes.joint_attention import JointAttention
from denoised.probes.runs import noise, prompted, walk
from plotting.layout import colour_map, picture
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd", "dit")
DATA = ()
TITLE = "Without a tunnel"
TINY_ONLY = "Its transformer was trained here, on what the small model learned from."

PROMPTS = (
    ("cat face, noto style", "cat"),
    ("red apple, noto style", "apple"),
    ("house, noto style", "house"),
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
ROWS = 3
KINDS = (("picture", "picture", "image"), ("start", "start mark", "accent"), ("words", "words", "text"),
         ("padding", "end and padding", "noise"))  # fmt: skip
WHO = (("unet", "the U-Net's picture"), ("picture", "the transformer's picture"), ("text", "the transformer's prompt"))


def split(given, text):
    """{kind: share} of attention to text tokens, `given` [N, L], by what the tokens of each prompt are."""
    length = given.shape[-1]
    words = torch.tensor([[is_word(token) for token in row[:length]] for row in text.tokens])
    start = torch.tensor([[j == 0 for j in range(length)] for _ in text.tokens])
    rows = {"start": start, "words": words, "padding": ~(words | start)}
    return {kind: float((given * row).sum(1).mean()) for kind, row in rows.items()}


@torch.no_grad()
def make(lab, smoke=False):
    plain = lab.pipeline()
    pipe = dit.put_into(copy.copy(plain), lab.weight("dit"))
    chosen, steps, shown = (PROMPTS[:2], 2, (0, 1)) if smoke else (PROMPTS, STEPS, SHOWN)
    prompts, count = [text for text, _ in chosen], len(chosen)
    text = encode_prompts(plain, prompts)
    start = noise(plain, [SEED + k for k in range(count)])
    with Attention(plain.unet) as read:
        walk(plain, prompted(plain, prompts, GUIDANCE), start, steps)
    unet = torch.stack([read.maps(8, call=i)[count:] for i in range(steps)]).mean((0, 2, 3))  # [N, L]

    seen: list = []
    with JointAttention(pipe.unet.net) as joint:
        walk(pipe, prompted(pipe, prompts, GUIDANCE), start, steps, seen=seen)
    cells, calls = (
        (dit.SIDE // dit.PATCH) ** 2,
        [joint.mean(i)[count:] for i in range(steps)],
    )  # [N, 64 + READS, 64 + READS]
    asked = torch.stack(calls).mean(0)
    # what the prompt asks for in the last block nobody reads any more
    heard = torch.stack([weights[i][count:] for weights in list(joint.weights.values())[:-1] for i in range(steps)]).mean(0)
    rows = {"picture": asked[:, :cells].mean(1), "text": heard[:, cells:].mean(1)}
    n = {"prompts": count, "steps": steps, "cells": cells, "tokens": dit.READS, "layers": len(joint.weights)}
    n |= {f"unet_{kind}": value for kind, value in split(unet, text).items()}
    for who, row in rows.items():
        n[f"{who}_picture"] = float(row[:, :cells].sum(1).mean())
        n |= {f"{who}_{kind}": value for kind, value in split(row[:, cells:], text).items()}
    n["even_text"] = dit.READS / (cells + dit.READS)  # what the text would get if all tokens got the same
    n["even_picture"] = 1 - n["even_text"]
    for name, i in (("first", 0), ("last", steps - 1)):
        n[f"to_text_{name}"] = float(calls[i][:, :cells, cells:].sum(-1).mean())
    tokens = [word_tokens(row, word) for row, (_, word) in zip(text.tokens, chosen, strict=True)]
    maps = [joint.maps(dit.READS, i)[count:] for i in range(steps)]
    lamps = torch.stack([torch.stack([m[k, ..., token].sum(-1) for k, token in enumerate(tokens)]) for m in maps])
    flat = lamps.flatten(2)  # [S, N, 64]
    n["peak_over_mean"] = float((flat.amax(2) / flat.mean(2)).mean())
    few = min(ROWS, count)
    bets = {i: decode(pipe.vae, seen[i].x0[:few]) for i in shown}

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        gap, left = 6, 0 if narrow else 96
        cell = min(118, (fig.width - left - gap * (len(shown) - 1)) // len(shown))
        y = 0
        for k in range(few):
            word = chosen[k][1]
            if narrow:
                fig.note(0, y, f"“{word}”", "attention", 13, weight=600)
                y += 20
            else:
                fig.note(0, y + cell / 2, "the bet", "image", SMALL, va="center")
                fig.note(0, y + cell * 1.5 + gap, f"“{word}”", "attention", 13, weight=600, va="center")
            for j, i in enumerate(shown):
                x, one = left + j * (cell + gap), lamps[i, k]
                picture(fig, bets[i][k], x, y, cell, cell)
                shade = colour_map((one / one.mean()).numpy() - 0.5, theme, 1.0, "attention")
                picture(fig, shade, x, y + cell + gap, cell, cell, smooth=False)
            y += 2 * cell + gap + 12
        for j, i in enumerate(shown):
            fig.note(left + j * (cell + gap) + cell / 2, y - 6, f"step {i + 1}", "muted", SMALL, ha="center")
        y += 24
        fig.note(0, y, "Where the attention goes", size=14, weight=600)
        y += 26
        for who, told in WHO:
            fig.note(0, y, f"asked by {told}", "ink", 12)
            ax = fig.area(0, y + 19, fig.width, 20, grid="")
            ax.set_axis_off()
            at = 0
            for kind, _, colour in KINDS:
                if share := n.get(f"{who}_{kind}"):
                    ax.barh([0], [share], left=at, color=theme.colour(colour), height=1)
                    at += share
            ax.set(xlim=(0, 1), ylim=(-0.5, 0.5))
            y += 50
        x = 0
        for _, told, colour in KINDS:
            fig.note(x, y, "■", colour, 11)
            fig.note(x + 13, y, told, "ink", 11)
            x += 30 + 6.4 * len(told)
        fig.set_height(y + 24)
        return fig

    def said(who):
        return ", ".join(f"{told} {n[f'{who}_{kind}']:.0%}" for kind, told, _ in KINDS if f"{who}_{kind}" in n)

    return Output(
        alt=(
            f"{few} prompts at {len(shown)} steps: the transformer's bet and, below it, a map of the attention to a word. "
            f"Three bars of where attention goes. The U-Net's picture: {said('unet')}. The transformer's picture: "
            f"{said('picture')}. The transformer's prompt: {said('text')}."
        ),
        caption=(
            f"**One row of tokens.** {n['cells']} tokens of the picture and {n['tokens']} of the prompt, in {n['layers']} "
            f"blocks. Lamps: what the picture's tokens give to one word, of all that they give to the prompt; colour fades "
            f"out at half of a map's mean and is full at one and a half times it. The brightest place has "
            f"{n['peak_over_mean']:.1f} times the mean. Bars: means over {n['prompts']} prompts, steps, blocks and heads; "
            "the U-Net's is its cross-attention at 8 by 8 cells, which asks the prompt alone. "
            f"If every token got the same, the prompt would get {n['even_text']:.0%} of the picture's attention; it gets "
            f"{1 - n['picture_picture']:.0%}."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

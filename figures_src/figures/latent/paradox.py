"""Ordinary prompts, rare ones, two things at once, and the same words shuffled: how far from anything known is the
prompt, how far is the result, and which of two things is in it?

Tests claims: c6-03, c6-04.
"""

from types import SimpleNamespace

import numpy as np
import torch

from denoised.data.captions import prompt
from denoised.pipeline import decode, encode, encode_prompts
from denoised.probes import steering
from denoised.probes.dimension import distances
from denoised.probes.similarity import ridge_scores
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "Prompts that exclude themselves"

THINGS = ("cat-face", "red-apple", "skull", "pizza", "octopus", "rose", "rocket", "house")
TWO = 8  # prompts of two things; of the other kinds there are half as many
STEPS, LEVEL, STRENGTH = 8, 0.9, 3.0
KINDS = (("ordinary", "ordinary"), ("rare", "never seen"), ("two", "two things"), ("shuffled", "shuffled letters"))


def shuffled(text, generator):
    """The same letters in another order, the style left alone."""
    thing, style = text.split(", ")
    order = torch.randperm(len(thing), generator=generator).tolist()
    return f"{''.join(thing[i] for i in order)}, {style}"


def cosine(a, b):
    """1 minus the cosine of each row of a [N, D] with its nearest row of b [M, D]: [N]."""
    a, b = (torch.nn.functional.normalize(x, dim=1) for x in (a, b))
    return (1 - (a @ b.T).max(1).values).clamp(min=0).numpy()


def make(lab, smoke=False):
    pipe, specimens = lab.pipeline(), lab.specimens()
    records = specimens.records
    plain = [i for i, r in enumerate(records) if r["tone"] == "none"]
    train = [i for i in plain if records[i]["split"] == "train"]
    train = [i for k, i in enumerate(train) if not smoke or k % 6 == 0 or records[i]["concept"] in THINGS[:2]]
    count = 2 if smoke else TWO
    captions = [prompt(SimpleNamespace(**records[i])) for i in train]
    rare = [i for i in plain if records[i]["split"] == "concept" and records[i]["style"] == "noto"][: count // 2]
    ordinary = [f"{t.replace('-', ' ')}, noto style" for t in THINGS[: max(1, count // 2)]]
    pairs = [(THINGS[k % len(THINGS)], THINGS[(k * 3 + 1) % len(THINGS)]) for k in range(count)]
    pairs = [(a, b) if a != b else (a, THINGS[(THINGS.index(a) + 2) % len(THINGS)]) for a, b in pairs]
    asked = {
        "ordinary": ordinary,
        "rare": [prompt(SimpleNamespace(**records[i])) for i in rare],
        "two": [f"{a.replace('-', ' ')} and {b.replace('-', ' ')}, noto style" for a, b in pairs],
        "shuffled": [shuffled(text, lab.generator("letters")) for text in ordinary],
    }
    every = [text for key, _ in KINDS for text in asked[key]]
    start = steering.start_noise(pipe, range(40, 40 + len(every)))
    ends = steering.run(pipe, encode_prompts(pipe, every).states, start, steps=2 if smoke else STEPS)
    images = decode(pipe.vae, ends)

    real = encode(pipe.vae, specimens.images[train])
    strangers = encode(
        pipe.vae, specimens.images[[i for i in plain if records[i]["split"] == "concept"][: 4 if smoke else 40]]
    )
    known, made, newcomers = (steering.middle(pipe, x, lab.generator("middle")) for x in (real, ends, strangers))
    mean, scale = known.mean(0), known.std(0) + 1e-6
    known, made, newcomers = ((x - mean) / scale for x in (known, made, newcomers))
    sentences = steering.sentence_vectors(pipe, every)
    n = {"steps": STEPS, "train": len(train), "two": count, "others": len(ordinary), "level": LEVEL}
    text_gap = cosine(sentences, steering.sentence_vectors(pipe, captions))
    gap = distances(made.numpy(), known.numpy()).min(1)
    n["result_newcomers"] = float(distances(newcomers.numpy(), known.numpy()).min(1).mean())
    at = 0
    for key, _ in KINDS:
        part = slice(at, at + len(asked[key]))
        n[f"text_{key}"], n[f"result_{key}"] = float(text_gap[part].mean()), float(gap[part].mean())
        at = part.stop
    n["result_ratio"] = n["result_two"] / n["result_newcomers"]
    n["text_added"] = n["text_two"] - n["text_ordinary"]

    # Is a thing there? A linear judge of latents, which has seen none of what it judges, scores it higher than LEVEL of
    # real icons of other things.
    things = np.array([records[i]["concept"] for i in train])
    usable = [t for t in THINGS if (things == t).sum() >= 2]
    marks = (things[:, None] == np.array(usable)[None]).astype(float)
    known_scores = ridge_scores(real, marks, [records[i]["style"] for i in train], STRENGTH)
    first = sum(len(asked[key]) for key in ("ordinary", "rare"))
    two = ends[first : first + count]
    both = np.concatenate([marks, np.zeros((count, len(usable)))])
    scores = ridge_scores(torch.cat([real, two]), both, ["a"] * len(train) + ["b"] * count, STRENGTH, 2)[len(train) :]
    limits = [np.quantile(known_scores[marks[:, k] == 0, k], LEVEL) for k in range(len(usable))]
    n["judge_right"] = float((known_scores > limits)[marks > 0].mean())
    outcome = [sum(scores[k, usable.index(t)] > limits[usable.index(t)] for t in pair if t in usable)
               for k, pair in enumerate(pairs)]  # fmt: skip
    for what, number in (("both", 2), ("one", 1), ("neither", 0)):
        n[f"share_{what}"] = float(np.mean([o == number for o in outcome]))

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        shown = 4
        cell, gap = (84, 8) if narrow else (138, 16)
        left = 0 if narrow else 120
        y = 0
        at = 0
        for key, title in KINDS:
            told = f"prompt {n[f'text_{key}']:.2f} away"
            if narrow:
                fig.note(0, y, title, "text", 13, weight=600)
                fig.note(fig.width, y, told, "muted", SMALL, ha="right")
                y += 22
            else:
                fig.note(0, y + cell / 2 - 20, title, "text", 13, weight=600)
                fig.note(0, y + cell / 2, f"{told},\nresult {n[f'result_{key}']:.1f}", "muted", SMALL)
            part = range(at, at + min(shown, len(asked[key])))
            names = [every[k].split(", ")[0].replace(" and ", " +\n") for k in part]
            names = [
                name if len(name) < (14 if narrow else 20) else name.replace(" face", "").replace("red ", "")
                for name in names
            ]
            names = [name if max(map(len, name.split("\n"))) < 16 else name[:12] + "…" for name in names]
            y = (
                image_grid(fig, [[images[k] for k in part]], x=left, y=y, cell=cell, gap=gap, labels=[names], size=11)
                + 10
            )
            at += len(asked[key])
        return fig

    return Output(
        alt=(
            "Results for ordinary prompts, unseen things, two things at once and shuffled letters. Distance of the "
            "prompt to "
            f"the nearest of {n['train']} training captions: {n['text_ordinary']:.2f}, {n['text_rare']:.2f}, "
            f"{n['text_two']:.2f} and {n['text_shuffled']:.2f}. Of prompts for two things, both are found in "
            f"{n['share_both']:.0%}, one in {n['share_one']:.0%}, neither in {n['share_neither']:.0%}."
        ),
        caption=(
            f"**Odd prompts, familiar pictures?** Distance of a prompt from the nearest of {n['train']} captions "
            "(one minus "
            f"the cosine of text vectors): ordinary {n['text_ordinary']:.2f}, unseen {n['text_rare']:.2f}, two things "
            f"{n['text_two']:.2f}, shuffled {n['text_shuffled']:.2f}. Distance of the result from the nearest real "
            "icon, in "
            f"the U-Net's middle: {n['result_ordinary']:.1f}, {n['result_rare']:.1f}, {n['result_two']:.1f}, "
            f"{n['result_shuffled']:.1f}; real icons of unseen things: {n['result_newcomers']:.1f}. Asked for two "
            "things it "
            f"shows both in {n['share_both']:.0%}, one in {n['share_one']:.0%}, neither in {n['share_neither']:.0%} of "
            f"{count} cases, says a crude judge that finds the thing in {n['judge_right']:.0%} of real icons and, by "
            "design, where it is not in one of ten."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

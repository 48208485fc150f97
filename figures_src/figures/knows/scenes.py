"""Scenes of two things, one above the other: a small denoiser is asked for pairs that it learned, for such as it learned
one way round only, and for such as it never saw together. Read from the results of `scripts/lab_scenes.py`.

Tests claims: r07-03, r07-14.
"""

import numpy as np
import torch

from denoised.data import scenes as data
from denoised.pipeline import decode
from denoised.studies import scenes, shelf
from plotting.forest import forest
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd/vae",)
DATA = ()
TITLE = "Who is above whom"
TINY_ONLY = "It reads what was measured with the laboratory model."

RESAMPLES = 1000
SHORT = {"cat-face": "cat", "green-apple": "apple", "soccer-ball": "ball", "automobile": "car"}
TITLES = {"both": "Learned, both ways round", "one way": "Learned, one way round", "reversed": "The other way round",
          "never": "Never together"}  # fmt: skip
COLOURS = {"both": "image", "one way": "latent", "reversed": "prediction", "never": "attention"}


def make(lab, smoke=False):
    facts, arrays = scenes.load()
    shelf.expect(facts, lab, ("emoji-sd/vae",), "lab_scenes")
    resamples = 100 if smoke else RESAMPLES
    asked = {(g, k): scenes.questions(k, g) for g in scenes.GROUPS for k in (0, 1)}
    n = {
        "things": len(data.THINGS),
        "styles": len(data.STYLES),
        "learned_scenes": scenes.VARIANTS["words"].scenes,
        "views": scenes.SETTINGS.training.samples,
        "seeds": len(scenes.SETTINGS.seeds),
        "parameters": facts["parameters"],
        "few": scenes.VARIANTS["few50"].scenes,
        "guidance": scenes.SETTINGS.guidance,
    } | {  # fmt: skip
        f"pairs_{g.replace(' ', '_')}": len(pairs) for g, pairs in data.split().items()
    }
    real = arrays["trial_right"][:, 0] == 0
    n |= {
        "onlooker": float((arrays["trial_said"] == arrays["trial_right"]).all(1)[real].mean()),
        "real": int(real.sum()),
    }

    def put(name, hits, tries, clusters):
        n[name], n[f"{name}_low"], n[f"{name}_high"] = scenes.share_ci(hits, tries, clusters, resamples)

    for variant in ("words", "label", "wrong50", "few50", "wrong100"):
        ending = "" if variant == "words" else f"_{variant}"
        for name, groups in {"learned": ("both", "one way"), **{g: (g,) for g in scenes.GROUPS}}.items():
            said = [arrays[f"{variant}_said_{g}_{k}"] for g in groups for k in (0, 1)]
            want = np.concatenate([asked[g, k] for g in groups for k in (0, 1)])
            hits = scenes.right(np.concatenate(said, 1), want)
            put(name.replace(" ", "_") + ending, hits, np.ones_like(hits), want)
    for g in scenes.GROUPS:
        said, want = arrays[f"words_said_{g}_0"], asked[g, 0]
        hits, wrong = scenes.right(said, want), scenes.mixed_up(said, want)
        key = g.replace(" ", "_")
        put(f"order_{key}", hits, hits | wrong, want)
        put(f"above_{key}", hits, np.ones_like(hits), want)
        n[f"seen_{key}"] = int((hits | wrong).sum())
    n["asked"] = int(hits.size)
    rng = np.random.default_rng(0)
    for part in ("halves", "whole"):
        new, old = (_sharply(arrays, part, groups) for groups in (("reversed", "never"), ("both",)))
        ratios = [np.median(rng.choice(new, len(new))) / np.median(rng.choice(old, len(old))) for _ in range(resamples)]
        n |= {part: float(np.median(new) / np.median(old)), f"{part}_low": float(np.percentile(ratios, 2.5)),
              f"{part}_high": float(np.percentile(ratios, 97.5))}  # fmt: skip
    count = 2 if smoke else 5
    shown = {g: decode(lab.vae(), torch.from_numpy(arrays[f"words_z_{g}_0"][:count]).float()) for g in scenes.GROUPS}

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        columns, cell, gap = (min(count, 3), 96, 20) if narrow else (count, 112, 32)
        y = 0
        for g in scenes.GROUPS:
            share = f"{n['above_' + g.replace(' ', '_')]:.0%} right"
            fig.note(0, y, f"{TITLES[g]}: {share}", COLOURS[g], 13, weight=600)
            words = [_words(q) for q in asked[g, 0][:columns]]
            y = image_grid(fig, [list(shown[g][:columns])], x=6, y=y + 22, cell=cell, gap=gap, labels=[words]) + 14
        rows = [(TITLES[g], f"above_{g.replace(' ', '_')}", COLOURS[g]) for g in scenes.GROUPS]
        more = [("words, learned", "learned", "image"), ("words, never together", "never", "attention"),
                ("numbers, learned", "learned_label", "image"), ("numbers, never together", "never_label", "attention"),
                ("half of the words wrong, learned", "learned_wrong50", "noise"),
                (f"the same from {n['few']} scenes, learned", "learned_few50", "latent"),
                ("all words wrong, learned", "learned_wrong100", "noise")]  # fmt: skip
        width = 350 if narrow else 330
        top = y + 4
        for k, (title, lines) in enumerate(
            (("Right: above and below", rows), ("Right: all scenes, by what was told", more))
        ):
            x, start = (0, top) if narrow else (k * 380, top)
            made = [(words, n[key], n[f"{key}_low"], n[f"{key}_high"], colour) for words, key, colour in lines]
            end = forest(fig, x, start, width, title, made, (-0.02, 1.02), ".0%")
            top = end + 12 if narrow else top
            fig.set_height(max(fig.height, end - 8))
        return fig

    def said(key):
        return f"{n[key]:.0%} ({n[f'{key}_low']:.0%} to {n[f'{key}_high']:.0%})"

    return Output(
        alt=(
            f"Four rows of drawings of one thing above another, with what was asked for under each. Right are "
            f"{said('above_both')} of pairs learned both ways round, {said('above_one_way')} of those learned one way "
            f"round, {said('above_reversed')} when those are asked for the other way round, and {said('above_never')} of "
            f"pairs never learned together. Below: bars with intervals for captions, a list of labels and wrong captions."
        ),
        caption=(
            f"**Who is above whom.** Right means that an onlooker sees both things, each in its place; it reads "
            f"{n['onlooker']:.1%} of {n['real']} real scenes. Of pairs learned both ways round {said('above_both')} are "
            f"right, of pairs asked for the other way round {said('above_reversed')}, of pairs never learned together "
            f"{said('above_never')}; {n['asked']} drawings a row, {n['seeds']} trainings, intervals over trainings and "
            f"pairs. At the lower right scenes with one thing in front of the other are counted too: a model told by a "
            f"closed list draws {said('learned_label')} of learned scenes rightly and {said('never_label')} of those of "
            f"things never together, one with half of the captions wrong {said('learned_wrong50')} of learned ones, or "
            f"{said('learned_few50')} if they are {n['few']} scenes only, and with all wrong {said('learned_wrong100')}."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )


def _sharply(arrays, part, groups) -> np.ndarray:
    """Distances to the nearest learned scene, or half of one, of drawings above one another that were seen to be right."""
    found = []
    for g in groups:
        hits = scenes.right(arrays[f"words_said_{g}_0"], scenes.questions(0, g))
        distances = arrays[f"words_{part}_{g}_0"]
        found.append(distances[np.concatenate([hits] * (distances.shape[1] // hits.shape[1]), 1)])
    return np.concatenate(found)


def _words(question) -> str:
    first, second = (SHORT.get(name := data.THINGS[i], name) for i in question[1:])
    return f"{first}\nabove {second}"

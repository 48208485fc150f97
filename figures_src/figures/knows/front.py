"""Scenes with one thing in front of another: which of the two hides the other? Asked of a small denoiser that was told, and
of one that was told wrongly. Read from the results of `scripts/lab_scenes.py`.

Tests claims: r07-23.
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
TITLE = "What is in front"
TINY_ONLY = "It reads what was measured with the laboratory model."

RESAMPLES = 1000
SHORT = {"cat-face": "cat", "green-apple": "apple", "soccer-ball": "ball", "automobile": "car"}
GROUPS = {"learned": ("both", "one way"), "new": ("reversed", "never")}


def make(lab, smoke=False):
    facts, arrays = scenes.load()
    shelf.expect(facts, lab, ("emoji-sd/vae",), "lab_scenes")
    n = {"seeds": len(scenes.SETTINGS.seeds)}
    real = arrays["trial_right"][:, 0] == 1
    said, true = arrays["trial_said"][None, real], arrays["trial_right"][real]
    hits, wrong = scenes.right(said, true), scenes.mixed_up(said, true)
    n |= {
        "real": int(real.sum()),
        "onlooker": float(hits.mean()),
        "onlooker_order": float(hits.sum() / (hits | wrong).sum()),
    }
    resamples = 100 if smoke else RESAMPLES

    def put(key, some, of, want):
        n[key], n[f"{key}_low"], n[f"{key}_high"] = scenes.share_ci(some, of, want, resamples)

    for variant, ending in (("words", ""), ("wrong100", "_wrong")):
        for name, groups in GROUPS.items():
            said = np.concatenate([arrays[f"{variant}_said_{g}_1"] for g in groups], 1)
            want = np.concatenate([scenes.questions(1, g) for g in groups])
            hits, wrong = scenes.right(said, want), scenes.mixed_up(said, want)
            put(f"both_{name}{ending}", hits | wrong, np.ones_like(hits), want)
            n |= {f"of_{name}{ending}": int((hits | wrong).sum()), f"asked_{name}": int(hits.size)}
            if variant == "words":  # who is told wrongly draws hardly any two things together of which one could ask
                put(f"order_{name}", hits, hits | wrong, want)
    count = 2 if smoke else 5
    rows = [("words", "both", "Told, learned pairs", "image"), ("words", "never", "Told, never together", "attention"),
            ("wrong100", "both", "Told wrongly, learned pairs", "noise")]  # fmt: skip
    shown = [decode(lab.vae(), torch.from_numpy(arrays[f"{v}_z_{g}_1"][:count]).float()) for v, g, _, _ in rows]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        columns, cell, gap = (min(count, 3), 96, 20) if narrow else (count, 112, 32)
        y = 0
        for (_, g, title, colour), pictures in zip(rows, shown, strict=True):
            fig.note(0, y, title, colour, 13, weight=600)
            words = [_words(q) for q in scenes.questions(1, g)[:columns]]
            y = image_grid(fig, [list(pictures[:columns])], x=6, y=y + 22, cell=cell, gap=gap, labels=[words]) + 14
        width, top = (350 if narrow else 330), y + 4
        lines = (("told, learned pairs", "learned", "image"), ("told, new pairs and orders", "new", "attention"),
                 ("told wrongly, learned pairs", "learned_wrong", "noise"))  # fmt: skip
        plots = (("both", "Both things seen", lines, 0), ("order", "Of those, the right one in front", lines[:2], 0.5))
        for k, (part, title, some, zero) in enumerate(plots):
            x, start = (0, top) if narrow else (k * 380, top)
            made = [
                (words, *(n[f"{part}_{key}{end}"] for end in ("", "_low", "_high")), colour)
                for words, key, colour in some
            ]
            end = forest(fig, x, start, width, title, made, (-0.02, 1.02), ".0%", zero=zero)
            top = end + 12 if narrow else top
            fig.set_height(max(fig.height, end - 8))
        return fig

    def share(key):
        return f"{n[key]:.0%} ({n[f'{key}_low']:.0%} to {n[f'{key}_high']:.0%})"

    return Output(
        alt=(
            f"Three rows of drawings of one thing in front of another. Both things are seen in {share('both_learned')} of "
            f"drawings of learned pairs, {share('both_new')} of new ones and {share('both_learned_wrong')} by a model "
            f"with wrong "
            f"captions; of those told rightly, the right one is in front in {share('order_learned')} and "
            f"{share('order_new')}."
        ),
        caption=(
            f"**What is in front.** Both things are seen, by an onlooker, in {share('both_learned')} of drawings of "
            f"learned "
            f"pairs and in {share('both_new')} of pairs in a new order or never together; with shuffled captions in "
            f"{share('both_learned_wrong')}. Where they are, the right one is in front in {share('order_learned')} of "
            f"{n['of_learned']} and {share('order_new')} of {n['of_new']}; a coin, the line, gets half. Where the "
            f"onlooker sees "
            f"both things in {n['real']} real scenes, it gets the order right in {n['onlooker_order']:.0%}. {n['seeds']} "
            f"trainings, intervals over trainings and pairs."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )


def _words(question) -> str:
    first, second = (SHORT.get(name := data.THINGS[i], name) for i in question[1:])
    return f"{first} in\nfront of {second}"

"""Bias in, bias out: hands of light skin among what a small denoiser learned, and among what it draws when nothing is said
about skin, at three strengths of guidance. Read from the results of `scripts/lab_skew.py`.

Tests claims: r07-12. Counts for r07-06 what captions of hands say.
"""

import re

import numpy as np
import torch

from denoised.data import splits
from denoised.pipeline import decode
from denoised.probes.crossed import crossed_ci
from denoised.studies import shelf, skew
from plotting.layout import image_grid, label_ends
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd/vae",)
DATA = ()
TITLE = "Bias in, bias out"
TINY_ONLY = "It reads what was measured with the laboratory model."

RESAMPLES = 1000
COLOURS = ("latent", "attention", "prediction")
HAND = {"hand", "hands", "fist", "thumb", "thumbs", "palm", "finger", "fingers"}
NUMBER = {"one", "two", "three", "four", "five", "2", "3", "4", "5"}


def make(lab, smoke=False):
    facts, arrays = skew.load()
    shelf.expect(facts, lab, ("emoji-sd/vae",), "lab_skew")
    settings, rng = skew.SETTINGS, np.random.default_rng(0)
    light = (arrays["score"] > 0).astype(float)  # [shares, seeds, strengths, asked]
    n = {"seeds": len(settings.seeds), "asked": settings.asked, "hands": facts["hands"], "gestures": facts["gestures"],
         "reader": facts["held_right"], "real": facts["held"]}  # fmt: skip
    captions = [set(re.findall(r"\w+", f"{row.label} {row.keywords}".lower())) for row in splits.load()
                if row.split == "train" and row.concept in skew.GESTURES]  # fmt: skip
    n |= {"captions": len(captions), "says_hand": float(np.mean([bool(words & HAND) for words in captions])),
          "says_number": float(np.mean([bool(words & NUMBER) for words in captions]))}  # fmt: skip
    names = {(i, j): f"out_{100 * share:.0f}_s{s:g}".replace(".", "_")
             for i, share in enumerate(settings.shares) for j, s in enumerate(settings.strengths)}  # fmt: skip
    for (i, j), key in names.items():
        low, high = crossed_ci(light[i, :, j], rng, 100 if smoke else RESAMPLES)
        n |= {key: float(light[i, :, j].mean()), f"{key}_low": low, f"{key}_high": high,
              f"unsure_{key}": float((np.abs(arrays["score"][i, :, j]) < np.log(4)).mean())}  # fmt: skip
    count = 2 if smoke else 7
    first, last = settings.shares[0], settings.shares[-1]
    shown = [(first, settings.strengths[0]), *((last, s) for s in settings.strengths)]
    rows = [decode(lab.vae(), torch.from_numpy(arrays[f"z_{share:g}_{s:g}"][:count]).float()) for share, s in shown]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        columns, cell, gap = (min(count, 4), 76, 12) if narrow else (count, 84, 18)
        y = 0
        for (share, s), pictures in zip(shown, rows, strict=True):
            fig.note(0, y, f"{share:.0%} light hands learned, guidance {s:g}", "ink", 13, weight=600)
            y = image_grid(fig, [list(pictures[:columns])], x=2, y=y + 22, cell=cell, gap=gap) + 14
        fig.note(0, y + 4, "Light hands drawn, by light hands learned", size=13, weight=600)
        ax = fig.area(46, y + 40, 190 if narrow else 380, 240, below=44)
        x = np.array(settings.shares)
        ax.plot([0.47, 0.93], [0.47, 0.93], color=theme.muted, linewidth=1.2, linestyle=":", label="as learned")
        for j, s in enumerate(settings.strengths[:-1]):  # with the loudest the skin can no longer be read
            keys = [names[i, j] for i in range(len(x))]
            at = x + (j - 1) * 0.006
            ax.vlines(
                at,
                [n[f"{k}_low"] for k in keys],
                [n[f"{k}_high"] for k in keys],
                color=theme.colour(COLOURS[j]),
                linewidth=3,
            )
            ax.plot(at, [n[k] for k in keys], "o-", color=theme.colour(COLOURS[j]), label=f"guidance {s:g}")
        low = min(0.4, *(n[f"{k}_low"] for (_, j), k in names.items() if j < 2))
        ax.set(xlim=(0.47, 0.93), ylim=(low - 0.03, 1.02), xticks=settings.shares)
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_formatter(lambda v, _: f"{v:.0%}")
        ax.set_xlabel("learned")
        label_ends(ax, {line.get_label(): line.get_label() for line in ax.lines}, size=12)
        return fig

    def said(key):
        return f"{n[key]:.0%} ({n[f'{key}_low']:.0%} to {n[f'{key}_high']:.0%})"

    return Output(
        alt=(
            f"Rows of drawn hands, and the share of light ones over the share that was learned. From data of half light "
            f"hands {said('out_50_s1')} are light without guidance, from data of seven tenths {said('out_70_s1')}, of nine "
            f"tenths {said('out_90_s1')}; with a guidance of 3 {said('out_50_s3')}, {said('out_70_s3')} and "
            f"{said('out_90_s3')}. With a guidance of 7.5 the hands are burnt to black and glaring patches."
        ),
        caption=(
            f"**Bias in, bias out.** {n['gestures']} gestures, asked for without a word about skin, {n['asked']} "
            f"drawings for "
            f"each of {n['seeds']} trainings. Where half of the learned hands were light: {said('out_50_s1')} of "
            f"those drawn "
            f"without guidance; where seven in ten were: {said('out_70_s1')}; where nine in ten were: "
            f"{said('out_90_s1')}. With "
            f"a guidance of 3: {said('out_50_s3')}, {said('out_70_s3')} and {said('out_90_s3')}. With 7.5 the drawings are "
            f"burnt, and no skin can be read. The reader of tones is right about {n['reader']:.0%} of {n['real']} "
            f"real hands."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

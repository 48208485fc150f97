"""Where the denoiser feels at home: its error on icons it was trained on, on icons of unseen things, half-way between
icons, and on latents that are no icon at all; and whether it knows frequent things better.

Tests claims: c6-02, c7-03.
"""

from types import SimpleNamespace

import numpy as np
import torch

from denoised.data import splits
from denoised.data.captions import prompt
from denoised.pipeline import decode, encode
from denoised.probes import steering
from denoised.probes.metrics import bootstrap_ci
from denoised.probes.similarity import spearman
from denoised.training.images import in_trunk
from plotting.layout import picture
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "Where the denoiser is at home"

COUNT, T = 40, 250
KINDS = (
    ("train", "icons of its training", "image"), ("unseen", "icons of unseen things", "image"),
    ("between", "half-way between two icons", "latent"), ("shuffled", "an icon's cells shuffled", "noise"),
    ("random", "random, as wide as icons", "noise"),
)  # fmt: skip


def frequency(records, rows):
    """For each record, how many icons that the denoiser was trained on share one of its keywords, mean over them: [N]."""
    counts = {}
    for row in rows:
        if in_trunk(row):
            for word in set(row.keywords.split("|")) | {row.concept}:
                counts[word] = counts.get(word, 0) + 1
    return np.array([np.mean([counts.get(w, 0) for w in set(r["keywords"].split("|")) if w] or [0]) for r in records])


def make(lab, smoke=False):
    pipe, specimens = lab.pipeline(), lab.specimens()
    records = specimens.records
    picks = {}
    for name, split in (("train", "train"), ("unseen", "concept")):
        fitting = [i for i, r in enumerate(records) if r["split"] == split and r["tone"] == "none"]
        order = torch.randperm(len(fitting), generator=lab.generator(name))[: 6 if smoke else COUNT].tolist()
        picks[name] = [fitting[k] for k in order]
    z = {name: encode(pipe.vae, specimens.images[i]) for name, i in picks.items()}
    icons = z["train"]
    z["between"] = (icons + icons.roll(1, 0)) / 2
    flat = icons.flatten(2)
    z["shuffled"] = flat[:, :, torch.randperm(flat.shape[2], generator=lab.generator("cells"))].reshape(icons.shape)
    noise = torch.randn(icons.shape, generator=lab.generator("random"))
    z["random"] = icons.mean(0) + noise * icons.std(0)
    n = {"icons": len(icons), "t": T}
    errors = {}
    for name, latents in z.items():
        spread = ((latents - latents.mean((2, 3), keepdim=True)) ** 2).flatten(1).mean(1)
        errors[name] = (steering.residual(pipe, latents, lab.generator("noise"), T) / spread).numpy()
        n[f"error_{name}"] = float(errors[name].mean())
        n[f"low_{name}"], n[f"high_{name}"] = bootstrap_ci(errors[name])
    n["unseen_ratio"] = n["error_unseen"] / n["error_train"]
    n["between_ratio"] = n["error_between"] / n["error_train"]
    n["random_ratio"] = n["error_random"] / n["error_train"]
    both = picks["train"] + picks["unseen"]
    some = [records[i] for i in both]
    prompts = [prompt(SimpleNamespace(**r)) for r in some]
    told = steering.residual(pipe, torch.cat([z["train"], z["unseen"]]), lab.generator("noise"), 700, prompts).numpy()
    often = frequency(some, splits.load())
    n["known_better"] = -spearman(often, told)
    shuffled = np.random.default_rng(lab.seed)
    n["known_null"] = float(np.quantile([abs(spearman(shuffled.permutation(often), told)) for _ in range(200)], 0.95))
    shown = {name: decode(pipe.vae, latents[:1])[0] for name, latents in z.items()}

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        cell, row = (60, 74) if narrow else (72, 82)
        left = cell + 14
        top = max(n[f"high_{name}"] for name, *_ in KINDS)
        w = fig.width - left - 56
        for k, (name, title, colour) in enumerate(KINDS):
            y = k * row
            picture(fig, shown[name], 0, y, cell, cell)
            fig.note(left, y + 6, title, colour, 13)
            ax = fig.area(left, y + 28, w, 22, grid="")
            ax.barh([0], [n[f"error_{name}"]], height=0.8, color=theme.colour(colour))
            ax.plot([n[f"low_{name}"], n[f"high_{name}"]], [0, 0], color=theme.ink, linewidth=1.6)
            ax.set(xlim=(0, top * 1.02), ylim=(-0.6, 0.6))
            ax.set_axis_off()
            fig.note(fig.width, y + 39, f"{n[f'error_{name}']:.2f}", "ink", 13, ha="right", va="center", weight=600)
        fig.note(left, len(KINDS) * row + 2, "error of the clean guess, share of variance", "muted", SMALL)
        return fig

    told = ", ".join(f"{title} {n[f'error_{name}']:.2f}" for name, title, _ in KINDS)
    return Output(
        alt=f"Bars of the denoiser's error on five kinds of latents, each with a decoded example: {told}.",
        caption=(
            f"**At home on icons, lost elsewhere.** Each latent is noised to t = {T}; the bar is the error of the "
            "network's "
            f"clean guess as a share of the latent's variance, with a 95 % interval, {n['icons']} of each kind: "
            f"{told}. "
            f"Frequent keywords and a small error (with the prompt, at t = 700) go together with a rank correlation of "
            f"{n['known_better']:.2f}; by chance up to {n['known_null']:.2f}."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

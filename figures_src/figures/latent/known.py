"""What can be read from a point by a straight ruler: colour, edges, style and thing, from pixels, from VAE latents,
from the U-Net's middle, from the text encoder, and from the noise that a run would start with.

Tests claims: c1-06.
"""

from types import SimpleNamespace

import numpy as np
import torch

from denoised.data.captions import prompt
from denoised.pipeline import encode
from denoised.probes import steering
from denoised.probes.metrics import LUMA
from denoised.probes.similarity import ridge_scores
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "What a ruler reads where"

STRENGTH, FOLDS, LEAST = 3.0, 5, 5  # ridge penalty, folds, drawings that a thing needs to take part
SPACES = (
    ("pixels", "pixels", "image"), ("latents", "VAE latents", "latent"), ("middle", "U-Net's middle", "prediction"),
    ("texts", "text vectors", "text"), ("noise", "start noise", "noise"),
)  # fmt: skip
TASKS = (("colour", "mean colour"), ("edges", "amount of edges"), ("style", "which style"), ("thing", "which thing"))


def explained(truth, guess):
    """R^2, at least 0: share of the variance of truth [N, K] that the guesses account for."""
    return float(max(0.0, 1 - ((truth - guess) ** 2).sum() / ((truth - truth.mean(0)) ** 2).sum()))


def right(truth, guess):
    """Share of points whose class [N] has the highest score [N, K], stretched so that 0 is always saying the most
    frequent class and 1 is always right."""
    names = sorted(set(truth))
    hits = np.mean([names[k] == t for k, t in zip(guess.argmax(1), truth, strict=True)])
    chance = max(np.mean([t == name for t in truth]) for name in names)
    return float(max(0.0, (hits - chance) / (1 - chance)))


def make(lab, smoke=False):
    pipe, specimens = lab.pipeline(), lab.specimens()
    every = [i for i, r in enumerate(specimens.records) if r["tone"] == "none"]
    concepts = [specimens.records[i]["concept"] for i in every]
    picks = [i for i, c in zip(every, concepts, strict=True) if concepts.count(c) >= LEAST][:: 8 if smoke else 1]
    records = [specimens.records[i] for i in picks]
    images = specimens.images[picks]
    latents = encode(pipe.vae, images)
    small = torch.nn.functional.avg_pool2d(torch.from_numpy(images).float().permute(0, 3, 1, 2), 8) / 255
    points = {
        "pixels": small,
        "latents": latents,
        "middle": steering.middle(pipe, latents, lab.generator("middle")),
        "texts": steering.sentence_vectors(pipe, [prompt(SimpleNamespace(**r)) for r in records]),
        "noise": torch.randn(latents.shape, generator=lab.generator("noise")),
    }
    light = images.astype(np.float64) @ LUMA
    edges = np.abs(np.diff(light, axis=2)).mean((1, 2)) + np.abs(np.diff(light, axis=1)).mean((1, 2))
    styles, things = [r["style"] for r in records], [r["concept"] for r in records]
    truth = {
        "colour": images.astype(np.float64).mean((1, 2)) / 255, "edges": edges[:, None] / edges.std(),
        "style": styles, "thing": things,
    }  # fmt: skip
    n = {"icons": len(picks), "things": len(set(things)), "styles": len(set(styles))}
    for space, cloud in points.items():
        for task, target in truth.items():
            groups = styles if task == "thing" else things  # always judged on a thing, or a style, that it never saw
            names = sorted(set(target)) if task in ("style", "thing") else None
            y = np.array([[t == name for name in names] for t in target], float) if names else target
            guess = ridge_scores(np.asarray(cloud), y, groups, STRENGTH, FOLDS)
            n[f"{task}_{space}"] = right(target, guess) if names else explained(y, guess)

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        columns = 2 if narrow else 4
        gap = 22
        w = (fig.width - gap * (columns - 1)) // columns
        for i, (task, title) in enumerate(TASKS):
            x, y = (i % columns) * (w + gap), (i // columns) * 222
            fig.note(x, y, title, "ink", 14, weight=600)
            for k, (space, name, colour) in enumerate(SPACES):
                value = n[f"{task}_{space}"]
                top = y + 28 + 36 * k
                fig.note(x, top, name, colour, SMALL)
                ax = fig.area(x, top + 17, w - 44, 9, grid="")
                ax.barh([0], [1], height=1, color=theme.panel)
                ax.barh([0], [value], height=1, color=theme.colour(colour))
                ax.set(xlim=(0, 1), ylim=(-0.5, 0.5))
                ax.set_axis_off()
                fig.note(x + w, top + 21, f"{100 * value:.0f} %", "ink", SMALL, ha="right", va="center")
        fig.set_height(y + 28 + 36 * len(SPACES))
        return fig

    def told(task):
        return ", ".join(f"{name} {100 * n[f'{task}_{space}']:.0f} %" for space, name, _ in SPACES)

    return Output(
        alt="Bars: how much a linear reading gets right. "
        + ". ".join(f"{title}: {told(task)}" for task, title in TASKS) + ".",
        caption=(
            "**Same icons, five clouds of points, one straight ruler.** A linear map is fitted on part of "
            f"{n['icons']} "
            f"icons and judged on things (for *which thing*: styles) that it has not seen. 0 % is what "
            "always giving the average, or the most frequent answer, would get. Colour: share of variance explained, "
            f"{told('colour')}. Which of {n['things']} things: {told('thing')}."
        ),
        numbers=n,
        draw=draw,
    )  # fmt: skip

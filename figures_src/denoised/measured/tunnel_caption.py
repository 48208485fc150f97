"""What tunnel/caption measures: how far up the list an icon is found by what is drawn from its name."""

from types import SimpleNamespace

import numpy as np
import torch

from denoised import pipeline
from denoised.data import captions
from denoised.data.captions import prompt
from denoised.pipeline import encode
from denoised.probes import metrics, runs
from denoised.probes.metrics import bootstrap_ci
from denoised.probes.runs import noise, prompted, walk

FIGURE = "tunnel/caption"
WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
SOURCES = (pipeline, captions, metrics, runs)

ICONS = (
    ("cat-face", "noto"), ("red-apple", "noto"), ("pizza", "twemoji"), ("red-heart", "twemoji"), ("house", "noto"),
    ("octopus", "twemoji"), ("rocket", "fluent-emoji"), ("grinning-face", "noto"), ("tiger-face", "openmoji"),
    ("skull", "twemoji"), ("rose", "twemoji"), ("ghost", "openmoji"),
)  # fmt: skip
SEED = 40
STEPS = 10
GUIDANCE = 3.0
SHOWN = 6


def ranks(made, latents, originals):
    """Place of each original when all latents [M, C, h, w] are sorted by likeness to made [N, C, h, w]; 1 is first.
    Likeness is the cosine between what sets each apart from the average specimen."""
    average = latents.mean(0)
    a, b = (torch.nn.functional.normalize((x - average).flatten(1)) for x in (made, latents))
    likeness = a @ b.T
    own = likeness[torch.arange(len(made)), torch.tensor(originals)]
    return (likeness > own[:, None]).sum(1).numpy() + 1


def measure(lab, smoke=False):
    """(numbers, arrays): of the first SHOWN icons which specimens they are, their names, what is drawn from these
    (latents), and the originals' places."""
    pipe, specimens = lab.pipeline(), lab.specimens()
    icons, steps = (ICONS[:2], 1) if smoke else (ICONS, STEPS)
    found = [specimens.where(concept=c, style=s, tone="none")[0] for c, s in icons]
    every = sorted({*found, *range(0, len(specimens.images), 60 if smoke else 3)})
    latents = encode(pipe.vae, specimens.images[every])
    originals = [every.index(i) for i in found]
    named = [prompt(SimpleNamespace(**specimens.records[i])) for i in found]
    style_only = [f"{name.rpartition(', ')[2]}" for name in named]  # what a captioner says who sees no more than that
    start = noise(pipe, range(SEED, SEED + len(found)))
    made = {
        key: walk(pipe, prompted(pipe, texts, GUIDANCE), start, steps)
        for key, texts in (("named", named), ("style", style_only))
    }
    place = {key: ranks(x, latents, originals) for key, x in made.items()}
    # the wrong captions: each result is looked up for the next icon's original
    place["wrong"] = ranks(made["named"], latents, originals[1:] + originals[:1])
    percent = {key: 100 * (rank - 1) / (len(every) - 1) for key, rank in place.items()}
    low, high = bootstrap_ci(percent["named"], statistic=np.median)
    n = {
        "icons": len(found), "specimens": len(every), "steps": steps, "guidance": GUIDANCE,
        "first_percent": 100 * float((place["named"] == 1).mean()), "first_chance": 100 / len(every),
        "rank_percent": float(np.median(percent["named"])), "rank_low": low, "rank_high": high,
        "style_percent": float(np.median(percent["style"])), "wrong_percent": float(np.median(percent["wrong"])),
        "rank": float(np.median(place["named"])), "chance_percent": 50,
    }  # fmt: skip
    return n, {
        "icons": np.array(found[:SHOWN]), "names": np.array([name.split(",")[0] for name in named[:SHOWN]]),
        "made": made["named"][:SHOWN].numpy(), "places": place["named"][:SHOWN],
    }  # fmt: skip

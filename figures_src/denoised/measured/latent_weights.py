"""What latent/weights measures: how red pictures become, and what else changes, as one word is turned up and down."""

import numpy as np
import torch

from denoised import pipeline
from denoised.pipeline import decode, encode_prompts
from denoised.probes import similarity, steering
from denoised.probes.similarity import spearman

FIGURE = "latent/weights"
WEIGHTS = ("emoji-sd",)
DATA = ()
SOURCES = (pipeline, similarity, steering)

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


def measure(lab, smoke=False):
    """(numbers, arrays): the weights, redness [2, weights] for the word and for a random direction, and latents
    [rows, weights, C, h, w] of two seeds with the word and one with the random direction."""
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
    ends = ends.reshape(*shape, *ends.shape[1:])
    shown = torch.stack([*(ends[0, :, s] for s in range(min(2, len(seeds)))), ends[1, :, 0]])
    return n, {"sweep": np.array(sweep), "redness": red.mean(2), "shown": shown.numpy()}

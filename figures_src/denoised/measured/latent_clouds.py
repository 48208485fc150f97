"""What latent/clouds measures: how much of finished latents the words decide and how much the noise."""

import numpy as np
import torch

from denoised import pipeline
from denoised.pipeline import encode_prompts
from denoised.probes import crossed, dimension, steering
from denoised.probes.crossed import variance_shares
from denoised.probes.dimension import distances

FIGURE = "latent/clouds"
WEIGHTS = ("emoji-sd",)
DATA = ()
SOURCES = (pipeline, crossed, dimension, steering)

PROMPTS = (
    "red apple, noto style", "cat face, noto style", "pizza, twemoji style", "red heart, twemoji style",
    "house, noto style", "skull, openmoji style", "robot, fluent flat style", "octopus, emojione style",
    "rocket, twemoji style", "cactus, noto style",
)  # fmt: skip
SEEDS = (1, 2, 3, 4, 5, 6)
STEPS, SHOWN = 8, 5


def own_mean(table):
    """Share of points [P, S, D] that are nearer to the mean of the rest of their row than to any other row's mean."""
    table = np.asarray(table, dtype=np.float64)
    p, s, _ = table.shape
    hits = 0
    for i in range(p):
        for j in range(s):
            means = table.mean(1)
            means[i] = (table[i].sum(0) - table[i, j]) / (s - 1)
            hits += int(distances(table[i, j][None], means)[0].argmin() == i)
    return hits / (p * s)


def spread(table):
    """How widely points [P, S, D] are scattered around their row's mean, over how widely around the mean of all. Rows'
    means are taken from S points only, which is corrected for, so that 1 means that rows say nothing."""
    table = np.asarray(table, dtype=np.float64)
    within = ((table - table.mean(1, keepdims=True)) ** 2).sum(-1).mean() * table.shape[1] / (table.shape[1] - 1)
    return float(np.sqrt(within / ((table - table.mean((0, 1))) ** 2).sum(-1).mean()))


def measure(lab, smoke=False):
    """(numbers, arrays): latents [SHOWN, seeds, C, h, w] of the first prompts' results."""
    pipe = lab.pipeline()
    prompts, seeds, steps = (PROMPTS[:2], SEEDS[:2], 2) if smoke else (PROMPTS, SEEDS, STEPS)
    states = encode_prompts(pipe, prompts).states.repeat_interleave(len(seeds), 0)
    start = steering.start_noise(pipe, seeds)
    ends = steering.run(pipe, states, start.repeat(len(prompts), 1, 1, 1), steps=steps, guidance=3.0)
    table = ends.flatten(1).reshape(len(prompts), len(seeds), -1).numpy()
    by_prompt, by_seed, rest = map(float, variance_shares(table))
    rng = np.random.default_rng(lab.seed)
    again = [table[np.unique(rng.integers(0, len(table), len(table)))] for _ in range(400)]  # prompts resampled
    again = [t for t in again if len(t) > 1]
    again = [(spread(t), variance_shares(t)[0]) for t in again[: 10 if smoke else None]] or [(spread(table), by_prompt)]
    low, high = np.quantile(again, (0.025, 0.975), axis=0)
    left = torch.from_numpy(table - table.mean(1, keepdims=True)).reshape(len(prompts), len(seeds), *start.shape[1:])
    noise = start - start.mean(0)
    coarse = [
        torch.nn.functional.avg_pool2d(x.float().flatten(0, -4), 4).reshape(*x.shape[:-2], -1) for x in (left, noise)
    ]
    kept = np.corrcoef(coarse[0].flatten().numpy(), coarse[1].expand_as(coarse[0]).flatten().numpy())[0, 1]
    n = {
        "prompts": len(prompts), "seeds": len(seeds), "steps": steps,
        "by_prompt": by_prompt, "by_seed": by_seed, "by_both": rest,
        "spread_within": spread(table),
        "spread_low": float(low[0]), "spread_high": float(high[0]),
        "by_prompt_low": float(low[1]), "by_prompt_high": float(high[1]), "own_mean": own_mean(table),
        "chance": 1 / len(prompts),
        "noise_kept": float(kept),
    }  # fmt: skip
    return n, {"shown": ends.reshape(len(prompts), len(seeds), *ends.shape[1:])[:SHOWN].numpy()}

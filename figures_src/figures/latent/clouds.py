"""Prompts down, seeds across: how much of a finished latent is decided by the words, how much by the noise that the run
started from, and how much by neither alone.

Tests claims: c1-07, c4-06.
"""

import numpy as np
import torch

from denoised.pipeline import decode, encode_prompts
from denoised.probes import steering
from denoised.probes.dimension import distances
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd",)
TITLE = "Words and noise share the work"

PROMPTS = (
    "red apple, noto style", "cat face, noto style", "pizza, twemoji style", "red heart, twemoji style",
    "house, noto style", "skull, openmoji style", "robot, fluent flat style", "octopus, emojione style",
    "rocket, twemoji style", "cactus, noto style",
)  # fmt: skip
SEEDS = (1, 2, 3, 4, 5, 6)
STEPS, SHOWN = 8, 5


def shares(table):
    """Analysis of variance of a table [P, S, D]: shares of its total variance by row, by column, by the rest."""
    table = np.asarray(table, dtype=np.float64)
    middle = table.mean((0, 1))
    rows, columns = table.mean(1) - middle, table.mean(0) - middle
    total = ((table - middle) ** 2).sum()
    by_row = table.shape[1] * (rows**2).sum() / total
    by_column = table.shape[0] * (columns**2).sum() / total
    return float(by_row), float(by_column), float(1 - by_row - by_column)


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


def make(lab, smoke=False):
    pipe = lab.pipeline()
    prompts, seeds, steps = (PROMPTS[:2], SEEDS[:2], 2) if smoke else (PROMPTS, SEEDS, STEPS)
    states = encode_prompts(pipe, prompts).states.repeat_interleave(len(seeds), 0)
    start = steering.start_noise(pipe, seeds)
    ends = steering.run(pipe, states, start.repeat(len(prompts), 1, 1, 1), steps=steps, guidance=3.0)
    pictures = decode(pipe.vae, ends)
    table = ends.flatten(1).reshape(len(prompts), len(seeds), -1).numpy()
    by_prompt, by_seed, rest = shares(table)
    rng = np.random.default_rng(lab.seed)
    again = [table[np.unique(rng.integers(0, len(table), len(table)))] for _ in range(400)]  # prompts resampled
    again = [t for t in again if len(t) > 1]
    again = [(spread(t), shares(t)[0]) for t in again[: 10 if smoke else None]] or [(spread(table), by_prompt)]
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

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        shown = min(4 if narrow else len(seeds), len(seeds))
        left = 0 if narrow else 110
        cell = (fig.width - left - 6 * (shown - 1)) // shown
        y = 0
        if not narrow:
            for j in range(shown):
                fig.note(left + j * (cell + 6) + cell / 2, 0, f"noise {seeds[j]}", "noise", 13, ha="center")
            y = 24
        for i, text in enumerate(prompts[:SHOWN]):
            if narrow:
                fig.note(0, y, text, "text", 13)
                y += 21
            else:
                fig.note(0, y + cell / 2, text.replace(", ", ",\n"), "text", 13, va="center")
            y = image_grid(fig, [pictures[i * len(seeds) : i * len(seeds) + shown]], x=left, y=y, cell=cell, gap=6) + 8
        return fig

    return Output(
        alt=(
            f"{n['prompts']} prompts down, {n['seeds']} starts across. The prompt explains {by_prompt:.0%} of how "
            "the finished "
            f"latents vary, the start noise alone {by_seed:.0%}, and {rest:.0%} only the two together."
        ),
        caption=(
            f"**Words choose the cloud, noise chooses the point.** {n['prompts']} prompts, each from the same "
            f"{n['seeds']} starts; the first {min(SHOWN, len(prompts))} are shown. Of the "
            f"variance of finished latents the prompt explains {by_prompt:.0%} "
            f"({n['by_prompt_low']:.0%} to {n['by_prompt_high']:.0%}), the noise {by_seed:.0%}, and "
            f"{rest:.0%} neither alone. Results of one prompt are scattered {n['spread_within']:.2f} times as widely (95 % "
            f"interval {n['spread_low']:.2f} to {n['spread_high']:.2f}, prompts resampled) as all "
            f"results together, and {n['own_mean']:.0%} lie nearest to the mean of their own prompt (chance "
            f"{n['chance']:.0%}). Coarse blotches of the noise survive in what the prompt leaves open: correlation "
            f"{n['noise_kept']:.2f}."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

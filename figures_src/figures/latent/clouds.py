"""Prompts down, seeds across: how much of a finished latent is decided by the words, how much by the noise that the run
started from, and how much by neither alone.

Tests claims: c1-07, c4-06.
"""

import torch

from denoised import measured
from denoised.measured import latent_clouds
from denoised.measured.latent_clouds import PROMPTS, SEEDS
from denoised.pipeline import decode
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd",)
TITLE = "Words and noise share the work"


def make(lab, smoke=False):
    n, found = measured.results(lab, latent_clouds, smoke)
    pictures = decode(lab.vae(), torch.from_numpy(found["shown"]).flatten(0, 1))
    across = found["shown"].shape[1]
    by_prompt, by_seed, rest = (n[f"by_{what}"] for what in ("prompt", "seed", "both"))

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        shown = min(4 if narrow else across, across)
        left = 0 if narrow else 110
        cell = (fig.width - left - 6 * (shown - 1)) // shown
        y = 0
        if not narrow:
            for j in range(shown):
                fig.note(left + j * (cell + 6) + cell / 2, 0, f"noise {SEEDS[j]}", "noise", 13, ha="center")
            y = 24
        for i, text in enumerate(PROMPTS[: len(found["shown"])]):
            if narrow:
                fig.note(0, y, text, "text", 13)
                y += 21
            else:
                fig.note(0, y + cell / 2, text.replace(", ", ",\n"), "text", 13, va="center")
            y = image_grid(fig, [pictures[i * across : i * across + shown]], x=left, y=y, cell=cell, gap=6) + 8
        return fig

    return Output(
        alt=(
            f"{n['prompts']} prompts down, {n['seeds']} starts across. The prompt explains {by_prompt:.0%} of how "
            "the finished "
            f"latents vary, the start noise alone {by_seed:.0%}, and {rest:.0%} only the two together."
        ),
        caption=(
            f"**Words choose the cloud, noise chooses the point.** {n['prompts']} prompts, each from the same "
            f"{n['seeds']} starts; the first {len(found['shown'])} are shown. Of the "
            f"variance of finished latents the prompt explains {by_prompt:.0%} "
            f"({n['by_prompt_low']:.0%} to {n['by_prompt_high']:.0%}), the noise {by_seed:.0%}, and "
            f"{rest:.0%} neither alone. Results of one prompt are scattered {n['spread_within']:.2f} times as widely (95 "
            f"% interval {n['spread_low']:.2f} to {n['spread_high']:.2f}, prompts resampled) as all "
            f"results together, and {n['own_mean']:.0%} lie nearest to the mean of their own prompt (chance "
            f"{n['chance']:.0%}). Coarse blotches of the noise survive in what the prompt leaves open: correlation "
            f"{n['noise_kept']:.2f}."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

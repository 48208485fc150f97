"""Half-way between two things in six ways: cross-fading pixels, averaging VAE latents, mixing the text token by token,
laying both texts side by side, and mixing the start noise in a straight line or along the circle. What is there, and
how much of it is a double exposure?

Tests claims: c6-06.
"""

import torch

from denoised import measured
from denoised.measured import latent_between
from denoised.measured.latent_between import PAIRS, SHARES, WAYS, faded
from denoised.pipeline import decode
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd",)
TITLE = "Half-way, in six ways"


def make(lab, smoke=False):
    n, found = measured.results(lab, latent_between, smoke)
    strips = {key: decode(lab.vae(), torch.from_numpy(z)) for key, z in found.items()}
    strips["pixels"] = faded(strips["text"], SHARES)

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        left = 0 if narrow else 112
        cell, gap = (67, 6) if narrow else (96, 10)
        y = 0 if narrow else 40
        for key, name, colour in WAYS:
            share = f"{n[f'exposure_{key}']:.0%}"
            if narrow:
                fig.note(0, y, name.replace("\n", " "), colour, SMALL, weight=600)
                fig.note(fig.width, y, f"double exposure {share}", "muted", SMALL, ha="right")
                y += 20
            else:
                fig.note(0, y + cell / 2, name, colour, 13, va="center", weight=600)
                x = left + 5 * (cell + gap) + 4
                fig.note(x, y + cell / 2 - 4, share, "ink", 16, va="center", weight=600)
                fig.note(x, y + cell / 2 + 8, f"{n[f'low_{key}']:.0%}–{n[f'high_{key}']:.0%}", "muted", SMALL)
            y = image_grid(fig, [list(strips[key])], x=left, y=y, cell=cell, gap=gap) + (10 if narrow else gap)
        if not narrow:
            fig.note(left + 5 * (cell + gap) + 4, 0, "double\nexposure", "muted", SMALL)
        fig.set_height(y)
        return fig

    def told(key, form):
        return ", ".join(f"{name.replace(chr(10), ' ')} {form(n[f'{key}_{way}'])}" for way, name, _ in WAYS)

    return Output(
        alt=(
            f"Six strips of five pictures from one end to the other, {n['pairs']} pairs measured. Share of the middle "
            f"picture that a double exposure of its ends explains: {told('exposure', lambda v: f'{v:.0%}')}."
        ),
        caption=(
            f"**One question, six answers.** The four upper strips go from “{PAIRS[0][0]}” to “{PAIRS[0][1]}”, from the "
            "same start; the two lower ones from one start to another with the first prompt. How much of the middle, "
            "where anything is drawn, is a double exposure of the ends (mean of "
            f"{n['pairs']} pairs): {told('exposure', lambda v: f'{v:.0%}')}. An unrelated picture would get "
            f"{n['floor_text']:.0%} between two prompts and {n['floor_circle']:.0%} between two starts. "
            "The longest stride of a strip over its mean stride, where one would be even and four a single leap: text "
            f"{n['jump_text']:.1f}, side by side {n['jump_beside']:.1f}, noise on the circle {n['jump_circle']:.1f}. "
            f"Fine detail of the middle, against the ends: latents {n['detail_latents']:.0%}, straight noise "
            f"{n['detail_line']:.0%}, circle {n['detail_circle']:.0%}."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

"""Ordinary prompts, rare ones, two things at once, and the same words shuffled: how far from anything known is the
prompt, how far is the result, and which of two things is in it?

Tests claims: c6-03, c6-04.
"""

import torch

from denoised import measured
from denoised.measured import latent_paradox
from denoised.measured.latent_paradox import KINDS
from denoised.pipeline import decode
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd", "judge")
DATA = ("specimens",)
TITLE = "Prompts that exclude themselves"
TINY_ONLY = "The judge knows the small model's emoji only."


def make(lab, smoke=False):
    n, found = measured.results(lab, latent_paradox, smoke)
    images = {key: decode(lab.vae(), torch.from_numpy(found[key])) for key, _ in KINDS}

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        cell, gap = (84, 8) if narrow else (140, 13)
        left, y = 0 if narrow else 120, 0
        for key, title in KINDS:
            if narrow:
                fig.note(0, y, title, "text", 13, weight=600)
                fig.note(fig.width, y, f"prompt {n[f'text_{key}']:.2f} away", "muted", SMALL, ha="right")
                y += 22
            else:
                fig.note(0, y + cell / 2 - 28, title.replace(" letters", "\nletters"), "text", 13, weight=600)
                told = f"prompt {n[f'text_{key}']:.2f},\nresult {n[f'result_{key}']:.1f}"
                fig.note(0, y + cell / 2 + 8, told, "muted", SMALL)
            words = [text.split(", ")[0].replace(" and ", " +\n") for text in found[f"{key}_prompts"].tolist()]
            words = [w.replace(" face", "").replace("red ", "") for w in words]
            words = [w if max(map(len, w.split("\n"))) < 15 else w[:11].rstrip() + "…" for w in words]
            y = image_grid(fig, [list(images[key])], x=left, y=y, cell=cell, gap=gap, labels=[words], size=SMALL) + 10
        return fig

    def rate(name):
        return f"both in {n[f'{name}_both']:.0%}, one in {n[f'{name}_one']:.0%}, neither in {n[f'{name}_neither']:.0%}"

    return Output(
        alt=(
            "Results for ordinary prompts, unseen things, two things at once and shuffled letters. Distance of the "
            f"prompt to the nearest of {n['train']} training captions: {n['text_ordinary']:.2f}, {n['text_rare']:.2f}, "
            f"{n['text_two']:.2f} and {n['text_shuffled']:.2f}. Of {n['two']} prompts for two things the judge finds "
            f"{rate('made')}."
        ),
        caption=(
            f"**Odd prompts, familiar pictures?** At each row: how far a prompt lies from the nearest of {n['train']} "
            f"captions (ordinary {n['text_ordinary']:.2f}, two things {n['text_two']:.2f}, shuffled "
            f"{n['text_shuffled']:.2f}; one minus the cosine), and how far its result lies from the nearest icon, in the "
            f"U-Net's middle ({n['result_ordinary']:.1f}, {n['result_two']:.1f} and {n['result_shuffled']:.1f}; real icons "
            f"of unseen things {n['result_newcomers']:.1f}). Of {n['two']} pairs of things the judge finds "
            f"{rate('made')} (at least one: 95 % interval {1 - n['made_neither_high']:.0%} to "
            f"{1 - n['made_neither_low']:.0%})."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

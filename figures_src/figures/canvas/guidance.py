"""How often the network is called for one picture, and what that buys: without the prompt, with it, and with the
difference between the two exaggerated. The result is a small block of numbers until the decoder is called.

Tests claims: c3-04.
"""

import torch

from denoised import measured
from denoised.measured import canvas_guidance
from denoised.measured.canvas_guidance import SCALES, key_of
from denoised.pipeline import decode
from plotting.layout import picture
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "One call a step, or two"


def make(lab, smoke=False):
    n, found = measured.results(lab, canvas_guidance, smoke)
    steps = n["steps"]
    calls, own = ({s: n[name.format(key_of(s))] for s in SCALES} for name in ("calls_{}", "own_{}_percent"))
    made = {s: decode(lab.vae(), torch.from_numpy(z)) for s, z in zip(SCALES, found["made"], strict=True)}
    shown = len(made[1.0])

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        gap = 8
        left = 0 if narrow else 176
        cell = (fig.width - left - gap * (shown - 1)) // shown if narrow else 128
        y = 0
        for s in SCALES:
            words = {0.0: "s = 0, no prompt", 1.0: "s = 1, the prompt"}.get(s, f"s = {s:g}, exaggerated")
            each = f"{calls[s] / steps:.0f} call{'s' if calls[s] > steps else ''} a step"
            if narrow:
                fig.note(0, y, words, "text", 13, weight=600)
                fig.note(fig.width, y, each, "muted", SMALL, ha="right")
                y += 22
            else:
                fig.note(0, y + cell / 2 - 28, words, "text", 13, weight=600)
                fig.note(0, y + cell / 2 - 6, each, "muted", SMALL)
                fig.note(0, y + cell / 2 + 13, f"own icon {own[s]:.0f} %", "muted", SMALL)
            for j, image in enumerate(made[s]):
                picture(fig, image, left + j * (cell + gap), y, cell, cell)
            y += cell + (16 if narrow else gap)
        return fig

    best = max((s for s in SCALES if s > 0), key=own.get)
    return Output(
        alt=(
            f"{shown} prompts drawn at four strengths of guidance. Calls of the network for one "
            f"picture of {steps} steps: {calls[0.0]:.0f} at s = 0, {calls[1.0]:.0f} at 1, {calls[3.0]:.0f} at 3 and "
            f"{calls[7.5]:.0f} at 7.5. The result is most like its own prompt's icon in {n['own_0_percent']:.0f}, "
            f"{n['own_1_percent']:.0f}, {n['own_3_percent']:.0f} and {n['own_7_5_percent']:.0f} % of cases."
        ),
        caption=(
            f"**Guidance asks twice.** {steps} steps cost {calls[1.0]:.0f} calls at s = 1 and {calls[3.0]:.0f} at any "
            "other strength but 0. A crude test of whether the prompt was heard: is the result more like its own "
            f"prompt's icon than like those of the other {n['prompts'] - 1}? At s = 0 in {n['own_0_percent']:.0f} % of "
            f"cases (chance is {n['chance_percent']:.0f} %), at 1 in {n['own_1_percent']:.0f} %, at 3 in "
            f"{n['own_3_percent']:.0f} %, at 7.5 in {n['own_7_5_percent']:.0f} %; best here at s = {best:g}. What the "
            f"loop hands over is {n['latent_values']:,} numbers; the decoder makes {n['picture_values']:,} of them."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

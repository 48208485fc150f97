"""The picture that link previews show: one prompt's way from noise to picture, and the site's name.

Tests claims: none.
"""

import numpy as np
import torch

from denoised.pipeline import decode, generate
from plotting.layout import picture, rasterize
from plotting.output import Output
from plotting.style import LIGHT, Canvas, context, new_figure

WEIGHTS = ("emoji-sd",)
DATA = ()
TITLE = "The site's card for link previews"

PROMPT, SEED, GUIDANCE, STEPS = "red apple, noto style", 3, 3.0, 24
SHOWN = 5
HEIGHT = 378  # with 720 px the 1.91:1 that previews are cut to


def make(lab, smoke=False):
    pipe = lab.pipeline()
    steps = 4 if smoke else STEPS
    trace = generate(pipe, PROMPT, seed=SEED, steps=steps, guidance=GUIDANCE)
    chosen = np.linspace(0, steps, SHOWN).round().astype(int)
    frames = decode(pipe.vae, torch.stack([trace.xt[i] for i in chosen]))

    def place(fig, y):
        left = 12 if fig.narrow else 44
        gap = 6 if fig.narrow else 12
        cell = (fig.width - 2 * left - gap * (SHOWN - 1)) // SHOWN
        for k, frame in enumerate(frames):
            picture(fig, frame, left + k * (cell + gap), y, cell, cell, smooth=True)
        return y + cell

    def card():
        with context(LIGHT):
            fig = Canvas(LIGHT, 720, HEIGHT)
            fig.note(42, 44, "Denoised", "ink", 58, weight=600)
            fig.note(44, 124, "How image diffusion models work,", "muted", 23)
            fig.note(44, 155, "on a real one, small enough to take apart", "muted", 23)
            place(fig, 222)
            fig.set_height(HEIGHT)
            return rasterize(fig, 2)

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        end = place(fig, 4)
        fig.set_height(end + 4)
        return fig

    n = {"steps": steps, "guidance": GUIDANCE, "seed": SEED, "shown": SHOWN}
    return Output(
        alt=(
            f"Denoised: how image diffusion models work. Below, {SHOWN} decoded moments of the site's own model on its "
            f"way from noise to a picture of {PROMPT.partition(',')[0]}, in {steps} steps."
        ),
        caption=(
            f"**The site's card.** {SHOWN} moments of one run of {steps} steps, from noise to picture; "
            f"the prompt is “{PROMPT}”, guidance {GUIDANCE:g}, seed {SEED}."
        ),
        numbers=n,
        draw=draw,
        format="webp",
        files={"card.png": card()},
    )

"""Eight prompts, denoised together by the real pipeline: large, the picture that the model bets on at each step;
in the corner, the noisy latent that it has to go by.

Tests claims: c1-04.
"""

import numpy as np
import torch

from denoised.pipeline import decode, encode, generate_batch
from denoised.probes.latents import fit_preview
from plotting.layout import picture, rasterize
from plotting.output import Animation, Output
from plotting.style import LIGHT, context, new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "Eight prompts, from noise to picture"

PROMPTS = (
    ("red apple", "noto"),
    ("cat face", "noto"),
    ("red heart", "twemoji"),
    ("pizza", "twemoji"),
    ("grinning face", "noto"),
    ("tiger face", "openmoji"),
    ("rocket", "fluent"),
    ("octopus", "twemoji"),
)
SEED = 3
STEPS = 24
GUIDANCE = 3.0
COLUMNS = 4
SCALE = 2  # the frame is drawn on the narrow canvas, so that its words can be read on a phone


def frame(theme, guesses, latents, t, share):
    """One frame: a table of guesses with their latents inset, a line of time below. share 0 = start, 1 = end."""
    fig = new_figure(theme, narrow=True)
    gap = 8
    cell = (fig.width - 16 - gap * (COLUMNS - 1)) // COLUMNS
    inset = 32
    for k, (what, _) in enumerate(PROMPTS[: len(guesses)]):
        row, column = divmod(k, COLUMNS)
        x, y = 8 + column * (cell + gap), 8 + row * (cell + 30)
        picture(fig, guesses[k], x, y, cell, cell, smooth=True)
        if share < 1:  # in the end there is nothing more to go by
            picture(fig, latents[k], x + cell - inset - 3, y + cell - inset - 3, inset, inset, smooth=False, radius=3)
        fig.note(x + cell / 2, y + cell + 5, what, "ink", 12, ha="center")
    y = 8 + -(-len(guesses) // COLUMNS) * (cell + 30) + 8
    line = fig.area(60, y, fig.width - 120, 6, grid="")
    line.barh([0], [1], color=theme.grid)
    line.barh([0], [share], color=theme.accent)
    line.set(xlim=(0, 1), ylim=(-0.4, 0.4), xticks=[], yticks=[])
    fig.note(52, y + 3, "noise", "noise", 12, ha="right", va="center")
    fig.note(fig.width - 52, y + 3, "picture", "image", 12, va="center")
    fig.note(fig.width / 2, y + 12, f"t = {t}", "muted", 12, ha="center")
    fig.set_height(y + 32)
    return rasterize(fig, SCALE)


def make(lab, smoke=False):
    pipe, specimens = lab.pipeline(), lab.specimens()
    some = specimens.images[:: 150 if smoke else 10]
    preview = fit_preview(encode(pipe.vae, some), some)
    count, steps = (2, 2) if smoke else (len(PROMPTS), STEPS)
    prompts = [f"{what}, {style} style" for what, style in PROMPTS[:count]]
    traces = generate_batch(pipe, prompts, [SEED + k for k in range(count)], steps=steps, guidance=GUIDANCE)
    guesses = np.stack([decode(pipe.vae, torch.cat([one.x0, one.xt[-1:]])) for one in traces])
    latents = np.stack([preview(one.xt) for one in traces])
    t = [*traces[0].timesteps.tolist(), 0]
    with context(LIGHT):
        frames = [frame(LIGHT, guesses[:, i], latents[:, i], t[i], i / steps) for i in range(steps + 1)]
    listed = ", ".join(what for what, _ in PROMPTS[:count])
    n = {"prompts": count, "steps": steps, "guidance": GUIDANCE, "latent_values": traces[0].xt[0].numel()}
    return Output(
        alt=(
            f"Animation: {count} pictures ({listed}) appear out of noise in {steps} steps. The large picture is the "
            "model's current bet, the small one in its corner the noisy latent, which clears up more slowly."
        ),
        caption=(
            f"**{count} prompts, {steps} steps; prompts and seeds chosen beforehand.** Large: the picture that the "
            "model would bet on at this moment. In the corner: all that it has to go by, a noisy latent of "
            f"{n['latent_values']:,} numbers. The prompts are {listed}; guidance {GUIDANCE:g}, seeds {SEED} to "
            f"{SEED + count - 1}."
        ),
        numbers=n,
        animation=Animation(frames, fps=7, hold_last=2.5, poster=(steps * 6) // 10),
    )

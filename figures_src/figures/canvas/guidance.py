"""How often the network is called for one picture, and what that buys: without the prompt, with it, and with the
difference between the two exaggerated. The result is a small block of numbers until the decoder is called.

Tests claims: c3-04.
"""

from types import SimpleNamespace

import numpy as np
import torch

from denoised.data.captions import prompt
from denoised.pipeline import encode, generate_batch
from denoised.probes.metrics import saturation
from plotting.layout import picture
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "One call a step, or two"

ICONS = (
    ("red-apple", "noto"),
    ("cat-face", "noto"),
    ("red-heart", "twemoji"),
    ("grinning-face", "noto"),
    ("pizza", "noto"),
    ("tiger-face", "openmoji"),
    ("house", "noto"),
    ("skull", "twemoji"),
)
SCALES = (0.0, 1.0, 3.0, 7.5)
SHOWN = 4  # prompts in the picture
SEED = 31
STEPS = 16


class Calls:
    """Counts how often the network runs and on how many latents, while it is entered."""

    def __init__(self, unet):
        self.unet, self.times, self.latents = unet, 0, 0

    def __enter__(self):
        self.hook = self.unet.register_forward_pre_hook(self._count, with_kwargs=True)
        return self

    def __exit__(self, *error):
        self.hook.remove()

    def _count(self, module, args, kwargs):
        self.times += 1
        self.latents += len(args[0] if args else kwargs["sample"])


def own_icon(traces, latents):
    """Share of results that are most like the icon of their own prompt, among those of all prompts. Likeness is the
    cosine between what sets a result and an icon apart from the average icon, so that contrast does not count."""
    average = latents.mean(0)
    ends = (torch.stack([one.xt[-1] for one in traces]) - average).flatten(1)
    icons = (latents - average).flatten(1)
    nearest = (torch.nn.functional.normalize(ends) @ torch.nn.functional.normalize(icons).T).argmax(1)
    return float((nearest == torch.arange(len(nearest))).float().mean())


def make(lab, smoke=False):
    pipe, specimens = lab.pipeline(), lab.specimens()
    icons, steps = (ICONS[:2], 2) if smoke else (ICONS, STEPS)
    found = [specimens.where(concept=concept, style=style, tone="none")[0] for concept, style in icons]
    prompts = [prompt(SimpleNamespace(**specimens.records[i])) for i in found]
    latents = encode(pipe.vae, specimens.images[found])
    seeds = [SEED + k for k in range(len(prompts))]
    made, calls, match, colour = {}, {}, {}, {}
    for s in SCALES:
        with Calls(pipe.unet) as counted:
            made[s] = generate_batch(pipe, prompts, seeds, steps=steps, guidance=s, batch=len(prompts))
        calls[s] = counted.latents / len(prompts)
        match[s] = own_icon(made[s], latents)
        colour[s] = float(saturation(np.stack([one.image for one in made[s]])).mean())
    end = made[1.0][0].xt[-1]
    n = {
        "steps": steps,
        "prompts": len(prompts),
        "chance_percent": 100 / len(prompts),
        "latent_values": end.numel(),
        "latent_channels": end.shape[0],
        "latent_side": end.shape[1],
        "picture_values": made[1.0][0].image.size,
    }
    for s in SCALES:
        key = f"{s:g}".replace(".", "_")
        n |= {f"calls_{key}": calls[s], f"own_{key}_percent": 100 * match[s], f"saturation_{key}": colour[s]}

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        gap = 8
        left = 0 if narrow else 176
        shown = min(SHOWN, len(prompts))
        cell = (fig.width - left - gap * (shown - 1)) // shown if narrow else 128
        y = 0
        for s in SCALES:
            words = {0.0: "s = 0, no prompt", 1.0: "s = 1, the prompt"}.get(s, f"s = {s:g}, exaggerated")
            each = f"{calls[s] / steps:.0f} call{'s' if calls[s] > steps else ''} a step"
            own = f"own icon {100 * match[s]:.0f} %"
            if narrow:
                fig.note(0, y, words, "text", 13, weight=600)
                fig.note(fig.width, y, each, "muted", SMALL, ha="right")
                y += 22
            else:
                fig.note(0, y + cell / 2 - 28, words, "text", 13, weight=600)
                fig.note(0, y + cell / 2 - 6, each, "muted", SMALL)
                fig.note(0, y + cell / 2 + 13, own, "muted", SMALL)
            for j in range(shown):
                picture(fig, made[s][j].image, left + j * (cell + gap), y, cell, cell)
            y += cell + (16 if narrow else gap)
        return fig

    best = max((s for s in SCALES if s > 0), key=lambda s: match[s])
    return Output(
        alt=(
            f"{min(SHOWN, len(prompts))} prompts drawn at four strengths of guidance. Calls of the network for one "
            f"picture of {steps} steps: {calls[0.0]:.0f} at s = 0, {calls[1.0]:.0f} at 1, {calls[3.0]:.0f} at 3 and "
            f"{calls[7.5]:.0f} at 7.5. The result is most like its own prompt's icon in {n['own_0_percent']:.0f}, "
            f"{n['own_1_percent']:.0f}, {n['own_3_percent']:.0f} and {n['own_7_5_percent']:.0f} % of cases."
        ),
        caption=(
            f"**Guidance asks twice.** {steps} steps cost {calls[1.0]:.0f} calls at s = 1 and {calls[3.0]:.0f} at any "
            "other strength but 0. A crude test of whether the prompt was heard: is the result more like its own "
            f"prompt's icon than like those of the other {len(prompts) - 1}? At s = 0 in {n['own_0_percent']:.0f} % of "
            f"cases (chance is {n['chance_percent']:.0f} %), at 1 in {n['own_1_percent']:.0f} %, at 3 in "
            f"{n['own_3_percent']:.0f} %, at 7.5 in {n['own_7_5_percent']:.0f} %; best here at s = {best:g}. What the "
            f"loop hands over is {n['latent_values']:,} numbers; the decoder makes {n['picture_values']:,} of them."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

"""What canvas/guidance measures: calls of the network at each strength of guidance, and how often the result is most like
the icon that its prompt names."""

from types import SimpleNamespace

import numpy as np
import torch

from denoised import pipeline
from denoised.data import captions
from denoised.data.captions import prompt
from denoised.pipeline import encode, generate_batch
from denoised.probes import metrics
from denoised.probes.metrics import saturation

FIGURE = "canvas/guidance"
WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
SOURCES = (pipeline, captions, metrics)

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


def key_of(scale):
    """A strength of guidance as part of a number's name."""
    return f"{scale:g}".replace(".", "_")


def measure(lab, smoke=False):
    """(numbers, arrays): latents [SCALES, SHOWN, C, h, w] of the first prompts' pictures."""
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
        key = key_of(s)
        n |= {f"calls_{key}": calls[s], f"own_{key}_percent": 100 * match[s], f"saturation_{key}": colour[s]}
    return n, {"made": np.array([[one.xt[-1].numpy() for one in made[s][:SHOWN]] for s in SCALES])}

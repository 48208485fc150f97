"""What latent/between measures: how much of each way's middle is a double exposure of its ends, how evenly it strides, and
how odd the denoiser finds it."""

import numpy as np
import torch

from denoised import pipeline
from denoised.pipeline import decode, encode_prompts
from denoised.probes import metrics, paths, spectra, steering
from denoised.probes.metrics import bootstrap_ci
from denoised.probes.paths import drawn, exposure, jump, lerp, side_by_side, slerp
from denoised.probes.spectra import high_frequency_share

FIGURE = "latent/between"
WEIGHTS = ("emoji-sd",)
DATA = ()
SOURCES = (pipeline, metrics, paths, spectra, steering)

PAIRS = (
    ("cat face, noto style", "red apple, noto style"), ("pizza, noto style", "grinning face, noto style"),
    ("house, noto style", "skull, noto style"), ("octopus, noto style", "red heart, noto style"),
    ("robot, noto style", "key, noto style"), ("cactus, noto style", "ghost, noto style"),
)  # fmt: skip
SEEDS = (3, 14)
STRANGER = ("rocket, noto style", 15)  # prompt and start of a run that has nothing to do with either end
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
STEPS = 8
WAYS = (
    ("pixels", "pixels,\ncross-fade", "image"), ("latents", "VAE latents,\nstraight", "latent"),
    ("text", "text, token\nby token", "text"), ("beside", "texts, side\nby side", "attention"),
    ("circle", "noise,\ncircle", "noise"), ("line", "noise,\nstraight", "noise"),
)  # fmt: skip


def faded(images, shares):
    """The first of some pictures uint8 [N, H, W, 3] cross-faded into the last: [shares, H, W, 3]."""
    ends = images[[0, -1]].astype(np.float64)
    return np.stack([lerp(*ends, s) for s in shares]).round().astype(np.uint8)


def measure(lab, smoke=False):
    """(numbers, arrays): of each way but the pixels' the latents [SHARES, C, h, w] of the first pair."""
    pipe = lab.pipeline()
    pairs, steps = (PAIRS[:1], 2) if smoke else (PAIRS, STEPS)
    noise = steering.start_noise(pipe, SEEDS)
    other = encode_prompts(pipe, [STRANGER[0]]).states
    ghost = decode(pipe.vae, steering.run(pipe, other, steering.start_noise(pipe, [STRANGER[1]]), steps=steps))[0]
    found = {key: {"exposure": [], "floor": [], "jump": [], "odd": [], "detail": []} for key, *_ in WAYS}
    for k, texts in enumerate(pairs):
        a, b = encode_prompts(pipe, texts).states
        shares = SHARES if k == 0 else SHARES[::2]  # the first pair is shown, of the others only the middle is needed
        jobs = [(lerp(a, b, s), noise[0]) for s in shares]
        jobs += [(a, way(*noise, s)) for way in (slerp, lerp) for s in shares[1:]]
        states, starts = (torch.stack(x) for x in zip(*jobs, strict=True))
        made = steering.run(pipe, states, starts, steps=steps)
        inner = shares[1:-1]
        both = torch.stack([side_by_side(a, b, s) for s in inner])
        mixed = steering.run(pipe, both, noise[:1].expand(len(inner), -1, -1, -1), steps=steps)
        first, last = made[:1], made[len(shares) - 1 : len(shares)]
        ends = {"text": made[: len(shares)], "beside": torch.cat([first, mixed, last])}
        ends["circle"], ends["line"] = (torch.cat([first, z]) for z in made[len(shares) :].split(len(shares) - 1))
        ends["latents"] = torch.stack([lerp(first[0], last[0], s) for s in shares])
        images = {key: decode(pipe.vae, z) for key, z in ends.items()}
        images["pixels"] = faded(images["text"], shares)
        half = len(shares) // 2
        for key, *_ in WAYS:
            p = images[key].astype(np.float64)
            found[key]["exposure"].append(exposure(p[half], p[0], p[-1], drawn(p[half], p[0], p[-1])))
            found[key]["floor"].append(exposure(ghost, p[0], p[-1], drawn(ghost, p[0], p[-1])))
            sharp = high_frequency_share(p[[0, -1]].mean(-1), 0.1).mean()
            found[key]["detail"].append(float(high_frequency_share(p[half].mean(-1), 0.1) / sharp))
            if key != "pixels":
                z = ends[key]
                odd = steering.residual(pipe, z[[0, half, -1]], lab.generator("odd"))
                found[key]["odd"].append(float(odd[1] / odd[[0, 2]].mean()))
            if k == 0:
                found[key]["jump"].append(jump(p))
        if k == 0:
            strips = {key: z.numpy() for key, z in ends.items()}
    n = {"pairs": len(pairs), "steps": steps, "shares": len(SHARES)}
    for key, *_ in WAYS:
        for what, values in found[key].items():
            if values:  # pixels have no latent that could be odd
                n[f"{what}_{key}"] = float(np.mean(values))
        low, high = bootstrap_ci(found[key]["exposure"]) if len(pairs) > 1 else (n[f"exposure_{key}"],) * 2
        n |= {f"low_{key}": low, f"high_{key}": high}
        # What is left of the double exposure once an unrelated picture's share is taken off: 0 for that, 1 for a fade
        n[f"ghost_{key}"] = (n[f"exposure_{key}"] - n[f"floor_{key}"]) / (1 - n[f"floor_{key}"])
    return n, strips

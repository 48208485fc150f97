"""Past the edge, in each of the spaces: guidance far too high, text states stretched, start noise too short or too
long, latents prolonged beyond an icon, and latents drawn at random. How burnt are the pictures, how far from any icon?

Tests claims: c6-07.
"""

import numpy as np
import torch

from denoised.pipeline import decode, encode, encode_prompts
from denoised.probes import steering
from denoised.probes.dimension import distances
from denoised.probes.paths import burnt, lerp
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "Past the edge"

PROMPTS = ("red apple, noto style", "cat face, noto style")
SEED, STEPS, USUAL, REAL = 7, 8, 3.0, 90
GUIDANCE = (1.0, 3.0, 7.5, 15.0, 30.0)
STRETCH = (0.0, 1.0, 2.0, 3.0, 4.0)
LENGTH = (0.4, 0.7, 1.0, 1.3, 1.6)
AWAY = (1.0, 1.5, 2.0, 3.0, 4.0)  # 1 is the second icon, 0 would be the first


def make(lab, smoke=False):
    pipe, specimens = lab.pipeline(), lab.specimens()
    prompts, steps = (PROMPTS[:1], 2) if smoke else (PROMPTS, STEPS)
    states = encode_prompts(pipe, prompts).states
    start = steering.start_noise(pipe, [SEED]).expand(len(prompts), -1, -1, -1)
    empty = encode_prompts(pipe, [""]).states
    ends = {}

    def drawn(texts, noise, guidance=USUAL):
        return steering.run(pipe, texts, noise, steps=steps, guidance=guidance)

    ends["guidance"] = [drawn(states, start, s) for s in GUIDANCE]
    usual = ends["guidance"][GUIDANCE.index(USUAL)]
    ends["stretch"] = [usual if f == 1 else drawn(empty + f * (states - empty), start) for f in STRETCH if f]
    ends["length"] = [usual if f == 1 else drawn(states, f * start) for f in LENGTH]
    plain = [i for i, r in enumerate(specimens.records) if r["tone"] == "none" and r["split"] == "train"]
    icons = specimens.images[plain[:: max(1, len(plain) // (12 if smoke else REAL))]]
    real = encode(pipe.vae, icons)
    pair = [specimens.one(concept=c, style="noto", tone="none") for c in ("red-apple", "cat-face")]
    a, b = encode(pipe.vae, np.stack(pair))
    ends["away"] = [torch.stack([lerp(a, b, f), lerp(b, a, f)][: len(prompts)]) for f in AWAY]
    spread = real.std(0) if len(real) > 1 else torch.ones_like(real[0])
    random = torch.randn(5, *real.shape[1:], generator=lab.generator("random"))
    random[3:] = real.mean(0) + random[3:] * spread  # as wide as icons at each place, and still no icon
    ends["random"] = [one[None] for one in random]

    known = distances(real.numpy())
    np.fill_diagonal(known, np.inf)
    usual_gap = float(np.median(known.min(1)))
    pixels = {name: [decode(pipe.vae, z) for z in each] for name, each in ends.items()}
    n = {
        "prompts": len(prompts),
        "steps": steps,
        "real": len(real),
        "burnt_real": float(burnt(pipe.vae, real[:16]).mean()),
    }
    keys = {
        "guidance": GUIDANCE,
        "stretch": [f for f in STRETCH if f],
        "length": LENGTH,
        "away": AWAY,
        "random": range(5),
    }
    for name, values in keys.items():
        for value, z in zip(values, ends[name], strict=True):
            key = f"{name}_{value:g}".replace(".", "_")
            n[f"burnt_{key}"] = float(burnt(pipe.vae, z).mean())
            n[f"far_{key}"] = float(distances(z.numpy(), real.numpy()).min(1).mean()) / usual_gap
            n[f"std_{key}"] = float(z.std())
    n["far_random"] = float(np.mean([n[f"far_random_{k}"] for k in range(3)]))
    n["far_ratio_guidance"] = n["far_guidance_30"] / n["far_guidance_3"]
    n["far_ratio_stretch"] = n["far_stretch_4"] / n["far_guidance_3"]
    n["far_ratio_away"] = n["far_away_3"] / max(n["far_away_1"], 0.5)
    rows = (
        ("guidance", "guidance", "prediction", [f"{g:g}" for g in GUIDANCE]),
        ("stretch", "text, stretched", "text", [f"× {f:g}" for f in STRETCH if f]),
        ("length", "noise, length", "noise", [f"× {f:g}" for f in LENGTH]),
        ("away", "latents, beyond", "latent", [f"{f:g}" for f in AWAY]),
        ("random", "latents, random", "latent", ["noise", "noise", "noise", "spread", "spread"]),
    )  # fmt: skip

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        left = 0 if narrow else 116
        cell, gap = (67, 6) if narrow else (96, 10)
        y = 0
        for name, title, colour, words in rows:
            if narrow:
                fig.note(0, y, title, colour, SMALL, weight=600)
                y += 20
            else:
                fig.note(0, y + cell / 2, title.replace(", ", ",\n"), colour, 13, va="center", weight=600)
            y = image_grid(fig, [[p[0] for p in pixels[name]]], x=left, y=y, cell=cell, gap=gap, labels=[words]) + 8
        return fig

    return Output(
        alt=(
            "Five rows of pictures past the edge: guidance 1 to 30, text states stretched up to four times, start "
            "noise "
            "too short and too long, latents prolonged beyond an icon, and random latents. Distance to the nearest "
            "icon, in "
            f"units of the usual distance between icons: {n['far_guidance_3']:.2f} at guidance 3, "
            f"{n['far_guidance_30']:.2f} "
            f"at 30, {n['far_stretch_4']:.2f} for stretched text, {n['far_random']:.2f} for random latents."
        ),
        caption=(
            f"**What lies outside.** Guidance from 3 to 30 multiplies the distance to the nearest of {n['real']} "
            "icons by "
            f"{n['far_ratio_guidance']:.2f} and takes the share of clipped colour values from "
            f"{n['burnt_guidance_3']:.1%} to "
            f"{n['burnt_guidance_30']:.1%}. Stretching the text four times: distance × {n['far_ratio_stretch']:.2f}. "
            "Prolonging "
            f"the line through two icons three times: × {n['far_ratio_away']:.2f}. Random latents lie at "
            f"{n['far_random']:.2f} times the usual distance between icons. Last row: three draws of plain noise, then "
            "two that are as wide as icons at each place."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

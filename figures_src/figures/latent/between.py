"""Half-way between two things in five ways: cross-fading pixels, averaging VAE latents, mixing the text, and mixing the
start noise in a straight line or along the circle. What is there, and how much of it is a double exposure?

Tests claims: c6-06.
"""

import numpy as np
import torch

from denoised.pipeline import decode, encode_prompts
from denoised.probes import steering
from denoised.probes.paths import exposure, jump, lerp, slerp
from denoised.probes.spectra import high_frequency_share
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd",)
TITLE = "Half-way, in five ways"

PAIRS = (
    ("cat face, noto style", "red apple, noto style"),
    ("pizza, noto style", "grinning face, noto style"),
    ("house, noto style", "skull, noto style"),
)
SEEDS = (3, 14)
STRANGER = 15  # start of a run that has nothing to do with either end
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
STEPS = 8
WAYS = (
    ("pixels", "pixels,\ncross-fade", "image"), ("latents", "VAE latents,\nstraight", "latent"),
    ("text", "text,\nstraight", "text"), ("circle", "noise,\ncircle", "noise"), ("line", "noise,\nstraight", "noise"),
)  # fmt: skip


def make(lab, smoke=False):
    pipe = lab.pipeline()
    pairs, steps = (PAIRS[:1], 2) if smoke else (PAIRS, STEPS)
    noise = steering.start_noise(pipe, SEEDS)
    stranger = steering.start_noise(pipe, [STRANGER])[0]
    other = []
    found = {key: {"exposure": [], "jump": [], "odd": [], "detail": []} for key, *_ in WAYS}
    strips = {}
    for k, texts in enumerate(pairs):
        a, b = encode_prompts(pipe, texts).states
        shares = SHARES if k == 0 else SHARES[::2]  # the first pair is shown, of the others only the middle is needed
        jobs = [(lerp(a, b, s), noise[0]) for s in shares]
        jobs += [(a, way(*noise, s)) for way in (slerp, lerp) for s in shares]
        states, starts = (torch.stack(x) for x in zip(*jobs, (a, stranger), strict=True))
        *made, third = steering.run(pipe, states, starts, steps=steps).split(len(shares))
        ends = dict(zip(("text", "circle", "line"), made, strict=True))
        first, last = ends["text"][0], ends["text"][-1]
        ends["latents"] = torch.stack([lerp(first, last, s) for s in shares])
        images = {key: decode(pipe.vae, z) for key, z in ends.items()}
        fade = [lerp(*(x.astype(np.float64) for x in images["text"][[0, -1]]), s) for s in shares]
        images["pixels"] = np.stack(fade).round().astype(np.uint8)
        ghost = decode(pipe.vae, third)[0].astype(np.float64)
        other.append(exposure(ghost, *images["circle"][[0, -1]].astype(np.float64)))
        half = len(shares) // 2
        for key, *_ in WAYS:
            p = images[key].astype(np.float64)
            found[key]["exposure"].append(exposure(p[half], p[0], p[-1]))
            found[key]["detail"].append(
                float(
                    high_frequency_share(p[half].mean(-1), 0.1) / high_frequency_share(p[[0, -1]].mean(-1), 0.1).mean()
                )
            )
            if key != "pixels":
                z = ends[key]
                odd = steering.residual(pipe, z[[0, half, -1]], lab.generator("odd"))
                found[key]["odd"].append(float(odd[1] / odd[[0, 2]].mean()))
            if k == 0:
                found[key]["jump"].append(jump(p))
                strips[key] = images[key]
    n = {"pairs": len(pairs), "steps": steps, "shares": len(SHARES), "exposure_stranger": float(np.mean(other))}
    for key, *_ in WAYS:
        for what, values in found[key].items():
            if values:
                n[f"{what}_{key}"] = float(np.mean(values))

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        left = 0 if narrow else 112
        cell = 67 if narrow else 96
        gap = 6 if narrow else 10
        y = 0
        for key, name, colour in WAYS:
            double = f"double exposure {n[f'exposure_{key}']:.0%}"
            if narrow:
                fig.note(0, y, name.replace("\n", " "), colour, SMALL, weight=600)
                fig.note(fig.width, y, double, "muted", SMALL, ha="right")
                y += 20
            else:
                fig.note(0, y + cell / 2, name, colour, 13, va="center", weight=600)
                x = left + 5 * (cell + gap)
                fig.note(x, y + cell / 2, f"{n[f'exposure_{key}']:.0%}", "ink", 16, va="center", weight=600)
            y = image_grid(fig, [list(strips[key])], x=left, y=y, cell=cell, gap=gap) + (10 if narrow else gap)
        if not narrow:
            fig.note(left + 5 * (cell + gap), 0, "double\nexposure", "muted", SMALL)
        return fig

    told = ", ".join(f"{name.replace(chr(10), ' ')} {n[f'exposure_{key}']:.0%}" for key, name, _ in WAYS)
    return Output(
        alt=(
            "Five strips of five pictures from one end to the other. Share of the middle picture that a double "
            "exposure "
            f"of its two ends explains, mean of {n['pairs']} pairs: {told}."
        ),
        caption=(
            f"**One question, five answers.** The three upper strips go from “{pairs[0][0]}” to “{pairs[0][1]}”, "
            "from the "
            "same start; the two lower ones from one start to another with the first prompt. How much of the middle "
            "is "
            f"a double exposure of the ends: {told} (mean of {n['pairs']} pairs; all share a white ground, so that "
            f"even a third, unrelated run with the first prompt gets {n['exposure_stranger']:.0%}). The longest "
            "stride of a strip over "
            "its "
            f"mean stride, where one would be even and four a single leap: text {n['jump_text']:.1f}, noise on the "
            f"circle {n['jump_circle']:.1f}. Fine detail of the middle, against the ends: latents "
            f"{n['detail_latents']:.0%}, straight noise {n['detail_line']:.0%}, circle {n['detail_circle']:.0%}."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

"""Half-way between two things in six ways: cross-fading pixels, averaging VAE latents, mixing the text token by token,
laying both texts side by side, and mixing the start noise in a straight line or along the circle. What is there, and
how much of it is a double exposure?

Tests claims: c6-06.
"""

import numpy as np
import torch

from denoised.pipeline import decode, encode_prompts
from denoised.probes import steering
from denoised.probes.metrics import bootstrap_ci
from denoised.probes.paths import drawn, exposure, jump, lerp, side_by_side, slerp
from denoised.probes.spectra import high_frequency_share
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd",)
TITLE = "Half-way, in six ways"

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


def make(lab, smoke=False):
    pipe = lab.pipeline()
    pairs, steps = (PAIRS[:1], 2) if smoke else (PAIRS, STEPS)
    noise = steering.start_noise(pipe, SEEDS)
    other = encode_prompts(pipe, [STRANGER[0]]).states
    ghost = decode(pipe.vae, steering.run(pipe, other, steering.start_noise(pipe, [STRANGER[1]]), steps=steps))[0]
    found = {key: {"exposure": [], "floor": [], "jump": [], "odd": [], "detail": []} for key, *_ in WAYS}
    strips = {}
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
        fade = [lerp(*(x.astype(np.float64) for x in images["text"][[0, -1]]), s) for s in shares]
        images["pixels"] = np.stack(fade).round().astype(np.uint8)
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
                strips[key] = images[key]
    n = {"pairs": len(pairs), "steps": steps, "shares": len(SHARES)}
    for key, *_ in WAYS:
        for what, values in found[key].items():
            if values:  # pixels have no latent that could be odd
                n[f"{what}_{key}"] = float(np.mean(values))
        low, high = bootstrap_ci(found[key]["exposure"]) if len(pairs) > 1 else (n[f"exposure_{key}"],) * 2
        n |= {f"low_{key}": low, f"high_{key}": high}
        # What is left of the double exposure once an unrelated picture's share is taken off: 0 for that, 1 for a fade
        n[f"ghost_{key}"] = (n[f"exposure_{key}"] - n[f"floor_{key}"]) / (1 - n[f"floor_{key}"])

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
            f"**One question, six answers.** The four upper strips go from “{pairs[0][0]}” to “{pairs[0][1]}”, from the "
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

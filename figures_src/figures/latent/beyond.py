"""Past the edge, in each of the spaces: guidance far too high, text states stretched, start noise too short or too
long, latents prolonged beyond an icon, and latents drawn at random. How odd does the denoiser find them, does an
observer still recognise anything, and how much colour is burnt?

Tests claims: c6-07.
"""

import torch

from denoised import measured
from denoised.measured import latent_beyond
from denoised.pipeline import decode
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd", "judge")
DATA = ("specimens",)
TITLE = "Past the edge"
TINY_ONLY = "The judge knows the small model's emoji only."


def make(lab, smoke=False):
    n, latents = measured.results(lab, latent_beyond, smoke)
    keys, count = latent_beyond.rows(smoke), n["prompts"]
    images = {name: decode(lab.vae(), torch.from_numpy(z)) for name, z in latents.items()}
    rows = (
        ("guidance", "guidance", "prediction", [f"{g:g}" for g in keys["guidance"]]),
        ("stretch", "text, stretched", "text", [f"× {f:g}" for f in keys["stretch"]]),
        ("length", "noise, length", "noise", [f"× {f:g}" for f in keys["length"]]),
        ("away", "latents, beyond", "latent", [f"{f:g}" for f in keys["away"]]),
        ("random", "latents, random", "latent", ["noise"] * 3 + ["as wide"] * 2),
    )

    def error(name, k):
        key = ("noise", "wide")[int(k > 2)] if name == "random" else f"{keys[name][k]:g}"
        return n[f"odd_{name}_{key}".replace(".", "_")]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        left = 0 if narrow else 128
        cell, gap = (67, 6) if narrow else (108, 13)
        y = 0
        for name, title, colour, words in rows:
            if narrow:
                fig.note(0, y, title, colour, SMALL, weight=600)
                y += 20
            else:
                fig.note(0, y + cell / 2, title.replace(", ", ",\n"), colour, 13, va="center", weight=600)
            under = [f"{w}\nerror × {error(name, k):.1f}" for k, w in enumerate(words)]
            y = image_grid(fig, [list(images[name])], x=left, y=y, cell=cell, gap=gap, labels=[under]) + 8
        return fig

    def interval(key):
        return f"{n[f'more_{key}']:.1f} (95 % interval {n[f'more_low_{key}']:.1f} to {n[f'more_high_{key}']:.1f})"

    return Output(
        alt=(
            "Five rows of pictures past the edge: guidance 1 to 30, text states stretched up to four times, start noise "
            "too short and too long, latents prolonged beyond an icon, and random latents. The denoiser's error, against "
            f"that on real icons: {n['odd_guidance_3']:.1f} times at guidance 3, {n['odd_guidance_30']:.1f} at 30, "
            f"{n['odd_stretch_4']:.1f} for stretched text, {n['odd_random_wide']:.1f} for random latents."
        ),
        caption=(
            "**What lies outside.** Under each: how badly the denoiser restores such a result after a little "
            f"noise, against "
            f"real icons; with an icon's latent cells shuffled it is {n['odd_shuffled']:.1f} times as bad. Mean of {count} "
            f"prompts, the first shown. Against the usual result for the same prompt, guidance 30 makes it times "
            f"{interval('guidance_30')}, text stretched four times {interval('stretch_4')}. The judge is less sure than of "
            f"nine in ten real icons in {n['lost_guidance_3']:.0%} of usual results, {n['lost_guidance_30']:.0%} "
            f"at guidance "
            f"30 ({n['low_guidance_30']:.0%} to {n['high_guidance_30']:.0%}) and {n['lost_stretch_4']:.0%} with stretched "
            f"text; yet it is sure of shuffled icons and of noise ({n['lost_shuffled']:.0%} and "
            f"{n['lost_random_noise']:.0%} "
            f"not recognised), so that it alone proves little. Burnt colour values: {n['burnt_guidance_3']:.1%} "
            f"at guidance "
            f"3, {n['burnt_guidance_30']:.1%} at 30."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

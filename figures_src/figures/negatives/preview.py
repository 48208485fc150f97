"""Is a finished latent grotesque to look at? A linear map turns it into a picture of 16 by 16 pixels; the judge reads that,
the full decode, and noise that went the same two ways.

Tests claims: r10b-15.
"""

import numpy as np
import torch
from PIL import Image

from denoised.models import judge as judge_model
from denoised.pipeline import decode, encode
from denoised.probes import judge
from denoised.probes.judge import Share
from denoised.probes.latents import channel_images, fit_preview
from plotting.bars import share_bar
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd/vae", "judge")
DATA = ("specimens",)
TITLE = "A latent, looked at"

SHOWN = 3


def enlarged(small, size=128):
    """Pictures uint8 [N, h, w, 3] to [N, size, size, 3], smoothly."""
    return np.stack([np.asarray(Image.fromarray(x).resize((size, size), Image.Resampling.BICUBIC)) for x in small])


def make(lab, smoke=False):
    vae, specimens, net = lab.vae(), lab.specimens(), judge_model.load(lab.weight("judge"))
    fit = specimens.images[specimens.where(split="train")[:: 24 if smoke else 4]]
    preview = fit_preview(encode(vae, fit), fit)
    picks = specimens.where(split="pair", tone="none")[:: 24 if smoke else 3]
    images, asked = specimens.images[picks], [specimens.records[i]["concept"] for i in picks]
    z = encode(vae, images)
    noise = torch.randn(z.shape, generator=lab.generator("noise"))
    small = preview(z)
    stages = {
        "icon": images, "decoded": decode(vae, z), "preview": enlarged(small),
        "noise": enlarged(preview(noise)), "colour": enlarged(small.mean((1, 2), keepdims=True).astype(np.uint8)),
    }  # fmt: skip
    n = {"icons": len(picks), "side": z.shape[-1], "r2": preview.score(z, images), "fitted": len(fit),
         "numbers": int(preview.matrix.size)}  # fmt: skip
    for name, some in stages.items():
        best = judge.names(net, judge.look(net, some), k=5)
        hits = Share(sum(c in five for c, five in zip(asked, best, strict=True)), len(asked))
        n[f"top5_{name}"] = hits.share
        n[f"top5_{name}_low"], n[f"top5_{name}_high"] = hits.interval
    values, _ = channel_images(z)
    shown = range(min(SHOWN, len(picks)))
    grey = [np.repeat(np.uint8(127.5 + 127.5 * values[i][0])[..., None], 3, -1) for i in shown]
    rows = [[grey[i], small[i], stages["decoded"][i], images[i]] for i in shown]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        cell, gap = (80, 8) if narrow else (96, 10)
        heads = ["one channel,\nraw", "linear\npreview", "decoded", "the icon"]
        y = image_grid(fig, rows, columns=heads, cell=cell, gap=gap, size=12)
        x, y = (0, y + 28) if narrow else (4 * (cell + gap) + 26, 0)
        width = fig.width - x
        fig.note(x, y, "Among the judge's first five", size=14, weight=600)
        y += 26
        bars = (("the icon", "icon", "image"), ("decoded", "decoded", "latent"), ("linear preview", "preview", "attention"),
                ("its mean colour", "colour", "noise"), ("preview of noise", "noise", "noise"))  # fmt: skip
        for word, key, colour in bars:
            fig.note(x, y, word, "ink", 12)
            fig.note(x + width, y, f"{n[f'top5_{key}']:.0%}", "ink", 12, ha="right")
            share_bar(fig, x, y + 18, width, 8, n[f"top5_{key}"], colour, below=6)
            y += 36
        return fig

    return Output(
        alt=(
            "Three latents: one raw channel in grey, the linear preview in colour, decoded, and the icon. Bars of how "
            f"often the right concept is among the judge's first five: icons {n['top5_icon']:.0%}, decoded "
            f"{n['top5_decoded']:.0%}, preview {n['top5_preview']:.0%}, its mean colour {n['top5_colour']:.0%}, preview "
            f"of noise {n['top5_noise']:.0%}."
        ),
        caption=(
            f"**Small, soft, and a picture.** {n['icons']} icons that nobody here has learnt from. A map of "
            f"{n['numbers']} numbers, fitted on {n['fitted']} others, turns latents into {n['side']} by {n['side']} "
            f"pixels and explains {n['r2']:.0%} of their colours. The judge has the right concept among its first five "
            f"for {n['top5_icon']:.0%} of icons, {n['top5_decoded']:.0%} of decoded latents (95 % interval "
            f"{n['top5_decoded_low']:.0%} to {n['top5_decoded_high']:.0%}) and {n['top5_preview']:.0%} of the previews "
            f"({n['top5_preview_low']:.0%} to {n['top5_preview_high']:.0%}), which it was never taught to read; for one "
            f"even colour {n['top5_colour']:.0%}, for previews of noise {n['top5_noise']:.0%}."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )  # fmt: skip

"""There and back again: icons whose concepts no model has seen, and a photograph, encoded and decoded. The
icons are not picked: they stand at fixed places in the order from the worst to the best reconstruction.

Tests claims: r10-01.
"""

import numpy as np
import torch

from denoised import measured
from denoised.data import photos
from denoised.measured import vae_reconstructions
from denoised.pipeline import decode, encode
from plotting.layout import chunk, colour_map, image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd/vae",)
DATA = ("specimens",)
TITLE = "Round trips of the unseen"

ERROR_LIMIT = 64  # of 255: an error this large has the full colour


def make(lab, smoke=False):
    n, found = measured.results(lab, vae_reconstructions, smoke)
    specimens, small = lab.specimens(), photos.load(size=128)
    back = [*decode(lab.vae(), torch.from_numpy(found["latents"])), *decode(lab.vae(), encode(lab.vae(), small[None]))]
    icons = found["icons"].tolist()
    told = [f"{quality:.1f} dB" for quality in [*found["psnr"], n["psnr_photo"]]]
    trios = list(zip([*specimens.images[icons], small], back, told, strict=True))
    names = [specimens.records[i]["label"] for i in icons] + ["photo"]

    def error(a, b, theme):
        return colour_map(np.abs(a.astype(float) - b).max(-1), theme, limit=ERROR_LIMIT, name="prediction")

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        y = 0
        rows = ["before", "after", "error"]
        for some in chunk(list(zip(trios, names, strict=True)), 4 if narrow else 7):
            grid = [
                [a for (a, _, _), _ in some],
                [b for (_, b, _), _ in some],
                [error(a, b, theme) for (a, b, _), _ in some],
            ]
            labels = [None, None, [told for (_, _, told), _ in some]]
            labels = [[""] * len(some), [""] * len(some), labels[2]]
            y = image_grid(fig, grid, y=y, rows=rows, left=60, gap=7, cell=68 if narrow else 87, labels=labels)
            y += 14
        fig.set_height(y - 14)
        return fig

    return Output(
        alt=(
            "Columns from the worst to the best reconstruction of an unseen icon, and a photograph of a "
            "cat's face: original above, round trip below it, error below that. The icons range from "
            f"{n['psnr_worst']:.1f} to {n['psnr_best']:.1f} dB, the photograph has {n['psnr_photo']:.1f} "
            f"dB and keeps {n['photo_detail']:.0%} of the energy of its finest detail."
        ),
        caption=(
            f"**What comes back.** {n['icons']} icons of concepts that were in no training set, encoded "
            f"and decoded: {n['psnr']:.1f} dB on average (95 % interval {n['psnr_low']:.1f} to "
            f"{n['psnr_high']:.1f}), {n['psnr_inside']:.1f} dB when only the drawing itself counts and "
            f"not its white margin; SSIM {n['ssim']:.3f}. Shown are the worst, the best and four between "
            f"at equal steps ({', '.join(names[:-1])}), and a photograph, a kind of picture that the "
            f"network has never met: {n['psnr_photo']:.1f} dB, SSIM {n['ssim_photo']:.3f}. Errors of "
            f"{ERROR_LIMIT} of 255 and more have the full colour."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

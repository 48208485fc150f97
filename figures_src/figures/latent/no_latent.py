"""Diffusion straight on pixels, with no network and no latent space: the best denoiser of a few icons, once allowed
to see them whole and once through a window. The first copies; the second makes new icons out of patches.

Tests claims: c1-02, c1-03.
"""

import numpy as np
import torch

from denoised.diffusion.schedules import (
    alpha_bar_from_betas,
    rescale_zero_terminal_snr,
    scaled_linear_betas,
    trailing_timesteps,
)
from denoised.probes import mosaic
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import SMALL, new_figure

DATA = ("specimens",)
TITLE = "Diffusion without a latent space"

SIDE, STEPS, COUNT = 32, 40, 6
KIND = "smileys-emotion"
PATCH = 9


def small(images):
    """Pictures [N, 128, 128, 3] uint8 to [N, 3, SIDE, SIDE] in -1..1, by averaging."""
    images = torch.from_numpy(images).float().permute(0, 3, 1, 2)
    return torch.nn.functional.avg_pool2d(images, images.shape[-1] // SIDE) / 127.5 - 1


def windows(steps):
    """Sides of the window, one a step: the layout is settled while much is seen, details while little is."""
    sides = np.geomspace(2 * SIDE - 1, 5, steps)
    return [int(s) // 2 * 2 + 1 for s in sides]


def nearest(made, pool):
    """Root mean square distance of each of made [M, ...] to the nearest of pool [N, ...], and which one."""
    best = torch.cdist(made.flatten(1).double(), pool.flatten(1).double()).min(1)
    return best.values / made[0].numel() ** 0.5, best.indices


def make(lab, smoke=False):
    specimens = lab.specimens()
    faces = [i for i, r in enumerate(specimens.records) if r["group"] == KIND and r["tone"] == "none"]
    pictures = small(specimens.images[faces])
    steps, count = (6, 2) if smoke else (STEPS, COUNT)
    table = alpha_bar_from_betas(rescale_zero_terminal_snr(scaled_linear_betas()))
    timesteps = trailing_timesteps(len(table), steps)
    start = torch.randn(count, 3, SIDE, SIDE, generator=lab.generator("start"))
    whole = mosaic.sample(pictures, start, timesteps, table, [None] * steps)
    pieces = mosaic.sample(pictures, start, timesteps, table, windows(steps))
    own = torch.cdist(pictures.flatten(1).double(), pictures.flatten(1).double())
    own.fill_diagonal_(float("inf"))
    apart = float(own.min(1).values.median() / pictures[0].numel() ** 0.5)
    copied, which = nearest(whole, pictures)
    new, _ = nearest(pieces, pictures)
    near, source = mosaic.nearest_patch(pieces, pictures, PATCH)
    sources = [len(set(row.tolist())) for row in source]
    n = {
        "icons": len(pictures), "made": count, "steps": steps, "side": SIDE, "values": pictures[0].numel(),
        "network_weights": 0, "latent_values": 0,
        "apart": apart, "copy_gap": float(copied.mean()), "new_gap": float(new.mean()),
        "copy_share": float(copied.mean()) / apart, "new_share": float(new.mean()) / apart,
        "patch": PATCH, "patch_gap": float(near.mean()), "patch_share": float(near.mean()) / apart,
        "sources": float(np.mean(sources)), "patches": source.shape[1],
    }  # fmt: skip

    def shown(x):
        return ((x.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()

    rows = (
        ("seen whole", whole), ("… nearest", pictures[which]), ("in a window", pieces),
        ("… nearest", pictures[nearest(pieces, pictures)[1]]),
    )  # fmt: skip

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        columns = 4 if narrow else count
        left = 92 if narrow else 120
        image_grid(
            fig, [list(shown(x[:columns])) for _, x in rows], rows=[name for name, _ in rows], left=left, gap=6,
            cell=(fig.width - left - 6 * (columns - 1)) // columns, smooth=False, size=SMALL - 1 if narrow else 13,
        )  # fmt: skip
        return fig

    return Output(
        alt=(
            f"Icons of {SIDE} by {SIDE} pixels drawn by diffusion on pixels without any network. Top: a denoiser that "
            f"sees {n['icons']} training icons whole gives back copies, {n['copy_share']:.0%} of the way to the next "
            "icon. "
            f"Below: seen through a window it draws mosaics, {n['new_share']:.0%} of that distance from any icon, each "
            f"of patches from {n['sources']:.0f} icons."
        ),
        caption=(
            f"**No latent, no network, and still diffusion.** The best possible denoiser of {n['icons']} icons, worked "
            f"out in closed form on {n['values']:,} pixel values and run for {steps} steps. If it compares whole "
            f"pictures, it returns its icons (distance to the nearest: {n['copy_share']:.0%} of that between two real "
            "neighbours). If it may only compare through a window that shrinks, it makes pictures that are "
            f"in no collection ({n['new_share']:.0%}), while their patches of {PATCH} pixels are close to real ones "
            f"({n['patch_share']:.0%}), borrowed from {n['sources']:.1f} different icons a picture."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

"""The best flat map of the latents that there is: how much of them two coordinates keep, and what the decoder makes of
the places on such a map.

Tests claims: c5-01.
"""

import numpy as np
import torch

from denoised.pipeline import decode, encode
from denoised.probes.dimension import distances
from denoised.probes.metrics import psnr
from denoised.probes.similarity import neighbours_kept
from plotting.layout import picture
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd/vae",)
DATA = ("specimens",)
TITLE = "A flat map of latent space"

COUNT, COLUMNS, ROWS, K = 160, 7, 5, 10


def make(lab, smoke=False):
    specimens, vae = lab.specimens(), lab.vae()
    plain = [i for i, r in enumerate(specimens.records) if r["tone"] == "none"]
    order = torch.randperm(len(plain), generator=lab.generator("icons"))[: 20 if smoke else COUNT].tolist()
    images = specimens.images[[plain[k] for k in order]]
    z = encode(vae, images)
    flat = z.flatten(1).numpy().astype(np.float64)
    middle = flat.mean(0)
    _, sizes, axes = np.linalg.svd(flat - middle, full_matrices=False)
    places = (flat - middle) @ axes[:2].T
    low, high = np.quantile(places, 0.04, axis=0), np.quantile(places, 0.96, axis=0)
    columns, rows = (3, 2) if smoke else (COLUMNS, ROWS)
    xs, ys = np.linspace(low[0], high[0], columns), np.linspace(high[1], low[1], rows)
    grid = np.array([[x, y] for y in ys for x in xs])
    made = decode(vae, torch.from_numpy(middle + grid @ axes[:2]).float().reshape(-1, *z.shape[1:]))
    some = slice(0, 12)
    back = decode(vae, torch.from_numpy(middle + places[some] @ axes[:2]).float().reshape(-1, *z.shape[1:]))
    whole = decode(vae, z[some])
    kept = np.cumsum(sizes**2) / (sizes**2).sum()
    near = min(K, len(flat) // 3)
    n = {
        "icons": len(images), "dimensions": flat.shape[1], "k": K, "tiles": len(grid),
        "variance": float(kept[1]), "neighbours": neighbours_kept(distances(flat), distances(places), near),
        "chance": near / (len(flat) - 1), "components_half": int(np.searchsorted(kept, 0.5) + 1),
        "psnr_plane": float(psnr(back, images[some]).mean()), "psnr_whole": float(psnr(whole, images[some]).mean()),
        "detail_plane": float(made.std((1, 2)).mean() / images.std((1, 2)).mean()),
    }  # fmt: skip
    n["variance_percent"] = 100 * n["variance"]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        gap = 4
        cell = ((fig.width if narrow else 460) - gap * (columns - 1)) // columns
        fig.note(0, 0, "What the decoder paints on the map", "image", 14, weight=600)
        for k, image in enumerate(made):
            picture(fig, image, (k % columns) * (cell + gap), 26 + (k // columns) * (cell + gap), cell, cell)
        tall = rows * (cell + gap)
        x, y, w = (0, tall + 40, fig.width) if narrow else (490, 0, 230)
        fig.note(x, y, "Where the icons lie", "latent", 14, weight=600)
        ax = fig.area(x + 4, y + 26, w - 8, 190 if narrow else tall - 64, grid="", below=56)
        ax.plot(*places.T, "o", color=theme.latent, alpha=0.5, markersize=5)
        ax.plot(*grid.T, "+", color=theme.accent, markersize=7, markeredgewidth=1.4)
        ax.set(xticks=[], yticks=[])
        end = y + 26 + (190 if narrow else tall - 64)
        fig.note(
            x,
            end + 8,
            f"two of {n['dimensions']:,} directions:\n{n['variance_percent']:.0f} % of the variance",
            "muted",
            SMALL,
        )
        return fig

    return Output(
        alt=(
            f"A grid of {n['tiles']} decoded places on the plane of the first two principal components, their "
            f"contrast {n['detail_plane']:.0%} of that of icons, and a scatter of {n['icons']} icons. "
            f"The plane keeps {n['variance_percent']:.0f} % of the "
            "variance and "
            f"{n['neighbours']:.0%} of the {K} nearest neighbours."
        ),
        caption=(
            f"**The best flat map, and what it leaves out.** Two principal components of {n['dimensions']:,} keep "
            f"{n['variance_percent']:.0f} % of how {n['icons']} latents vary and {n['neighbours']:.0%} of each "
            f"icon's {K} "
            f"nearest neighbours (chance {n['chance']:.0%}); half of the variance takes {n['components_half']} "
            "components. "
            f"An icon that is put on the map and decoded from there resembles itself by {n['psnr_plane']:.1f} dB, from "
            f"its whole latent by {n['psnr_whole']:.1f} dB. Crosses mark the places that were decoded."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

"""How small the autoencoder makes a picture, and what other ways of packing make of the same number of
bytes. ZIP and PNG give every byte back; JPEG, WebP and the autoencoder do not.

Tests claims: r10-01.
"""

import numpy as np
import torch

from denoised import measured
from denoised.data import photos
from denoised.measured import vae_compression
from denoised.measured.vae_compression import at_most
from denoised.pipeline import decode
from denoised.probes.metrics import psnr
from plotting.layout import image_grid, label_point
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd/vae",)
DATA = ("specimens",)
TITLE = "The same bytes, four ways"


def make(lab, smoke=False):
    n, found = measured.results(lab, vae_compression, smoke)
    budget = n["bytes_vae"]
    curves, points = {"JPEG": found["jpeg"], "WEBP": found["webp"]}, found["vae"]
    images = np.stack([lab.specimens().images[int(found["icon"])], photos.load()])
    made = {"vae": decode(lab.vae(), torch.from_numpy(found["latents"]))}
    equal = {kind: [at_most(image, kind, budget) for image in images] for kind in ("JPEG", "WEBP")}
    made |= {kind.lower(): [image for _, image in some] for kind, some in equal.items()}
    best = max(made, key=lambda name: n[f"psnr_{name}"])
    title = {"vae": "the autoencoder", "jpeg": "JPEG", "webp": "WebP"}

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        width = fig.width - 52
        fig.note(0, 0, "Likeness (PSNR, dB) for the bytes of a file", size=14, weight=600)
        ax = fig.area(34, 34, width, 190, below=46)
        ax.plot(*curves["JPEG"].T, color=theme.attention)
        ax.plot(*curves["WEBP"].T, color=theme.text)
        ax.plot(*points.T, color=theme.latent, marker="o", markersize=6)
        ax.set_xscale("log")
        ticks = [300, 600, 1000, 2000, 4000, 8000]
        ax.set_xlim(250, 9000)
        ax.set_xticks(ticks, [f"{t:,}" for t in ticks])
        ax.minorticks_off()
        low = min(curves["JPEG"][:, 1].min(), curves["WEBP"][:, 1].min(), points[:, 1].min())
        ax.set_ylim(low - 1.5, min(max(c[:, 1].max() for c in curves.values()), 44))
        ax.set_xlabel("bytes an icon")
        side = {"dx": -10, "ha": "right"}
        label_point(ax, *curves["WEBP"][len(curves["WEBP"]) // 2], "WebP", "text", dy=9, **side)
        label_point(ax, *curves["JPEG"][len(curves["JPEG"]) // 2], "JPEG", "attention", dx=9, dy=-8)
        label_point(ax, 1250, 22.2, "latent, rounded\nand zipped", "latent", dx=0, linespacing=1.1)
        y = 34 + 190 + 62
        columns = ["original", "latent", "JPEG", "WebP"]
        grid = [[images[i], made["vae"][i], made["jpeg"][i], made["webp"][i]] for i in range(len(images))]
        labels = []
        for i, row in enumerate(grid):
            sizes = [n["bytes_raw"], budget, equal["JPEG"][i][0], equal["WEBP"][i][0]]
            quality = ["", *(f"{psnr(p[None], row[0][None])[0]:.1f} dB" for p in row[1:])]
            labels.append([f"{size:,} B" + (f"\n{q}" if q else "") for size, q in zip(sizes, quality, strict=True)])
        cell = 84 if narrow else 170
        gap, size = (8, 11) if narrow else (13, 12)
        image_grid(fig, grid, y=y, columns=columns, labels=labels, gap=gap, cell=cell, size=size)
        return fig

    def db(name, photo=""):
        return f"{n[f'psnr_{name}{photo}']:.1f} dB"

    return Output(
        alt=(
            f"Above, a plot of likeness against file size for {n['icons']} unseen icons: curves of JPEG "
            f"and WebP, and points of the latent rounded to few bits. At about {budget:,} bytes the "
            f"autoencoder reaches {db('vae')}, JPEG {db('jpeg')}, WebP {db('webp')}. Below, an icon and a "
            "photograph of a cat as original, latent, JPEG and WebP of that size."
        ),
        caption=(
            f"**{n['values_before']:,} values become {n['values_after']:,}.** Rounded to a byte each "
            f"(which costs {n['rounding_costs_db']:.2f} dB) a latent is {budget:,} bytes. The same size "
            f"as JPEG and as WebP, on {n['icons']} icons of unseen concepts: autoencoder {db('vae')}, "
            f"JPEG {db('jpeg')} (in {n['bytes_jpeg']:,.0f} bytes), WebP {db('webp')}; the best here is "
            f"{title[best]}. On the photograph: {db('vae', '_photo')}, {db('jpeg', '_photo')} and "
            f"{db('webp', '_photo')}. ZIP needs {n['bytes_zip']:,.0f} bytes and PNG {n['bytes_png']:,.0f} "
            f"for an icon, and both return every byte; the autoencoder returned {n['exact_vae']:.0%} of "
            f"the pictures unchanged, and its decoder weighs another {n['decoder_megabytes']:.1f} MB. "
            "Shown: the icon of middling difficulty."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )  # fmt: skip

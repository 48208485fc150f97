"""How small the autoencoder makes a picture, and what other ways of packing make of the same number of
bytes. ZIP and PNG give every byte back; JPEG, WebP and the autoencoder do not.

Tests claims: r10-01.
"""

import io
import zlib

import numpy as np
import torch
from PIL import Image

from denoised.data import photos
from denoised.pipeline import decode, encode
from denoised.probes.metrics import psnr, ssim
from plotting.layout import image_grid, label_point
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd/vae",)
DATA = ("specimens",)
TITLE = "The same bytes, four ways"

LEVELS = (3, 4, 5, 6, 8)  # bits a value of the latent is rounded to
RANGE = 4.0  # in standard deviations: what lies beyond is clipped


def zipped(data: bytes) -> bytes:
    """What a ZIP archive holds of a file, without the archive's own headers (raw DEFLATE, RFC 1951)."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def packed(image, kind, quality):
    buffer = io.BytesIO()
    options = {"JPEG": {"optimize": True}, "WEBP": {"method": 4}, "PNG": {"optimize": True}}[kind]
    Image.fromarray(image).save(buffer, kind, quality=quality, **options)
    return buffer.getvalue()


def unpacked(data):
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def at_most(image, kind, budget):
    """The best quality that fits into `budget` bytes, else the smallest file: (bytes, picture)."""
    low, high = 1, 95
    best = packed(image, kind, low)
    while low < high:
        middle = (low + high + 1) // 2
        data = packed(image, kind, middle)
        if len(data) <= budget:
            low, best = middle, data
        else:
            high = middle - 1
    return len(best), unpacked(best)


def rounded(latents, bits):
    """Latents on 2^bits evenly spaced levels, and their codes as bytes for the zipper."""
    top = 2**bits - 1
    codes = ((latents.clamp(-RANGE, RANGE) / RANGE + 1) / 2 * top).round()
    return (codes / top * 2 - 1) * RANGE, codes.to(torch.uint8)


def make(lab, smoke=False):
    specimens, vae = lab.specimens(), lab.vae()
    unseen = specimens.where(split="concept")[:: 20 if smoke else 3]
    images = np.concatenate([specimens.images[unseen], photos.load()[None]])  # the last one is the photograph
    latents = encode(vae, images)
    values = latents[0].numel()
    budget = values  # bytes at eight bits a value

    ours = {}
    for bits in (4, 8) if smoke else LEVELS:
        z, codes = rounded(latents, bits)
        ours[bits] = decode(vae, z), np.array([len(zipped(code.numpy().tobytes())) for code in codes])
    exact = decode(vae, latents)
    curves = {}
    for kind, qualities in (("JPEG", (1, 5, 12, 25, 45, 70, 90)), ("WEBP", (1, 10, 30, 50, 70, 85, 95))):
        points = []
        for quality in qualities[:: 3 if smoke else 1]:
            files = [packed(image, kind, quality) for image in images[:-1]]
            quality_db = psnr(np.stack([unpacked(f) for f in files]), images[:-1]).mean()
            points.append((np.mean([len(f) for f in files]), quality_db))
        curves[kind] = np.array(points)
    equal = {kind: [at_most(image, kind, budget) for image in images] for kind in ("JPEG", "WEBP")}
    pictures = {kind: np.stack([made for _, made in results]) for kind, results in equal.items()}
    made = {"vae": ours[8][0], "jpeg": pictures["JPEG"], "webp": pictures["WEBP"]}

    archives = [zipped(image.tobytes()) for image in images]
    same = [zlib.decompress(a, -15) == image.tobytes() for a, image in zip(archives, images, strict=True)]
    decoder_parts = [p for name, p in vae.named_parameters() if name.startswith(("decoder.", "post_quant_conv."))]
    n = {
        "values_before": images[0].size,
        "values_after": values,
        "factor": images[0].size / values,
        "icons": len(unseen),
        "bytes_raw": images[0].nbytes,
        "bytes_zip": float(np.mean([len(a) for a in archives[:-1]])),
        "bytes_png": float(np.mean([len(packed(image, "PNG", None)) for image in images[:-1]])),
        "bytes_zip_photo": len(archives[-1]),
        "bytes_png_photo": len(packed(images[-1], "PNG", None)),
        "bytes_half": 2 * values,
        "bytes_vae": budget,
        "bytes_vae_zipped": float(ours[8][1][:-1].mean()),
        "bytes_jpeg": float(np.mean([size for size, _ in equal["JPEG"][:-1]])),
        "bytes_webp": float(np.mean([size for size, _ in equal["WEBP"][:-1]])),
        "bytes_jpeg_photo": equal["JPEG"][-1][0],
        "bytes_webp_photo": equal["WEBP"][-1][0],
        "decoder_megabytes": 2 * sum(p.numel() for p in decoder_parts) / 1e6,
        "exact_zip": float(np.mean(same)),
        "exact_vae": float(np.mean([(a == b).all() for a, b in zip(exact, images, strict=True)])),
        "psnr_vae_unrounded": float(psnr(exact, images)[:-1].mean()),
    }
    for name, some in made.items():
        quality, likeness = psnr(some, images), ssim(some, images)
        n |= {
            f"psnr_{name}": float(quality[:-1].mean()), f"ssim_{name}": float(likeness[:-1].mean()),
            f"psnr_{name}_photo": float(quality[-1]), f"ssim_{name}_photo": float(likeness[-1]),
        }  # fmt: skip
    n["rounding_costs_db"] = n["psnr_vae_unrounded"] - n["psnr_vae"]
    best = max(made, key=lambda name: n[f"psnr_{name}"])
    title = {"vae": "the autoencoder", "jpeg": "JPEG", "webp": "WebP"}
    points = np.array([(sizes[:-1].mean(), psnr(some, images)[:-1].mean()) for some, sizes in ours.values()])

    example = int(np.argsort(psnr(made["vae"], images)[:-1])[len(unseen) // 2])  # of middling difficulty

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
        grid = [[images[i], made["vae"][i], made["jpeg"][i], made["webp"][i]] for i in (example, len(images) - 1)]
        labels = []
        for row, i in zip(grid, (example, -1), strict=True):
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

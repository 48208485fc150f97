"""What vae/compression measures: the bytes that latents, JPEG, WebP, PNG and ZIP need, and the likeness of each."""

import zlib

import numpy as np
import torch

from denoised import pipeline
from denoised.data import photos
from denoised.pipeline import decode, encode
from denoised.probes import codecs, metrics
from denoised.probes.codecs import packed, png_bytes, unpacked
from denoised.probes.metrics import psnr, ssim

FIGURE = "vae/compression"
WEIGHTS = ("emoji-sd/vae",)
DATA = ("specimens",)
SOURCES = (pipeline, photos, codecs, metrics)

LEVELS = (3, 4, 5, 6, 8)  # bits a value of the latent is rounded to
RANGE = 4.0  # in standard deviations: what lies beyond is clipped


def zipped(data: bytes) -> bytes:
    """What a ZIP archive holds of a file, without the archive's own headers (raw DEFLATE, RFC 1951)."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


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


def measure(lab, smoke=False):
    """(numbers, arrays): curves of bytes and decibels, and, of the icon of middling difficulty and the photograph, the
    latents at eight bits a value; which specimen that icon is."""
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
        "bytes_png": float(np.mean([png_bytes(image) for image in images[:-1]])),
        "bytes_zip_photo": len(archives[-1]),
        "bytes_png_photo": png_bytes(images[-1]),
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
    points = np.array([(sizes[:-1].mean(), psnr(some, images)[:-1].mean()) for some, sizes in ours.values()])
    example = int(np.argsort(psnr(made["vae"], images)[:-1])[len(unseen) // 2])  # of middling difficulty
    shown = rounded(latents, 8)[0][[example, -1]]
    return n, {
        "vae": points, "jpeg": curves["JPEG"], "webp": curves["WEBP"],
        "icon": np.array(unseen[example]), "latents": shown.numpy(),
    }  # fmt: skip

"""Does the autoencoder do better on what it was trained on? Round trips of training icons and of held-out ones in each
style, both drawn by chance, before and after training; and how many bytes of weights there are for each training picture.

Tests claims: r13-01. Read from the results of `scripts/lab_gap.py`.
"""

import numpy as np
import torch

from denoised.data import splits
from denoised.data.captions import STYLE_WORDS
from denoised.errors import DenoisedError
from denoised.probes.codecs import png_bytes
from denoised.probes.ranks import auc
from denoised.studies import gap, shelf
from plotting.layout import label_point
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd/vae",)
DATA = ("specimens",)
TITLE = "The gap that memory would leave"
TINY_ONLY = "It compares icons that this project's autoencoder was trained on with icons held out from it."

# Stable Diffusion's autoencoder (Rombach et al. 2022): its published dimensions, and the size of the set it learnt
# from, OpenImages (Kuznetsova et al. 2018).
SD = {"block_out_channels": (128, 256, 512, 512), "layers_per_block": 2, "latent_channels": 4}
SD_IMAGES, SD_SIDE = 9_200_000, 256
LATENT = 4 * 16 * 16  # values of a latent, a byte each


def sd_parameters():
    """Parameters of Stable Diffusion's autoencoder, from its dimensions alone."""
    from diffusers import AutoencoderKL

    blocks = {"down_block_types": ("DownEncoderBlock2D",) * 4, "up_block_types": ("UpDecoderBlock2D",) * 4}
    with torch.device("meta"):
        return sum(p.numel() for p in AutoencoderKL(**SD, **blocks).parameters())


def means_gap(facts, arrays, way, known="known", unseen="unseen"):
    """The styles' mean gap (dB) between two piles of the study, by the autoencoder ("vae") or by "jpeg"."""
    some = [arrays[f"{way}_{side}"] for side in (known, unseen)]
    return float(np.mean(list(gap.gap_by_style(*some, *(facts["styles"][side] for side in (known, unseen))).values())))


def make(lab, smoke=False):
    facts, arrays = gap.load()
    vae, specimens = lab.vae(), lab.specimens()
    if facts["weights"] != shelf.weights_digest(lab.weight("emoji-sd/vae")):
        raise DenoisedError("The gap was measured on another autoencoder: run `python scripts/lab_gap.py`.")
    styles = {side: np.array(facts["styles"][side]) for side in ("known", "unseen")}
    likeness = {side: arrays[f"vae_{side}"] for side in styles}
    common = [s for s in STYLE_WORDS if all((styles[side] == s).any() for side in styles)]
    means = {side: {s: float(likeness[side][styles[side] == s].mean()) for s in common} for side in styles}
    gap_db, hard = (means_gap(facts, arrays, way) for way in ("vae", "jpeg"))
    first_db, first_hard = (means_gap(facts, arrays, way, "shipped_known", "shipped_unseen") for way in ("vae", "jpeg"))
    low, high = gap.gap_interval(likeness["known"], likeness["unseen"], facts)
    # Could somebody tell from its likeness whether the autoencoder was trained on an icon? Within each style.
    told = [auc(likeness["known"][styles["known"] == s], likeness["unseen"][styles["unseen"] == s]) for s in common]
    rough = float(arrays["untrained"].mean())
    trained = float(likeness["unseen"][arrays["untrained_pick"]].mean())

    rows = sum(row.split == "train" for row in splits.load())
    weights = 2 * sum(p.numel() for p in vae.parameters())
    parameters = sd_parameters()
    n = {
        "icons_known": len(likeness["known"]), "icons_unseen": len(likeness["unseen"]), "styles": len(common),
        "psnr_known": float(np.mean(list(means["known"].values()))),
        "psnr_unseen": float(np.mean(list(means["unseen"].values()))),
        "gap_db": gap_db, "gap_low": low, "gap_high": high, "gap_jpeg_db": hard, "gap_beyond_jpeg_db": gap_db - hard,
        "first_gap_db": first_db, "first_gap_jpeg_db": first_hard, "told": float(np.mean(told)),
        "psnr_untrained": rough, "trained_gains_db": trained - rough, "icons_untrained": len(arrays["untrained"]),
        "training_icons": rows, "weight_bytes": weights, "weight_megabytes": weights / 1e6,
        "bytes_per_icon": weights / rows, "bytes_raw": int(specimens.images[0].nbytes),
        "bytes_png": float(np.mean([png_bytes(image) for image in specimens.images[:: 40 if smoke else 6]])),
        "bytes_latent": LATENT, "sd_parameters": parameters, "sd_images": SD_IMAGES,
        "sd_bytes_per_image": 2 * parameters / SD_IMAGES, "sd_bytes_raw": 3 * SD_SIDE**2,
    }  # fmt: skip
    n["archive_megabytes"] = n["bytes_png"] * rows / 1e6
    n["archive_ratio"] = n["archive_megabytes"] / n["weight_megabytes"]
    names = [STYLE_WORDS[s][0] for s in common]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        width = fig.width if narrow else 380
        fig.note(0, 0, "Likeness inside the drawing (dB), by style", size=14, weight=600)
        fig.note(0, 24, "●", "latent", 12)
        fig.note(15, 24, "icons it learnt from", "ink", 12)
        fig.note(160, 24, "●", "prediction", 12)
        fig.note(175, 24, "icons held out", "ink", 12)
        ax = fig.area(86, 50, width - 96, 28 * len(names), grid="x", below=28)
        for i, s in enumerate(common):
            a, b = means["known"][s], means["unseen"][s]
            ax.plot([a, b], [i, i], color=theme.grid, linewidth=3, zorder=1)
            ax.plot([a], [i], "o", color=theme.latent, markersize=9, zorder=2)
            ax.plot([b], [i], "o", color=theme.prediction, markersize=9, zorder=2)
        ax.axvline(rough, color=theme.noise, linewidth=2)
        label_point(ax, rough, 0, "before training", "noise", dx=7, fontsize=12)
        ax.set_yticks(range(len(names)), names)
        ax.set_ylim(len(names) - 0.4, -0.6)
        x, y = (0, 50 + 28 * len(names) + 52) if narrow else (418, 0)
        fig.note(x, y, "Bytes a picture, on a log scale", size=14, weight=600)
        bars = (
            ("an icon's pixels", n["bytes_raw"], "image"), ("as a PNG", n["bytes_png"], "image"),
            ("its latent, a byte a value", n["bytes_latent"], "latent"),
            ("its share of our weights", n["bytes_per_icon"], "prediction"),
            ("a photo's pixels (SD)", n["sd_bytes_raw"], "image"),
            ("its share of SD's weights", n["sd_bytes_per_image"], "prediction"),
        )  # fmt: skip
        top = np.log10(max(value for _, value, _ in bars))
        for word, value, colour in bars:
            y += 26
            fig.note(x, y, word, "ink", 12)
            fig.note(x + (fig.width - x), y, f"{value:,.0f}", "ink", 12, ha="right")
            y += 19
            ax = fig.area(x, y, fig.width - x, 9, grid="")
            ax.set_axis_off()
            ax.barh([0], [np.log10(value) / top], color=theme.colour(colour), height=1)
            ax.set(xlim=(0, 1), ylim=(-0.5, 0.5))
        return fig

    return Output(
        alt=(
            f"Left, dots for {n['styles']} styles: round trips of training icons and of held-out icons lie near each "
            "other, "
            f"{n['psnr_known']:.1f} and {n['psnr_unseen']:.1f} dB on average, far from {n['psnr_untrained']:.1f} dB "
            f"before training. Right, bars of bytes: an icon is {n['bytes_raw']:,} bytes of pixels, "
            f"{n['bytes_png']:,.0f} "
            f"as a PNG, its share of the weights is {n['bytes_per_icon']:.0f}; in Stable Diffusion a photo's share is "
            f"{n['sd_bytes_per_image']:.0f}."
        ),
        caption=(
            f"**Hardly a gap.** {n['icons_known']} training icons and {n['icons_unseen']} held-out ones, drawn by "
            "chance and compared inside the drawing, style by style: the known ones come back "
            f"{n['gap_db']:+.2f} dB better (95 % interval, concepts drawn again, {n['gap_low']:+.2f} to "
            f"{n['gap_high']:+.2f}). JPEG, which has learnt from neither pile, differs by {n['gap_jpeg_db']:+.2f} dB. "
            f"Training brought {n['trained_gains_db']:.1f} dB over the random weights that it starts from "
            f"({n['icons_untrained']} unseen icons). If you were handed the likeness of two round trips of one style "
            f"and had to say which icon was a training icon, you would be right in {n['told']:.0%} of cases, where a "
            f"coin has half. The weights, {n['weight_megabytes']:.1f} MB, are {n['bytes_per_icon']:.0f} bytes for each "
            f"of {n['training_icons']:,} training icons, whose PNGs would fill {n['archive_megabytes']:.0f} MB; Stable "
            f"Diffusion's autoencoder has {n['sd_bytes_per_image']:.0f} bytes for each of the "
            f"{n['sd_images'] / 1e6:.1f} million photographs of OpenImages."
        ),
        numbers=n,
        draw=draw,
        format="svg",
    )  # fmt: skip

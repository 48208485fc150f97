"""There and back again: icons whose concepts no model has seen, and a photograph, encoded and decoded. The
icons are not picked: they stand at fixed places in the order from the worst to the best reconstruction.

Tests claims: r10-01.
"""

import numpy as np

from denoised.data import photos
from denoised.pipeline import decode, encode
from denoised.probes.metrics import bootstrap_ci, high_frequency_ratio, psnr, ssim
from plotting.layout import chunk, colour_map, image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd/vae",)
DATA = ("specimens",)
TITLE = "Round trips of the unseen"

RANKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)  # from the worst to the best
ERROR_LIMIT = 64  # of 255: an error this large has the full colour


def make(lab, smoke=False):
    specimens, vae = lab.specimens(), lab.vae()
    unseen = specimens.where(split="concept")[:: 8 if smoke else 1]
    images, alpha = specimens.images[unseen], specimens.alpha[unseen]
    back = decode(vae, encode(vae, images))
    quality, inside, likeness = psnr(back, images), psnr(back, images, alpha), ssim(back, images)
    low, high = bootstrap_ci(quality)
    small, large = photos.load(size=128)[None], photos.load(size=256)[None]
    small_back, large_back = (decode(vae, encode(vae, photo)) for photo in (small, large))

    order = np.argsort(quality)
    places = [int(order[round(rank * (len(order) - 1))]) for rank in RANKS]
    n = {
        "icons": len(unseen),
        "psnr": float(quality.mean()), "psnr_low": low, "psnr_high": high,
        "psnr_inside": float(inside.mean()), "ssim": float(likeness.mean()),
        "psnr_worst": float(quality.min()), "psnr_best": float(quality.max()),
        "psnr_photo": float(psnr(small_back, small)[0]), "ssim_photo": float(ssim(small_back, small)[0]),
        "psnr_photo_large": float(psnr(large_back, large)[0]), "ssim_photo_large": float(ssim(large_back, large)[0]),
        "photo_gap_db": float(quality.mean() - psnr(small_back, small)[0]),
    }  # fmt: skip
    n["photo_detail"] = float(high_frequency_ratio(small_back, small)[0])
    styles = [specimens.records[i]["style"] for i in unseen]
    by_style = {s: float(quality[[t == s for t in styles]].mean()) for s in sorted(set(styles)) if styles.count(s) > 2}
    easiest, hardest = max(by_style, key=by_style.get), min(by_style, key=by_style.get)
    n |= {
        "easiest_style": easiest, "psnr_easiest_style": by_style[easiest],
        "hardest_style": hardest, "psnr_hardest_style": by_style[hardest],
    }  # fmt: skip

    trios = [(images[i], back[i], f"{quality[i]:.1f} dB") for i in places]
    trios.append((small[0], small_back[0], f"{n['psnr_photo']:.1f} dB"))
    names = [specimens.records[unseen[i]]["label"] for i in places] + ["photo"]

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

"""What vae/reconstructions measures: how like unseen icons and a photograph are to what comes back of them."""

import numpy as np

from denoised import pipeline
from denoised.data import photos
from denoised.pipeline import decode, encode
from denoised.probes import metrics
from denoised.probes.metrics import bootstrap_ci, high_frequency_ratio, psnr, ssim

FIGURE = "vae/reconstructions"
WEIGHTS = ("emoji-sd/vae",)
DATA = ("specimens",)
SOURCES = (pipeline, photos, metrics)

RANKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)  # from the worst to the best


def measure(lab, smoke=False):
    """(numbers, arrays): of the icons at RANKS which specimens they are, their latents, and how well they come back."""
    specimens, vae = lab.specimens(), lab.vae()
    unseen = specimens.where(split="concept")[:: 8 if smoke else 1]
    images, alpha = specimens.images[unseen], specimens.alpha[unseen]
    latents = encode(vae, images)
    back = decode(vae, latents)
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
    which = np.array(unseen)[places]
    return n, {"icons": which, "latents": latents[places].numpy(), "psnr": quality[places]}

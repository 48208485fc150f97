"""What vae/colour measures: saturation and contrast of unseen icons after a round trip, with the matching decoder and scale
and with wrong ones."""

import numpy as np

from denoised import pipeline
from denoised.pipeline import decode, encode
from denoised.probes import metrics
from denoised.probes.metrics import LUMA, bootstrap_ci, saturation

FIGURE = "vae/colour"
WEIGHTS = ("emoji-sd/vae", "decoders/openmoji", "decoders/noto")
DATA = ("specimens",)
SOURCES = (pipeline, metrics)

SD_SCALE = 0.18215  # Stable Diffusion's own factor, copied where it does not belong


def contrast(images, alpha):
    """Standard deviation of brightness inside the drawing, [N], 0..1."""
    light = images @ LUMA / 255
    return np.array([plane[mask >= 128].std() for plane, mask in zip(light, alpha, strict=True)])


def change(after, before):
    """(mean over pictures of after) / (mean of before) - 1: below zero is paler."""
    return float(after.mean() / before.mean() - 1)


def versions(lab, images):
    """The same latents, decoded rightly and wrongly: {name: pictures}."""
    vae = lab.vae()
    factor, z = vae.config.scaling_factor, encode(vae, images)
    return {
        "matched": decode(vae, z),
        "openmoji": decode(lab.vae("openmoji"), z),
        "noto": decode(lab.vae("noto"), z),
        "unscaled": decode(vae, z * factor),  # as if the factor had been left out
        "misscaled": decode(vae, z * factor / SD_SCALE),
    }


def measure(lab, smoke=False):
    """(numbers, no arrays)."""
    specimens, factor = lab.specimens(), lab.vae().config.scaling_factor
    unseen = specimens.where(split="concept")[:: 15 if smoke else 3]
    images, alpha = specimens.images[unseen], specimens.alpha[unseen]
    made = versions(lab, images)
    before = saturation(images, alpha), contrast(images, alpha)
    n = {"icons": len(unseen), "scaling_factor": float(factor), "sd_scale": SD_SCALE,
         "saturation_real": float(before[0].mean()), "contrast_real": float(before[1].mean())}  # fmt: skip
    for name, pictures in made.items():
        n[f"saturation_{name}"] = change(saturation(pictures, alpha), before[0])
        n[f"contrast_{name}"] = change(contrast(pictures, alpha), before[1])
    gap = saturation(made["matched"], alpha) - before[0]
    n["matched_low"], n["matched_high"] = (edge / before[0].mean() for edge in bootstrap_ci(gap))
    return n, {}

"""What vae/posterior measures: how wide each value's posterior is, and what noise on the code costs."""

import numpy as np
import torch

from denoised import pipeline
from denoised.pipeline import decode
from denoised.probes import metrics
from denoised.probes.metrics import psnr

FIGURE = "vae/posterior"
WEIGHTS = ("emoji-sd/vae",)
DATA = ("specimens",)
SOURCES = (pipeline, metrics)

NOISES = (0.0, 0.1, 0.25, 0.5, 1.0, 2.0)  # in standard deviations of the latents


@torch.no_grad()
def posterior(vae, images):
    """Means and standard deviations of q(z | picture), [N, C, h, w] each, in the U-Net's scale, and the KL
    divergence of each value from a standard normal in nats."""
    x = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 127.5 - 1
    parts = [vae.encode(some).latent_dist for some in x.split(4)]
    mean, std = (torch.cat([getattr(p, name) for p in parts]) for name in ("mean", "std"))
    kl = 0.5 * (mean**2 + std**2 - 1 - 2 * std.log())
    scale = vae.config.scaling_factor
    return mean * scale, std * scale, kl


def measure(lab, smoke=False):
    """(numbers, arrays): how many icons' codes were shaken."""
    specimens, vae = lab.specimens(), lab.vae()
    unseen = specimens.where(split="concept")
    mean, std, kl = posterior(vae, specimens.images[unseen[:: 12 if smoke else 2]])
    scale = float(mean.std())

    some = unseen[:: 30 if smoke else 6]
    images = specimens.images[some]
    z = posterior(vae, images)[0]
    noise = torch.randn(z.shape, generator=lab.generator("shake"))
    shaken = {s: decode(vae, z + s * scale * noise) for s in NOISES}
    quality = {s: float(psnr(shaken[s], images).mean()) for s in NOISES}
    width = float(std.mean()) / scale
    sampled = float(psnr(decode(vae, z + posterior(vae, images)[1] * noise), images).mean())
    n = {
        "icons": int(len(mean)),
        "kl_per_value": float(kl.mean()),
        "kl_whole": float(kl.sum((1, 2, 3)).mean()),
        "kl_bits_per_value": float(kl.mean()) / np.log(2),
        "relative_spread": width,
        "latent_std": scale,
        "scaling_factor": float(vae.config.scaling_factor),
        "std_before_scaling": scale / float(vae.config.scaling_factor),
        "psnr_exact": quality[0.0],
        "psnr_sampled": sampled,
        "sampling_costs_db": quality[0.0] - sampled,
        "psnr_noise_quarter": quality[0.25],
        "psnr_noise_half": quality[0.5],
        "psnr_noise_one": quality[1.0],
        "noise_quarter_costs_db": quality[0.0] - quality[0.25],
        "noise_one_costs_db": quality[0.0] - quality[1.0],
    }
    return n, {"shaken": np.array(len(some))}

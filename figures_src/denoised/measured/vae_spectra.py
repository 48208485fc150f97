"""What vae/spectra measures: the fine power of latents that were encoded, generated, and blurred on purpose, and of what
the decoder makes of each."""

import numpy as np
import torch
import torch.nn.functional as F

from denoised import pipeline
from denoised.data import captions
from denoised.data.captions import prompt
from denoised.data.splits import Row
from denoised.pipeline import decode, encode, generate_batch
from denoised.probes import metrics, spectra
from denoised.probes.metrics import LUMA
from denoised.probes.spectra import frequencies, power_spectrum, radial_power_spectrum

FIGURE = "vae/spectra"
WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
SOURCES = (pipeline, captions, metrics, spectra)

STEPS, GUIDANCE = 20, 3.0
BLUR = 0.8  # standard deviation of the blur, in latent cells
FINE_LATENT, FINE_PIXELS = 0.25, 0.125  # cycles a cell; cycles a pixel
CAST = ("cat-face", "red-apple", "red-heart", "pizza", "rocket", "house", "rose", "octopus")
STYLES = ("noto", "twemoji", "openmoji")
SHOWN = 2  # icons
SETS = ("encoded", "generated", "blurred")


def blurred(latents):
    """Gaussian blur of [N, C, h, w], borders repeated."""
    x = torch.arange(-3, 4, dtype=torch.float32)
    kernel = torch.exp(-(x**2) / (2 * BLUR**2))
    kernel = (kernel / kernel.sum()).repeat(latents.shape[1], 1, 1, 1)
    padded = F.pad(latents, (3, 3, 3, 3), mode="replicate")
    return F.conv2d(F.conv2d(padded, kernel, groups=latents.shape[1]), kernel.transpose(2, 3), groups=latents.shape[1])


def fine_power(planes, cutoff):
    """Mean power at and above `cutoff` over planes [..., H, W]."""
    return float(power_spectrum(planes)[..., frequencies(*planes.shape[-2:]) >= cutoff].sum(-1).mean())


def measure(lab, smoke=False):
    """(numbers, arrays): of each of SETS the first latents [SHOWN, C, h, w] and the radial power; which specimens the
    first `icons` are."""
    pipe, specimens = lab.pipeline(), lab.specimens()
    picks = [
        i for c in CAST for s in STYLES for i in specimens.where(concept=c, style=s, tone="none")[:1]
    ][:: 9 if smoke else 1]  # fmt: skip
    images = specimens.images[picks]
    prompts = [prompt(Row(**specimens.records[i])) for i in picks]
    encoded = encode(pipe.vae, images)
    traces = generate_batch(pipe, prompts, range(len(picks)), steps=3 if smoke else STEPS, guidance=GUIDANCE)
    generated = torch.stack([trace.xt[-1] for trace in traces])
    sets = {"encoded": encoded, "generated": generated, "blurred": blurred(encoded)}
    decoded = {name: decode(pipe.vae, z) for name, z in sets.items()}

    n = {"pictures": len(picks), "blur": BLUR, "steps": STEPS, "guidance": GUIDANCE}
    for name, z in sets.items():
        n[f"latent_fine_{name}"] = fine_power(z.numpy(), FINE_LATENT)
        n[f"latent_std_{name}"] = float(z.std())
        n[f"pixel_fine_{name}"] = fine_power(decoded[name] @ LUMA / 255, FINE_PIXELS)
    n["pixel_fine_real"] = fine_power(images @ LUMA / 255, FINE_PIXELS)
    n["generated_fine"] = n["latent_fine_generated"] / n["latent_fine_encoded"]
    n["blurred_fine"] = n["latent_fine_blurred"] / n["latent_fine_encoded"]
    n["blurred_kept"] = n["pixel_fine_blurred"] / n["pixel_fine_encoded"]
    n["generated_kept"] = n["pixel_fine_generated"] / n["pixel_fine_encoded"]
    n["encoded_kept"] = n["pixel_fine_encoded"] / n["pixel_fine_real"]
    arrays = {"icons": np.array(picks[:SHOWN])}
    for name, z in sets.items():
        frequency, power = radial_power_spectrum(z.numpy())
        arrays |= {name: z[:SHOWN].numpy(), "frequency": frequency[1:], f"power_{name}": power.mean((0, 1))[1:]}
    return n, arrays

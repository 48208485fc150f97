"""What the KL term leaves behind in the real autoencoder: how wide each value's posterior is, and what the
decoder makes of codes that no icon has: shaken ones, ones drawn from a normal distribution, ones between
two icons."""

import numpy as np
import torch

from denoised import measured
from denoised.measured import vae_posterior
from denoised.measured.vae_posterior import NOISES, posterior
from denoised.pipeline import decode
from denoised.probes.metrics import psnr
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd/vae",)
DATA = ("specimens",)
TITLE = "Codes that no icon has"

PAIR = (("noto", "cat-face"), ("noto", "octopus"))
EXAMPLE = ("twemoji", "robot")
DRAWS = 6


def make(lab, smoke=False):
    n, found = measured.results(lab, vae_posterior, smoke)
    specimens, vae, scale = lab.specimens(), lab.vae(), n["latent_std"]

    def one(style, concept):
        return specimens.one(style=style, concept=concept, tone="none")

    example = posterior(vae, one(*EXAMPLE)[None])[0]
    grain = torch.randn(example.shape, generator=lab.generator("example"))
    rows = [list(decode(vae, torch.cat([example + s * scale * grain for s in NOISES])))]
    drawn = torch.randn(DRAWS, *example.shape[1:], generator=lab.generator("draw"))
    rows.append(list(decode(vae, drawn)))
    ends = np.stack([one(*which) for which in PAIR])
    a, b = posterior(vae, ends)[0]
    steps = np.linspace(0, 1, 6)
    rows.append(list(decode(vae, torch.stack([(1 - s) * a + s * b for s in steps.tolist()]))))
    fade = [np.round((1 - s) * ends[0].astype(float) + s * ends[1]).astype(np.uint8) for s in steps]
    rows.append(fade)
    n["midway_is_crossfade_db"] = float(psnr(rows[2][2][None], fade[2][None])[0])

    sampling = n["sampling_costs_db"]
    costs = "costs less than 0.01 dB" if sampling < 0.01 else f"costs {sampling:.2f} dB"
    titles = (
        "An icon's code, shaken by more and more noise",
        "Codes drawn at random: standard normal numbers",
        "From one icon's code to another's, in equal steps",
        "For comparison: the two pictures, cross-faded",
    )

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        under = [[f"{s:g} σ" for s in NOISES], None, [f"{s:.0%}" for s in steps], None]
        y = 0
        for title, row, labels in zip(titles, rows, under, strict=True):
            fig.note(0, y, title, size=13, weight=600)
            y += 25
            width = 3 if narrow else 6
            for k in range(0, len(row), width):
                words = [labels[k : k + width]] if labels else None
                y = image_grid(fig, [row[k : k + width]], y=y, gap=12 if narrow else 9, cell=112, labels=words) + 8
            y += 12
        fig.set_height(y - 18)
        return fig

    return Output(
        alt=(
            "Four rows of six pictures. A robot's code decoded with growing noise: blotches cover it "
            "into patches of colour at one standard deviation. Random codes: textured patches, no "
            "object. Steps between a cat's code and an octopus's: two drawings laid over each other, and "
            "below them a plain cross-fade. With noise of a quarter of the latents' spread, likeness "
            f"falls from {n['psnr_exact']:.1f} to {n['psnr_noise_quarter']:.1f} dB."
        ),
        caption=(
            "**A code is a neighbourhood, but not every code is a picture.** The encoder gives each "
            f"value a mean and a spread; the spread is {n['relative_spread']:.1%} of the latents' own "
            f"variation, so a random pick from it {costs}. Noise of a quarter of the latents' spread "
            f"costs {n['noise_quarter_costs_db']:.1f} dB, noise as strong as the latents "
            f"{n['noise_one_costs_db']:.1f} dB (means over {int(found['shaken'])} unseen icons). Random codes decode "
            f"to texture without an object: the KL term, {n['kl_per_value']:.2f} nats a value after "
            "training, has not made this a generator. That is left to the U-Net. And half-way between "
            f"two codes lie both icons at once ({n['midway_is_crossfade_db']:.1f} dB from a plain "
            "cross-fade), not an animal between them."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

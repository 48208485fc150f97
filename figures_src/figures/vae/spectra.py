"""Are the latents that come out of the U-Net blurry, and does the decoder sharpen them? Spectra of encoded
latents, of generated ones for the same words, and of encoded ones blurred on purpose; and what the decoder
makes of each.

Tests claims: r10-03.
"""

import torch
import torch.nn.functional as F

from denoised.data.captions import prompt
from denoised.data.splits import Row
from denoised.pipeline import decode, encode, generate_batch
from denoised.probes.metrics import LUMA
from denoised.probes.spectra import frequencies, power_spectrum, radial_power_spectrum
from plotting.layout import image_grid, label_ends
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "Is the latent blurry?"

STEPS, GUIDANCE = 20, 3.0
BLUR = 0.8  # standard deviation of the blur, in latent cells
FINE_LATENT, FINE_PIXELS = 0.25, 0.125  # cycles a cell; cycles a pixel
CAST = ("cat-face", "red-apple", "red-heart", "pizza", "rocket", "house", "rose", "octopus")
STYLES = ("noto", "twemoji", "openmoji")
SHOWN = (0, 1)


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


def make(lab, smoke=False):
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

    words = {"encoded": "encoded", "generated": "generated", "blurred": "encoded, then blurred"}
    colours = {"encoded": "latent", "generated": "prediction", "blurred": "noise"}
    curves = {name: radial_power_spectrum(z.numpy()) for name, z in sets.items()}
    curves = {name: (f[1:], p.mean((0, 1))[1:]) for name, (f, p) in curves.items()}
    shown = [i for i in SHOWN if i < len(picks)]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        fig.note(0, 0, "Power in the latents, from coarse to fine", size=14, weight=600)
        width = fig.width - 54 - (32 if narrow else 160)
        ax = fig.area(54, 34, width, 180, below=46)
        for name, (frequency, power) in curves.items():
            ax.plot(frequency, power, color=theme.colour(colours[name]), linewidth=2.4, label=name)
        ax.set_yscale("log")
        ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")  # 1e-2 as an exponent would be too small to read
        ax.set_xlim(1 / 16, 0.5)
        ax.set_xticks([0.0625, 0.25, 0.5], ["one wave\nacross", "four cells\na wave", "two cells\na wave"])
        ax.minorticks_off()
        if not narrow:
            label_ends(ax, {name: words[name] for name in curves}, dx=10)
        y = 34 + 180 + 60
        if narrow:
            x = 0
            for name in curves:
                fig.note(x, y - 4, "■", colours[name], 12)
                fig.note(x + 15, y - 4, words[name], "ink", 12)
                x += 86 if name == "encoded" else 100
            y += 24
        columns = ["the icon", *words.values()]
        if narrow:
            columns[-1] = "blurred"
        grid = [[images[i], *(decoded[name][i] for name in sets)] for i in shown]
        x, gap, cell = (0, 8, 84) if narrow else (86, 12, 128)
        image_grid(fig, grid, y=y, columns=columns, gap=gap, cell=cell, x=x)
        return fig

    sharp = n["generated_fine"]
    verdict = (
        f"as much fine power as encoded ones ({sharp:.0%}): nothing waits to be sharpened" if 0.85 <= sharp <= 1.15
        else f"more fine power than encoded ones ({sharp:.0%}): whatever ails them, it is not blur" if sharp > 1.15
        else f"less fine power than encoded ones ({sharp:.0%}): the U-Net leaves them a little soft"
    )  # fmt: skip
    title = "The decoder does not sharpen." if n["blurred_kept"] < 0.6 else "The decoder sharpens a little."
    return Output(
        alt=(
            "A plot of power against fineness for three sets of latents, then icons decoded from each. "
            f"Generated latents hold {n['generated_fine']:.0%} of the fine power of encoded ones, blurred "
            f"latents {n['blurred_fine']:.0%}. Pictures decoded from blurred latents are blurred "
            f"themselves: {n['blurred_kept']:.0%} of the fine power remains."
        ),
        caption=(
            f"**{title}** Latents that the U-Net made for {n['pictures']} captions ({STEPS} steps, "
            f"guidance {GUIDANCE:g}) have, in details finer than four cells, {verdict}. And when encoded "
            f"latents are blurred on purpose (by {BLUR:g} cells), the decoder does not restore them: of "
            f"the fine detail of the pictures {n['blurred_kept']:.0%} is left. It answers a blurred code "
            "with a blurred picture."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

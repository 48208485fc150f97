"""Are the latents that come out of the U-Net blurry, and does the decoder sharpen them? Spectra of encoded
latents, of generated ones for the same words, and of encoded ones blurred on purpose; and what the decoder
makes of each.

Tests claims: r10-03.
"""

import torch

from denoised import measured
from denoised.measured import vae_spectra
from denoised.measured.vae_spectra import BLUR, GUIDANCE, SETS, STEPS
from denoised.pipeline import decode
from plotting.layout import image_grid, label_ends
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "Is the latent blurry?"


def make(lab, smoke=False):
    n, found = measured.results(lab, vae_spectra, smoke)
    decoded = {name: decode(lab.vae(), torch.from_numpy(found[name])) for name in SETS}
    curves = {name: (found["frequency"], found[f"power_{name}"]) for name in SETS}
    images = lab.specimens().images[found["icons"]]
    words = {"encoded": "encoded", "generated": "generated", "blurred": "encoded, then blurred"}
    colours = {"encoded": "latent", "generated": "prediction", "blurred": "noise"}

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
        grid = [[images[i], *(decoded[name][i] for name in SETS)] for i in range(len(images))]
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

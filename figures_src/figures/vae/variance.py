"""Whose picture is it? Every latent of a set is decoded by every decoder, and the variance of the pixels is
split, as in a two-way analysis of variance, between the latent, the decoder, and what both do together.

Tests claims: r10-05.
"""

import torch

from denoised import measured
from denoised.measured import vae_variance
from denoised.measured.vae_variance import enlarged
from denoised.pipeline import decode
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd/vae", "decoders/openmoji", "decoders/noto")
DATA = ("specimens",)
TITLE = "Latent or decoder?"


def make(lab, smoke=False):
    n, found = measured.results(lab, vae_variance, smoke)
    full = decode(lab.vae(), torch.from_numpy(found["latents"]))
    real = lab.specimens().images[found["icons"]]
    flat = [enlarged(p) for p in found["previews"]]
    latent, decoder, latent_same, decoder_same = (
        n[f"{part}_share{of}"] for of in ("", "_same") for part in ("latent", "decoder")
    )
    bars = (
        (f"{n['icons']} different icons", (latent, decoder, n["both_share"])),
        (f"one cat in {n['styles']} styles", (latent_same, decoder_same, n["both_share_same"])),
    )

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        colours = (theme.latent, theme.prediction, theme.noise)
        fig.note(0, 0, "What the pixels' variance goes with", size=14, weight=600)
        y = 26
        names = ("the latent", "the decoder", "both together")
        x = 0
        for name, colour in zip(names, colours, strict=True):
            fig.note(x, y, "■", colour, 12)
            fig.note(x + 15, y, name, "ink", 12)
            x += 104 if narrow else 120
        y += 26
        for title, parts in bars:
            fig.note(0, y, title, "muted", 12)
            ax = fig.area(0, y + 19, fig.width, 26, grid="")
            ax.set_axis_off()
            left = 0
            for part, colour in zip(parts, colours, strict=True):
                ax.barh([0], [part], left=left, color=colour, height=1)
                left += part
            ax.set(xlim=(0, 1), ylim=(-0.5, 0.5))
            words = f"{parts[0]:.1%}"
            ax.text(0.012, 0, words, color=theme.paper, va="center", fontsize=13, weight=600)
            others = f"decoder {parts[1]:.2%}, both {parts[2]:.1%}"
            fig.note(fig.width, y, others, "muted", 12, ha="right")
            y += 19 + 26 + 14
        y += 10
        fig.note(0, y, f"{n['parameters_linear']} numbers in place of the decoder", size=14, weight=600)
        columns = ["original", "linear map", "decoder"]
        groups = [list(some) for some in zip(real, flat, full, strict=True)]
        if narrow:
            image_grid(fig, groups, y=y + 24, columns=columns, gap=9, cell=114)
        else:
            row = [p for group in groups[:2] for p in group]
            image_grid(fig, [row], y=y + 24, columns=columns * 2, gap=9, cell=112)
        return fig

    return Output(
        alt=(
            f"Two stacked bars of pixel variance. For {n['icons']} different icons and {n['decoders']} "
            f"decoders {latent:.1%} goes with the latent and {decoder:.2%} with the decoder; for one cat "
            f"in {n['styles']} styles {latent_same:.1%} and {decoder_same:.1%}. Below: icons, their "
            "linear previews enlarged, blurred but of the right shape and colour, and the decoder's "
            "pictures."
        ),
        caption=(
            f"**The latent decides, the decoder executes.** Each of {n['icons']} latents was decoded by "
            f"{n['decoders']} decoders, the base one and two that were fine-tuned to a single style. The "
            f"choice of latent accounts for {latent:.1%} of the pixels' variance, the choice of decoder "
            f"for {decoder:.2%}. Even when all latents are the same cat, drawn in {n['styles']} styles, "
            f"it is {latent_same:.1%} against {decoder_same:.1%}. Without any decoder, a linear map of "
            f"{n['parameters_linear']} numbers already explains {n['linear_r2']:.0%} of what the decoder "
            f"paints; its {n['parameters_decoder']:,} parameters add {n['decoder_gains_db']:.1f} dB."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

"""Whose picture is it? Every latent of a set is decoded by every decoder, and the variance of the pixels is
split, as in a two-way analysis of variance, between the latent, the decoder, and what both do together.

Tests claims: r10-05.
"""

import numpy as np

from denoised.pipeline import decode, encode
from denoised.probes.latents import fit_preview
from denoised.probes.metrics import psnr
from plotting.layout import image_grid, resize
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd/vae", "decoders/openmoji", "decoders/noto")
DATA = ("specimens",)
TITLE = "Latent or decoder?"

DECODERS = ("base", "openmoji", "noto")
CONCEPT = "cat-face"


def shares(pictures):
    """pictures [L, D, ...] of L latents by D decoders: shares of the pixel variance that go with the latent, with the
    decoder, and with neither alone; they add up to 1."""
    y = pictures.reshape(*pictures.shape[:2], -1).astype(np.float64)
    centre = y.mean((0, 1))
    by_latent, by_decoder = y.mean(1) - centre, y.mean(0) - centre
    rest = y - centre - by_latent[:, None] - by_decoder[None]
    parts = np.array([(by_latent**2).sum() * y.shape[1], (by_decoder**2).sum() * y.shape[0], (rest**2).sum()])
    return parts / parts.sum()


def make(lab, smoke=False):
    specimens = lab.specimens()
    decoders = {name: lab.vae(name) for name in DECODERS}
    base = decoders["base"]
    mixed = specimens.where(split="concept")[:: 24 if smoke else 3]
    same = specimens.where(concept=CONCEPT, tone="none")[: 3 if smoke else None]
    training = specimens.where(split="train")[: 12 if smoke else 96]

    made = {}
    for name, picks in (("mixed", mixed), ("same", same)):
        z = encode(base, specimens.images[picks])
        made[name] = z, np.stack([decode(decoders[d], z) for d in DECODERS], axis=1)
    latent, decoder, both = shares(made["mixed"][1])
    latent_same, decoder_same, both_same = shares(made["same"][1])

    preview = fit_preview(encode(base, specimens.images[training]), specimens.images[training])
    z, pictures = made["mixed"]
    real, full = specimens.images[mixed], pictures[:, 0]
    flat = np.stack([resize(p, 128, 128, smooth=True) for p in preview(z)])
    error = ((flat.astype(float) - full) ** 2).sum()
    linear = 1 - error / ((full - full.mean((0, 1, 2))) ** 2).sum()
    n = {
        "icons": len(mixed), "decoders": len(DECODERS), "styles": len(same),
        "latent_share": latent, "decoder_share": decoder, "both_share": both,
        "latent_share_same": latent_same, "decoder_share_same": decoder_same, "both_share_same": both_same,
        "linear_r2": float(linear),
        "psnr_linear": float(psnr(flat, real).mean()), "psnr_decoder": float(psnr(full, real).mean()),
    }  # fmt: skip
    n["decoder_gains_db"] = n["psnr_decoder"] - n["psnr_linear"]
    n["parameters_linear"] = int(preview.matrix.size)
    n["parameters_decoder"] = sum(
        p.numel() for name, p in base.named_parameters() if name.startswith(("decoder.", "post_quant_conv."))
    )

    bars = (
        (f"{len(mixed)} different icons", (latent, decoder, both)),
        (f"one cat in {len(same)} styles", (latent_same, decoder_same, both_same)),
    )
    middling = np.argsort(psnr(full, real))[[len(mixed) // 4, len(mixed) // 2, 3 * len(mixed) // 4]]

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
        groups = [[real[i], flat[i], full[i]] for i in middling]
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

"""What one step of denoising costs on latents and on pixels: the same U-Net, given 4 channels of 16x16 or 3
of 128x128, and its floating-point operations counted, not timed. The same count for Stable Diffusion 1.5's
published dimensions.

Tests claims: r10-02.
"""

import json

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch.utils.flop_counter import FlopCounterMode

from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd/unet", "emoji-sd/vae")
DATA = ()
TITLE = "The price of a step"

STEPS = 25
SD15 = {  # Rombach et al. 2022; 64x64 latents of 512x512 pictures
    "block_out_channels": (320, 640, 1280, 1280), "layers_per_block": 2, "cross_attention_dim": 768,
    "attention_head_dim": 8,
}  # fmt: skip
TOKENS = {"ours": 20, "sd15": 77}


def unet_flops(config, channels, side, tokens):
    """(operations of one call on one sample, parameters), by shapes alone: nothing is computed, so it is exact."""
    config = {**config, "in_channels": channels, "out_channels": channels, "sample_size": side}
    with torch.device("meta"), torch.no_grad():
        unet = UNet2DConditionModel.from_config(config)
        inputs = torch.empty(1, channels, side, side), torch.zeros(1)
        with FlopCounterMode(display=False) as counter:
            unet(*inputs, encoder_hidden_states=torch.empty(1, tokens, config["cross_attention_dim"]))
    return counter.get_total_flops(), sum(p.numel() for p in unet.parameters())


def vae_flops(config, side):
    """Operations of encoding and of decoding one picture of `side` pixels."""
    with torch.device("meta"), torch.no_grad():
        vae = AutoencoderKL.from_config(config)
        z = torch.empty(1, vae.config.latent_channels, side // 8, side // 8)
        with FlopCounterMode(display=False) as encoding:
            vae.encode(torch.empty(1, 3, side, side))
        with FlopCounterMode(display=False) as decoding:
            vae.decode(z)
    return encoding.get_total_flops(), decoding.get_total_flops()


def make(lab, smoke=False):
    unet, vae = (json.loads((lab.weight(f"emoji-sd/{part}") / "config.json").read_text()) for part in ("unet", "vae"))
    latent, parameters = unet_flops(unet, 4, 16, TOKENS["ours"])
    pixel, parameters_pixel = unet_flops(unet, 3, 128, TOKENS["ours"])
    encoding, decoding = vae_flops(vae, 128)
    sd_latent, sd_parameters = unet_flops(SD15, 4, 64, TOKENS["sd15"])
    sd_pixel, _ = unet_flops(SD15, 3, 512, TOKENS["sd15"])
    calls = 2 * STEPS  # guidance asks twice
    n = {
        "gflops_latent": latent / 1e9, "gflops_pixel": pixel / 1e9, "ratio": pixel / latent,
        "parameters": parameters, "parameters_pixel": parameters_pixel,
        "gflops_encode": encoding / 1e9, "gflops_decode": decoding / 1e9, "decode_in_steps": decoding / latent,
        "steps": STEPS, "calls": calls,
        "gflops_picture_latent": (calls * latent + decoding) / 1e9, "gflops_picture_pixel": calls * pixel / 1e9,
        "ratio_picture": calls * pixel / (calls * latent + decoding),
        "decode_share": decoding / (calls * latent + decoding),
        "values_ratio": 3 * 128 * 128 / (4 * 16 * 16), "positions_ratio": (128 * 128) / (16 * 16),
        "sd15_tflops_latent": sd_latent / 1e12, "sd15_tflops_pixel": sd_pixel / 1e12,
        "sd15_ratio": sd_pixel / sd_latent,
        "sd15_parameters": sd_parameters,
    }  # fmt: skip

    bars = (
        ("one step on latents", n["gflops_latent"], "latent"),
        ("decoding, once", n["gflops_decode"], "prediction"),
        ("one step on pixels", n["gflops_pixel"], "image"),
        (f"a picture by latents ({STEPS} steps)", n["gflops_picture_latent"], "latent"),
        (f"a picture by pixels ({STEPS} steps)", n["gflops_picture_pixel"], "image"),
    )

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        fig.note(0, 0, "Billions of operations", size=14, weight=600)
        fig.note(fig.width, 2, "each gridline: ten times more", "muted", 11, ha="right")
        y, left = 30, 0 if narrow else 236
        decades = (1, 10, 100, 1000, 10000)
        top = 3e4
        for word, value, colour in bars:
            if narrow:
                fig.note(0, y, word, "ink", 12)
                y += 18
            else:
                fig.note(left - 12, y + 13, word, "ink", 13, ha="right", va="center")
            ax = fig.area(left, y, fig.width - left - 4, 26, grid="x")
            ax.set_xscale("log")
            ax.set(xlim=(1, top), ylim=(-0.5, 0.5), yticks=[])
            ax.set_xticks(decades, [""] * len(decades))
            ax.minorticks_off()
            ax.barh([0], [value - 1], left=1, height=0.7, color=theme.colour(colour))
            shown = f"{value:,.1f}" if value < 100 else f"{value:,.0f}"
            ax.annotate(shown, (value, 0), xytext=(6, 0), textcoords="offset points", va="center", color=theme.ink,
                        fontsize=12, weight=600, annotation_clip=False)  # fmt: skip
            y += 26 + (8 if narrow else 6)
        return fig

    return Output(
        alt=(
            "Bars on a logarithmic scale, in billions of operations. One step of denoising: "
            f"{n['gflops_latent']:.1f} on latents, {n['gflops_pixel']:.0f} on pixels, {n['ratio']:.0f} "
            f"times more. Decoding once: {n['gflops_decode']:.1f}. A whole picture: "
            f"{n['gflops_picture_latent']:,.0f} against {n['gflops_picture_pixel']:,.0f}."
        ),
        caption=(
            f"**Working on latents divides the bill by {n['ratio_picture']:.0f}.** The same U-Net "
            f"({parameters:,} parameters) asked for one step on a latent of 4 × 16 × 16 and on pixels, 3 "
            f"× 128 × 128: {n['gflops_latent']:.1f} against {n['gflops_pixel']:.0f} billion operations, "
            f"{n['ratio']:.0f} times as many for {n['positions_ratio']:.0f} times the positions, since "
            "attention grows faster than the picture. Decoding costs as much as "
            f"{n['decode_in_steps']:.1f} steps, once. With Stable Diffusion 1.5's dimensions a step takes "
            f"{n['sd15_tflops_latent']:.1f} trillion operations on latents and "
            f"{n['sd15_tflops_pixel']:.0f} on pixels: {n['sd15_ratio']:.0f} times. Counted, not timed."
        ),
        numbers=n,
        draw=draw,
        format="svg",
    )

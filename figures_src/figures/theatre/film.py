"""Act three as a film: at each step the noisy latent, the clean picture that the model bets on, and what this step
changed in that bet, side by side; with the bill, step by step.

Tests claims: r11-07.
"""

import json

import numpy as np
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch.utils.flop_counter import FlopCounterMode

from denoised.pipeline import decode, encode
from denoised.probes import play
from denoised.probes.latents import fit_preview
from plotting.layout import colour_map, picture, rasterize
from plotting.output import Animation, Output
from plotting.style import LIGHT, SMALL, context, new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "The third act, as a film"

STRIP = (0, 4, 9, 14, 19, 24)  # steps of the still picture
FULL = 0.35  # mean change of a pixel's colours (of 1) that is drawn at full strength
ROWS = (("noisy latent", "latent"), ("the bet", "prediction"), ("what changed", "attention"))


def flops(lab, tokens):
    """Operations of one call of the U-Net on one latent, and of one decoding, by shapes alone."""
    config = [json.loads((lab.weight(f"emoji-sd/{part}") / "config.json").read_text()) for part in ("unet", "vae")]
    with torch.device("meta"), torch.no_grad():
        unet, vae = UNet2DConditionModel.from_config(config[0]), AutoencoderKL.from_config(config[1])
        x = torch.empty(1, unet.config.in_channels, unet.config.sample_size, unet.config.sample_size)
        with FlopCounterMode(display=False) as step:
            unet(x, torch.zeros(1), encoder_hidden_states=torch.empty(1, tokens, unet.config.cross_attention_dim))
        with FlopCounterMode(display=False) as end:
            vae.decode(x)
    return step.get_total_flops(), end.get_total_flops()


def changes(bets):
    """How much each bet differs from the one before, [S, H, W] in 0..1; the first from white paper."""
    bets = bets.astype(np.float64) / 255
    before = np.concatenate([np.ones_like(bets[:1]), bets[:-1]])
    return np.abs(bets - before).mean(-1)


def make(lab, smoke=False):
    pipe, specimens = lab.pipeline(), lab.specimens()
    some = specimens.images[:: 150 if smoke else 12]
    preview = fit_preview(encode(pipe.vae, some), some)
    one = play.perform(pipe, smoke)
    bets = decode(pipe.vae, one.x0)
    latents, moved = preview(one.xt[:-1]), changes(bets)
    per_call, decoding = flops(lab, one.text_states.shape[0])
    calls = 1 if play.GUIDANCE == 1 else 2
    amount = moved.mean((1, 2))
    t = one.timesteps.tolist()
    last = one.steps - 1
    shares = [(i + 1) * calls * per_call / (one.steps * calls * per_call + decoding) for i in range(one.steps)]
    norm = one.xt.flatten(1).norm(dim=1)
    n = {
        "steps": one.steps,
        "guidance": one.guidance,
        "gflops_call": per_call / 1e9,
        "gflops_step": calls * per_call / 1e9,
        "gflops_decode": decoding / 1e9,
        "gflops_loop": one.steps * calls * per_call / 1e9,
        "decode_share": decoding / (one.steps * calls * per_call + decoding),
        "changed_first": float(amount[0]),
        "changed_middle": float(amount[one.steps // 2]),
        "changed_last": float(amount[-1]),
        "most_changed_step": int(amount[1:].argmax()) + 2,
        "first_t": t[0],
        "last_t": t[-1],
        "spread_start": float(one.xt[0].std()),
        "spread_end": float(one.xt[-1].std()),
        "norm_start": float(norm[0]),
        "norm_end": float(norm[-1]),
        "prompt": one.prompt,
    }

    def changed(theme, i):
        return colour_map(moved[i], theme, FULL, "attention")

    def frame(i, theme=LIGHT):
        fig = new_figure(theme, narrow=True)
        cell, gap = 109, 8
        for k, (words, colour) in enumerate(ROWS):
            x = 8 + k * (cell + gap)
            image = (latents[i], bets[i], changed(theme, i))[k]
            fig.note(x + cell / 2, 8, words, colour, 12, ha="center", weight=600)
            picture(fig, image, x, 28, cell, cell, smooth=k > 0)
        y = 28 + cell + 12
        fig.note(8, y, f"step {i + 1} of {one.steps}", "ink", 13, weight=600)
        fig.note(fig.width - 8, y, f"t = {t[i]}", "muted", 13, ha="right")
        bar = fig.area(8, y + 24, fig.width - 16, 8, grid="")
        bar.set_axis_off()
        bar.barh([0], [1], color=theme.grid)
        bar.barh([0], [shares[i]], color=theme.accent)
        bar.set(xlim=(0, 1), ylim=(-0.4, 0.4))
        spent = (i + 1) * calls * per_call / 1e9
        fig.note(8, y + 38, f"spent so far: {spent:,.0f} billion operations", "muted", 12)
        fig.set_height(y + 62)
        return rasterize(fig, 2)

    with context(LIGHT):
        frames = [frame(i) for i in range(one.steps)]
    picks = sorted({min(i, last) for i in STRIP})

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        gap, left = 8, 0 if narrow else 92
        columns = 3 if narrow else len(STRIP)
        cell = (fig.width - left - gap * (columns - 1)) // columns
        y = 0
        for start in range(0, len(picks), columns):
            some = picks[start : start + columns]
            for j, i in enumerate(some):
                x = left + j * (cell + gap) + cell / 2
                fig.note(x, y, f"step {i + 1}", "ink", SMALL, ha="center", weight=600)
                fig.note(x, y + 16, f"t = {t[i]}", "muted", SMALL, ha="center")
            y += 38
            for k, (words, colour) in enumerate(ROWS):
                if narrow:
                    fig.note(0, y, words, colour, SMALL, weight=600)
                    y += 19
                else:
                    fig.note(0, y + cell / 2, words.replace(" ", "\n", 1), colour, 13, va="center", weight=600)
                for j, i in enumerate(some):
                    image = (latents[i], bets[i], changed(theme, i))[k]
                    picture(fig, image, left + j * (cell + gap), y, cell, cell, smooth=k > 0)
                y += cell + gap
            y += 8
        fig.set_height(y - 8)
        return fig

    return Output(
        alt=(
            f"“{one.prompt}” at {len(picks)} of {one.steps} steps, in three rows: the noisy latent as coloured squares, "
            f"the picture that the model bets on, and where this step changed it. The mean change of a pixel falls from "
            f"{n['changed_first']:.3f} at the first step to {n['changed_last']:.3f} at the last."
        ),
        caption=(
            f"**What it has, what it bets on, what this step changed.** One performance, {one.steps} steps, guidance "
            f"{one.guidance:g}. The change is the difference to the bet of the step before (for the first, to white "
            f"paper): {n['changed_first']:.3f} of the colour range at the first step, {n['changed_middle']:.3f} in the "
            f"middle, {n['changed_last']:.3f} at the last. Every step costs the same, {n['gflops_step']:.1f} billion "
            f"operations in two calls; decoding, once, {n['gflops_decode']:.1f}."
        ),
        numbers=n,
        draw=draw,
        format="webp",
        animation=Animation(frames, fps=4, hold_last=2.5, poster=(2 * last) // 3),
    )

"""One icon on its way into noise: mixed with static as a picture, and mixed in the space where the model works,
with the ratio of signal to noise under each mixture. The decoder shows what a noisy latent looks like.

Tests claims: c2-01, c2-03.
"""

import numpy as np
import torch

from denoised.diffusion.objectives import add_noise
from denoised.diffusion.schedules import snr
from denoised.pipeline import decode, encode
from denoised.probes.latents import fit_preview
from denoised.probes.metrics import psnr
from plotting.layout import picture
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "An icon drowns in noise"

ICON = {"style": "noto", "concept": "tiger-face"}
STEPS = (0, 99, 199, 349, 499, 699, 849, 999)  # of 1000


def decibels(ratio):
    """A ratio of variances in words for a label: "+12 dB", "−3 dB", or "none" where nothing is left."""
    if ratio == 0:
        return "no signal"
    value = round(10 * np.log10(ratio))
    return f"{'−' if value < 0 else '+' if value > 0 else ''}{abs(value)} dB"


def correlation(a, b):
    return float(np.corrcoef(np.ravel(a), np.ravel(b))[0, 1])


def make(lab, smoke=False):
    pipe, specimens = lab.pipeline(), lab.specimens()
    alpha_bar = pipe.scheduler.alphas_cumprod.double()
    t = torch.tensor(STEPS[:: 7 if smoke else 1])
    some = specimens.images[:: 150 if smoke else 10]
    preview = fit_preview(encode(pipe.vae, some), some)

    icon = specimens.one(**ICON)
    clean = torch.from_numpy(icon).permute(2, 0, 1).float() / 127.5 - 1
    static = torch.randn(clean.shape, generator=lab.generator("static"))
    mixed = add_noise(clean.expand(len(t), -1, -1, -1), static.expand(len(t), -1, -1, -1), t, alpha_bar)
    pixels = ((mixed.permute(0, 2, 3, 1).numpy() + 1) * 127.5).clip(0, 255).round().astype(np.uint8)

    x0 = encode(pipe.vae, icon[None])[0]
    eps = torch.randn(x0.shape, generator=lab.generator("eps"))
    xt = add_noise(x0.expand(len(t), -1, -1, -1), eps.expand(len(t), -1, -1, -1), t, alpha_bar)
    previews, decoded = preview(xt), decode(pipe.vae, xt)

    ratios = snr(alpha_bar[t]).tolist()
    words = [decibels(ratio) for ratio in ratios]
    middle = len(t) // 2
    n = {
        "latent_values": x0.numel(),
        "pixel_values": clean.numel(),
        "x0_std": float(x0.std()),
        "preview_r2": preview.r2,
        "psnr_clean": float(psnr(icon[None], decode(pipe.vae, x0[None]))[0]),
        "psnr_middle": float(psnr(icon[None], decoded[middle : middle + 1])[0]),
        "middle_t": int(t[middle]),
        "unet_parameters": sum(p.numel() for p in pipe.unet.parameters()),
        "last_t": int(t[-1]),
        "last_signal": float(alpha_bar[-1].sqrt()),
        "last_correlation": correlation(xt[-1], x0),
    }
    for k, step in enumerate(t.tolist()):
        n[f"correlation_{step}"] = correlation(xt[k], x0)
        if ratios[k] > 0:
            n[f"snr_db_{step}"] = 10 * np.log10(ratios[k])

    rows = (
        ("as pixels", "image", pixels, None),
        ("as latent", "latent", previews, False),
        ("latent, decoded", "image", decoded, None),
    )

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        columns = -(-len(t) // 2) if narrow else len(t)
        gap, left = 6, 0 if narrow else 66
        cell = (fig.width - left - gap * (columns - 1)) // columns
        y = 0
        for start in range(0, len(t), columns):
            for name, colour, pictures, smooth in rows:
                if narrow:
                    fig.note(0, y, name, colour, SMALL, weight=600)
                    y += 20
                else:
                    label = name.replace(", ", ",\n").replace("as ", "as\n")
                    fig.note(0, y + cell / 2, label, colour, SMALL, va="center", weight=600)
                for j, image in enumerate(pictures[start : start + columns]):
                    picture(fig, image, left + j * (cell + gap), y, cell, cell, smooth)
                y += cell + gap
            for j, (step, word) in enumerate(zip(t.tolist()[start:], words[start:], strict=False)):
                if j < columns:
                    x = left + j * (cell + gap) + cell / 2
                    fig.note(x, y, f"t = {step}", "muted", SMALL, ha="center")
                    fig.note(x, y + 17, word, "ink", SMALL, ha="center", weight=600)
            y += 54 if narrow else 36
        return fig

    return Output(
        alt=(
            f"A tiger's face in {len(t)} stages of noise, in three rows: as pixels, as a latent of "
            f"{n['latent_values']} numbers shown in colour, and that latent decoded. Signal over noise falls "
            f"from {words[0]} at step {t[0]} over {words[middle]} at step {t[middle]} to {words[-1]} at step {t[-1]}."
        ),
        caption=(
            f"**Nothing but mixing.** Each column holds one weighted sum of the same icon and the same noise. Above, "
            f"the icon's {n['pixel_values']:,} pixel values; in the middle, the {n['latent_values']:,} numbers "
            "that the model really works on, as a rough preview in colour; below, what the decoder makes of those "
            f"numbers. Under each column: signal over noise. At step {t[middle]} it is {words[middle]}; at the last "
            f"step of this model's schedule the icon's share is {n['last_signal']:.3f}, and the mixture's "
            f"correlation with the icon is {n['last_correlation']:.2f}."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

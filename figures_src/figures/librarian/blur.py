"""Is a noisy latent a blurry one? The U-Net is handed latents spoilt by noise and latents spoilt equally much by blur,
and so are two linear restorers, of which one was fitted to noise and one to blur.

Tests claims: r13-06.
"""

import numpy as np
import torch

from denoised.data.captions import prompt
from denoised.data.splits import Row
from denoised.pipeline import decode, encode, encode_prompts
from denoised.probes.metrics import bootstrap_ci
from denoised.probes.restore import blurred, fit_linear, one_look, scheduled
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "Noise is not blur"

SPREADS = (0.6, 1.0, 2.0)  # of the blur, in latent cells
MAIN = 1.0
SHOWN = (2, 7)


def make(lab, smoke=False):
    pipe, specimens = lab.pipeline(), lab.specimens()
    alpha_bar, _ = scheduled(pipe)
    fit = encode(pipe.vae, specimens.images[specimens.where(split="train")[:: 24 if smoke else 4]])
    picks = [i for s in ("concept", "pair") for i in specimens.where(split=s, tone="none")][:: 60 if smoke else 12]
    x0 = encode(pipe.vae, specimens.images[picks])
    states = encode_prompts(pipe, [prompt(Row(**specimens.records[i])) for i in picks]).states
    eps = torch.randn(x0.shape, generator=lab.generator("eps"))
    fit_eps = torch.randn(fit.shape, generator=lab.generator("fit"))

    def left(y, damage):
        """Share of the damage that is left, for each picture: 1 = nothing done, above = made worse."""
        return ((y - x0) ** 2).mean((1, 2, 3)).numpy() / damage

    rows, n = {}, {"pictures": len(picks), "pictures_fit": len(fit), "kinds": len(SPREADS)}
    for spread in SPREADS:
        soft = blurred(x0, spread)
        damage = float(((soft - x0) ** 2).mean())
        # the step of the schedule at which noise, relative to the clean latent, is as strong as this blur is wrong
        t = int(((1 - alpha_bar) / alpha_bar - damage).abs().argmin())
        scale = float(alpha_bar[t].sqrt())
        grainy = x0 + damage**0.5 * eps
        own_noise, own_blur = float(((grainy - x0) ** 2).mean()), damage
        by_noise = fit_linear(fit + damage**0.5 * fit_eps, fit)
        by_blur = fit_linear(blurred(fit, spread), fit)
        answers = {
            "noised": one_look(pipe, scale * grainy, t, states),
            "blurred": one_look(pipe, scale * soft, t, states),
        }
        tries = [int(u) for u in np.linspace(0.02, 0.5, 2 if smoke else 6) * len(alpha_bar)]
        every = [left(one_look(pipe, float(alpha_bar[u].sqrt()) * soft, u, states), own_blur).mean() for u in tries]
        rows[spread] = {
            "unet_noised": left(answers["noised"], own_noise), "unet_blurred": left(answers["blurred"], own_blur),
            "linear_noised": left(by_noise(grainy), own_noise), "linear_blurred": left(by_blur(soft), own_blur),
            "noise_on_blur": left(by_noise(soft), own_blur), "blur_on_noise": left(by_blur(grainy), own_noise),
        }  # fmt: skip
        if spread == MAIN:
            n |= {name: float(values.mean()) for name, values in rows[spread].items()}
            n |= {"damage": damage, "t": t, "unet_blurred_best": float(min(every))}
            for name in ("unet_noised", "unet_blurred"):
                n[f"{name}_low"], n[f"{name}_high"] = bootstrap_ci(rows[spread][name])
            kept = [x0, grainy, answers["noised"], soft, answers["blurred"]]
    n["unet_blurred_lowest"] = min(float(r["unet_blurred"].mean()) for r in rows.values())
    n["unet_noised_highest"] = max(float(r["unet_noised"].mean()) for r in rows.values())
    some = [i for i in SHOWN if i < len(picks)] or [0]
    grid = np.stack([decode(pipe.vae, z[some]) for z in kept], axis=1)

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        columns = ["clean\nlatent", "with\nnoise", "the U-Net's\nanswer", "equally\nblurred", "the U-Net's\nanswer"]
        cell, gap = (66, 7) if narrow else (92, 10)
        if narrow:
            columns = [word.replace("the U-Net's", "U-Net's") for word in columns]
        y = image_grid(fig, list(grid), columns=columns, cell=cell, gap=gap, size=11 if narrow else 12)
        if narrow:
            x, y, width = 0, y + 28, fig.width
        else:
            x, y, width = 5 * cell + 4 * gap + 26, 0, fig.width - (5 * cell + 4 * gap + 26)
        fig.note(x, y, "Damage that is left", size=14, weight=600)
        parts = (
            ("U-Net on noise", "unet_noised", "prediction"), ("U-Net on blur", "unet_blurred", "prediction"),
            ("linear map for blur, on blur", "linear_blurred", "latent"),
            ("the same, on noise", "blur_on_noise", "latent"),
        )  # fmt: skip
        top = max(1.25, *(n[key] for _, key, _ in parts[:3]))
        for word, key, colour in parts:
            y += 28
            fig.note(x, y, word, "ink", 12)
            fig.note(x + width, y, f"{n[key]:,.0%}", "ink", 12, ha="right")
            y += 18
            ax = fig.area(x, y, width, 12, grid="")
            ax.set_axis_off()
            ax.barh([0], [min(n[key], top)], color=theme.colour(colour), height=1)
            ax.axvline(1, color=theme.ink, linewidth=1.5)
            ax.set(xlim=(0, top), ylim=(-0.5, 0.5))
        fig.note(x + width / top, y + 18, "as it was", "muted", 11, ha="center" if top > 1.3 else "right")
        return fig

    return Output(
        alt=(
            "Pictures decoded from a clean latent, the same with noise and the U-Net's answer to it, the same equally "
            f"blurred and the U-Net's answer to that. Bars of the damage left: U-Net on noise {n['unet_noised']:.0%}, "
            f"U-Net on blur {n['unet_blurred']:.0%}, a linear map fitted to blur {n['linear_blurred']:.0%} on blur and "
            f"{n['blur_on_noise']:,.0%} on noise."
        ),
        caption=(
            f"**Half-erased is not the same as blurred.** {n['pictures']} unseen icons' latents, spoilt by as much "
            "noise as "
            f"a blur of one cell does damage (mean squared error {n['damage']:.2f}). One look of the U-Net leaves "
            f"{n['unet_noised']:.0%} of the noise's damage (95 % interval {n['unet_noised_low']:.0%} to "
            f"{n['unet_noised_high']:.0%}), and {n['unet_blurred']:.0%} of the blur's ({n['unet_blurred_low']:.0%} to "
            f"{n['unet_blurred_high']:.0%}); at the noise level that is the best for it of those we tried, "
            f"{n['unet_blurred_best']:.0%}. A linear map, fitted on {n['pictures_fit']} icons to undo this blur, "
            "leaves "
            f"{n['linear_blurred']:.0%} of it, and turned on noise it leaves {n['blur_on_noise']:,.0%}; one fitted to "
            f"noise leaves {n['linear_noised']:.0%} of noise and {n['noise_on_blur']:.0%} of blur. Above 100 % "
            "means: "
            "made worse."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )  # fmt: skip

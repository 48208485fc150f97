"""Tiny autoencoders that differ in nothing but the weight of the KL term, three seeds each: what they
reconstruct, and what their decoders make of random codes. Read from the results of `scripts/lab_kl.py`.

Tests claims: r10-04, r10-06.
"""

import numpy as np

from denoised.studies import kl
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ()
DATA = ()
TITLE = "Turning the KL term up"

NAMES = ("none", "real", "strong", "heavy")  # in the order of kl.SETTINGS.weights
WORDS = ("no KL term", "as in our VAE", "strong", "too strong")
PICTURES = 3


def make(lab, smoke=False):
    facts, arrays = kl.load()
    weights = [f"{w:g}" for w in kl.SETTINGS.weights]
    runs = dict(zip(NAMES, (facts["runs"][w] for w in weights), strict=True))

    def values(name, field):
        return np.array([run[field] for run in runs[name]])

    fields = ("psnr", "psnr_sampled", "psnr_shaken", "kl_per_value", "latent_std", "relative_spread",
              "prior_distance", "fitted_distance")  # fmt: skip
    n = {f"{field}_{name}": float(values(name, field).mean()) for field in fields for name in NAMES}
    n |= {
        "seeds": len(kl.SETTINGS.seeds),
        "runs": len(weights) * len(kl.SETTINGS.seeds),
        "parameters": facts["parameters"],
        "seconds": facts["seconds"],
        "weight_real": kl.SETTINGS.weights[1],
        "weight_strong": kl.SETTINGS.weights[2],
        "weight_heavy": kl.SETTINGS.weights[3],
        "strong_costs_db": n["psnr_none"] - n["psnr_strong"],
        "heavy_costs_db": n["psnr_none"] - n["psnr_heavy"],
        "crossed_psnr": facts["crossed"][weights[1]],
        "crossed_loss_db": n["psnr_real"] - facts["crossed"][weights[1]],
        "captions_equal": facts["captions_equal"],
        "pictures_equal": facts["pictures_equal"],
        "captions_changed": facts["captions_changed"],
    }
    best_prior = min(NAMES, key=lambda name: n[f"prior_distance_{name}"])
    n["prior_best_at"] = WORDS[NAMES.index(best_prior)]

    plots = (
        ("psnr", "Likeness of round trips (dB)", "image", None),
        ("relative_spread", "Posterior's width over the codes'", "latent", 1.0),
        ("prior_distance", "From random codes to real icons", "noise", None),
    )

    def dots(ax, field, colour, theme, narrow):
        for i, name in enumerate(NAMES):
            some = values(name, field)
            places = i + np.linspace(-0.1, 0.1, len(some))
            ax.plot(places, some, "o", color=theme.colour(colour), markersize=6)
            ax.plot([i - 0.26, i + 0.26], [some.mean()] * 2, color=theme.ink, linewidth=1.4)
        ax.set_xlim(-0.6, len(NAMES) - 0.4)
        ax.set_xticks(range(len(NAMES)), ["0", *(f"{w:g}".replace("e-0", "e−") for w in kl.SETTINGS.weights[1:])])
        top = max(values(name, field).max() for name in NAMES)
        bottom = min(values(name, field).min() for name in NAMES)
        ax.set_ylim(bottom - 0.12 * (top - bottom), top + 0.12 * (top - bottom))
        ax.tick_params(labelsize=11)

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        y = 0
        rows = (("round trips", "reconstruction"), ("random codes", "prior"), ("scaled codes", "fitted"))
        originals = list(arrays["original"][:PICTURES])
        cell = 48
        block = 3 * cell + 12
        if narrow:
            fig.note(0, 0, "Originals", size=12, colour="muted")
            y = image_grid(fig, [originals], x=120, y=0, cell=cell, gap=6) + 16
            for i, word in enumerate(WORDS):
                fig.note(0, y, f"{word}", size=13, weight=600)
                fig.note(360, y + 1, f"weight {kl.SETTINGS.weights[i]:g}".replace("e-0", "e−"), "muted", 12, ha="right")
                y += 24
                for j, (title, key) in enumerate(rows):
                    fig.note(j * 122, y, title, "muted", 11)
                    pictures = list(arrays[f"{key}_{weights[i]}"][:PICTURES])
                    image_grid(fig, [pictures], x=j * 122, y=y + 18, cell=36, gap=2)
                y += 18 + 36 + 14
        else:
            for i, word in enumerate(WORDS):
                x = 96 + i * (block + 0)
                fig.note(x + block / 2 - 6, 0, word, size=12, weight=600, ha="center")
            for j, (title, key) in enumerate(rows):
                fig.note(0, 24 + j * (cell + 10) + cell / 2, title, "muted", 12, va="center")
                for i in range(len(NAMES)):
                    pictures = list(arrays[f"{key}_{weights[i]}"][:PICTURES])
                    image_grid(fig, [pictures], x=96 + i * block, y=24 + j * (cell + 10), cell=cell, gap=0)
            y = 24 + len(rows) * (cell + 10)
            fig.note(0, y + cell / 2, "originals", "muted", 12, va="center")
            image_grid(fig, [originals], x=96, y=y, cell=cell, gap=0)
            y += cell + 26
        for i, (field, title, colour, _) in enumerate(plots):
            x, top = (0, y + i * 200) if narrow else (i * 246, y)
            fig.note(x, top, title, size=12, weight=600)
            ax = fig.area(x + 34, top + 28, (fig.width - 50) if narrow else 186, 120, below=42)
            dots(ax, field, colour, theme, narrow)
            ax.set_xlabel("weight of the KL term", fontsize=11)
        return fig

    return Output(
        alt=(
            "Four groups of small pictures, from no KL term to a too strong one: round trips of three "
            "icons get blurrier to the right, pictures of random codes get calmer. Three plots with a "
            f"dot for each of three seeds: likeness goes from {n['psnr_none']:.1f} through "
            f"{n['psnr_strong']:.1f} to {n['psnr_heavy']:.1f} dB, the posterior's width from "
            f"{n['relative_spread_none']:.2f} to {n['relative_spread_heavy']:.2f} of the codes' own."
        ),
        caption=(
            f"**The KL term buys room with sharpness.** {n['runs']} tiny autoencoders "
            f"({n['parameters']:,} parameters, pictures of 32 pixels, each dot a seed) that differ in one "
            f"number. Without the term the posterior shrinks to {n['relative_spread_none']:.1%} of the "
            "codes' spread: codes become points. At the weight that our VAE uses it is "
            f"{n['relative_spread_real']:.1%}; at {kl.SETTINGS.weights[2]:g}, "
            f"{n['relative_spread_strong']:.0%}, for {n['strong_costs_db']:.1f} dB; at "
            f"{kl.SETTINGS.weights[3]:g} round trips have lost {n['heavy_costs_db']:.1f} dB. Pictures of "
            f"random codes come closest to real icons with the setting *{n['prior_best_at']}* (Fréchet "
            f"distance of colour mosaics {n[f'prior_distance_{best_prior}']:.2f}). *Scaled* codes are "
            "random ones given the codes' own mean and spread, as latent diffusion does with its scaling "
            "factor: that alone brings the distance at our VAE's weight from "
            f"{n['prior_distance_real']:.2f} to {n['fitted_distance_real']:.2f}. Nowhere are they icons."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

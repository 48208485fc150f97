"""Three materials: noise taken out of pixels, out of latents, and tokens told, of the same icons, for the same words, after
as many seconds of training. A sheet, and how often a judge names the thing. Read from the results of
`scripts/lab_spaces.py`.

Tests claims: c1-02.
"""

import numpy as np

from denoised.data import splits
from denoised.data.captions import prompt
from denoised.models import fsq
from denoised.probes.metrics import bootstrap_ci
from denoised.studies import shares, shelf
from denoised.studies import spaces as study
from denoised.training.spaces import SPACES
from plotting.dots import rows_of, two_panels
from plotting.output import Output
from plotting.sheets import caption_lines, captioned_rows
from plotting.style import new_figure

WEIGHTS = ("emoji-sd", "judge")
DATA = ()
TITLE = "Pixels, latents, tokens"
TINY_ONLY = "All three were trained here, on the icons that the small model learned from."

WORDS = {"pixels": "pixels", "latents": "latents", "told": "tokens"}
COLOURS = {"pixels": "image", "latents": "latent", "told": "attention"}


def make(lab, smoke=False):
    facts, arrays = study.load()
    shelf.expect(facts, lab, study.NETWORKS, "lab_spaces")
    s, trained, count = study.SETTINGS, facts["trained"], len(arrays["kept"])
    n = {
        "drawings": count, "kept": int(arrays["kept"].sum()), "steps": s.steps, "guidance": s.guidance,
        "tokens": fsq.PLACES, "guidance_told": s.guidance_told, "words": fsq.WORDS, "calls": 2 * s.steps,
        "calls_told": 2 * fsq.PLACES,
        "tokenizer_minutes": trained["tokenizer"]["core_seconds"] / 60, "alone": study.ALLOWED["alone"],
        "ahead": study.ALLOWED["ahead"],
    }  # fmt: skip
    for way, space in SPACES.items():
        n |= {f"side_{way}": space.side, f"numbers_{way}": space.channels * space.side**2}
    for way, preset in study.PRESETS.items():
        one = trained[preset]
        n |= {f"lessons_{way}": one["samples"], f"minutes_{way}": one["core_seconds"] / 60}
        n[f"parameters_{way}"] = one["parameters"] / 1e6
    n["minutes"] = float(np.mean([n[f"minutes_{way}"] for way in study.WAYS]))
    for way in study.WAYS:
        n |= shares.numbers(arrays, way) | shares.numbers(arrays, f"real_{way}")
    for rival in ("pixels", "told"):  # the same captions
        gap = arrays["top5_latents"].astype(float) - arrays[f"top5_{rival}"]
        low, high = bootstrap_ci(gap, seed=3)
        n |= {f"ahead_of_{rival}": float(gap.mean()), f"ahead_of_{rival}_low": low, f"ahead_of_{rival}_high": high}
    n["detour"] = n["top5_real_latents"] - n["top5_real_pixels"]

    shown = 3 if smoke else s.shown
    row_of = {row.id: row for row in splits.load()}
    labels = [caption_lines(prompt(row_of[i])) for i in facts["asked"][:shown]]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        sheet = {"real icons": ("muted", arrays["shown_real_latents"][:shown])}
        sheet |= {word: (COLOURS[way], arrays[f"shown_{way}"][:shown]) for way, word in WORDS.items()}
        y = captioned_rows(fig, sheet, labels)
        drawn = rows_of(n, "top5", WORDS, COLOURS.get)
        real = rows_of(n, "top5_real", WORDS, lambda way: "muted")
        two_panels(fig, y + 12, (
            ("Drawn: thing among the judge's first five", "95 % intervals", drawn, {"most": 1}),
            ("Real icons, through the same door", "the most that the judge could see", real, {"most": 1}),
        ))  # fmt: skip
        return fig

    listed = ", ".join(f"{word} {n[f'top5_{way}']:.0%}" for way, word in WORDS.items())
    real = ", ".join(f"{word} {n[f'top5_real_{way}']:.0%}" for way, word in WORDS.items())
    return Output(
        alt=(
            "Four rows of pictures for the same captions: real icons as the autoencoder gives them back, and drawings by "
            "three networks, which denoise pixels, denoise latents, and tell tokens. Below, how often the judge has the "
            f"thing among its first five: {listed}; and for real icons that went the same way: {real}."
        ),
        caption=(
            f"**Three materials.** Two U-Nets of {n['parameters_pixels']:.1f} and {n['parameters_latents']:.1f} million "
            f"parameters and a Transformer of {n['parameters_told']:.1f} learned the same icons from the same words, each "
            f"for about {n['minutes']:.0f} minutes of one core. The first takes the noise out of {n['side_pixels']} x "
            f"{n['side_pixels']} pixels ({n['numbers_pixels']:,} numbers), the second out of latents "
            f"({n['numbers_latents']} numbers), both in {n['steps']} steps; the third tells {n['tokens']} tokens out of "
            f"{n['words']:,}. Shown are the first of {n['drawings']} captions, picked by nobody. The judge looks at 64 "
            "pixels, and what was drawn smaller is enlarged for it."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

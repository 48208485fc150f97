"""Does the word “sunglasses” help less on a cat than on a face? Glasses are drawn on icons of both, and the U-Net's error
under the glasses is compared with and without the word; then it is counted how much of them the U-Net paints from noise.
The data know them on faces only.

Tests claims: r11-03.
"""

import torch

from denoised import measured
from denoised.measured import theatre_sunglasses
from denoised.measured.theatre_sunglasses import CAST, SEEDS, with_glasses
from denoised.pipeline import decode
from denoised.probes import play
from plotting.layout import picture
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "A cat in sunglasses"


def make(lab, smoke=False):
    n, found = measured.results(lab, theatre_sunglasses, smoke)
    made = decode(lab.vae(), torch.from_numpy(found["made"]))
    sheets = [with_glasses(lab.specimens().images[i]) for i in found["icons"]]
    seeds = SEEDS[: len(made) // len(CAST)]
    low, high, put_low, put_high = (n[key] for key in ("gap_low", "gap_high", "painted_gap_low", "painted_gap_high"))
    titles = {"face": "a face, as in the data", "cat": "a cat, in none of the data"}

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        y, size, gap_px = 0, 84 if narrow else 96, 8
        for k, who in enumerate(CAST):
            fig.note(0, y, titles[who], "image" if who == "face" else "prediction", 13, weight=600)
            y += 23
            left = 0
            picture(fig, sheets[k], left, y, size, size)
            fig.note(left + size / 2, y + size + 4, "drawn by us", "muted", 11, ha="center")
            for j in range(len(seeds)):
                x = (j + 1) * (size + gap_px)
                picture(fig, made[k * len(seeds) + j], x, y, size, size)
                fig.note(x + size / 2, y + size + 4, f"seed {seeds[j]}", "muted", 11, ha="center")
            if not narrow:
                x = 4 * (size + gap_px) + 24
                fig.note(x, y, "the word takes off,\nunder the glasses", "muted", SMALL)
                fig.note(x, y + 38, f"{n[f'gain_{who}']:.1%}", "ink", 24, weight=600)
                fig.note(x, y + 72, "of the error", "muted", SMALL)
            else:
                words = f"the word takes off {n[f'gain_{who}']:.1%} of the error"
                fig.note(0, y + size + 22, words, "ink", SMALL, weight=600)
            y += size + (50 if narrow else 34)
        return fig

    return Output(
        alt=(
            f"Two rows: glasses drawn on a face and on a cat, and what the model makes of both prompts. With the word "
            f"“sunglasses” the error under the glasses falls by {n['gain_face']:.1%} on faces and {n['gain_cat']:.1%} on "
            f"cats; painting from noise, the word darkens {n['painted_face']:.0%} of the lenses' place on faces and "
            f"{n['painted_cat']:.0%} on cats."
        ),
        caption=(
            f"**Seen on faces, asked for on a cat.** Of {n['drawings_glasses']} drawings with sunglasses in their name "
            f"{n['drawings_cats']} show a cat. We drew glasses on faces and cats of {n['styles']} styles, added noise, "
            f"and asked the U-Net with and without the word. Under the glasses the word takes {n['gain_face']:.1%} off "
            f"the error on faces and {n['gain_cat']:.1%} on cats (difference {100 * n['gap']:.1f} points, "
            f"{100 * low:.1f} to {100 * high:.1f}). Painting from noise, over {n['seeds']} more seeds ({n['steps']} "
            f"steps, guidance {play.GUIDANCE:g}), the word darkens {n['painted_face']:.0%} of the lenses' place on faces "
            f"and {n['painted_cat']:.0%} on cats (difference {100 * put_low:.0f} to {100 * put_high:.0f} points)."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

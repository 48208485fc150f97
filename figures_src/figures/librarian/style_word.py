"""Is another decoder a free style transfer? The prompt is kept and the decoder changed, as the tip says; as a yardstick,
the decoder is kept and the prompt's word for the style is changed.

Tests claims: r13-09.
"""

import numpy as np
import torch

from denoised import measured
from denoised.measured import librarian_style_word
from denoised.measured.librarian_style_word import STYLES, THINGS
from denoised.pipeline import decode
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd", "decoders/openmoji", "decoders/noto")
DATA = ("specimens",)
TITLE = "Another decoder or another word"


def make(lab, smoke=False):
    n, found = measured.results(lab, librarian_style_word, smoke)
    noto, openmoji = (torch.from_numpy(found[style]) for style in STYLES)
    some = found["things"].tolist()
    made = {"noto": decode(lab.vae(), noto), "openmoji": decode(lab.vae(), openmoji)}
    crossed = {"noto": decode(lab.vae("openmoji"), noto), "openmoji": decode(lab.vae("noto"), openmoji)}
    rows = [[made[a][i], crossed[a][i], made[b][i]] for a, b in (STYLES, STYLES[::-1]) for i in range(len(some))]
    names = [THINGS[i] for i in some]
    heads = ["as made", "another\ndecoder", "another\nword"]
    by_decoder, by_word = found["by_decoder"], found["by_word"]
    dots = [("another decoder", by_decoder, "latent"), ("another word", by_word, "text")]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        cell, gap = (90, 8) if narrow else (66, 8)
        y = 0
        for k, (start, goal) in enumerate((("Noto", "OpenMoji"), ("OpenMoji", "Noto"))):
            x, top = (0, y) if narrow else (k * (3 * cell + 2 * gap + 24), 0)
            fig.note(x, top, f"{start} to {goal}", size=14, weight=600)
            group = rows[k * len(some) : (k + 1) * len(some)]
            left = 68 if narrow else 0
            words = [name.replace(" ", "\n") for name in names] if narrow else None
            y = image_grid(fig, group, x=x, y=top + 24, left=left, rows=words, columns=heads, cell=cell, gap=gap) + 24
        x, top = (0, y) if narrow else (2 * (3 * cell + 2 * gap + 24), 0)
        width = fig.width - x
        fig.note(x, top, "Moved along the style", size=14, weight=600)
        ax = fig.area(x + 50, top + 30, width - 54, 178, below=40)
        for i, (_, values, colour) in enumerate(dots):
            spot = i + np.linspace(-0.18, 0.18, len(values))
            ax.plot(spot, values, "o", color=theme.colour(colour), markersize=6, alpha=0.75)
            ax.plot([i - 0.3, i + 0.3], [values.mean()] * 2, color=theme.ink, linewidth=1.8)
        ax.axhline(0, color=theme.muted, linewidth=1.2)
        reach = max(1.0, *(float(np.abs(values).max()) for _, values, _ in dots))
        ax.set(xlim=(-0.5, 1.5), ylim=(-1.08 * reach, 1.08 * reach))
        ax.set_xticks([0, 1], [word.replace(" ", "\n") for word, _, _ in dots])
        ticks = [t for t in (-4, -2, -1, 0, 1, 2, 4) if abs(t) <= 1.08 * reach]
        ax.set_yticks(ticks, [f"{t:.0%}".replace("-", "−") for t in ticks])
        return fig

    return Output(
        alt=(
            "Generated icons in three versions: as made, with the same latent through the other style's decoder, which "
            "hardly differs, and made with the other style's word in the prompt. A plot of how far a judge of style "
            "was "
            f"moved: {n['moved_by_decoder']:+.0%} by the decoder, {n['moved_by_word']:+.0%} by the word."
        ),
        caption=(
            f"**One word against one decoder.** {n['pictures']} pictures of {n['things']} things, made with the word for "
            "Noto and "
            f"with the word for OpenMoji. A linear judge of style (right on {n['judge_accuracy']:.0%} of "
            f"{n['judge_tested']} unseen drawings) places each on a line from real Noto, 0 %, to real OpenMoji, 100 %. "
            "Exchanging the decoder for "
            f"the one that was tuned on the other style moves a picture by {n['moved_by_decoder']:+.0%} on average "
            "(95 % "
            f"interval {n['moved_low']:+.0%} to {n['moved_high']:+.0%}), changing the word by "
            f"{n['moved_by_word']:+.0%}; "
            f"the verdict flips in "
            f"{n['decoder_flips']:.0%} and in {n['word_flips']:.0%} of cases. In pixels the decoder changes little "
            f"({n['pixels_decoder_db']:.1f} dB to the first picture), the word nearly everything "
            f"({n['pixels_word_db']:.1f})."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )  # fmt: skip

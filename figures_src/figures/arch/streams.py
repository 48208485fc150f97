"""One design for every kind of sequence: names, pictures and tunes, guessed token by token by architectures of equal size,
against counting.

Tests claims: r08-13, r08-15, r08b-01, r08b-03. Read from the results of `scripts/lab_streams.py`.
"""

import numpy as np

from denoised.models.sequences import NAMES
from denoised.studies import streams
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ()
DATA = ()
TITLE = "Names, pictures, tunes"

WORDS = {
    "names": "Emoji names, letter by letter",
    "pictures": "Icons, colour by colour",
    "tunes": "Tunes, note by note",
}
COLOURS = {"lstm": "text", "gru": "muted", "cnn": "image", "transformer": "attention", "rwkv": "prediction"}


def make(lab, smoke=False):
    facts, _ = streams.load()
    s = streams.SETTINGS
    n = {"seeds": len(s.seeds), "steps": s.steps, "letters": s.length, "side": s.side, "colours": s.colours}
    for stream in s.streams:
        n |= {f"{word}_{stream}": value for word, value in facts["baselines"][stream].items()}
        n[f"held_{stream}"] = facts["counts"][stream][1]
        for kind in streams.readers(stream):
            each = facts["bits"][f"{stream}/{kind}"]
            n |= {
                f"{kind}_{stream}": float(np.mean(each)),
                f"least_{kind}_{stream}": min(each),
                f"most_{kind}_{stream}": max(each),
            }
        best = min(streams.readers(stream), key=lambda kind: n[f"{kind}_{stream}"])
        n |= {f"best_{stream}": NAMES[best], f"best_bits_{stream}": n[f"{best}_{stream}"]}

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        y, left = 0, 96
        for stream in s.streams:
            fig.note(0, y, WORDS[stream], size=14, weight=600)
            kinds = streams.readers(stream)
            ax = fig.area(left, y + 26, fig.width - left - 50, 24 * len(kinds), grid="x", below=34)
            top = n[f"unigram_{stream}"] * 1.06
            for i, kind in enumerate(kinds):
                value = n[f"{kind}_{stream}"]
                ax.barh([i], [value], color=theme.colour(COLOURS[kind]), height=0.62)
                ax.plot(
                    [n[f"least_{kind}_{stream}"], n[f"most_{kind}_{stream}"]], [i, i], color=theme.ink, linewidth=1.5
                )
                fig.note(fig.width, y + 26 + 24 * (i + 0.5), f"{value:.2f}", "ink", 12, ha="right", va="center")
            for word, style in (("unigram", "-"), ("bigram", (0, (3, 2)))):
                ax.axvline(n[f"{word}_{stream}"], color=theme.ink, linewidth=1.5, linestyle=style)
            ax.set_yticks(range(len(kinds)), [NAMES[kind] for kind in kinds])
            ax.set(xlim=(0, top), ylim=(len(kinds) - 0.4, -0.6))
            y += 26 + 24 * len(kinds) + 40
        fig.note(0, y - 8, "bits a token, fewer is better; lines: counting tokens (solid) or pairs (dashed)"
                 if not narrow else "bits a token; lines: counting\ntokens (solid) or pairs (dashed)",
                 "muted", 11)  # fmt: skip
        fig.set_height(y + 24)
        return fig

    def told(word):
        return ", ".join(f"{n[f'{word}_{stream}']:.2f}" for stream in s.streams)

    others = ", ".join(f"{NAMES[kind]} {n[f'{kind}_names']:.2f}" for kind in s.kinds if kind not in s.everywhere)
    return Output(
        alt=(
            "Bars of bits per token in three panels, names, pictures and tunes. Transformer "
            f"{told('transformer')}; RWKV {told('rwkv')}; on names only {others}; counting tokens {told('unigram')}."
        ),
        caption=(
            "**One design, three kinds of sequence.** The same class, at the same size, learns to guess the next letter "
            f"of emoji names, the next of {s.side}×{s.side} colours of an icon, the next note of made-up tunes; "
            f"{s.steps} steps, {n['seeds']} seeds (thin line: lowest to highest), bits a token on sequences held out. "
            f"Names, pictures, tunes: Transformer {told('transformer')}; RWKV {told('rwkv')}. On names also {others}. "
            f"Controls: counting how common tokens are gives {told('unigram')}, counting pairs {told('bigram')}."
        ),
        numbers=n,
        draw=draw,
    )

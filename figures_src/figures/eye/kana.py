"""Printed kana: what two small nets read in fonts that they have not met, which twins they mix up, and what is left when
the character is not in the middle. Read from the results of `scripts/lab_kana.py`."""

import numpy as np

from denoised.studies import kana
from plotting.layout import label_ends, picture
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ()
DATA = ()
TITLE = "Kana, twins and moves"

SHOWN = 3  # the family whose characters are shown
COLOURS = {"convolutional": "prediction", "dense": "noise"}
RESAMPLES = 2000
TWINS = tuple(pair for pairs in kana.LOOKALIKES.values() for pair in pairs)


def difference(right, among, rng, resamples=RESAMPLES):
    """(low, high), 95 %: mean of right [seeds, fonts, characters] among some characters less that among all others;
    seeds, fonts and characters are drawn anew."""
    seeds, fonts, _ = right.shape
    sets = [np.flatnonzero(among), np.flatnonzero(~among)]
    drawn = []
    for _ in range(resamples):
        some = right[rng.integers(seeds, size=seeds)][:, rng.integers(fonts, size=fonts)]
        drawn.append(np.subtract(*(some[:, :, rng.choice(s, len(s))].mean() for s in sets)))
    return np.percentile(drawn, (2.5, 97.5))


def shares(said, pair):
    """(right, taken for the twin, else) of a pair's two characters; said [seeds, fonts, characters]."""
    first, second = (kana.CHARACTERS.index(c) for c in pair)
    right = np.mean([(said[..., a] == a).mean() for a in (first, second)])
    twin = np.mean([(said[..., a] == b).mean() for a, b in ((first, second), (second, first))])
    return float(right), float(twin), float(1 - right - twin)


def likeness(pictures, pair) -> float:
    """Mean correlation of a pair's pictures, font by font."""
    first, second = (kana.CHARACTERS.index(c) for c in pair)
    return float(np.mean([np.corrcoef(font[first].ravel(), font[second].ravel())[0, 1] for font in pictures]))


def make(lab, smoke=False):
    facts, arrays = kana.load()
    truth = np.arange(len(kana.CHARACTERS))
    among = np.isin(truth, [kana.CHARACTERS.index(c) for pair in TWINS for c in pair])
    said = {kind: arrays[f"said_{kind}"] for kind in kana.KINDS}
    n = {"characters": len(truth), "fonts": facts["fonts"], "families": facts["families"], "unseen": len(kana.UNSEEN),
         "seeds": len(kana.SETTINGS.seeds), "twins": len(TWINS), "twin_characters": int(among.sum()),
         "side": kana.SETTINGS.side, "seconds": facts["seconds"]}  # fmt: skip
    curves = {}
    for kind in kana.KINDS:
        right = said[kind] == truth
        curves[kind] = right.mean((2, 4))  # [seeds, moves, fonts]
        mean = right.mean((0, 2, 3, 4))
        n |= {f"parameters_{kind}": facts["parameters"][kind], f"middle_{kind}": float(mean[0])}
        n |= {f"moved_{by}_{kind}": float(v) for by, v in zip(kana.SETTINGS.moves, mean, strict=True)}
        n |= {f"kept_{by}_{kind}": float(v / mean[0]) for by, v in zip(kana.SETTINGS.moves, mean, strict=True)}
    middle = said["convolutional"][:, 0, 0]
    right = (middle == truth).astype(float)
    low, high = difference(right, among, np.random.default_rng(0), 100 if smoke else RESAMPLES)
    n |= {"right_twins": float(right[..., among].mean()), "right_others": float(right[..., ~among].mean()),
          "gap_low": float(low), "gap_high": float(high)}  # fmt: skip
    n["gap"] = n["right_twins"] - n["right_others"]
    rows = [(pair, shares(middle, pair), likeness(arrays["pictures"], pair)) for pair in TWINS]
    rows.sort(key=lambda row: row[1][0])
    wrong, mixed = sum(1 - r[1][0] for r in rows), sum(r[1][1] for r in rows)
    n |= {"mixed": float(mixed / wrong) if wrong else 0.0, "mistakes_twins": round(float((1 - right[..., among]).sum()))}
    n |= {"hardest_right": rows[0][1][0], "hardest_twin": rows[0][1][1], "hardest_likeness": rows[0][2],
          "whole_pairs": sum(r[1][0] == 1 for r in rows)}  # fmt: skip
    of = {name: np.mean([r[1][0] for r in rows if r[0] in pairs]) for name, pairs in kana.LOOKALIKES.items()}
    n |= {f"right_{key}": float(v) for key, v in zip(("syllabaries", "katakana", "kanji"), of.values(), strict=True)}

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        fig.note(0, 0, "Twins, and what they are read as", size=13, weight=600)
        y, step, cell, bar = 24, 27, 24, 214 if narrow else 230
        for pair, *_ in rows:
            for i, character in enumerate(pair):
                glyph = arrays["pictures"][SHOWN][kana.CHARACTERS.index(character)][6:34, 6:34]
                picture(fig, glyph, i * (cell + 3), y, cell, cell, smooth=True)
            y += step
        ax = fig.area(66, 24, bar, step * len(rows), grid="", below=8)
        left = np.zeros(len(rows))
        at = -(np.arange(len(rows)) + 0.45)
        for k, colour in enumerate(("image", "prediction", "grid")):
            values = np.array([r[1][k] for r in rows])
            ax.barh(at, values, left=left, height=0.5, color=theme.colour(colour))
            left += values
        ax.set(xlim=(0, 1), ylim=(-len(rows), 0), xticks=(), yticks=())
        for row, r in zip(at, rows, strict=True):
            ax.annotate(f"{r[1][0]:.0%}", (1, row), xytext=(6, 0), textcoords="offset points", va="center", fontsize=11,
                        color=theme.muted, annotation_clip=False)  # fmt: skip
        y = 24 + step * len(rows) + 4
        for x, words, colour in ((66, "rightly", "image"), (124, "as the twin", "prediction"), (206, "else", "muted")):
            fig.note(x, y, words, colour, 12, weight=600)
        x, y = (0, y + 40) if narrow else (392, 0)
        fig.note(x, y, "Read rightly when the character is moved", size=13, weight=600)
        ax = fig.area(x + 38, y + 32, 190 if narrow else 182, 230, below=44)
        for kind in kana.KINDS:
            some = curves[kind].mean(2)
            ax.fill_between(kana.SETTINGS.moves, some.min(0), some.max(0), color=theme.colour(COLOURS[kind]), alpha=0.2,
                            linewidth=0)  # fmt: skip
            ax.plot(kana.SETTINGS.moves, some.mean(0), color=theme.colour(COLOURS[kind]), label=kind)
        ax.set(ylim=(0, 1.02), xlim=(0, kana.SETTINGS.moves[-1]), xticks=kana.SETTINGS.moves[::2])
        ax.yaxis.set_major_formatter(lambda v, _: f"{v:.0%}")
        ax.set_xlabel("pixels out of the middle")
        label_ends(ax, {kind: kind for kind in kana.KINDS}, size=12)
        return fig

    return Output(
        alt=(
            f"Left, {n['twins']} pairs of characters that look alike, with bars of how often they are read rightly, as "
            f"each other, or as something else: from {n['hardest_right']:.0%} rightly for the worst pair, a bent line "
            f"that both syllabaries share, up. Right, the share read rightly by pixels out of the middle: from "
            f"{n['middle_convolutional']:.0%} to {n['moved_4_convolutional']:.0%} at four for the convolutional net, from "
            f"{n['middle_dense']:.0%} to {n['moved_4_dense']:.0%} for the dense one."
        ),
        caption=(
            f"**Twins and moves.** {n['characters']} printed characters, learned from {n['fonts']} weights of "
            f"{n['families']} families of fonts, always in the middle, and read in {n['unseen']} families that were not "
            f"met ({n['seeds']} seeds). The convolutional net reads {n['middle_convolutional']:.0%}: "
            f"{n['right_twins']:.0%} of those with a twin and {n['right_others']:.0%} of the others (95 % interval of the "
            f"difference {100 * n['gap_low']:+.0f} to {100 * n['gap_high']:+.0f} points). ".replace("-", "−")
            + f"Of its mistakes with twins {n['mixed']:.0%} name the other twin. Four pixels off it keeps "
            f"{n['kept_4_convolutional']:.0%} of its accuracy, the dense net, the control, {n['kept_4_dense']:.0%}."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

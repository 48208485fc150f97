"""Words that stand together in captions: does the drawing of one show what bears the other?

Tests claims: r07-11.
"""

import numpy as np
import torch

from denoised import measured
from denoised.measured import knows_together
from denoised.pipeline import decode
from denoised.probes.similarity import spearman
from plotting.layout import image_grid, label_point
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd", "judge")
DATA = ()
TITLE = "Words that go together"
TINY_ONLY = "The judge knows the small model's emoji only."


def make(lab, smoke=False):
    n, arrays = measured.results(lab, knows_together, smoke)
    pmi, lift, null = arrays["pmi"], arrays["lift"], arrays["null"]
    low, high = np.percentile(null, [2.5, 97.5])
    found = spearman(pmi, lift)
    n |= {"rank": found, "p": float((1 + (null >= found).sum()) / (1 + len(null))), "null_low": float(low),
          "null_high": float(high), "strict": spearman(pmi, arrays["strict"]),
          "lifted": float((lift > 0).mean()), "lift": float(np.median(2**lift)),
          "strict_lift": float(np.median(2 ** arrays["strict"]))}  # fmt: skip
    often = pmi > np.median(pmi)  # named are the ends: lifted most, and least of what stands together much and little
    named = sorted({int(lift.argmax()), int(lift.argmin()), int(np.where(often, lift, np.inf).argmin())})
    pictures, words = decode(lab.vae(), torch.from_numpy(arrays["shown"])), arrays["shown_words"].tolist()

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        cell, gap = (92, 24) if narrow else (94, 28)
        across = 3 if narrow else 6
        rows = [slice(i, i + across) for i in range(0, len(words), across)]
        y = image_grid(fig, [list(pictures[r]) for r in rows], labels=[words[r] for r in rows], x=14 if narrow else 8, y=0,
                       cell=cell, gap=gap) + 22  # fmt: skip
        fig.note(0, y, "Seen more often, when the other word was asked for", size=13, weight=600)
        ax = fig.area(44, y + 28, (300 if narrow else 640), 250, grid="both", below=46)
        ax.plot(pmi, lift, "o", color=theme.prediction, markersize=7, alpha=0.75)
        ax.axhline(0, color=theme.muted, linewidth=1)
        middle = (pmi.min() + pmi.max()) / 2
        for i in named:
            dy = 14 if i == lift.argmax() else -14
            ha = "right" if pmi[i] > middle else "left"
            label_point(ax, pmi[i], lift[i], " + ".join(arrays["pairs"][i]), dx=0, dy=dy, ha=ha, fontsize=12)
        bottom, top = int(np.floor(lift.min())), int(np.ceil(lift.max()))
        ticks = list(range(bottom, top + 1, max(1, (top - bottom) // 5)))
        ax.set_yticks(ticks, [f"× {2.0**v:g}" if v >= 0 else f"÷ {2.0**-v:g}" for v in ticks])
        marks = range(int(np.floor(pmi.min())), int(np.ceil(pmi.max())))
        ax.set_xticks(marks, [f"× {2**v:g}" for v in marks])
        ax.set_xlim(np.floor(pmi.min()), pmi.max() + 0.2)
        ax.set_xlabel("together in captions, against by chance")
        return fig

    return Output(
        alt=(
            f"Drawings of six keywords, and a chart of {n['count']} pairs of keywords: how much oftener they stand "
            f"together in captions than by chance, against how much more the judge sees of one when the other was asked "
            f"for. Rank correlation {n['rank']:.2f}."
        ),
        caption=(
            f"**Words that go together.** The {n['count']} commonest pairs of keywords, {n['seeds']} drawings for each "
            f"of their {n['words']} words alone. Across: how much oftener a pair stands together in captions than by "
            f"chance. Up: how much more the judge sees of things that bear one word where the other was asked for; above "
            f"the line in {n['lifted']:.0%} of pairs. Rank correlation {n['rank']:.2f}; with the drawings dealt out anew "
            f"among the words it lies between {n['null_low']:.2f} and {n['null_high']:.2f} in 95 % of {n['shuffles']:,} "
            f"cases (p = {n['p']:.4f}). Counting only things that bear the one word and not the other: {n['strict']:.2f}."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

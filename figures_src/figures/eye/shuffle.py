"""Cut an icon into squares, let them change places, and ask the nets again. Accuracies from `scripts/lab_eye.py`.

Tests claims: r09-10.
"""

import numpy as np
import torch
import torch.nn.functional as F

from denoised.studies import eye
from plotting.layout import picture
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ()
DATA = ("specimens",)
TITLE = "Scrambled"

CAST = (("noto", "tiger-face"), ("twemoji", "pizza"))


def make(lab, smoke=False):
    facts, _ = eye.load()
    specimens = lab.specimens()
    icons = np.stack([specimens.one(style=s, concept=c, tone="none") for s, c in CAST])
    x = F.avg_pool2d(torch.from_numpy(icons).permute(0, 3, 1, 2).float(), 4).round().byte()
    pieces = (1, *eye.SETTINGS.shuffles)
    shown = {k: (x if k == 1 else eye.shuffled(x, k, 1)).permute(0, 2, 3, 1).numpy() for k in pieces}

    def mean(field):
        return float(np.mean([run[field] for kind in eye.KINDS for run in facts["runs"][kind]]))

    n = {"chance": facts["chance"]["group"], "nets": sum(len(r) for r in facts["runs"].values()),
         "group_whole": mean("group_pair"), "group_new": mean("group_concept"), "concept_whole": mean("concept_pair"),
         "sure_whole": mean("sure"), "pieces_4": 4 * 4}  # fmt: skip
    for k in eye.SETTINGS.shuffles:
        n |= {f"group_{k}": mean(f"group_shuffled_{k}"), f"concept_{k}": mean(f"concept_shuffled_{k}"),
              f"sure_{k}": mean(f"sure_shuffled_{k}")}  # fmt: skip
        n[f"kept_{k}"] = (n[f"group_{k}"] - n["chance"]) / (n["group_whole"] - n["chance"])
    kept = {k: f"{n[f'kept_{k}']:.0%}".replace("-", "−") for k in eye.SETTINGS.shuffles}  # below chance: a true minus
    levels = [n["group_whole"], *(n[f"group_{k}"] for k in eye.SETTINGS.shuffles)]
    sure = [n["sure_whole"], *(n[f"sure_{k}"] for k in eye.SETTINGS.shuffles)]
    words = ["whole", *(f"{k} × {k}" for k in eye.SETTINGS.shuffles[:-1]), "pixels"]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        left, step = (0, 72) if narrow else (110, 122)
        cell = 64 if narrow else 104
        for i, k in enumerate(pieces):
            for row in range(len(CAST)):
                picture(fig, shown[k][row], left + i * step, row * (cell + 8), cell, cell, smooth=False)
        top = len(CAST) * (cell + 8) + 14
        if not narrow:
            fig.note(left - 20, top + 60, "groups named\nrightly", "prediction", 12, ha="right", weight=600)
            fig.note(left - 20, top + 100, "how sure it is", "muted", 12, ha="right")
        ax = fig.area(left, top, 5 * step - (step - cell), 130, below=30)
        at = [cell / 2 + i * step for i in range(len(pieces))]
        ax.bar(at, levels, width=0.5 * cell, color=theme.prediction)
        ax.plot(at, sure, "D", color=theme.ink, markersize=6)
        ax.axhline(n["chance"], color=theme.muted, linestyle=(0, (3, 2)), linewidth=1.2)
        ax.set(xlim=(0, 5 * step - (step - cell)), ylim=(0, 1), yticks=())
        ax.set_xticks(at, words)
        for x0, value in zip(at, levels, strict=True):
            ax.annotate(f"{value:.0%}", (x0, 0.02), xytext=(0, 3), textcoords="offset points", ha="center", va="bottom",
                        color=theme.paper, fontsize=12, weight=600)  # fmt: skip
        if narrow:
            fig.note(0, top + 168, "bars: groups named rightly", "prediction", 12, weight=600)
            fig.note(0, top + 186, "diamonds: how sure it is; dashed: by chance", "muted", 12)
        return fig

    return Output(
        alt=(
            "A tiger and a pizza, whole and cut into more and more squares that have changed places, with "
            "bars of accuracy: "
            f"{n['group_whole']:.0%} whole, {n['group_2']:.0%} in 2 by 2 pieces, {n['group_4']:.0%} in 4 by 4, "
            f"{n['group_8']:.0%} in 8 by 8, {n['group_32']:.0%} with single pixels scrambled; the commonest "
            "group alone gives "
            f"{n['chance']:.0%}."
        ),
        caption=(
            f"**Parts without a whole.** Mean of {n['nets']} trained nets on known concepts in new styles. Of "
            "the accuracy "
            f"above chance ({n['chance']:.0%}, the commonest group), {kept[2]} is left in 2 × 2 pieces, "
            f"{kept[4]} in 4 × 4, {kept[8]} in 8 × 8, and {kept[32]} when single "
            "pixels are scrambled, "
            f"the control that leaves nothing but colours. Sureness goes from {n['sure_whole']:.0%} to "
            f"{n['sure_4']:.0%} and "
            f"{n['sure_32']:.0%}."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

"""What is left after a long pause: signs strewn among blanks are to be told again, at the trained length and far beyond;
and how the gradient fades with distance in the same networks, before and after training.

Tests claims: r08-09, r08-22, r08-23, r08b-08, r08b-09. Read from the results of `scripts/lab_recall.py`.
"""

import numpy as np

from denoised.models import sequences
from denoised.models.sequences import NAMES
from denoised.probes.fading import fading
from denoised.probes.judge import Share
from denoised.studies import recall
from plotting.layout import label_ends
from plotting.output import Output
from plotting.powers import powers
from plotting.style import new_figure

WEIGHTS = ()
DATA = ()
TITLE = "What is left after a long pause"

COLOURS = {"rnn": "noise", "lstm": "text", "gru": "image", "transformer": "attention", "rwkv": "prediction",
           "mamba": "latent"}  # fmt: skip
CHANCE = 1 / len(recall.SIGNS)
PAUSE = 1024  # places of the text at which the networks are compared after a pause
FAR = 100  # positions back at which the fading is told
FLOOR = 1e-13  # what is weaker is drawn on the lower edge
LEARNED = 0.8  # of the signs at the trained length, above which a network counts as having learned the job


def accuracy(facts, kind, lengths) -> np.ndarray:
    """Share of signs told rightly, [seeds, lengths]."""
    return np.array([[run[str(x)][0] / run[str(x)][1] for x in lengths] for run in facts["runs"][kind]])


def relative(norms: np.ndarray) -> np.ndarray:
    """Gradient norms [seeds, distances] as shares of that at the last input itself: geometric mean over seeds."""
    return np.exp(np.log(np.maximum(norms / norms[:, :1], 1e-30)).mean(0))


def make(lab, smoke=False):
    facts, arrays = recall.load("copying")
    s = recall.SETTINGS
    near = s.length - 1
    n = {"seeds": len(s.seeds), "steps": s.copying_steps, "slow_steps": s.slow_steps, "chance": CHANCE, "signs": s.signs,
         "length": s.length, "far": FAR, "near": near, "pause": PAUSE, "asked": s.signs * s.tested,
         "asked_long": s.signs * s.tested_long, "parameters_least": min(facts["parameters"].values()),
         "parameters_most": max(facts["parameters"].values())}  # fmt: skip
    curves = {kind: accuracy(facts, kind, s.lengths) for kind in s.copying}
    fades, fresh = {}, {}
    for kind in s.copying:
        for i, x in enumerate(s.lengths):
            each = curves[kind][:, i]
            low, high = Share(*(sum(run[str(x)][k] for run in facts["runs"][kind]) for k in (0, 1))).interval
            n |= {f"acc_{kind}_{x}": float(each.mean()), f"least_{kind}_{x}": float(each.min()),
                  f"best_{kind}_{x}": float(each.max()), f"low_{kind}_{x}": low, f"high_{kind}_{x}": high}  # fmt: skip
        n[f"learned_{kind}"] = int((curves[kind][:, s.lengths.index(s.length)] >= LEARNED).sum())
        fades[kind] = relative(np.array([arrays[f"fade_{kind}_{seed}"] for seed in s.seeds]))
        born = [fading(sequences.build(kind, recall.VOCABULARY, seed), recall.FADE_LENGTH, recall.VOCABULARY, seed)
                for seed in s.seeds[: 1 if smoke else None]]  # fmt: skip
        fresh[kind] = relative(np.array(born))
        n |= {f"fade_{kind}": float(fades[kind][FAR]), f"fade_near_{kind}": float(fades[kind][near]),
              f"fresh_near_{kind}": float(fresh[kind][near])}  # fmt: skip
    best = max(s.copying, key=lambda kind: n[f"acc_{kind}_{PAUSE}"])
    n |= {"best_far": NAMES[best], "best_far_acc": n[f"acc_{best}_{PAUSE}"]}

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        columns, left, gap = (2, 30, 34) if narrow else (3, 34, 44)
        wide, high = (fig.width - left - gap * (columns - 1) - 10) / columns, 110 if narrow else 130
        fig.note(0, 0, "Signs told again rightly, by length of the text", size=14, weight=600)
        for k, kind in enumerate(s.copying):
            x, y = left + (k % columns) * (wide + gap), 30 + (k // columns) * (high + 66)
            fig.note(x, y, NAMES[kind], COLOURS[kind], 13, weight=600)
            ax = fig.area(x, y + 24, wide, high, below=26)
            for each in curves[kind]:
                ax.plot(s.lengths, each, "o-", markersize=3, linewidth=1.5, color=theme.colour(COLOURS[kind]))
            ax.axhline(CHANCE, color=theme.muted, linewidth=1, linestyle=(0, (3, 3)))
            ax.axvline(s.length, color=theme.grid, linewidth=1.5)
            ax.set(xscale="log", xlim=(s.lengths[0] * 0.85, s.lengths[-1] * 1.2), ylim=(-0.03, 1.05), yticks=[0, 0.5, 1],
                   yticklabels=["0", "½", "all"])  # fmt: skip
            ax.set_xticks([32, 1024, 16384], ["32", "1k", "16k"] if narrow else ["32", "1,024", "16k"])
            ax.minorticks_off()
        y = 30 + -(-len(s.copying) // columns) * (high + 66) + 6
        fig.note(0, y, "How the gradient fades with distance", size=14, weight=600)
        side = (fig.width - 52 - 96) if narrow else (fig.width - 52 - 100 - 90) / 2
        for k, (title, lines) in enumerate((("before training", fresh), ("after training", fades))):
            x, top = (52, y + 28 + k * 250) if narrow else (52 + k * (side + 90), y + 28)
            fig.note(x, top, title, "muted", 12)
            ax = fig.area(x, top + 14, side, 180, below=44)
            for kind in s.copying:  # before training LSTM and GRU are one line; one of them is drawn in dashes over it
                dashes = {"linestyle": (0, (4, 3)), "zorder": 3} if kind == "lstm" and not k else {}
                ax.plot(np.arange(len(lines[kind])), np.maximum(lines[kind], FLOOR), color=theme.colour(COLOURS[kind]),
                        label=kind, **dashes)  # fmt: skip
            ax.set(yscale="log", xlim=(0, recall.FADE_LENGTH - 1), ylim=(FLOOR, 30))
            ax.set_yticks([1, 1e-6, 1e-12], ["1", "10⁻⁶", "10⁻¹²"])
            ax.minorticks_off()
            ax.set_xlabel("steps back")
            if narrow or k:
                label_ends(ax, {kind: NAMES[kind] for kind in s.copying}, size=12, gap=15)
        return fig

    def said(length, kinds=s.copying):
        return ", ".join(f"{NAMES[kind]} {n[f'acc_{kind}_{length}']:.0%}" for kind in kinds)

    faded = ", ".join(f"{NAMES[kind]} {powers(n[f'fade_{kind}'])}" for kind in s.copying)
    lstm = f"{n[f'least_lstm_{s.length}']:.0%} to {n[f'best_lstm_{s.length}']:.0%}"
    return Output(
        alt=(
            f"Six panels, one a network, with three lines each: share of signs told rightly against the text's length, "
            f"16 to 16,384. At the trained length {s.length}: {said(s.length)} on average; the LSTM’s three seeds go from "
            f"{lstm}. At {PAUSE:,}: {said(PAUSE)}. Below, gradient against distance on a log scale, before and after "
            f"training; {FAR} steps back it is, after training and relative to the last input, {faded}."
        ),
        caption=(
            f"**What is left after a long pause.** {s.signs} signs are strewn among blanks, then to be told in order. "
            f"Trained on texts of {s.length} (vertical line), {s.copying_steps} steps, RNN, LSTM and Transformer "
            f"{s.slow_steps:,}; each of {n['seeds']} seeds is a line. At that length: {said(s.length)}; the LSTM’s seeds "
            f"differ, {lstm}. At {PAUSE:,}: {said(PAUSE)}. Dashed: chance, {CHANCE:.1%}; beyond {PAUSE:,} a point is "
            f"{n['asked_long']} answers only. Below: how strongly the last answer depends on an input so many steps back, "
            f"relative to the last one (below {powers(FLOOR)} on the edge). At {FAR} steps, after training: {faded}."
        ),
        numbers=n,
        draw=draw,
    )

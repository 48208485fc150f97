"""What is left after a long pause: signs strewn among blanks are to be told again, at the trained length and far beyond;
and how the gradient fades with distance in the same networks, trained and fresh.

Tests claims: r08-09, r08-22, r08-23, r08b-08, r08b-09. Read from the results of `scripts/lab_recall.py`.
"""

import numpy as np

from denoised.models.sequences import KINDS, NAMES
from denoised.probes.judge import Share
from denoised.studies import recall
from plotting.layout import label_ends
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ()
DATA = ()
TITLE = "What is left after a long pause"

COLOURS = {"rnn": "noise", "lstm": "text", "gru": "muted", "cnn": "image", "transformer": "attention",
           "rwkv": "prediction", "mamba": "latent"}  # fmt: skip
CHANCE = 1 / len(recall.SIGNS)
FAR = 100  # positions back at which the fading is told


def make(lab, smoke=False):
    facts, arrays = recall.load("copying")
    s = recall.SETTINGS
    n = {
        "seeds": len(s.seeds),
        "steps": s.copying_steps,
        "chance": CHANCE,
        "length": s.length,
        "signs": s.signs,
        "far": FAR,
    }
    curves, fades = {}, {}
    for kind in s.copying:
        runs = facts["runs"][kind]
        curves[kind] = np.array([[run[str(x)][0] / run[str(x)][1] for x in s.lengths] for run in runs])
        for i, x in enumerate(s.lengths):
            right, asked = (sum(run[str(x)][k] for run in runs) for k in (0, 1))
            low, high = Share(right, asked).interval
            n |= {f"acc_{kind}_{x}": float(curves[kind][:, i].mean()), f"low_{kind}_{x}": low, f"high_{kind}_{x}": high}
        fade = np.array([arrays[f"fade_{kind}_{seed}"] for seed in s.seeds])
        fades[kind] = np.exp(np.log(np.maximum(fade / fade[:, :1], 1e-30)).mean(0))  # relative to the last input itself
        n[f"fade_{kind}"] = float(fades[kind][FAR])
    n["best_far"] = NAMES[max(KINDS, key=lambda kind: n[f"acc_{kind}_{s.lengths[-1]}"])]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        wide = fig.width - 52 - (96 if narrow else 130)
        fig.note(0, 0, "Signs told again rightly", size=14, weight=600)
        ax = fig.area(52, 30, wide, 230, below=44)
        for kind in s.copying:
            colour, each = theme.colour(COLOURS[kind]), curves[kind]
            ax.fill_between(s.lengths, each.min(0), each.max(0), color=colour, alpha=0.12, linewidth=0)
            ax.plot(s.lengths, each.mean(0), "o-", markersize=4, color=colour, label=kind)
        ax.axhline(CHANCE, color=theme.muted, linewidth=1, linestyle=(0, (3, 3)))
        ax.axvline(s.length, color=theme.grid, linewidth=1.5)
        ax.set(xscale="log", xlim=(s.lengths[0], s.lengths[-1]), ylim=(0, 1.02), yticks=[0, 0.5, 1],
               yticklabels=["0", "½", "all"])  # fmt: skip
        ticks = [32, 256, 16384] if narrow else [32, 128, 1024, 16384]
        ax.set_xticks(ticks, [f"{x:,}" for x in ticks])
        ax.minorticks_off()
        ax.set_xlabel("length of the text")
        label_ends(ax, {kind: NAMES[kind] for kind in s.copying}, size=12, gap=15)
        y = 330
        fig.note(0, y, "How the gradient fades with distance", size=14, weight=600)
        ax = fig.area(52, y + 30, wide, 210, below=44)
        for kind in s.copying:
            ax.plot(
                np.arange(len(fades[kind])),
                np.maximum(fades[kind], 1e-12),
                color=theme.colour(COLOURS[kind]),
                label=kind,
            )
        ax.set(yscale="log", xlim=(0, recall.FADE_LENGTH - 1), ylim=(1e-12, 30))
        ax.set_yticks([1, 1e-5, 1e-10], ["1", "10⁻⁵", "10⁻¹⁰"])
        ax.minorticks_off()
        ax.set_xlabel("steps back")
        label_ends(ax, {kind: NAMES[kind] for kind in s.copying}, size=12, gap=15)
        return fig

    at = s.length
    said = ", ".join(f"{NAMES[kind]} {n[f'acc_{kind}_{at}']:.0%}" for kind in s.copying)
    far = ", ".join(f"{NAMES[kind]} {n[f'acc_{kind}_1024']:.0%}" for kind in s.copying)
    faded = ", ".join(f"{NAMES[kind]} {n[f'fade_{kind}']:.0e}" for kind in ("rnn", "lstm", "gru", "transformer"))
    return Output(
        alt=(
            "Above, share of signs told rightly against the length of the text, 16 to 16,384. At the trained length "
            f"{at}: {said}. "
            f"At 1,024: {far}. Below, gradient against distance on a log scale; {FAR} steps back it is, relative to "
            "the last "
            f"input, {faded}."
        ),
        caption=(
            f"**What is left after a long pause.** {s.signs} signs are strewn among blanks, then to be told in order. "
            "Trained at "
            f"{at} places for {s.copying_steps} steps, {n['seeds']} seeds; bands from lowest to highest. At that "
            f"length: {said}. At "
            f"1,024: {far}. Dashed: chance, {CHANCE:.0%}. Below, in the same trained networks: how strongly the last "
            "answer depends "
            f"on an input so many steps back, relative to the last one. At {FAR} steps: {faded}. A convolution’s view "
            "ends."
        ),
        numbers=n,
        draw=draw,
    )

"""What the running average of the weights (EMA) is worth: laboratory models draw the same wishes from the same noise with
their weights as they are and with averages of them, while the rate is high and after it has come down. Read from the
results of `scripts/lab_averages.py`.
"""

from textwrap import wrap

import numpy as np
import torch

from denoised.pipeline import decode
from denoised.probes.crossed import crossed_ci
from denoised.studies import averages, shelf
from plotting.layout import image_grid, label_ends
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd/vae", "judge")
DATA = ()
TITLE = "The average of the weights"
TINY_ONLY = "It reads what was measured with small models of our own."

RESAMPLES = 1000
COLOURS = ("noise", "text", "prediction")  # raw, short average, long average
PLOTS = (("right", "Named rightly by the judge"), ("error", "The network's squared error"))


def make(lab, smoke=False):
    facts, arrays = averages.load()
    shelf.expect(facts, lab, averages.NETWORKS, "lab_averages")
    settings, rng = averages.SETTINGS, np.random.default_rng(0)
    right, error = arrays["right"].astype(float), arrays["error"]  # [seeds, marks, weights, wishes], without wishes
    lengths = [round(1 / (1 - decay)) for decay in settings.decays]
    words = ["as they are", *(f"mean of about {length} steps" for length in lengths)]
    codes = ["raw", "short", "long"]
    n = {
        "things": len(facts["things"]), "icons": facts["icons"], "seeds": len(settings.seeds),
        "drawings": right.shape[-1], "parameters": facts["parameters"], "real": float(arrays["real_right"].mean()),
        "guidance": settings.guidance, "samples": settings.marks[-1], "before": settings.marks[1],
        "short": lengths[0], "long": lengths[1],
    }  # fmt: skip
    for m, mark in enumerate(settings.marks):
        for w, code in enumerate(codes):
            n[f"right_{code}_{m}"], n[f"error_{code}_{m}"] = float(right[:, m, w].mean()), float(error[:, m, w].mean())
            if w:
                gap = right[:, m, w] - right[:, m, 0]
                low, high = crossed_ci(gap, rng, 100 if smoke else RESAMPLES)
                n |= {f"gain_{code}_{m}": float(gap.mean()), f"gain_{code}_{m}_low": low, f"gain_{code}_{m}_high": high}
                n[f"error_ratio_{code}_{m}"] = float((error[:, m, w] / error[:, m, 0]).mean())
        n[f"mark_{m}"] = mark
    shown = 3 if smoke else settings.shown
    drawn = {
        (m, w): decode(lab.vae(), torch.from_numpy(arrays["z"][m, w, :shown]).float())
        for m in (1, 2) for w in (0, 2)
    }  # fmt: skip
    things = ["\n".join(wrap(thing.replace("-", " "), 11)) for thing in facts["things"][:shown]]
    rows = {
        (1, 0): ("full rate", "as they are"), (1, 2): ("full rate", "long mean"),
        (2, 0): ("cooled down", "as they are"), (2, 2): ("cooled down", "long mean"),
    }  # fmt: skip

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        columns, gap = (4, 8) if narrow else (shown, 8)
        left = 0 if narrow else 110
        cell = min(92, int((fig.width - left - gap * (columns - 1)) // columns))
        y = 0
        for (m, w), (rate, weights) in rows.items():
            colour = COLOURS[w]
            if narrow:
                fig.note(0, y, f"{rate}, {weights}", colour, 12, weight=600)
                y += 18
            else:
                fig.note(0, y + cell / 2 - 9, rate, "ink", 12, weight=600, va="center")
                fig.note(0, y + cell / 2 + 9, weights, colour, 12, va="center")
            y = image_grid(fig, [list(drawn[m, w][:columns])], x=left, y=y, cell=cell, gap=gap) + (12 if narrow else 8)
        if not narrow:
            for k, thing in enumerate(things):
                fig.note(left + k * (cell + gap) + cell / 2, y - 2, thing, "muted", 11, ha="center")
            y += 34
        y += 10
        marks = np.array(settings.marks) / 1000
        for i, (field, title) in enumerate(PLOTS):
            x = 0 if narrow else i * 360
            fig.note(x, y, title, size=13, weight=600)
            fig.note(x, y + 19, "dashed: real icons" if field == "right" else "less is better", "muted", SMALL)
            ax = fig.area(x + 44, y + 46, 168, 170, below=44)
            for w, code in enumerate(codes):
                values = [n[f"{field}_{code}_{m}"] for m in range(len(marks))]
                ax.plot(marks, values, "o-", color=theme.colour(COLOURS[w]), label=code, markersize=5)
            if field == "right":
                ax.axhline(n["real"], color=theme.muted, linewidth=1, dashes=(3, 2.2))
                ax.yaxis.set_major_formatter(lambda v, _: f"{v:.0%}")
                ax.set(ylim=(0.84, 1.01), yticks=[0.85, 0.9, 0.95, 1])
            else:
                ax.set_ylim(0, None)
            ax.axvspan(marks[1], marks[2], color=theme.muted, alpha=0.13, linewidth=0)
            ax.set_xticks(marks, [f"{mark:.0f}k" for mark in marks])
            ax.set_xlim(marks[0] - 2, marks[-1] + 2)
            ax.set_xlabel("samples seen; shaded: the rate comes down", fontsize=11)
            ax.tick_params(labelsize=11)
            label_ends(ax, dict(zip(codes, ("raw", "short mean", "long mean"), strict=True)), size=11, gap=14)
            y += 280 if narrow else 0
        fig.set_height(y if narrow else y + 270)
        return fig

    before = ", ".join(f"{word} {n[f'right_{code}_1']:.0%}" for code, word in zip(codes, words, strict=True))
    after = ", ".join(f"{n[f'right_{code}_2']:.0%}" for code in codes)
    return Output(
        alt=(
            "Four rows of small drawings from the same noise: at full rate with the weights as they are and with their "
            "long mean, and the same two after the rate has come down. Plots over the training: named rightly before "
            f"the cooldown {before}; after it {after}. Squared error before it {n['error_raw_1']:.4f} raw and "
            f"{n['error_long_1']:.4f} with the long mean, after it {n['error_raw_2']:.4f} and {n['error_long_2']:.4f}."
        ),
        caption=(
            f"**Smaller errors, the same drawings.** {n['seeds']} laboratory models ({n['parameters']:,} parameters, "
            f"{n['icons']} icons of {n['things']} things) draw {n['drawings']} wishes each, guidance {n['guidance']:g}. "
            f"After {n['before']:,} samples at full rate the judge, choosing among the things, names rightly: weights "
            f"{before}. After the rate has come down, in the same order: {after}; of real icons {n['real']:.0%}. The "
            f"error with the long mean is {n['error_ratio_long_1']:.0%} of that without before the cooldown, and "
            f"{n['error_ratio_long_2']:.0%} after it."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

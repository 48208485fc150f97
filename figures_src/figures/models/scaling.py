"""What more lessons buy, and more parameters: a large and a small transformer after so many lessons, before the judge. Read
from the results of `scripts/lab_scaling.py`.
"""

import numpy as np

from denoised.probes.judge import Share
from denoised.probes.metrics import bootstrap_ci
from denoised.studies import scaling as study
from denoised.studies import shelf
from plotting.layout import label_ends
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd", "judge")
DATA = ()
TITLE = "What more lessons buy"
TINY_ONLY = "Its networks were trained here, and are not shipped."

COLOURS = {"dit": "prediction", "small": "latent"}
PANELS = {"top5": "Thing among the judge's first five", "top1": "Thing named at the first guess"}


def per_doubling(lessons, hits) -> np.ndarray:
    """By how much each caption is right more often with each doubling of the lessons [N]: slopes of straight lines over
    log2 of the lessons, through `hits` [networks, N]."""
    x = np.log2(lessons)
    x = x - x.mean()
    return x @ np.asarray(hits, float) / (x @ x)


def make(lab, smoke=False):
    facts, arrays = study.load()
    shelf.expect(facts, lab, study.NETWORKS, "lab_scaling")
    count = len(arrays["kept"])
    n = {"drawings": count, "steps": study.SETTINGS.steps, "guidance": study.SETTINGS.guidance}
    curves = {}
    for name, kept in study.KEPT.items():
        n[f"parameters_{name}"] = facts["parameters"][name] / 1e6
        n |= {f"first_{name}": kept[0], f"last_{name}": kept[-1]}
        for field in ("top1", "top5", "style"):
            rows = [arrays[f"{field}_{name}_{lessons}"] for lessons in kept]
            shares = [Share(int(row.sum()), count) for row in rows]
            curves[field, name] = [(share.share, *share.interval) for share in shares]
            for lessons, share in zip(kept, shares, strict=True):
                n[f"{field}_{name}_{lessons}"] = share.share
            slope = per_doubling(kept, rows)
            low, high = bootstrap_ci(slope, seed=3)
            n |= {f"{field}_{name}_doubling": float(slope.mean()), f"{field}_{name}_doubling_low": low}
            n[f"{field}_{name}_doubling_high"] = high
            last = (rows[-1].astype(float) - rows[-2]) / np.log2(kept[-1] / kept[-2])  # by doubling, at the end
            low, high = bootstrap_ci(last, seed=3)
            n |= {f"{field}_{name}_end": float(last.mean()), f"{field}_{name}_end_low": low}
            n[f"{field}_{name}_end_high"] = high
    both = sorted(set(study.KEPT["dit"]) & set(study.KEPT["small"]))
    n["same"] = both[-1]
    for field in ("top1", "top5"):
        ahead = arrays[f"{field}_dit_{both[-1]}"].astype(float) - arrays[f"{field}_small_{both[-1]}"]
        low, high = bootstrap_ci(ahead, seed=3)
        n |= {f"{field}_ahead": float(ahead.mean()), f"{field}_ahead_low": low, f"{field}_ahead_high": high}
    n["ratio"] = n["parameters_dit"] / n["parameters_small"]
    words = {name: f"{n[f'parameters_{name}']:.1f} million" for name in study.KEPT}

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        width, height, y = (fig.width if narrow else 346), 200, 0
        for k, (field, title) in enumerate(PANELS.items()):
            x = 0 if narrow or not k else 374
            fig.note(x, y, title, size=13, weight=600)
            fig.note(x, y + 19, "after so many lessons; 95 % intervals", "muted", SMALL)
            ax = fig.area(x + 40, y + 44, width - 40 - 80, height, below=44)
            for name, kept in study.KEPT.items():
                tint = theme.colour(COLOURS[name])
                middle, low, high = np.array(curves[field, name]).T
                ax.plot(kept, middle, marker="o", markersize=5, color=tint, label=name)
                ax.vlines(kept, low, high, color=tint, linewidth=2)
            ax.set_xscale("log", base=2)
            ax.minorticks_off()
            ax.set_xticks((25_600, 102_400, 307_200), ("25,600", "102,400", "307,200"))
            ax.set(ylim=(0, 1 if field == "top5" else 0.7), xlim=(22_000, 315_000))
            ax.yaxis.set_major_formatter(lambda v, _: f"{v:.0%}")
            ax.set_xlabel("lessons", fontsize=11)
            ax.tick_params(labelsize=11)
            label_ends(ax, words, size=11, gap=15)
            if narrow or k:
                y += height + 100
        fig.set_height(y - 12)
        return fig

    def told(name):
        shares = ", ".join(f"{n[f'top5_{name}_{lessons}']:.0%} after {lessons:,}" for lessons in study.KEPT[name])
        return f"the one of {words[name]} parameters {shares}"

    def doubled(name):
        middle, low, high = (100 * n[f"top5_{name}_end{end}"] for end in ("", "_low", "_high"))
        return f"{middle:.1f} ({low:.1f} to {high:.1f})".replace("-", "−")

    return Output(
        alt=(
            "Two panels of curves on a logarithmic scale of lessons: how often the judge has the thing among its "
            f"first five, {told('dit')}; {told('small')}; and how often it names it at once."
        ),
        caption=(
            f"**More of both.** Two transformers on small pictures, in mid-training: {count} captions each, "
            f"{n['steps']} steps with guidance. Among the judge's first five: {told('dit')}; {told('small')}. The last "
            f"lessons brought the large one {doubled('dit')} points a doubling (95 % interval), and the small one "
            f"{doubled('small')}."
        ),
        numbers=n,
        draw=draw,
    )

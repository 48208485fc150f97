"""PyramidNet against a ResNet of the same size, depth and kernels: learning curves, accuracies with their interval, and
what is left when one unit's branch is taken out. Read from the results of `scripts/lab_eye.py`.

Tests claims: r09-08.
"""

import numpy as np

from denoised.probes.crossed import crossed_ci
from denoised.studies import eye
from plotting.layout import label_ends
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ()
DATA = ()
TITLE = "PyramidNet against ResNet"

NAMES = {"pyramid": "PyramidNet", "resnet": "ResNet"}
COLOURS = {"pyramid": "prediction", "resnet": "latent"}
TESTS = {"group_pair": "group, new style", "group_concept": "group, new concept", "concept_pair": "concept, new style"}
RESAMPLES = 4000


def make(lab, smoke=False):
    facts, arrays = eye.load()
    rng = np.random.default_rng(0)
    n = {
        "seeds": len(eye.SETTINGS.seeds), "groups": facts["classes"]["group"], "concepts": facts["classes"]["concept"],
        "training_icons": facts["pictures"]["train"], "samples": eye.SETTINGS.steps * eye.SETTINGS.batch,
        "seconds": facts["seconds"], "steps": eye.SETTINGS.steps, "steps_planned": eye.STEPS_PLANNED,
        "units": eye.SETTINGS.units,
        "parameters_pyramid": facts["parameters"]["pyramid"], "parameters_resnet": facts["parameters"]["resnet"],
        "parameters_gap": facts["parameters"]["pyramid"] / facts["parameters"]["resnet"] - 1,
        "widths_pyramid": ", ".join(map(str, eye.widths("pyramid"))),
        "widths_resnet": ", ".join(map(str, eye.widths("resnet"))),
    }  # fmt: skip
    for kind in eye.KINDS:
        n |= {f"{test}_{kind}": float(np.mean([run[test] for run in facts["runs"][kind]])) for test in TESTS}
        for unit in range(eye.SETTINGS.units):
            left = np.mean([run[f"group_without_{unit}"] for run in facts["runs"][kind]])
            n[f"without_{unit}_{kind}"] = float(left)
    for test in TESTS:
        pair = [arrays[f"right_{kind}_{test}"] for kind in eye.KINDS]
        # both nets were asked about the same icons, and a seed's two nets saw the same pictures
        low, high = crossed_ci(pair[0].astype(float) - pair[1], rng, 200 if smoke else RESAMPLES)
        gain = float(pair[0].mean() - pair[1].mean())
        n |= {f"{test}_gain": gain, f"{test}_low": low, f"{test}_high": high}
    n |= {"gain": n["group_pair_gain"], "gain_low": n["group_pair_low"], "gain_high": n["group_pair_high"]}

    def points(value):
        return f"{100 * value:+.1f}".replace("-", "−")

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        w = 236 if narrow else 220
        fig.note(0, 0, "Groups named rightly while learning", size=13, weight=600)
        ax = fig.area(36, 32, w, 180, below=42)
        for kind in eye.KINDS:
            curves = np.array([[point["group"] for point in c] for c in facts["curves"][kind]])
            steps = np.array([point["step"] for point in facts["curves"][kind][0]]) * eye.SETTINGS.batch / 1000
            ax.fill_between(steps, curves.min(0), curves.max(0), color=theme.colour(COLOURS[kind]), alpha=0.2, linewidth=0)
            ax.plot(steps, curves.mean(0), color=theme.colour(COLOURS[kind]), label=kind)
        ax.yaxis.set_major_formatter(lambda v, _: f"{v:.0%}")
        ax.set_xlabel("thousand pictures seen")
        label_ends(ax, NAMES, size=12, gap=18)
        x, y = (0, 270) if narrow else (368, 0)
        fig.note(x, y, "PyramidNet's lead, in points", size=13, weight=600)
        ax = fig.area(x + 130, y + 32, 190 if narrow else 210, 120, grid="x", below=28)
        ax.axvline(0, color=theme.muted, linewidth=1)
        for i, (test, words) in enumerate(TESTS.items()):
            low, mid, high = (100 * n[f"{test}_{k}"] for k in ("low", "gain", "high"))
            ax.plot([low, high], [-i, -i], color=theme.prediction, linewidth=2.4)
            ax.plot([mid], [-i], "o", color=theme.prediction, markersize=7)
            fig.note(x, y + 32 + 120 * (0.6 + i) / 3.2, words, "muted", 12, va="center")
        ax.set(ylim=(-2.6, 0.6), yticks=())
        x, y = (0, y + 210) if narrow else (368, 196)
        fig.note(x, y, "With one unit's branch taken out", size=13, weight=600)
        ax = fig.area(x + 36, y + 32, 260 if narrow else 300, 110, below=42)
        for k, kind in enumerate(eye.KINDS):
            values = [n[f"without_{u}_{kind}"] for u in range(eye.SETTINGS.units)]
            ax.bar(np.arange(len(values)) + 0.38 * k - 0.19, values, width=0.34, color=theme.colour(COLOURS[kind]))
            ax.axhline(n[f"group_pair_{kind}"], color=theme.colour(COLOURS[kind]), linewidth=1.2, linestyle=(0, (3, 2)))
        ax.yaxis.set_major_formatter(lambda v, _: f"{v:.0%}")
        ax.set_xticks(range(eye.SETTINGS.units), range(1, eye.SETTINGS.units + 1))
        ax.set_xlabel("unit taken out; dashed: none")
        return fig

    return Output(
        alt=(
            f"Learning curves of both nets with the range of {n['seeds']} seeds end at {n['group_pair_pyramid']:.1%} "
            f"(PyramidNet) and {n['group_pair_resnet']:.1%} (ResNet). Beside them PyramidNet's lead with 95 % "
            "intervals: "
            f"{points(n['gain'])} points, from {points(n['gain_low'])} to {points(n['gain_high'])}, for "
            "groups in new styles."
            " Below, accuracies with one unit's branch taken out."
        ),
        caption=(
            f"**Where to be wide.** Two nets of {n['parameters_pyramid']:,} and {n['parameters_resnet']:,} "
            "parameters, same "
            f"depth, kernels and training ({n['training_icons']:,} icons, {n['samples']:,} views, "
            f"{n['seeds']} seeds each): "
            f"{n['widths_pyramid']} channels against {n['widths_resnet']}. On known concepts in styles they "
            "were not met in, "
            f"PyramidNet names the group of {n['group_pair_pyramid']:.1%}, the ResNet of {n['group_pair_resnet']:.1%}: "
            f"{points(n['gain'])} points, with 95 % confidence between {points(n['gain_low'])} and "
            f"{points(n['gain_high'])} "
            "(seeds and icons drawn anew). On concepts that neither has met: "
            f"{n['group_concept_pyramid']:.1%} and {n['group_concept_resnet']:.1%}; the concept itself, one of "
            f"{n['concepts']:,}: {n['concept_pair_pyramid']:.1%} and {n['concept_pair_resnet']:.1%}."
        ),
        numbers=n,
        draw=draw,
        format="svg",
    )

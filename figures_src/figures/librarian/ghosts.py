"""Are ghost limbs spectral ghosts? Into hands whose fingers are known goes either a lattice, as careless upsampling leaves
it, or one more finger; then the spectrum is measured, fingers are counted, and the lattice is filtered out again. Last,
hands that the model drew itself, counted before and after the same filter.

Tests claims: r13-11. Real hands are read from the results of `scripts/lab_limbs.py`.
"""

import numpy as np

from denoised.pipeline import generate_batch
from denoised.probes.ghosts import another_limb, haunted, limbs, peaks, without
from denoised.probes.metrics import bootstrap_ci
from denoised.studies import limbs as study
from plotting.layout import chunk, image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd",)
DATA = ()
TITLE = "Two kinds of ghosts"

ASKED = (("victory hand", 2), ("hand with fingers splayed", 5), ("backhand index pointing up", 1), ("thumbs up", 1))
STYLES = ("noto", "twemoji")
STEPS, GUIDANCE = 10, 3.0
KINDS = ("real", "spectral", "healed", "limbed")


def make(lab, smoke=False):
    pipe = lab.pipeline()
    facts, arrays = study.load()
    hand = arrays["truth"] >= 0
    truth = arrays["truth"][hand]

    def wrong(name):
        return float((arrays[name][..., hand] != truth).mean())

    moved = (arrays["healed"] != arrays["spectral"]).mean(0)
    low, high = bootstrap_ci(moved)
    peak = {name: float(arrays[f"peak_{name}"].mean()) for name in (*KINDS, "grained")}

    asked = [(f"{what}, {style} style", count) for what, count in ASKED for style in STYLES][: 2 if smoke else None]
    traces = generate_batch(pipe, [words for words, _ in asked], range(len(asked)), steps=2 if smoke else STEPS,
                            guidance=GUIDANCE)  # fmt: skip
    own = np.stack([trace.image for trace in traces])
    filtered = without(own)
    before, after = limbs(own), limbs(filtered)
    wanted = np.array([count for _, count in asked])
    n = {
        "drawings": int(arrays["truth"].size), "hands": int(hand.sum()), "lattices": len(arrays["spectral"]),
        "calibration": facts["calibration"], "calibrated_right": float(arrays["calibrated_right"].mean()),
        **{f"peak_{name}": value for name, value in peak.items()},
        **{f"wrong_{name}": wrong(name) for name in (*KINDS, "grained")},
        **{f"limbs_{name}": float(arrays[name].mean()) for name in KINDS},
        "peaks_removed": 1 - max(peak["healed"] - peak["real"], 0) / max(peak["spectral"] - peak["real"], 1e-9),
        "counts_changed": float(moved.mean()), "counts_changed_low": low, "counts_changed_high": high,
        "haunted_changed": float((arrays["spectral"] != arrays["real"]).mean()),
        "grain_changed": float((arrays["grained"] != arrays["real"]).mean()),
        "limb_noticed": float((arrays["limbed"] > arrays["real"]).mean()),
        "made": len(asked), "made_peak": peaks(own), "made_peak_filtered": peaks(filtered),
        "made_wrong": int((before != wanted).sum()), "made_wrong_filtered": int((after != wanted).sum()),
        "made_changed": int((before != after).sum()),
    }  # fmt: skip
    n["wrong_shift"] = n["wrong_healed"] - n["wrong_spectral"]
    shown = arrays["pictures"]
    ghost = haunted(shown, seed=study.SETTINGS.ghost_seeds[0])
    columns_of = (shown, ghost, without(ghost), another_limb(shown))
    rows = [[some[k] for some in columns_of] for k in range(len(shown))]
    labels = [[f"counted: {limbs(some[k][None])[0]}" for some in columns_of] for k in range(len(shown))]
    told = [f"{want} asked\n{a} → {b}" for want, a, b in zip(wanted, before, after, strict=True)]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        columns = ["as drawn", "with a spectral\nghost", "ghost\nfiltered out", "with a ghost\nfinger"]
        if narrow:
            columns = ["as\ndrawn", "spectral\nghost", "filtered\nout", "ghost\nfinger"]
        cell, gap = (84, 8) if narrow else (100, 10)
        bottom = image_grid(fig, rows, columns=columns, labels=labels, cell=cell, gap=gap)
        x, y, width = 0, bottom + 28, fig.width
        if not narrow:
            x, y, width = 4 * cell + 3 * gap + 30, 0, fig.width - 4 * cell - 3 * gap - 30
        bars = (
            ("Peaks in the spectrum", [peak[k] for k in KINDS], "noise"),
            ("Hands counted wrong", [n[f"wrong_{k}"] for k in KINDS], "image"),
        )
        for title, values, colour in bars:
            fig.note(x, y, title, size=14, weight=600)
            y += 24
            for word, value in zip(("as drawn", "spectral ghost", "filtered out", "ghost finger"), values, strict=True):
                fig.note(x, y, word, "ink", 12)
                shown_as = f"× {value:,.1f}" if colour == "noise" else f"{value:.0%}"
                fig.note(x + width, y, shown_as, "ink", 12, ha="right")
                ax = fig.area(x, y + 18, width, 9, grid="")
                ax.set_axis_off()
                share = np.log1p(value) / np.log1p(max(values)) if colour == "noise" else value
                ax.barh([0], [share], color=theme.colour(colour), height=1)
                ax.set(xlim=(0, 1), ylim=(-0.5, 0.5))
                y += 36
            y += 16
        y = y if narrow else max(y, bottom + 30)
        title = "Hands that the model drew, counted before → after the filter"
        fig.note(0, y, title.replace(", ", ",\n") if narrow else title, size=14, weight=600)
        y += 44 if narrow else 26
        side = 84 if narrow else 82
        for some in chunk(range(len(own)), 4 if narrow else 8):
            y = image_grid(fig, [[own[i] for i in some]], labels=[[told[i] for i in some]], y=y, cell=side, gap=8,
                           size=12) + 12  # fmt: skip
        return fig

    return Output(
        alt=(
            "Hands in four versions: as drawn, with a faint lattice over all, with the lattice filtered out, and with "
            f"one more finger. The lattice lifts its frequencies from {n['peak_real']:.1f} to {n['peak_spectral']:.0f} "
            f"times their neighbours and leaves {n['wrong_spectral']:.0%} of hands counted wrong where it was "
            f"{n['wrong_real']:.0%}; the extra finger leaves the peaks at {n['peak_limbed']:.1f} and makes it "
            f"{n['wrong_limbed']:.0%}. Below, {n['made']} hands that the model drew: the filter changes the count of "
            f"{n['made_changed']}."
        ),
        caption=(
            f"**One name, two things.** {n['drawings']} drawings, {n['hands']} of them hands whose fingers are known, "
            f"under {n['lattices']} lattices of the kind that upsampling can leave. A lattice lifts the power at its "
            f"frequencies from {n['peak_real']:.1f} to {n['peak_spectral']:.0f} times their neighbours'; a filter takes "
            f"{n['peaks_removed']:.0%} of that away and changes the number of slender parts in "
            f"{n['counts_changed']:.1%} of cases (95 % interval {n['counts_changed_low']:.1%} to "
            f"{n['counts_changed_high']:.1%}; grain as strong, without a lattice, changes {n['grain_changed']:.1%}). "
            f"Hands counted wrong: {n['wrong_real']:.0%} as drawn, {n['wrong_spectral']:.0%} under the lattice, "
            f"{n['wrong_healed']:.0%} without it. One more finger is noticed in {n['limb_noticed']:.0%} of drawings "
            f"and leaves the peaks at {n['peak_limbed']:.1f}. The counter's settings were chosen on "
            f"{n['calibration']} other hands, of which it counts {n['calibrated_right']:.0%} right. In {n['made']} "
            f"hands by our model, the lattice stands at {n['made_peak']:.1f}; filtering changes the count of "
            f"{n['made_changed']}, and {n['made_wrong']} before and {n['made_wrong_filtered']} after do not have the "
            "fingers that were asked for. Bars of peaks are logarithmic."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )  # fmt: skip

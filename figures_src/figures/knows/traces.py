"""What a network leaves in a picture's spectrum: real icons against rebuilt and drawn ones, and two ways to enlarge.

Tests claims: r07-28. The numbers are read from the results of `scripts/lab_traces.py`.
"""

import numpy as np
from scipy.ndimage import maximum_filter

from denoised.probes.metrics import bootstrap_ci
from denoised.studies import shelf
from denoised.studies import traces as study
from plotting.layout import colour_map, image_grid, label_ends, resize
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd",)
DATA = ()
TITLE = "Traces in the spectrum"

SETS = {"rebuilt": "rebuilt by\nour decoder", "drawn": "drawn by\nour model", "transposed": "small decoder,\ntransposed",
        "resized": "small decoder,\nrepeating"}  # fmt: skip
SHORT = {"rebuilt": "rebuilt", "drawn": "drawn", "transposed": "transposed", "resized": "repeating"}
COLOURS = {"rebuilt": "latent", "drawn": "prediction", "transposed": "attention", "resized": "text"}
FINEST = 0.4  # cycles a pixel, and above
DOT, TOP = 3, 3  # in the maps of peaks: frequencies a peak is made wide; times its neighbours for full colour


def by_concept(told, concepts) -> np.ndarray:
    """Share told rightly of each concept, [C], of told [2, N]: pictures of one concept are no independent throws."""
    return np.array([told[:, concepts == c].mean() for c in np.unique(concepts)])


def seeds_of(arrays, what: str, name: str) -> np.ndarray:
    """arrays[what_name], with the seeds' mean for the small decoders."""
    if name in study.KINDS:
        return np.mean([arrays[f"{what}_{name}_{seed}"].astype(float) for seed in study.SETTINGS.seeds], axis=0)
    return arrays[f"{what}_{name}"].astype(float)


def make(lab, smoke=False):
    settings = study.SETTINGS
    facts, arrays = study.load()
    shelf.expect(facts, lab, ("emoji-sd/unet", "emoji-sd/vae", "emoji-sd/text_encoder"), "lab_traces")
    n = {"icons": settings.icons, "made": settings.drawn, "concepts": len(np.unique(arrays["concepts"])),
         "folds": settings.folds, "seeds": len(settings.seeds), "steps": settings.steps, "guidance": settings.guidance,
         "parameters": sum(p.numel() for p in study.decoder("resized", 0).parameters()),
         "finest": FINEST, "shuffles": settings.shuffles, "shuffled": float(arrays["shuffled"].mean()),
         "shuffled_low": float(arrays["shuffled"].min()), "shuffled_high": float(arrays["shuffled"].max()),
         "peak_real": facts["peak_real"]}  # fmt: skip
    frequency = np.arange(1, len(arrays["profile_real"]) + 1) / (2 * len(arrays["profile_real"]))
    curves = {}
    for name in SETS:
        told, healed = (seeds_of(arrays, what, name) for what in ("told", "healed"))
        concepts = arrays["concepts"][: told.shape[1]]
        shares = by_concept(told, concepts)
        n[f"told_{name}"] = float(told.mean())
        n[f"told_{name}_low"], n[f"told_{name}_high"] = bootstrap_ci(shares)
        n[f"healed_{name}"] = float(healed.mean())
        n[f"healed_{name}_low"], n[f"healed_{name}_high"] = bootstrap_ci(by_concept(healed, concepts))
        runs = [f"{name}_{seed}" for seed in settings.seeds] if name in study.KINDS else [name]
        n[f"peak_{name}"] = float(np.mean([facts[f"peak_{run}"] for run in runs]))
        if name != "drawn":
            n[f"psnr_{name}"] = float(np.mean([facts[f"psnr_{run}"] for run in runs]))
        curves[name] = seeds_of(arrays, "profile", name) / arrays["profile_real"]
        n[f"fine_{name}"] = float(np.exp(np.log(curves[name][frequency >= FINEST]).mean()))
    shown = dict(zip(["real", *facts["shown"]], arrays["pictures"], strict=True))
    columns = {"real": "as it was\ndrawn", **SETS}
    icons = [shown[f"{name}_0" if name in study.KINDS else name] for name in columns]
    # a peak is one frequency wide; here each takes the room of DOT, so that it can be seen
    maps = [np.log2(maximum_filter(np.maximum(seeds_of(arrays, "standing", name), 1), DOT)) for name in columns]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        gap = 6 if narrow else 14
        cell = int((fig.width - gap * (len(columns) - 1)) // len(columns))
        heads = ["real", *SHORT.values()] if narrow else list(columns.values())
        heat = [resize(colour_map(m, theme, np.log2(TOP), "attention"), cell, cell, smooth=False) for m in maps]
        y = image_grid(fig, [icons, heat], columns=heads, cell=cell, gap=gap, size=12 if narrow else 13)
        told = f"Below: frequencies that stand out of their neighbours,{{}}full colour: {TOP} times; coarse at the top left"
        fig.note(0, y + 8, told.format("\n" if narrow else " "), size=12)
        y += 66 if narrow else 52
        half = fig.width if narrow else fig.width / 2 - 24
        fig.note(0, y, "Power, over that of real icons", size=14, weight=600)
        ax = fig.area(44, y + 30, half - 44 - (84 if narrow else 92), 190, below=44)
        for name, curve in curves.items():
            ax.plot(frequency, curve, color=theme.colour(COLOURS[name]), linewidth=2.2, label=name)
        ax.axhline(1, color=theme.colour("ink"), linewidth=1, linestyle=(0, (3, 3)))
        ax.set_yscale("log")
        ticks = [t for t in (0.03, 0.06, 0.12, 0.25, 0.5, 1, 2) if ax.get_ylim()[0] <= t <= ax.get_ylim()[1]]
        ax.set_yticks(ticks, [f"× {t:g}" for t in ticks])
        ax.minorticks_off()
        ax.set_xlim(0, 0.5)
        ax.set_xticks([0.05, 0.25, 0.5], ["coarse", "4 px\na wave", "2 px\na wave"])
        label_ends(ax, SHORT, dx=8, size=12)
        x, y = (0, y + 290) if narrow else (fig.width / 2 + 24, y)
        fig.note(x, y, "Told from real ones, by the spectrum alone", size=14, weight=600)
        y += 30
        for name in SETS:
            fig.note(x, y, SETS[name].replace("\n", " "), "ink", 12)
            fig.note(x + half, y, f"{n[f'told_{name}']:.0%}", "ink", 12, ha="right")
            bar = fig.area(x, y + 18, half, 12, grid="")
            bar.set_axis_off()
            bar.barh([0], [n[f"told_{name}"]], color=theme.colour(COLOURS[name]), height=1)
            bar.plot([n[f"told_{name}_low"], n[f"told_{name}_high"]], [0, 0], color=theme.colour("ink"), linewidth=2)
            bar.axvline(0.5, color=theme.colour("ink"), linewidth=1, linestyle=(0, (3, 3)))
            bar.set(xlim=(0, 1), ylim=(-0.6, 0.6))
            y += 42
        fig.note(x + half / 2, y, "half: by chance", size=12, ha="center")
        return fig

    lattice = n["peak_drawn"] > 1.5 * n["peak_real"]
    return Output(
        alt=(
            f"One icon as drawn by people, rebuilt, drawn by the model, and rebuilt by two small decoders, with maps of "
            f"their spectra's peaks. By the spectrum alone {n['told_rebuilt']:.0%} of rebuilt and real icons are told "
            f"apart, {n['told_drawn']:.0%} of drawn and real ones, {n['told_transposed']:.0%} with transposed "
            f"convolutions and {n['told_resized']:.0%} with repeated pixels, where chance is half."
        ),
        caption=(
            f"**A network's hand.** {n['icons']} icons of {n['concepts']} things that no generator learned from, and what "
            f"becomes of them. From the spectrum of its brightness alone a weighted sum tells {n['told_rebuilt']:.0%} of "
            f"real and rebuilt icons rightly (95 % interval {n['told_rebuilt_low']:.0%} to {n['told_rebuilt_high']:.0%}), "
            f"and {n['told_drawn']:.0%} of real icons and {n['made']} drawings of the same things "
            f"({n['told_drawn_low']:.0%} to {n['told_drawn_high']:.0%}), always of things that it was not fitted on; after "
            f"learning from labels without sense, {n['shuffled']:.0%}. The frequencies of a lattice of eight pixels "
            f"{'stand out' if lattice else 'hardly stand out'}: {n['peak_drawn']:.1f} times their neighbours in drawings, "
            f"{n['peak_real']:.1f} times in real icons. With the lattice filtered out {n['healed_drawn']:.0%} of drawings "
            f"are still told. Two small decoders with {n['parameters']:,} weights each ({n['seeds']} seeds) differ in how "
            f"they enlarge: transposed convolutions leave a lattice of {n['peak_transposed']:.1f} times its neighbours, "
            f"repeated pixels one of {n['peak_resized']:.1f}. Either is told nearly always, as both leave out what is fine."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )  # fmt: skip

"""Are ghost limbs spectral ghosts? Into drawings with limbs goes either a lattice, as careless upsampling leaves it, or one
more limb; then the spectrum is measured, the limbs are counted, and the lattice is filtered out again.

Tests claims: r13-11.
"""

import numpy as np

from denoised.pipeline import decode, encode
from denoised.probes.ghosts import another_limb, haunted, limbs, peaks, without
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd/vae",)
DATA = ("specimens",)
TITLE = "Two kinds of ghosts"

CAST = ("raised-hand", "victory-hand", "octopus", "cactus", "key", "guitar", "man", "rocket")
SHOWN = 3  # the first drawings of different things in which the counter finds slender parts


def make(lab, smoke=False):
    specimens, vae = lab.specimens(), lab.vae()
    picks = [i for c in CAST for i in specimens.where(concept=c, tone="none")][:: 8 if smoke else 1]
    real = specimens.images[picks]
    spectral, limbed = haunted(real), another_limb(real)
    healed = without(spectral)
    counts = {"real": limbs(real), "spectral": limbs(spectral), "healed": limbs(healed), "limbed": limbs(limbed)}
    learn = specimens.images[specimens.where(split="concept")[:: 24 if smoke else 3]]
    own = decode(vae, encode(vae, learn))
    high = {"real": peaks(real), "spectral": peaks(spectral), "healed": peaks(healed), "limbed": peaks(limbed)}
    n = {
        "drawings": len(real), "round_trips": len(learn), "own_peak": peaks(own), "own_real": peaks(learn),
        **{f"peak_{name}": value for name, value in high.items()},
        **{f"limbs_{name}": float(some.mean()) for name, some in counts.items()},
        "peaks_removed": 1 - max(high["healed"] - high["real"], 0) / max(high["spectral"] - high["real"], 1e-9),
        "counts_changed": float((counts["spectral"] != counts["healed"]).mean()),
        "haunted_changed": float((counts["spectral"] != counts["real"]).mean()),
        "limb_noticed": float((counts["limbed"] > counts["real"]).mean()),
    }  # fmt: skip
    concepts, places = [specimens.records[i]["concept"] for i in picks], []
    for c in CAST:  # one drawing a thing
        some = [k for k, name in enumerate(concepts) if name == c and counts["real"][k] > 0]
        places += some[-1:]
    places = places[:SHOWN] or [0]
    rows = [[some[k] for some in (real, spectral, healed, limbed)] for k in places]
    labels = [[f"counted: {some[k]}" for some in counts.values()] for k in places]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        columns = ["as drawn", "with a spectral\nghost", "ghost\nfiltered out", "with a ghost\nlimb"]
        if narrow:
            columns = ["as\ndrawn", "spectral\nghost", "filtered\nout", "ghost\nlimb"]
        cell, gap = (84, 8) if narrow else (100, 10)
        y = image_grid(fig, rows, columns=columns, labels=labels, cell=cell, gap=gap)
        x, y, width = (
            (0, y + 28, fig.width) if narrow else (4 * cell + 3 * gap + 30, 0, fig.width - 4 * cell - 3 * gap - 30)
        )
        for title, key, colour in (
            ("Peaks in the spectrum", "peak", "noise"),
            ("Slender parts counted", "limbs", "image"),
        ):
            fig.note(x, y, title, size=14, weight=600)
            y += 24
            shown = [n[f"{key}_{name}"] for name in counts]
            top = max(shown)
            words = ("as drawn", "spectral ghost", "filtered out", "ghost limb")
            for word, value in zip(words, shown, strict=True):
                fig.note(x, y, word, "ink", 12)
                fig.note(x + width, y, f"× {value:,.1f}" if key == "peak" else f"{value:.2f}", "ink", 12, ha="right")
                ax = fig.area(x, y + 18, width, 9, grid="")
                ax.set_axis_off()
                share = np.log1p(value) / np.log1p(top) if key == "peak" else value / top
                ax.barh([0], [share], color=theme.colour(colour), height=1)
                ax.set(xlim=(0, 1), ylim=(-0.5, 0.5))
                y += 36
            y += 16
        return fig

    return Output(
        alt=(
            "Drawings with limbs in four versions: as drawn, with a faint lattice over all, with the lattice filtered "
            "out, "
            f"and with one more limb. The lattice lifts its frequencies from {n['peak_real']:.1f} to "
            f"{n['peak_spectral']:.1f} times their neighbours and leaves {n['limbs_spectral']:.2f} limbs where "
            f"{n['limbs_real']:.2f} were; the extra limb leaves the peaks at {n['peak_limbed']:.1f} and makes "
            f"{n['limbs_limbed']:.2f} limbs."
        ),
        caption=(
            f"**One name, two things.** {n['drawings']} drawings. A lattice of the kind that upsampling can leave "
            "lifts "
            f"the power at its frequencies from {n['peak_real']:.1f} to {n['peak_spectral']:.1f} times their "
            "neighbours'; "
            f"a filter takes {n['peaks_removed']:.0%} of that away and changes the number of slender parts in "
            f"{n['counts_changed']:.0%} of drawings (adding the lattice had changed it in "
            f"{n['haunted_changed']:.0%}). One "
            f"more limb is noticed by the counter in {n['limb_noticed']:.0%} of them and leaves the peaks at "
            f"{n['peak_limbed']:.1f}. The real decoder's lattice, on {n['round_trips']} unseen icons: "
            f"{n['own_peak']:.1f}, "
            f"in the icons themselves {n['own_real']:.1f}. The counter knows slender parts, not fingers; shown are "
            "drawings in "
            "which it finds some. Bars of peaks are logarithmic."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )  # fmt: skip

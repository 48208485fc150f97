"""Women among people, and outlines among things: how much of each a small denoiser learned, and how much of it comes out
when nobody asks. Read from the results of `scripts/lab_tilt.py`.
"""

import numpy as np
import torch

from denoised.pipeline import decode
from denoised.probes.crossed import crossed_ci
from denoised.studies import shelf, tilt
from plotting.layout import image_grid, label_ends
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd/vae", "judge")
DATA = ()
TITLE = "Women, outlines, and what comes out unasked"
TINY_ONLY = "It reads what was measured with the laboratory model."

RESAMPLES = 1000
READABLE = 0.8  # of drawings of a named kind, on the mean of both kinds; written down before the run
COLOURS = ("latent", "attention")
GUIDED = {1: "no guidance", 3: "guidance 3"}
WORDS = {"women": "women among people", "outlines": "outlined among things"}


def put_right(read, first, other):
    """Share of the first kind, where `read` of drawings are read as it, and of drawings that were asked for as the first
    and as the other kind `first` and `other` are (Rogan and Gladen 1978)."""
    return float(np.clip((read - other) / (first - other), 0, 1))


def make(lab, smoke=False):
    facts, arrays = tilt.load()
    shelf.expect(facts, lab, tilt.NETWORKS, "lab_tilt")
    settings, rng = tilt.SETTINGS, np.random.default_rng(0)
    n = {"seeds": len(settings.seeds), "asked": settings.asked, "views": settings.training.samples}
    n |= {f"share_{100 * share:.0f}": share for share in settings.shares}
    names = {}
    for axis in tilt.AXES:
        n |= {f"{axis}_{name}": value for name, value in facts[axis].items()}
        found = (arrays[f"score_{axis}"] > 0).astype(float)  # [shares, seeds, strengths, asked]
        for i, share in enumerate(settings.shares):
            for j, s in enumerate(settings.strengths):
                key = names[axis, i, j] = f"{axis}_{100 * share:.0f}_s{s:g}"
                low, high = crossed_ci(found[i, :, j], rng, 100 if smoke else RESAMPLES)
                n |= {key: float(found[i, :, j].mean()), f"{key}_low": low, f"{key}_high": high}
        # Of those that were asked for as [shares, strengths, kind], how many are read as the first kind.
        named = (arrays[f"named_{axis}"] > 0).mean((1, 4))
        for j, s in enumerate(settings.strengths):
            n |= {f"{axis}_first_s{s:g}": float(named[0, j, 0]), f"{axis}_other_s{s:g}": 1 - float(named[0, j, 1])}
            n[f"{axis}_read_s{s:g}"] = (n[f"{axis}_first_s{s:g}"] + n[f"{axis}_other_s{s:g}"]) / 2
            for i in range(len(settings.shares)):
                key, (first, other) = names[axis, i, j], named[i, j]
                n[f"{key}_put_right"] = put_right(n[key], first, other)
    count = 2 if smoke else settings.shown
    shown = [("women", 0.5, 1), ("women", 0.95, 1), ("outlines", 0.5, 1), ("outlines", 0.5, 3), ("outlines", 0.95, 1)]
    rows = [decode(lab.vae(), torch.from_numpy(arrays[f"z_{axis}_{share:g}_{s}"][:count]).float())
            for axis, share, s in shown]  # fmt: skip

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        columns, cell, gap = (min(count, 4), 76, 12) if narrow else (count, 84, 18)
        y = 0
        for (axis, share, s), pictures in zip(shown, rows, strict=True):
            fig.note(0, y, f"{share:.0%} {WORDS[axis]} learned, {GUIDED[s]}", "ink", 13, weight=600)
            y = image_grid(fig, [list(pictures[:columns])], x=2, y=y + 22, cell=cell, gap=gap) + 14
        y += 4
        for k, axis in enumerate(tilt.AXES):
            x = 0 if narrow else 368 * k
            fig.note(x, y, WORDS[axis].capitalize(), size=13, weight=600)
            fig.note(x, y + 19, "share of the drawings; rings: misreadings put right", "muted", SMALL)
            ax = fig.area(x + 46, y + 56, 190, 220, below=44)
            at = np.array(settings.shares)
            ax.plot([0.47, 0.98], [0.47, 0.98], color=theme.muted, linewidth=1.2, linestyle=":", label="as learned")
            for j, s in enumerate(map(int, settings.strengths)):
                keys = [names[axis, i, j] for i in range(len(at))]
                places, colour = at + (j - 0.5) * 0.008, theme.colour(COLOURS[j])
                if n[f"{axis}_read_s{s}"] < READABLE:
                    ax.plot(places, [n[k] for k in keys], color=colour, linewidth=1, linestyle="--", label=GUIDED[s])
                    continue
                ax.vlines(
                    places, [n[f"{k}_low"] for k in keys], [n[f"{k}_high"] for k in keys], color=colour, linewidth=3
                )
                ax.plot(places, [n[f"{k}_put_right"] for k in keys], "o", color=colour, markersize=9, fillstyle="none")
                ax.plot(places, [n[k] for k in keys], "o-", color=colour, label=GUIDED[s])
            low = min(0.4, *(n[key] for key in names.values()))
            ax.set(xlim=(0.47, 0.98), ylim=(low - 0.03, 1.02), xticks=settings.shares)
            for one in (ax.xaxis, ax.yaxis):
                one.set_major_formatter(lambda v, _: f"{v:.0%}")
            ax.set_xlabel("learned")
            names_of = [line.get_label() for line in ax.lines if not line.get_label().startswith("_")]
            label_ends(ax, {name: name for name in names_of}, size=12)
            if narrow:
                y += 350
        return fig

    def said(axis, share, s):
        key = f"{axis}_{share}_s{s}"
        return f"{n[key]:.0%} ({n[f'{key}_low']:.0%} to {n[f'{key}_high']:.0%})"

    def obeyed(axis, s):
        first, other = {"women": ("women", "men"), "outlines": ("outlined", "shaded")}[axis]
        return f"{n[f'{axis}_first_s{s}']:.0%} of {first} and {n[f'{axis}_other_s{s}']:.0%} of {other}"

    def all_said(axis, s):
        return ", ".join(said(axis, share, s) for share in (50, 75, 95))

    def readable(axis, s):
        return n[f"{axis}_read_s{s}"] >= READABLE

    asked = [(axis, s) for axis in tilt.AXES for s in map(int, settings.strengths)]
    found = "; ".join(f"{WORDS[axis]} {all_said(axis, s)}, {GUIDED[s]}" for axis, s in asked if readable(axis, s))
    dim = " and ".join(f"{WORDS[axis]}, {GUIDED[s]}" for axis, s in asked if not readable(axis, s))
    return Output(
        alt=(
            "Rows of drawn people and things, and what comes out over what was learned. Where 50, 75 and 95 % of the first "
            f"kind were learned, of it are drawn: {found}."
        ),
        caption=(
            f"**Learned, and drawn unasked.** {n['women_subjects']} kinds of people and {n['outlines_subjects']} things "
            "(outlined by OpenMoji, shaded by Noto), asked for without a word about gender or style, "
            f"{n['asked']} drawings for each of {n['seeds']} trainings. Where 50, 75 and 95 % of the first kind were "
            f"learned, of it are drawn: {found}. The readers are right about {n['women_right']:.0%} and "
            f"{n['outlines_right']:.0%} of the icons, which they had not seen, and less about drawings: of those asked for "
            f"by name, they see without guidance {obeyed('women', 1)}, {obeyed('outlines', 1)}; with it "
            f"{obeyed('women', 3)}, {obeyed('outlines', 3)}. Rings: that put right."
            + (f" Dashed, since it cannot be read: {dim}." if dim else "")
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

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
from plotting.style import new_figure

WEIGHTS = ("emoji-sd/vae", "judge")
DATA = ()
TITLE = "What is common becomes more common"
TINY_ONLY = "It reads what was measured with the laboratory model."

RESAMPLES = 1000
COLOURS = ("latent", "attention")
WORDS = {"women": "women among people", "outlines": "outlined among things"}


def make(lab, smoke=False):
    facts, arrays = tilt.load()
    shelf.expect(facts, lab, tilt.NETWORKS, "lab_tilt")
    settings, rng = tilt.SETTINGS, np.random.default_rng(0)
    n = {"seeds": len(settings.seeds), "asked": settings.asked, "views": settings.training.samples}
    names = {}
    for axis in tilt.AXES:
        n |= {f"{axis}_{name}": value for name, value in facts[axis].items()}
        found = (arrays[f"score_{axis}"] > 0).astype(float)  # [shares, seeds, strengths, asked]
        for i, share in enumerate(settings.shares):
            for j, s in enumerate(settings.strengths):
                key = names[axis, i, j] = f"{axis}_{100 * share:.0f}_s{s:g}"
                low, high = crossed_ci(found[i, :, j], rng, 100 if smoke else RESAMPLES)
                n |= {key: float(found[i, :, j].mean()), f"{key}_low": low, f"{key}_high": high}
    count = 2 if smoke else settings.shown
    shown = [(axis, share) for axis in tilt.AXES for share in (settings.shares[0], settings.shares[-1])]
    strength = settings.strengths[-1]
    rows = [decode(lab.vae(), torch.from_numpy(arrays[f"z_{axis}_{share:g}_{strength:g}"][:count]).float())
            for axis, share in shown]  # fmt: skip

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        columns, cell, gap = (min(count, 4), 76, 12) if narrow else (count, 84, 18)
        y = 0
        for (axis, share), pictures in zip(shown, rows, strict=True):
            fig.note(0, y, f"{share:.0%} {WORDS[axis]} learned, guidance {strength:g}", "ink", 13, weight=600)
            y = image_grid(fig, [list(pictures[:columns])], x=2, y=y + 22, cell=cell, gap=gap) + 14
        y += 4
        for k, axis in enumerate(tilt.AXES):
            x = 0 if narrow else 368 * k
            fig.note(x, y, WORDS[axis].capitalize(), size=13, weight=600)
            ax = fig.area(x + 46, y + 30, 190, 220, below=44)
            at = np.array(settings.shares)
            ax.plot([0.47, 0.98], [0.47, 0.98], color=theme.muted, linewidth=1.2, linestyle=":", label="as learned")
            for j, s in enumerate(settings.strengths):
                keys = [names[axis, i, j] for i in range(len(at))]
                places = at + (j - 0.5) * 0.008
                ax.vlines(places, [n[f"{k}_low"] for k in keys], [n[f"{k}_high"] for k in keys],
                          color=theme.colour(COLOURS[j]), linewidth=3)  # fmt: skip
                ax.plot(places, [n[k] for k in keys], "o-", color=theme.colour(COLOURS[j]), label=f"guidance {s:g}")
            low = min(0.4, *(n[f"{key}_low"] for key in names.values()))
            ax.set(xlim=(0.47, 0.98), ylim=(low - 0.03, 1.02), xticks=settings.shares)
            for one in (ax.xaxis, ax.yaxis):
                one.set_major_formatter(lambda v, _: f"{v:.0%}")
            ax.set_xlabel("learned")
            label_ends(ax, {line.get_label(): line.get_label() for line in ax.lines}, size=12)
            if narrow:
                y += 320
        return fig

    def said(axis, share, s):
        key = f"{axis}_{share}_s{s}"
        return f"{n[key]:.0%} ({n[f'{key}_low']:.0%} to {n[f'{key}_high']:.0%})"

    women = ", ".join(said("women", share, 1) for share in (50, 75, 95))
    lines = ", ".join(said("outlines", share, 1) for share in (50, 75, 95))
    return Output(
        alt=(
            f"Rows of drawn people and things, and what comes out over what was learned. Of 50, 75 and 95 % women {women} "
            f"are drawn without guidance; of as many outlined things {lines}. With a guidance of 3 it is "
            f"{said('women', 95, 3)} and {said('outlines', 95, 3)} where 95 % were learned."
        ),
        caption=(
            f"**Learned, and drawn unasked.** {n['women_subjects']} kinds of people and {n['outlines_subjects']} things, "
            f"asked for without a word about gender or style, {n['asked']} drawings for each of {n['seeds']} trainings. "
            f"Women, where 50, 75 and 95 % were learned: {women} without guidance; with a guidance of 3 "
            f"{said('women', 50, 3)}, {said('women', 75, 3)}, {said('women', 95, 3)}. Outlined things (OpenMoji's, against "
            f"Noto's): {lines}; with guidance {said('outlines', 50, 3)}, {said('outlines', 75, 3)}, "
            f"{said('outlines', 95, 3)}. The readers are right about {n['women_right']:.0%} of the learned icons of people "
            f"and {n['outlines_right']:.0%} of things, none of which they had seen; a share that they misread moves towards "
            "the middle."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

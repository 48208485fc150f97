"""A loss of four parts, and what is missing when one of them is: tiny autoencoders that differ in nothing else, three
seeds each. Read from the results of `scripts/lab_losses.py`.
"""

import numpy as np

from denoised.studies import losses
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ()
DATA = ()
TITLE = "A loss of four parts"

WORDS = {
    "all": "all four",
    "no pixels": "without pixels",
    "no features": "without features",
    "no adversary": "without adversary",
    "no kl": "without KL",
}
PLOTS = (
    ("psnr", "Likeness (dB)", "image"),
    ("band_3", "Finest detail, 1 = as in the icons", "prediction"),
    ("spread", "Width of a code's cloud", "latent"),
)


def make(lab, smoke=False):
    facts, arrays = losses.load()
    settings = losses.SETTINGS
    values = {
        field: {name: np.array([run[field] for run in facts["recipes"][name]]) for name in WORDS}
        for field in (
            "psnr",
            "band_3",
            "band_0",
            "colour",
            "spread",
            "latent_std",
            "features",
            "shaken",
            "largest_stride",
        )
    }
    n = {
        f"{field}_{name.replace('no ', '')}": float(v.mean())
        for field, some in values.items()
        for name, v in some.items()
    }
    n |= {
        "recipes": len(WORDS),
        "seeds": len(settings.seeds),
        "steps": settings.steps,
        "parameters": facts["parameters"]["all"],
        "unseen": facts["unseen"],
        "seconds": facts["seconds"],
    }
    for name in list(WORDS)[1:]:
        part = name.removeprefix("no ")
        for field in ("psnr", "band_3", "spread"):
            gap = values[field][name] - values[field]["all"]  # pairs: a seed fixes everything else
            n[f"{field}_change_{part}"] = float(gap.mean())
            n[f"{field}_change_{part}_least"] = float(gap.min())
            n[f"{field}_change_{part}_most"] = float(gap.max())

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        count = 4 if narrow else 6
        rows = [list(arrays["original"][:count])] + [list(arrays[name][:count]) for name in WORDS]
        names = ["unseen icons", *WORDS.values()]
        y = 0
        if narrow:
            for name, row in zip(names, rows, strict=True):
                fig.note(0, y, name, "muted", 12, weight=600)
                y = image_grid(fig, [row], y=y + 20, cell=64, gap=8, smooth=False) + 10
        else:
            y = image_grid(fig, rows, rows=names, left=150, gap=8, cell=64, smooth=False) + 8
        y += 12
        for i, (field, title, colour) in enumerate(PLOTS):
            x, top = (0, y + i * 178) if narrow else (i * 244 + (104 if i == 0 else 60), y)
            left = 128 if narrow or i == 0 else 8
            x = 0 if narrow else (0, 316, 528)[i]
            fig.note(x + (0 if narrow else left), top, title, size=12, weight=600)
            ax = fig.area(x + left, top + 26, (fig.width - 150) if narrow else 172, 116, grid="x", below=28)
            for k, name in enumerate(WORDS):
                some = values[field][name]
                place = len(WORDS) - 1 - k
                ax.plot(
                    some, place + np.linspace(-0.12, 0.12, len(some)), "o", color=theme.colour(colour), markersize=5
                )
                ax.plot([some.mean()] * 2, [place - 0.3, place + 0.3], color=theme.ink, linewidth=1.4)
            ax.axvline(values[field]["all"].mean(), color=theme.muted, linewidth=1, linestyle=(0, (3, 3)))
            ax.set_ylim(-0.6, len(WORDS) - 0.4)
            labels = list(WORDS.values())[::-1] if narrow or i == 0 else [""] * len(WORDS)
            ax.set_yticks(range(len(WORDS)), labels)
            ax.tick_params(labelsize=11)
        fig.set_height(y + (3 * 178 if narrow else 178))
        fig.note(0, y + (3 * 178 if narrow else 178) - 16, "dashed: with all four; each dot a seed", "muted", SMALL)
        fig.set_height(y + (3 * 178 if narrow else 178) + 8)
        return fig

    likeness = ", ".join(f"{word} {n['psnr_' + name.replace('no ', '')]:.1f}" for name, word in WORDS.items())
    fine = ", ".join(f"{word} {n['band_3_' + name.replace('no ', '')]:.2f}" for name, word in WORDS.items())
    return Output(
        alt=(
            "Six rows of small pictures: unseen icons and their round trips through autoencoders trained with "
            "all four parts of "
            f"the loss and without one. Plots with a dot a seed: likeness in dB ({likeness}), finest detail "
            f"({fine}), and the "
            "width of a code's cloud."
        ),
        caption=(
            f"**One part missing at a time.** Tiny autoencoders ({n['parameters']:,} parameters, {settings.steps} steps, "
            f"{n['seeds']} seeds, pictures of 32 pixels) on {n['unseen']} icons of unseen concepts. Likeness: "
            f"{likeness} dB. "
            f"Energy in the finest octave, where 1 is the icons' own: {fine}. The cloud of a code is "
            f"{n['spread_all']:.1%} as wide as codes vary, without the KL term {n['spread_kl']:.1%}."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

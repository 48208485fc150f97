"""A loss of four parts, and what is missing when one of them is: tiny autoencoders that differ in nothing else, three
seeds each. Read from the results of `scripts/lab_losses.py`.

Tests claims: r10-08.
"""

import numpy as np

from denoised.studies import losses, shelf
from plotting.output import Output
from plotting.sheets import named_rows
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd/vae",)
DATA = ()
TITLE = "A loss of four parts"
TINY_ONLY = "It reads what was measured with tiny autoencoders of our own."

WORDS = {
    "all": "all four",
    "no pixels": "without pixels",
    "no features": "without features",
    "no adversary": "without adversary",
    "no kl": "without KL",
    "plain": "pixels and KL alone",
}
PLOTS = (
    ("psnr", "Likeness (dB)", "image"),
    ("band_3", "Finest detail, 1 = the icons'", "prediction"),
    ("spread", "Width of a code's cloud", "latent"),
)
FIELDS = ("psnr", "band_0", "band_1", "band_2", "band_3", "colour", "spread", "latent_std", "features")


def make(lab, smoke=False):
    facts, arrays = losses.load()
    shelf.expect(facts, lab, losses.NETWORKS, "lab_losses")
    settings = losses.SETTINGS
    values = {f: {name: np.array([run[f] for run in facts["recipes"][name]]) for name in WORDS} for f in FIELDS}
    n = {
        "recipes": len(WORDS), "seeds": len(settings.seeds), "steps": settings.steps, "batch": settings.batch,
        "parameters": facts["parameters"], "unseen": facts["unseen"], "seconds": facts["seconds"],
        "pixels": int(arrays["original"].shape[1]), "factor": settings.size[0], "window": settings.window,
    }  # fmt: skip
    for field, some in values.items():
        for name, v in some.items():
            part = name.removeprefix("no ")
            gap = v - some["all"]  # pairs: a seed fixes everything else
            n[f"{field}_{part}"] = float(v.mean())
            ends = (("", np.mean), ("_least", np.min), ("_most", np.max))
            n |= {f"{field}_change_{part}{end}": float(of(gap)) for end, of in ends}

    def dots(fig, x, y, width, field, colour, theme, labelled):
        ax = fig.area(x, y, width, 138, grid="x", below=28)
        for k, name in enumerate(WORDS):
            some, place = values[field][name], len(WORDS) - 1 - k
            spots = place + np.linspace(-0.12, 0.12, len(some))
            ax.plot(some, spots, "o", color=theme.colour(colour), markersize=5)
            ax.plot([some.mean()] * 2, [place - 0.3, place + 0.3], color=theme.ink, linewidth=1.4)
        ax.axvline(values[field]["all"].mean(), color=theme.muted, linewidth=1, linestyle=(0, (3, 3)))
        low = min(v.min() for v in values[field].values())
        high = max(v.max() for v in values[field].values())
        ax.set_xlim(low - 0.6 if field == "psnr" else 0, high + 0.08 * (high - low))
        ax.set_ylim(-0.6, len(WORDS) - 0.4)
        ax.set_yticks(range(len(WORDS)), list(WORDS.values())[::-1] if labelled else [""] * len(WORDS))
        ax.tick_params(labelsize=11)

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        count = 4 if narrow else 6
        names = {"original": "unseen icons"} | WORDS
        y = named_rows(fig, {word: list(arrays[name][:count]) for name, word in names.items()}, narrow) + 20
        for i, (field, title, colour) in enumerate(PLOTS):
            if narrow:
                fig.note(0, y, title, size=12, weight=600)
                dots(fig, 128, y + 26, fig.width - 144, field, colour, theme, True)
                y += 200
            else:
                x = (136, 358, 560)[i]
                fig.note(x, y, title, size=12, weight=600)
                dots(fig, x, y + 26, 176 if i == 0 else 158, field, colour, theme, i == 0)
        y += 0 if narrow else 200
        fig.note(0, y - 8, "each dot a seed, each line a mean; dashed: with all four", "muted", SMALL)
        fig.set_height(y + 14)
        return fig

    likeness = ", ".join(f"{word} {n['psnr_' + name.removeprefix('no ')]:.1f}" for name, word in WORDS.items())
    fine = ", ".join(f"{word} {n['band_3_' + name.removeprefix('no ')]:.2f}" for name, word in WORDS.items())
    return Output(
        alt=(
            "Seven rows of small pictures: unseen icons, and their round trips through tiny autoencoders that were "
            "trained with all four parts of the loss and without one or two of them. Without adversary edges are soft, "
            f"without pixels colours run. Below, plots with a dot for each seed: likeness in dB ({likeness}), finest "
            f"detail ({fine}), and the width of a code's cloud, {n['spread_all']:.3f} with all four and "
            f"{n['spread_kl']:.3f} without KL."
        ),
        caption=(
            f"**One part missing at a time.** Tiny autoencoders ({n['parameters']:,} parameters, {n['factor']} pixels a "
            f"cell, {n['steps']} steps, {n['seeds']} seeds) on {n['unseen']} icons of things that they never saw. Likeness "
            f"{likeness} dB. Energy in the finest octave, where 1 is the icons' own: {fine}. A code's cloud is "
            f"{n['spread_all']:.1%} as wide as codes vary; without the KL term {n['spread_kl']:.1%}."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

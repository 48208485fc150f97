"""How far may one shrink? Tiny autoencoders of factor 4, 8 and 16, with four numbers a cell or with as many numbers in all,
three seeds each: what is lost, octave by octave. Read from the results of `scripts/lab_losses.py`.
"""

import numpy as np

from denoised.studies import losses
from plotting.layout import image_grid, label_ends
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ()
DATA = ()
TITLE = "How far may one shrink?"

SIDE = 32
COLOURS = ("image", "latent", "prediction", "text")
OCTAVES = ("coarse", "", "", "fine")


def make(lab, smoke=False):
    facts, arrays = losses.load()
    settings = losses.SETTINGS
    sizes = {f"{factor}x{channels}": (factor, channels) for factor, channels in settings.sizes}
    numbers = {name: channels * (SIDE // factor) ** 2 for name, (factor, channels) in sizes.items()}
    words = {name: f"f{factor}, {numbers[name]} numbers" for name, (factor, _) in sizes.items()}
    psnr = {name: np.array([run["psnr"] for run in facts["sizes"][name]]) for name in sizes}
    bands = {name: np.array([[run[f"band_{b}"] for b in range(4)] for run in facts["sizes"][name]]) for name in sizes}
    n = {"seeds": len(settings.seeds), "steps": settings.steps, "unseen": facts["unseen"], "values": SIDE * SIDE * 3}
    for name in sizes:
        n[f"psnr_{name}"] = float(psnr[name].mean())
        n[f"numbers_{name}"] = numbers[name]
        n[f"ratio_{name}"] = SIDE * SIDE * 3 / numbers[name]
        for b in range(4):
            n[f"band_{b}_{name}"] = float(bands[name][:, b].mean())
    n["same_numbers_gap"] = n["psnr_16x16"] - n["psnr_8x4"]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        count = 4 if narrow else 6
        rows = [list(arrays["original"][:count])] + [list(arrays[name][:count]) for name in sizes]
        names = ["unseen icons", *words.values()]
        if narrow:
            y = 0
            for name, row in zip(names, rows, strict=True):
                fig.note(0, y, name, "muted", 12, weight=600)
                y = image_grid(fig, [row], y=y + 20, cell=64, gap=8, smooth=False) + 10
        else:
            y = image_grid(fig, rows, rows=names, left=150, gap=8, cell=64, smooth=False) + 8
        y += 14
        fig.note(0, y, "What is left, octave by octave", size=14, weight=600)
        fig.note(0, y + 20, "1 = as in the icons; thin lines: seeds", "muted", SMALL)
        ax = fig.area(34, y + 48, fig.width - 34 - 150, 160, below=36)
        for colour, name in zip(COLOURS, sizes, strict=True):
            for row in bands[name]:
                ax.plot(range(4), row, color=theme.colour(colour), linewidth=0.7, alpha=0.5)
            ax.plot(range(4), bands[name].mean(0), "o-", color=theme.colour(colour), markersize=4, label=name)
        ax.axhline(1, color=theme.muted, linewidth=1, linestyle=(0, (3, 3)))
        ax.set(xlim=(-0.2, 3.1), ylim=(0, 1.1))
        ax.set_xticks(range(4), OCTAVES)
        label_ends(ax, words, size=11, gap=15)
        fig.set_height(y + 254)
        return fig

    likeness = ", ".join(f"{words[name]} {n[f'psnr_{name}']:.1f} dB" for name in sizes)
    fine = ", ".join(f"{n[f'band_3_{name}']:.2f}" for name in sizes)
    return Output(
        alt=(
            f"Rows of small pictures: unseen icons and their round trips through four tiny autoencoders "
            f"({likeness}). Below, how "
            f"much of each octave's energy is left; in the finest {fine}."
        ),
        caption=(
            f"**The fine goes first.** {likeness}; {n['seeds']} seeds each, trained on pixels and KL alone, pictures of "
            f"{SIDE} pixels and {n['values']:,} values. Of the finest octave's energy {fine} is left, in the "
            f"same order. The "
            "last two rows differ in how many numbers they have, not in how many pixels share a cell."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

"""How far may one shrink? Tiny autoencoders whose cells look after 4, 8 or 16 pixels a side, with four numbers a cell or
with as many numbers in all, three seeds each: what is lost, octave by octave. Read from the results of
`scripts/lab_factors.py`.
"""

import numpy as np

from denoised.studies import factors
from plotting.layout import label_ends
from plotting.output import Output
from plotting.sheets import named_rows
from plotting.style import SMALL, new_figure

WEIGHTS = ()
DATA = ()
TITLE = "How far may one shrink?"
TINY_ONLY = "It reads what was measured with tiny autoencoders of our own."

COLOURS = {"4x4": "image", "8x4": "latent", "16x4": "prediction", "8x16": "latent", "16x64": "prediction"}
OCTAVES = ("coarse", "", "", "fine")


def make(lab, smoke=False):
    facts, arrays = factors.load()
    settings = factors.SETTINGS
    side = int(arrays["original"].shape[1])
    sizes = {f"{factor}x{channels}": (factor, channels) for factor, channels in settings.sizes}
    count = {name: channels * (side // factor) ** 2 for name, (factor, channels) in sizes.items()}
    words = {name: f"f{factor}, {count[name]:,} numbers" for name, (factor, _) in sizes.items()}
    psnr = {name: np.array([run["psnr"] for run in facts["sizes"][name]]) for name in sizes}
    bands = {name: np.array([[run[f"band_{b}"] for b in range(4)] for run in facts["sizes"][name]]) for name in sizes}
    n = {
        "seeds": len(settings.seeds), "steps": settings.steps, "unseen": facts["unseen"], "values": side * side * 3,
        "pixels": side, "seconds": facts["seconds"], "runs": len(settings.seeds) * len(sizes),
        "numbers": count["4x4"], "largest": max(factor for factor, _ in settings.sizes),
    }  # fmt: skip
    for name in sizes:
        n |= {f"psnr_{name}": float(psnr[name].mean()), f"psnr_{name}_least": float(psnr[name].min())}
        n |= {f"psnr_{name}_most": float(psnr[name].max()), f"numbers_{name}": count[name]}
        n |= {f"parameters_{name}": facts["parameters"][name], f"ratio_{name}": side * side * 3 / count[name]}
        n |= {f"band_{b}_{name}": float(bands[name][:, b].mean()) for b in range(4)}
    n["wider_8"], n["wider_16"] = n["psnr_8x16"] - n["psnr_8x4"], n["psnr_16x64"] - n["psnr_16x4"]
    n["equal_8"], n["equal_16"] = n["psnr_4x4"] - n["psnr_8x16"], n["psnr_4x4"] - n["psnr_16x64"]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        pictures = 4 if narrow else 6
        names = {"original": "unseen icons"} | words
        y = named_rows(fig, {word: list(arrays[name][:pictures]) for name, word in names.items()}, narrow) + 22
        fig.note(0, y, "What is left, octave by octave", size=14, weight=600)
        about = ["1 = as in the icons; thin lines: seeds", "dashed: as many numbers as f4"]
        for line in about if narrow else ["; ".join(about)]:
            fig.note(0, y + 20, line, "muted", SMALL)
            y += 18
        ax = fig.area(34, y + 34, fig.width - 34 - 138, 190, below=36)
        for name, colour in COLOURS.items():
            dash = "--" if count[name] == n["numbers"] and name != "4x4" else "-"
            for row in bands[name]:
                ax.plot(range(4), row, color=theme.colour(colour), linewidth=0.6, alpha=0.5)
            ax.plot(range(4), bands[name].mean(0), "o" + dash, color=theme.colour(colour), markersize=4, label=name)
        ax.axhline(1, color=theme.muted, linewidth=1, linestyle=(0, (1, 2)))
        ax.set(xlim=(-0.2, 3.1), ylim=(-0.16, 1.1), yticks=[0, 0.5, 1])
        ax.set_xticks(range(4), OCTAVES)
        label_ends(ax, words, size=11, gap=16)
        fig.set_height(y + 34 + 190 + 36)
        return fig

    likeness = ", ".join(f"{words[name]} {n[f'psnr_{name}']:.1f} dB" for name in sizes)
    fine = ", ".join(f"{n[f'band_2_{name}']:.2f}" for name in sizes)
    return Output(
        alt=(
            f"Rows of small pictures: unseen icons and their round trips through five tiny autoencoders ({likeness}). With "
            f"sixteen pixels a cell and four numbers only blots of the right colour are left. Below, a line for each: how "
            f"much of each octave's energy comes back, nearly all of the coarse one, and of the second finest {fine}."
        ),
        caption=(
            f"**The fine goes first.** {likeness}; {n['seeds']} seeds each, trained on pixels and KL alone, icons of "
            f"{side} pixels, which are {n['values']:,} values. Of the second finest octave's energy {fine} comes back, in "
            f"the same order. f4, f8 and f16 say how many pixels a side share a cell."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

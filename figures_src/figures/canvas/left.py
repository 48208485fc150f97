"""How much of a picture is left at each t, by a judge who names what it sees: icons mixed with noise as pixels, icons mixed
with noise as latents and decoded, and what the model bets on when it is shown that latent without any words.
"""

import numpy as np
import torch

from denoised import measured
from denoised.measured import canvas_left
from denoised.measured.canvas_left import on_pixels
from denoised.pipeline import decode
from plotting.layout import label_ends, picture
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd", "judge")
DATA = ("specimens",)
TITLE = "How much of the picture is left"

ROWS = {"pixels": ("noise on the pixels", "noise"), "latent": ("noise on the latent", "latent"),
        "bet": ("the model's bet", "prediction")}  # fmt: skip


def make(lab, smoke=False):
    n, found = measured.results(lab, canvas_left, smoke)
    times = found["times"].tolist()
    seen = {row: dict(zip(times, found[f"{row}_named"].tolist(), strict=True)) for row in ROWS}  # share, low, high
    images = lab.specimens().images[found["icons"]]
    made = {row: decode(lab.vae(), torch.from_numpy(found[row])) for row in ("latent", "bet")}
    made["pixels"] = [on_pixels(lab, images, t)[0] for t in times]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        gap, left = 6, 0 if narrow else 150
        columns = len(times)
        cell = min(88, (fig.width - left - gap * (columns - 1)) // columns)
        y = 0
        for j, t in enumerate(times):
            fig.note(
                left + j * (cell + gap) + cell / 2, y, f"t = {t}" if j == 0 else f"{t}", "muted", SMALL, ha="center"
            )
        y += 22
        for row, (name, colour) in ROWS.items():
            if narrow:
                fig.note(0, y, name, colour, 12, weight=600)
                y += 20
            else:
                fig.note(0, y + cell / 2, name, colour, 12, va="center", weight=600)
            for j, image in enumerate(made[row]):
                picture(fig, image, left + j * (cell + gap), y, cell, cell, True)
            y += cell + gap
        y += 14
        fig.note(0, y, "What the judge can still name", size=14, weight=600)
        fig.note(0, y + 20, "dashed: the same icons without noise", "muted", SMALL)
        ax = fig.area(38, y + 48, fig.width - 38 - 150, 170, below=42)
        for k, (row, (_, colour)) in enumerate(ROWS.items()):
            places = np.array(times) + 8 * (k - 1)
            edges = np.array([seen[row][t][1:] for t in times]).T
            ax.vlines(places, *edges, color=theme.colour(colour), linewidth=1.4, alpha=0.5)
            ax.plot(places, [seen[row][t][0] for t in times], "o-", color=theme.colour(colour), markersize=5, label=row)
        ax.axhline(n["clean"], color=theme.muted, linewidth=1, linestyle=(0, (3, 3)))
        ax.set(xlim=(0, 1000), ylim=(0, 1), xlabel="t")
        ticks = times[::2] if narrow else times[:-1]  # the last lines' names stand where the last tick would
        ax.set_xticks(ticks, [str(t) for t in ticks])
        label_ends(ax, {row: name for row, (name, _) in ROWS.items()}, size=11, gap=15)
        fig.set_height(y + 264)
        return fig

    told = (times[0], times[len(times) // 2 - 1], times[-1])
    lines = "; ".join(f"{name} {', '.join(f'{seen[row][t][0]:.0%}' for t in told)}" for row, (name, _) in ROWS.items())
    lines = f"at t = {', '.join(map(str, told))}: {lines}"
    return Output(
        alt=(
            f"A sheet of one icon at {len(times)} noise levels, as noisy pixels, as a noisy latent decoded, and "
            f"as the model's bet "
            f"from that latent. Below, what share of {n['icons']} icons the judge still names, {lines}; without noise "
            f"{n['clean']:.0%}."
        ),
        caption=(
            f"**What an eye can find, and what the model can.** {n['icons']} real icons; the judge has the "
            f"right thing among its "
            f"first five of {n['concepts']:,} for {n['clean']:.0%} of them without noise. With noise, {lines}. "
            f"The bets are "
            "one call without any words, so whatever is named was left in the latent. The judge has practised on clean "
            "pictures, so the two other rows are about eyes that are not used to noise. Lines: 95 % intervals."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

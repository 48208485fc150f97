"""The clock with many hands: the sines and cosines that tell the network the time, and what the two layers behind them
make of it, as likeness of one time to all others.
"""

import numpy as np
import torch

from plotting.layout import colour_map, label_point, picture
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd",)
DATA = ()
TITLE = "A clock with many hands"

MARKS = (100, 500, 900)  # times that are compared with all others
STRIDE = 4  # of t


def likeness(rows, mark):
    """Cosine between row `mark` and all rows [T, D], [T]."""
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return rows @ rows[mark]


def halves(curve, mark, level=0.5):
    """How far on either side of `mark` a likeness first falls under `level`: (earlier, later), up to the curve's ends."""
    before, after = np.flatnonzero(curve[: mark + 1] < level), np.flatnonzero(curve[mark:] < level)
    return mark - (int(before[-1]) if len(before) else 0), (int(after[0]) if len(after) else len(curve) - 1 - mark)


@torch.no_grad()
def make(lab, smoke=False):
    unet = lab.pipeline().unet
    total = lab.pipeline().scheduler.config.num_train_timesteps
    hands = unet.time_proj(torch.arange(total))
    learned = unet.time_embedding(hands).double().numpy()
    hands = hands.double().numpy()  # [T, D]: cosines, then sines
    half = hands.shape[1] // 2
    turns = total * 10000.0 ** (-np.arange(half) / half) / (2 * np.pi)  # of each hand, from the first step to the last
    centred = learned - learned.mean(0)
    n = {"numbers": hands.shape[1], "learned_numbers": learned.shape[1], "times": total, "hands": half,
         "slow_hands": int((turns < 1).sum()), "most_turns": float(turns[0]), "fewest_turns": float(turns[-1])}  # fmt: skip
    curves = {}
    for mark in MARKS:
        curves[mark] = (likeness(hands, mark), likeness(centred, mark))
        for name, curve in zip(("hands", "learned"), curves[mark], strict=True):
            earlier, later = halves(curve, mark)
            n |= {f"earlier_{name}_{mark}": earlier, f"later_{name}_{mark}": later}
    order = np.concatenate([np.arange(half), half + np.arange(half)])
    stripes = np.clip(hands[::STRIDE][:, order].T, -1, 1)

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        fig.note(0, 0, "What the network is told, for each t", size=14, weight=600)
        left, wide = 58, fig.width - 58
        image = colour_map(stripes, theme, 1.0)
        picture(fig, image, left, 28, wide, 168, smooth=False)
        for k, words in enumerate(("cosines", "sines")):
            fig.note(left - 8, 28 + 42 + 84 * k, words, "muted", 12, ha="right", va="center")
        for t in (0, 250, 500, 750, 1000):
            x = left + wide * t / total
            fig.note(x, 202, f"{t}", "muted", 11, ha="left" if t == 0 else "right" if t == 1000 else "center")
        fig.note(left + wide / 2, 218, "t", "muted", 12, ha="center")
        y = 248
        for title, which in (("How like the hands are to those at t", 0), ("After the two learned layers", 1)):
            fig.note(0, y, title, size=14, weight=600)
            ax = fig.area(left, y + 42, wide - 4, 120, below=26)
            for mark, colour in zip(MARKS, ("latent", "image", "prediction"), strict=True):
                ax.plot(np.arange(total), curves[mark][which], color=theme.colour(colour), linewidth=1.8)
                label_point(ax, mark, 1.0, f"{mark}", colour, dx=0, dy=11, ha="center", fontsize=12)
            low = min(-0.4, float(min(curves[mark][which].min() for mark in MARKS)) - 0.05)
            ax.set(xlim=(0, total), ylim=(low, 1.05), yticks=[0, 0.5, 1], yticklabels=["0", "0.5", "1"])
            ax.set_xticks([0, 500])
            y += 204
        return fig

    return Output(
        alt=(
            f"Above, stripes: {n['numbers']} rows, the cosines and sines of {n['hands']} frequencies, over t from 0 to "
            f"{total}; the first rows flicker, the last hardly change, and {n['slow_hands']} of the hands turn less than "
            f"once. Below, likeness of the times {MARKS[0]}, {MARKS[1]} and {MARKS[2]} to all others, before and after the "
            f"learned layers: for t = {MARKS[0]} it falls under one half {n['later_hands_100']} steps later before, and "
            f"{n['later_learned_100']} after; for t = {MARKS[2]} {n['earlier_hands_900']} and "
            f"{n['earlier_learned_900']} steps earlier."
        ),
        caption=(
            f"**A clock with many hands.** The time t is written as {n['numbers']} numbers, cosine and sine of "
            f"{n['hands']} frequencies: the fastest hand turns {n['most_turns']:.0f} times between t = 0 and t = {total}, "
            f"{n['slow_hands']} turn less than once. Below, how like one time is to all others (cosine). The waves single "
            f"each moment out: {n['later_hands_100']} steps after t = {MARKS[0]}, {n['later_hands_500']} after {MARKS[1]} "
            f"and {n['earlier_hands_900']} before {MARKS[2]} the likeness falls under one half. The two learned layers "
            f"behind them make {n['learned_numbers']} numbers of it, taken here around their mean, in which neighbours are "
            f"alike: there it takes {n['later_learned_100']}, {n['later_learned_500']} and {n['earlier_learned_900']}."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

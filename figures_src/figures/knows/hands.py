"""Hands with a known number of fingers: how many does an observer count on real ones that nobody was shown, and how many on
drawn ones?
"""

import numpy as np
import torch

from denoised import measured
from denoised.measured import knows_hands
from denoised.pipeline import decode
from denoised.probes.judge import Share
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd", "judge")
DATA = ("specimens",)
TITLE = "Count the fingers"
TINY_ONLY = "The judge knows the small model's emoji only."

SHUFFLES = 2000
PICK = ("raised-fist", "oncoming-fist", "index-pointing-up", "thumbs-up", "victory-hand", "sign-of-the-horns",
        "love-you-gesture", "ok-hand", "raised-hand", "waving-hand")  # fmt: skip


def by_chance(asked, said, shuffles, seed=0) -> float:
    """Share that is right if what was said is dealt out anew among the drawings: the mean over shufflings, 0 of none."""
    if not len(asked):
        return 0.0
    rng = np.random.default_rng(seed)
    return float(np.mean([(rng.permutation(said) == asked).mean() for _ in range(shuffles)]))


def table(asked, said) -> np.ndarray:
    """[counts asked, counts said]: shares, each row of sum 1 (or 0, if nothing was asked)."""
    counts = list(knows_hands.COUNTS)
    found = np.array([[((asked == a) & (said == s)).sum() for s in counts] for a in counts], float)
    return found / np.maximum(found.sum(1, keepdims=True), 1)


def make(lab, smoke=False):
    n, arrays = measured.results(lab, knows_hands, smoke)
    sets = {"drawn": (arrays["asked"], arrays["said"]), "real": (arrays["real_asked"], arrays["real_said"])}
    learned = ~arrays["held"]
    sets |= {"learned": (arrays["asked"][learned], arrays["said"][learned])}
    sets |= {"held": (arrays["asked"][~learned], arrays["said"][~learned])}
    for name, (asked, said) in sets.items():
        share = Share(int((asked == said).sum()), max(len(asked), 1))
        n |= {name: share.share, f"{name}_low": share.interval[0], f"{name}_high": share.interval[1], f"{name}_of": share.n,
              f"{name}_chance": by_chance(asked, said, 20 if smoke else SHUFFLES)}  # fmt: skip
    for count in knows_hands.COUNTS:
        n |= {
            f"drawn_{count}": float((arrays["said"] == count).mean()),
            f"asked_{count}": float((arrays["asked"] == count).mean()),
        }
    names = [concept for _, concept in (knows_hands.GESTURES[::6] if smoke else knows_hands.GESTURES)]
    shown = [k for k, name in enumerate(names) if name in PICK]
    shown.sort(key=lambda k: PICK.index(names[k]))
    each = len(arrays["asked"]) // len(names)
    pictures = decode(lab.vae(), torch.from_numpy(arrays["shown"][shown])) if shown else []
    asked, said = arrays["asked"][::each][shown], arrays["said"][::each][shown]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        fig.note(0, 0, "Drawn: fingers asked, fingers counted", size=13, weight=600)
        cell, gap, across = (58, 15, 5) if narrow else (104, 38, 5)
        words = [f"asked {a}\ncounted {s}" for a, s in zip(asked, said, strict=True)]
        rows = [slice(i, i + across) for i in range(0, len(words), across)]
        y = image_grid(fig, [list(pictures[r]) for r in rows], labels=[words[r] for r in rows], x=4 if narrow else 10, y=26,
                       cell=cell, gap=gap) + 22  # fmt: skip
        side = 118 if narrow else 220
        for k, (name, title) in enumerate((("real", "Real, unseen"), ("drawn", "Drawn"))):
            x = 34 + k * ((side + 56) if narrow else 370)
            fig.note(x - 30, y, f"{title}: {n[name]:.0%} right", size=13, weight=600)
            ax = fig.area(x, y + 28, side, side, grid="", below=40)
            ax.imshow(
                table(*sets[name]), cmap=theme.sequential("image" if name == "real" else "prediction"), vmin=0, vmax=1
            )
            ticks = range(len(knows_hands.COUNTS))
            ax.set_xticks(ticks, [str(c) for c in knows_hands.COUNTS])
            ax.set_yticks(ticks, [str(c) for c in knows_hands.COUNTS])
            ax.set_xlabel("counted")
            ax.set_ylabel("asked" if k else "true")
            ends = (-0.5, len(ticks) - 0.5)
            ax.plot([ends[i] for i in (0, 1, 1, 0, 0)], [ends[i] for i in (0, 0, 1, 1, 0)], color=theme.muted, linewidth=1,
                    clip_on=False)  # fmt: skip
        return fig

    def said_of(key):
        return f"{n[key]:.0%} ({n[f'{key}_low']:.0%} to {n[f'{key}_high']:.0%})"

    return Output(
        alt=(
            "Ten drawn hands with the number of fingers asked for and the number that the judge counts, and two tables of "
            f"one against the other. The judge counts rightly on {said_of('real')} of {n['real_of']} real hands and "
            f"{said_of('drawn')} of {n['drawn_of']} drawn ones."
        ),
        caption=(
            f"**Fingers, counted.** The judge says which of {n['gestures']} gestures a hand is likest to, and each has a "
            f"known number of stretched fingers. Real hands that the denoiser never met: {said_of('real')} of "
            f"{n['real_of']} right, {n['real_chance']:.0%} if its answers are dealt out at random. Drawn: "
            f"{said_of('drawn')} of {n['drawn_of']}, {n['drawn_chance']:.0%} at random; gestures that were learned "
            f"{said_of('learned')}, the three-fingered ones, all kept out of training, {said_of('held')} of {n['held_of']}."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

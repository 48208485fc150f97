"""Is latent space curved? Adding latents is plain arithmetic; but a unit step moves the picture by more in one place
or direction than in another, and a straight line is not the shortest way through pictures. And noise lives on a shell.

Tests claims: c1-05.
"""

import numpy as np
import torch

from denoised.pipeline import encode
from denoised.probes import paths
from plotting.layout import label_point
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd/vae",)
DATA = ("specimens",)
TITLE = "Flat space, bent pictures"

CAST = ("cat-face", "red-apple", "octopus", "skull", "rocket", "rose")
PLACES, DIRECTIONS, PAIRS, DRAWS = 6, 6, 2, 2000


def make(lab, smoke=False):
    specimens, vae = lab.specimens(), lab.vae()
    count = 2 if smoke else PLACES
    icons = [specimens.where(concept=c, tone="none")[0] for c in CAST]
    z = encode(vae, specimens.images[icons])
    directions = torch.randn(3 if smoke else DIRECTIONS, *z.shape[1:], generator=lab.generator("directions"))
    middles = (z + z.roll(1, 0)) / 2
    moved = paths.stretch(vae, z[:count], directions)
    between = paths.stretch(vae, middles[:count], directions)
    ways = [paths.relax(vae, z[2 * k], z[2 * k + 1], rounds=1 if smoke else 8) for k in range(1 if smoke else PAIRS)]
    noise = torch.randn(DRAWS, z[0].numel(), generator=lab.generator("noise"))
    norms = noise.norm(dim=1).numpy()
    halves = ((noise[::2] + noise[1::2]) / 2).norm(dim=1).numpy()
    round_way = torch.stack([paths.slerp(a, b, 0.5) for a, b in zip(noise[:200:2], noise[1:200:2], strict=True)])
    everywhere = np.concatenate([moved, between])
    n = {
        "places": len(everywhere), "directions": len(directions), "pairs": len(ways), "draws": DRAWS,
        "dimensions": int(z[0].numel()),
        "stretch_mean": float(everywhere.mean()), "stretch_least": float(everywhere.min()),
        "stretch_most": float(everywhere.max()), "stretch_ratio": float(everywhere.max() / everywhere.min()),
        "straight": float(np.mean([w["straight"] / w["chord"] for w in ways])),
        "relaxed": float(np.mean([w["relaxed"] / w["chord"] for w in ways])),
        "saved": float(np.mean([1 - w["relaxed"] / w["straight"] for w in ways])),
        "norm_mean": float(norms.mean()), "norm_spread": float(norms.std() / norms.mean()),
        "norm_least": float(norms.min()), "norm_half": float(halves.mean()),
        "norm_half_share": float(halves.mean() / norms.mean()),
        "norm_slerp_share": float(round_way.norm(dim=1).mean() / norms.mean()),
        "added_error": float(((z[0] + z[1]) - z[1] - z[0]).abs().max()),
    }  # fmt: skip
    n["spread_percent"] = 100 * n["norm_spread"]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        w = fig.width - 30 if narrow else 330
        fig.note(0, 0, "How far a unit step moves the picture", "image", 14, weight=600)
        ax = fig.area(14, 46, w - 22, 96, grid="x", below=44)
        for row, (name, values) in enumerate((("at icons", moved), ("half-way", between))):
            ax.plot(values.ravel(), np.full(values.size, -row), "o", color=theme.image, alpha=0.55, markersize=8)
            ax.annotate(name, (0, -row), xytext=(0, 15), textcoords="offset points", color=theme.muted, fontsize=SMALL)
        ax.set(xlim=(0, everywhere.max() * 1.08), ylim=(-1.5, 0.8), yticks=[])
        fig.note(14, 172, "each dot: one place, one direction", "muted", SMALL)
        x, y = (0, 214) if narrow else (380, 0)
        fig.note(x, y, "How long a draw of noise is", "noise", 14, weight=600)
        ax = fig.area(x + 14, y + 46, w - 22, 96, grid="x", below=44)
        bins = np.linspace(0, norms.max() * 1.08, 90)
        for values, colour in ((norms, theme.noise), (halves, theme.prediction)):
            ax.hist(values, bins, color=colour)
        top = ax.get_ylim()[1]
        label_point(ax, halves.mean(), top * 0.55, "half-way between two", "prediction", dx=-14, fontsize=SMALL)
        ax.set(yticks=[], xlim=(0, bins[-1]))
        fig.note(x + 14, y + 172, f"length of {n['dimensions']:,} numbers", "muted", SMALL)
        return fig

    return Output(
        alt=(
            f"Left: at {n['places']} places and in {n['directions']} directions, a unit step in latents moves the "
            "decoded "
            f"picture by {n['stretch_least']:.2f} to {n['stretch_most']:.2f}, a ratio of {n['stretch_ratio']:.1f}. "
            "Right: "
            f"lengths of noise crowd around {n['norm_mean']:.1f}, half-way points between two draws around "
            f"{n['norm_half']:.1f}, with nothing in between."
        ),
        caption=(
            "**Flat to add in, uneven to look at.** Left: one unit step in the latent moves the picture by "
            f"{n['stretch_least']:.2f} to {n['stretch_most']:.2f}, depending on where and in which direction. Over "
            f"{n['pairs']} pairs of icons the straight line is {n['straight']:.2f} times as long, in pictures, as the "
            f"distance of its ends; bending it saved {100 * n['saved']:.0f} %. Right: {n['draws']:,} draws of noise "
            "are "
            f"all about {n['norm_mean']:.0f} long, give or take {n['spread_percent']:.1f} %. They fill a thin shell, "
            f"and the straight line between two of them leaves it: half-way it is {n['norm_half_share']:.2f} times "
            "as long, "
            f"the circle {n['norm_slerp_share']:.2f} times."
        ),
        numbers=n,
        draw=draw,
    )

"""The bets of ten steps as slices of the tunnel: each decoded in full, each through a linear map of a few numbers, and
how much of the finished picture each holds, quarter by quarter. The film has three ways of watching side by side.

Tests claims: r12-04, r12-08.
"""

import numpy as np
import torch

from denoised.pipeline import decode, encode
from denoised.probes.flow import Operations
from denoised.probes.latents import fit_preview, shrink
from denoised.probes.runs import noise, prompted, walk
from plotting.layout import picture, rasterize
from plotting.output import Animation, Output
from plotting.style import LIGHT, SMALL, context, new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "Ten slices of the tunnel"

PROMPTS = (
    "cat face, noto style",
    "red apple, noto style",
    "pizza, twemoji style",
    "red heart, twemoji style",
    "grinning face, noto style",
    "octopus, twemoji style",
)
SEED = 11
STEPS = 10
GUIDANCE = 3.0


def explained(guess, truth):
    """Share of the variance of truth that guess explains, pictures [N, h, w, 3] of one kind."""
    truth, guess = (np.asarray(x, dtype=np.float64) for x in (truth, guess))
    return float(1 - ((truth - guess) ** 2).sum() / ((truth - truth.mean((0, 1, 2))) ** 2).sum())


def quarters(change):
    """Shares of the four quarters in the squared change of latents, [N, C, h, w] -> [N, 4]; they add up to 1."""
    energy = change.square().sum(1)
    h, w = (side // 2 for side in energy.shape[1:])
    parts = [energy[:, a : a + h, b : b + w].sum((1, 2)) for a in (0, h) for b in (0, w)]
    return torch.stack(parts, 1) / energy.sum((1, 2))[:, None]


@torch.no_grad()
def costs(pipe, latents, numbers):
    """Operations for one picture from one latent [1, C, h, w]: (by the decoder, by a linear map of so many numbers)."""
    with Operations(pipe.vae) as counted:
        pipe.vae.decode(latents, return_dict=False)
    return counted.total(), 2 * numbers * latents.shape[-2] * latents.shape[-1]


def make(lab, smoke=False):
    pipe, specimens = lab.pipeline(), lab.specimens()
    prompts, steps = (PROMPTS[:1], 2) if smoke else (PROMPTS, STEPS)
    some = specimens.images[:: 150 if smoke else 6]
    preview = fit_preview(encode(pipe.vae, some), some)
    seen: list = []
    end = walk(pipe, prompted(pipe, prompts, GUIDANCE), noise(pipe, range(SEED, SEED + len(prompts))), steps, seen=seen)
    bets = torch.stack([step.x0 for step in seen])  # the last one is the finished latent
    full = decode(pipe.vae, bets.flatten(0, 1)).reshape(steps, len(prompts), 128, 128, 3)
    final = shrink(full[-1], end.shape[-2:])
    linear = np.stack([preview(x) for x in bets])
    noisy = np.stack([preview(step.xt) for step in seen])
    flat = np.stack([shrink(x, end.shape[-2:]) for x in full])
    r2 = [explained(linear[i], flat[i]) for i in range(steps)]
    by_full, by_linear, by_noisy = ([explained(x[i], final) for i in range(steps)] for x in (flat, linear, noisy))
    largest = torch.stack([quarters(b - a).amax(1) for a, b in zip(bets, bets[1:], strict=False)])
    middle = steps // 2 - 1
    by_decoder, by_map = costs(pipe, end[:1], preview.matrix.size)
    n = {
        "prompts": len(prompts), "steps": steps, "guidance": GUIDANCE, "preview_numbers": int(preview.matrix.size),
        "preview_r2": float(np.mean(r2)), "preview_r2_least": float(np.min(r2)),
        "half_full": 100 * by_full[middle], "half_linear": 100 * by_linear[middle], "half_noisy": 100 * by_noisy[middle],
        "first_share": by_full[0], "last_share": by_full[-2],
        "largest_quarter_percent": 100 * float(largest.mean()), "even_quarter_percent": 25,
        "decoder_millions": by_decoder / 1e6, "map_thousands": by_map / 1e3, "cost_ratio": by_decoder / by_map,
    }  # fmt: skip

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        columns = 5 if narrow else steps
        gap, left = 5, 0 if narrow else 90
        cell = (fig.width - left - gap * (columns - 1)) // columns
        rows = (
            ("the bet,\ndecoded", "image", full, True),
            ("the bet,\nlinear map", "prediction", linear, False),
            ("the latent,\nlinear map", "noise", noisy, False),
        )
        y = 0
        for first in range(0, steps, columns):
            chosen = range(first, min(first + columns, steps))
            for j, i in enumerate(chosen):
                fig.note(left + j * (cell + gap) + cell / 2, y, f"slice {i + 1}", "muted", 11, ha="center")
            y += 18
            for words, colour, images, smooth in rows:
                if narrow and first == 0:
                    fig.note(0, y, words.replace("\n", " "), colour, 11, weight=600)
                    y += 17
                elif not narrow:
                    fig.note(0, y + cell / 2, words, colour, SMALL, weight=600, va="center")
                for j, i in enumerate(chosen):
                    picture(fig, images[i][0], left + j * (cell + gap), y, cell, cell, smooth)
                y += cell + gap
            y += 10
        fig.note(0, y, "How much of the finished colours a slice shows", size=14, weight=600)
        ax = fig.area(44, y + 30, fig.width - 150, 150, below=40)
        at = np.arange(1, steps + 1)
        ends = []
        for words, colour, values in (
            ("decoded bet", "image", by_full),
            ("linear bet", "prediction", by_linear),
            ("linear latent", "noise", by_noisy),
        ):
            ax.plot(at, np.maximum(values, 0), color=theme.colour(colour))
            ends.append((words, colour, max(values[-1], 0)))
        low = 0
        ax.set(xlim=(1, steps), ylim=(low, 1.05), yticks=[0, 0.5, 1], yticklabels=["0 %", "50 %", "100 %"])
        ax.set_xlabel("slice")
        for k, (words, colour, _) in enumerate(ends):
            fig.note(fig.width - 96, y + 34 + 19 * k, words, colour, SMALL)
        return fig

    ways = (("noisy latent,", "linear map", "noise", noisy, False), ("bet,", "linear map", "prediction", linear, False),
            ("bet,", "decoder", "image", full, True))  # fmt: skip

    def frame(i):
        """Three ways of watching one step, a prompt a row."""
        fig = new_figure(LIGHT, narrow=True)
        gap = 12
        cell = (fig.width - 16 - 2 * gap) // 3
        for j, (head, words, colour, images, smooth) in enumerate(ways):
            x = 8 + j * (cell + gap)
            fig.note(x + cell / 2, 6, f"{head}\n{words}", colour, 12, ha="center", weight=600)
            for k in range(min(2, len(prompts))):
                picture(fig, images[i][k], x, 44 + k * (cell + gap), cell, cell, smooth)
        y = 44 + 2 * (cell + gap) + 4
        line = fig.area(8, y, fig.width - 76, 6, grid="")
        line.barh([0], [1], color=LIGHT.grid)
        line.barh([0], [(i + 1) / steps], color=LIGHT.accent)
        line.set(xlim=(0, 1), ylim=(-0.4, 0.4), xticks=[], yticks=[])
        fig.note(fig.width - 8, y + 3, f"step {i + 1}", "muted", 12, ha="right", va="center")
        fig.set_height(y + 18)
        return rasterize(fig, 2)

    with context(LIGHT):
        film = [frame(i) for i in range(steps)]
    return Output(
        alt=(
            f"{steps} slices of a run, each as the decoded bet, as the bet through a linear map of {n['preview_numbers']} "
            f"numbers, and as the noisy latent through the same map. The map explains {n['preview_r2']:.0%} of the "
            f"decoded bets' colours. Half way the decoded bet shows {n['half_full']:.0f} % of the finished colours, the "
            f"linear one {n['half_linear']:.0f} %. Of each slice's change the largest quarter of the frame has "
            f"{n['largest_quarter_percent']:.0f} %."
        ),
        caption=(
            f"**Every slice is a whole picture.** One run in {steps} steps: the bet at each, decoded; the same bet "
            f"through a linear map of {n['preview_numbers']} numbers; and the noisy latent that it had to go by, through "
            f"that map. Over {n['prompts']} runs the map explains {n['preview_r2']:.0%} of the colours of the decoded "
            f"bets (the worst slice {n['preview_r2_least']:.0%}). Half way, the decoded bet has {n['half_full']:.0f} % of "
            f"the finished colours, its linear preview {n['half_linear']:.0f} %, that of the noisy latent "
            f"{max(n['half_noisy'], 0):.0f} %. From slice to slice the frame changes all over: its busiest quarter has "
            f"{n['largest_quarter_percent']:.0f} % of the change, where an even spread would be "
            f"{n['even_quarter_percent']} and painting part by part near 100. A decoded picture takes "
            f"{n['decoder_millions']:,.0f} million operations, a linear one {n['map_thousands']:.1f} thousand."
        ),
        numbers=n,
        draw=draw,
        format="webp",
        animation=Animation(film, fps=3, hold_last=2.0, poster=steps // 2),
    )

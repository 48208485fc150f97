"""In which order a picture settles: the bets of fifty runs, band by band, against what they become. The step at which
coarse, middle and fine waves agree with the finished latent.

Tests claims: r12-05.
"""

import numpy as np
import torch

from denoised.data.prompts import SHEET_PROMPTS
from denoised.probes import bands
from denoised.probes.metrics import bootstrap_ci
from denoised.probes.runs import noise, prompted, walk
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd",)
DATA = ()
TITLE = "Coarse before fine"

RUNS = 50
STEPS = 12
SEED = 100
SETTLED = 0.9  # correlation with the finished latent
COLOURS = {"coarse": "latent", "middle": "image", "fine": "prediction"}


def passes(curve, level=SETTLED):
    """The step, counted from 1 and with the fraction of a straight line, from which a run's correlation stays at or
    above `level`; curve [S]. One beyond the last if it never does."""
    below = np.flatnonzero(curve < level)
    if not len(below):
        return 1.0
    last = int(below[-1])
    if last + 1 == len(curve):
        return float(len(curve) + 1)
    return 1 + last + float((level - curve[last]) / (curve[last + 1] - curve[last]))


def make(lab, smoke=False):
    pipe = lab.pipeline()
    count, steps = (2, 3) if smoke else (RUNS, STEPS)
    prompts = [SHEET_PROMPTS[i % len(SHEET_PROMPTS)] for i in range(count)]
    curves, ends = [], []
    for i in range(0, count, 25):
        some = prompts[i : i + 25]
        seen: list = []
        end = walk(
            pipe, prompted(pipe, some, 1.0), noise(pipe, range(SEED + i, SEED + i + len(some))), steps, seen=seen
        )
        ends.append(end)
        curves.append(torch.stack([bands.correlation(step.x0, end) for step in seen], 1))
    curves, ends = torch.cat(curves).numpy(), torch.cat(ends)  # [N, S, 3]
    strangers = bands.correlation(ends, ends.roll(1, 0)).mean(0).numpy()  # finished latents of two runs: the control
    when = np.array([[passes(curves[i, :, b]) for b in range(3)] for i in range(count)])
    lead = when[:, 2] - when[:, 0]
    low, high = bootstrap_ci(lead)
    mean = curves.mean(0)
    n = {"runs": count, "steps": steps, "settled": SETTLED, "lead": float(lead.mean()), "lead_low": low, "lead_high": high,
         "coarse_earlier_percent": 100 * float((lead > 0).mean())}  # fmt: skip
    for b, name in enumerate(bands.NAMES):
        n |= {f"when_{name}": float(when[:, b].mean()), f"first_{name}": float(mean[0, b]),
              f"half_{name}": float(mean[steps // 2, b]), f"strangers_{name}": float(strangers[b])}  # fmt: skip

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        fig.note(0, 0, "Agreement of the bet with the finished latent", size=14, weight=600)
        x = 0
        for name in bands.NAMES:
            fig.note(x, 22, "■", COLOURS[name], 12)
            fig.note(x + 15, 22, name, "ink", 12)
            x += 90
        ax = fig.area(36, 50, fig.width - 44, 230, below=42)
        at = np.arange(1, steps + 1)
        for b, name in enumerate(bands.NAMES):
            colour = theme.colour(COLOURS[name])
            spread = np.quantile(curves[:, :, b], [0.25, 0.75], axis=0)
            ax.fill_between(at, *spread, color=colour, alpha=0.15, linewidth=0)
            ax.plot(at, mean[:, b], color=colour)
            ax.plot([n[f"when_{name}"]], [SETTLED], "o", color=colour, markersize=7)
            ax.plot([1, steps], [strangers[b]] * 2, color=colour, linewidth=1, linestyle=(0, (4, 3)))
        ax.axhline(SETTLED, color=theme.muted, linewidth=1)
        ax.set(xlim=(1, steps), ylim=(min(-0.02, float(strangers.min()) - 0.02), 1.02), yticks=[0, 0.5, 0.9],
               yticklabels=["0", "0.5", "0.9"], xticks=range(1, steps + 1, max(1, steps // 6)))  # fmt: skip
        ax.set_xlabel("step")
        return fig

    return Output(
        alt=(
            f"Three rising curves over {steps} steps: how well the bet agrees with the finished latent in coarse, middle "
            f"and fine waves. They stay above {SETTLED} from step {n['when_coarse']:.1f}, {n['when_middle']:.1f} and "
            f"{n['when_fine']:.1f} on, in the mean of {count} runs."
        ),
        caption=(
            f"**From blur to detail, band by band.** Correlation of the bet with the finished latent, in waves longer than "
            f"8 cells (coarse), 8 to 4 (middle) and shorter than 4 (fine); mean and middle half of {count} runs, guidance "
            f"off. A run stays above {SETTLED} from step {n['when_coarse']:.1f} (coarse), {n['when_middle']:.1f} (middle) "
            f"and {n['when_fine']:.1f} (fine) of {steps}, on average (dots). Dashed, as control: two finished latents of "
            f"different runs, {n['strangers_coarse']:.2f}, {n['strangers_middle']:.2f} and {n['strangers_fine']:.2f}. "
            "Within a run the coarse waves lead the fine ones by "
            f"{n['lead']:.1f} steps (95 % interval {low:.1f} to {high:.1f})."
        ),
        numbers=n,
        draw=draw,
    )

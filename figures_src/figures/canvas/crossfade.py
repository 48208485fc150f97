"""A slider that only cross-fades from noise to the finished picture looks like denoising and is not: it knows the
picture from the start. The real run's latents and bets are compared with such a cross-fade, step by step.

Tests claims: c3-01, c1-04.
"""

import numpy as np
import torch

from denoised.diffusion.schedules import mix
from denoised.pipeline import decode, generate_batch
from plotting.layout import label_point, picture
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd",)
DATA = ()
TITLE = "Denoising or cross-fade"

PROMPTS = (
    "cat face, noto style",
    "red apple, noto style",
    "grinning face, noto style",
    "pizza, twemoji style",
    "red heart, twemoji style",
    "house, noto style",
)
SEED = 11
STEPS = 24
GUIDANCE = 3.0
SHOWN = (0, 3, 6, 9, 12, 16, 20, 23)


def share(guess, end):
    """Share of the finished latents' variance that guesses [S, C, h, w] explain: 1 = all of it. [S]."""
    spread = (end - end.mean()).square().sum()
    return (1 - (guess - end).square().sum((1, 2, 3)) / spread).numpy()


def make(lab, smoke=False):
    pipe = lab.pipeline()
    prompts, steps = (PROMPTS[:1], 2) if smoke else (PROMPTS, STEPS)
    seeds = [SEED + k for k in range(len(prompts))]
    traces = generate_batch(pipe, prompts, seeds, steps=steps, guidance=GUIDANCE)
    bets, gaps, kept = [], [], []
    for one in traces:
        start, end = one.xt[0], one.xt[-1]
        faded = torch.stack([mix(end, start, level) for level in one.alpha_bar])
        bets.append(share(one.x0, end))
        # how far the real latent is from the cross-fade, as a share of how far it is from the finished latent
        away = (one.xt[:-1] - faded).flatten(1).norm(dim=1) / (one.xt[:-1] - end).flatten(1).norm(dim=1)
        gaps.append(away.numpy())
        angle = torch.nn.functional.cosine_similarity(one.eps.flatten(1), start.flatten()[None])
        kept.append(angle.numpy())
    bets, gaps, kept = np.mean(bets, 0), np.mean(gaps, 0), np.mean(kept, 0)
    widest = int(np.argmax(gaps))
    n = {
        "runs": len(traces),
        "steps": steps,
        "first_bet": float(bets[0]),
        "first_bet_percent": 100 * max(0.0, float(bets[0])),
        "middle_bet_percent": 100 * max(0.0, float(bets[steps // 2])),
        "last_bet": float(bets[-1]),
        "widest_gap": float(gaps[widest]),
        "widest_gap_percent": 100 * float(gaps[widest]),
        "widest_gap_step": widest + 1,
        "noise_kept_end": float(kept[-1]),
        "unsettled_percent": 100 * float(1 - bets[0]),
    }
    first = traces[0]
    picks = sorted({min(i, steps - 1) for i in SHOWN})
    guesses = decode(pipe.vae, first.x0[picks])

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        columns = 4 if narrow else len(SHOWN)
        gap, left = 6, 0 if narrow else 82
        cell = (fig.width - left - gap * (columns - 1)) // columns
        y = 0
        for start in range(0, len(picks), columns):
            for name, colour, pictures in (
                ("real run:\nits bet", "prediction", guesses),
                ("cross-fade:\nits “bet”", "noise", [first.image] * len(picks)),
            ):
                if narrow:
                    fig.note(0, y, name.replace("\n", " "), colour, SMALL, weight=600)
                    y += 19
                else:
                    fig.note(0, y + cell / 2, name, colour, SMALL, va="center", weight=600)
                for j, image in enumerate(pictures[start : start + columns]):
                    picture(fig, image, left + j * (cell + gap), y, cell, cell)
                y += cell + gap
            for j, i in enumerate(picks[start : start + columns]):
                fig.note(left + j * (cell + gap) + cell / 2, y - 2, f"step {i + 1}", "muted", SMALL, ha="center")
            y += 30
        fig.note(0, y, "How much of the finished picture is in the bet", size=14, weight=600)
        ax = fig.area(44, y + 32, fig.width - 60, 150, below=40)
        at = np.arange(1, steps + 1)
        ax.plot(at, np.ones(steps), color=theme.noise)
        ax.plot(at, bets, color=theme.prediction)
        low = min(0.0, float(bets.min()) * 1.1)
        ax.set(xlim=(1, max(steps, 2)), ylim=(low, 1.06), yticks=[0, 0.5, 1], yticklabels=["0 %", "50 %", "100 %"])
        ax.set_xticks([1, *range(4, steps + 1, 4)] if steps >= 4 else range(1, steps + 1))
        ax.set_xlabel("step")
        place = max(1, steps // 3)
        label_point(ax, 1 + 0.04 * steps, 1, "cross-fade", "noise", dx=0, dy=-13, ha="left")
        inward = 1 if place < steps / 2 else -1  # away from the nearer edge, however few the steps
        label_point(ax, at[place], bets[place], "real runs", "prediction", dx=10 * inward, dy=-12)
        return fig

    return Output(
        alt=(
            f"Film strip: the picture a real run bets on at {len(picks)} steps, above a cross-fade, whose bet is the "
            "finished picture from the start. Below, the share of the finished latent that the bet explains: the "
            f"cross-fade's is 100 % throughout, the real one's starts at {n['first_bet_percent']:.0f} % and passes "
            f"{n['middle_bet_percent']:.0f} % half way."
        ),
        caption=(
            f"**A cross-fade knows the end; the model does not.** Over {n['runs']} runs of {steps} steps the first bet "
            f"explains {n['first_bet_percent']:.0f} % of the finished latent's variance, the one half way "
            f"{n['middle_bet_percent']:.0f} %. The real latents leave the cross-fade's path too: furthest at step "
            f"{n['widest_gap_step']}, by {n['widest_gap_percent']:.0f} % of what then still separates them from the "
            "finished latent. No judge names the pictures here; these are plain distances between latents."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

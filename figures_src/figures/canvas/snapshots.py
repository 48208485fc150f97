"""A network that learns from snapshots: shown one icon at one noise level, it says what it sees, in any order and
without having watched the noise arrive. How far off it is at each level, with the caption and without.

Tests claims: c2-05.
"""

from types import SimpleNamespace

import numpy as np
import torch

from denoised.data.captions import prompt
from denoised.diffusion.objectives import add_noise, v_target
from denoised.diffusion.schedules import x0_from_v
from denoised.pipeline import decode, encode, encode_prompts
from plotting.layout import label_ends, picture
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "Learning from snapshots"

LEVELS = (50, 150, 250, 350, 450, 550, 650, 750, 850, 950)
SHOWN = (150, 350, 550, 750, 950)
ICONS = 40
EXAMPLE = {"style": "noto", "concept": "tiger-face"}
BATCH = 10


@torch.no_grad()
def answers(unet, xt, t, states):
    """The network's v for each snapshot, [N, C, h, w]; every snapshot has its own t."""
    parts = zip(xt.split(BATCH), t.split(BATCH), states.split(BATCH), strict=True)
    return torch.cat([unet(x, s, encoder_hidden_states=c, return_dict=False)[0] for x, s, c in parts])


def relative(said, truth):
    """Squared error over that of an observer who always says the average of all snapshots, one number."""
    return float((said - truth).square().mean() / (truth - truth.mean(0)).square().mean())


def make(lab, smoke=False):
    pipe, specimens = lab.pipeline(), lab.specimens()
    alpha_bar = pipe.scheduler.alphas_cumprod.double()
    example = specimens.where(split="pair", **EXAMPLE)[0]
    others = [i for i in specimens.where(split="pair", tone="none") if i != example]
    found = [example, *others][: 4 if smoke else ICONS]
    levels = LEVELS[1::6] if smoke else LEVELS
    images = specimens.images[found]
    texts = [prompt(SimpleNamespace(**specimens.records[i])) for i in found]
    x0 = encode(pipe.vae, images)
    states = encode_prompts(pipe, texts).states
    empty = encode_prompts(pipe, [""]).states.expand_as(states)
    eps = torch.randn(x0.shape, generator=lab.generator("eps"))

    lines = {"with": [], "without": []}
    rows = {}
    for level in levels:
        t = torch.full((len(x0),), level)
        xt, truth = add_noise(x0, eps, t, alpha_bar), v_target(x0, eps, t, alpha_bar)
        said = answers(pipe.unet, xt, t, states)
        lines["with"].append(relative(said, truth))
        lines["without"].append(relative(answers(pipe.unet, xt, t, empty), truth))
        if level in SHOWN:
            guess = x0_from_v(xt[:1], said[:1], alpha_bar[level])
            rows[level] = decode(pipe.vae, torch.cat([xt[:1], guess]))
    shows = specimens.records[example]["label"].lower()

    # the same snapshots in another order, other neighbours in the batch: a memory would show
    t = torch.tensor(levels).repeat(len(x0))[: len(x0)]
    xt = add_noise(x0, eps, t, alpha_bar)
    order = torch.randperm(len(x0), generator=lab.generator("order"))
    straight = answers(pipe.unet, xt, t, states)
    shuffled = torch.empty_like(straight)
    shuffled[order] = answers(pipe.unet, xt[order], t[order], states[order])
    easiest, hardest = int(np.argmin(lines["with"])), int(np.argmax(lines["with"]))
    gain = [1 - a / b for a, b in zip(lines["with"], lines["without"], strict=True)]
    n = {
        "icons": len(found),
        "levels": len(levels),
        "error_mean": float(np.mean(lines["with"])),
        "error_mean_without": float(np.mean(lines["without"])),
        "error_easiest": lines["with"][easiest],
        "easiest_t": levels[easiest],
        "error_hardest": lines["with"][hardest],
        "hardest_t": levels[hardest],
        "text_gain_percent": 100 * max(gain),
        "text_gain_t": levels[int(np.argmax(gain))],
        "order_difference": float((shuffled - straight).abs().max()),
    }

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        shown = list(rows)
        gap = 8
        cell = 64 if narrow else 120
        x0_px = 0 if narrow else 76
        fig.note(0, 0, f"One look at each snapshot: {shows}", size=14, weight=600)
        y = 26
        for name, colour, pick in (("snapshot", "noise", 0), ("its guess", "prediction", 1)):
            if narrow:
                fig.note(0, y, name, colour, SMALL, weight=600)
                y += 19
            else:
                fig.note(0, y + cell / 2, name, colour, SMALL, va="center", weight=600)
            for j, level in enumerate(shown):
                picture(fig, rows[level][pick], x0_px + j * (cell + gap), y, cell, cell)
            y += cell + gap
        for j, level in enumerate(shown):
            fig.note(x0_px + j * (cell + gap) + cell / 2, y - 2, f"t = {level}", "muted", SMALL, ha="center")
        y += 34
        fig.note(0, y, "Error, where 1 is always saying the average", size=14, weight=600)
        ax = fig.area(30, y + 30, fig.width - 30 - (100 if narrow else 130), 170, below=40)
        ax.plot(levels, lines["without"], color=theme.noise, label="without", marker="o", markersize=4)
        ax.plot(levels, lines["with"], color=theme.prediction, label="with", marker="o", markersize=4)
        ax.plot([0, levels[-1]], [1, 1], color=theme.muted, linewidth=1, dashes=(3, 2.2))
        top = max(1.05, 1.05 * max(lines["with"] + lines["without"]))
        ax.set(xlim=(0, 1000), ylim=(0, top), xticks=[0, 250, 500, 750, 1000], yticks=[0, 0.5, 1])
        ax.set_xlabel("step t of the snapshot")
        label_ends(ax, {"with": "with caption", "without": "no caption"}, size=12)
        return fig

    by = f"by more than {n['order_difference']:.6f}" if n["order_difference"] else "at all"
    better = n["error_mean"] < n["error_mean_without"]
    return Output(
        alt=(
            f"Above, one icon noised to {len(rows)} levels and the network's single guess at each. Below, the error "
            f"against the step: with the caption {n['error_easiest']:.2f} at its lowest (step {n['easiest_t']}) and "
            f"{n['error_hardest']:.2f} at its highest (step {n['hardest_t']}), where 1 is always saying the average; "
            f"averaged over steps {n['error_mean']:.2f} with caption, {n['error_mean_without']:.2f} without."
        ),
        caption=(
            f"**One look, no history.** {n['icons']} icons that the model never saw in training (what they show it saw "
            f"in other styles), each at {n['levels']} noise levels. Averaged over levels the network's error is "
            f"{n['error_mean']:.2f} of that of always saying the average, {n['error_mean_without']:.2f} if it is not "
            "told the caption"
            + (f"; words help most at step {n['text_gain_t']}" if better else "")
            + f". Shuffling the snapshots, with other neighbours in the batch, changes no answer {by}: there is "
            "nothing in it that could remember a film."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

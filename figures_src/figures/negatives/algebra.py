"""What a negative is: the weight with which it enters one step, for guidance below, at and above 1, and what asking for a
red thing and negating "red" does to whole pictures.

Tests claims: r10b-05, r10b-06.
"""

import numpy as np
import torch

from denoised.pipeline import generate_batch
from denoised.probes import runs
from denoised.probes.metrics import bootstrap_ci
from denoised.probes.negatives import apart, redness, strangers, weight_of_negative
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd",)
DATA = ()
TITLE = "The weight of a negative"

PROMPTS = ("red apple, noto style", "red heart, twemoji style")
NEGATIVE = "red"
SEEDS = (1, 2)
MORE = ("red apple", "red heart", "rose", "strawberry", "cherries", "tomato")  # for the claim, at the usual guidance
MORE_SEEDS = (3, 4, 5)
SCALES = (0.5, 1.0, 3.0, 6.0)
STEPS = 6


def make(lab, smoke=False):
    pipe = lab.pipeline()
    steps, scales = (2, (0.5, 1.0, 3.0)) if smoke else (STEPS, SCALES)
    alpha_bar = pipe.scheduler.alphas_cumprod
    xt = runs.noise(pipe, [0])
    t = int((alpha_bar - 0.5).abs().argmin())
    weights = {s: weight_of_negative(pipe, PROMPTS[0], NEGATIVE, xt, t, s) for s in scales}

    prompts, seeds = [p for p in PROMPTS for _ in SEEDS], [*SEEDS] * len(PROMPTS)
    images, latents = {}, {}
    for s in scales:
        for word in ("", NEGATIVE):
            made = generate_batch(pipe, prompts, seeds, negative_prompt=word, steps=steps, guidance=s)
            images[s, word] = np.stack([trace.image for trace in made])
            latents[s, word] = torch.stack([trace.xt[-1] for trace in made])
    moved = {s: apart(latents[s, ""], latents[s, NEGATIVE]) for s in scales}
    paler = {s: redness(images[s, ""]) - redness(images[s, NEGATIVE]) for s in scales}
    usual = 3.0
    things, more = (MORE[:2], MORE_SEEDS[:2]) if smoke else (MORE, MORE_SEEDS)
    asked, drawn = [f"{thing}, noto style" for thing in things for _ in more], [*more] * len(things)
    pairs = [generate_batch(pipe, asked, drawn, negative_prompt=word, steps=steps, guidance=usual)
             for word in ("", NEGATIVE)]  # fmt: skip
    ends = [torch.stack([trace.xt[-1] for trace in made]) for made in pairs]
    red = [redness(np.stack([trace.image for trace in made])) for made in pairs]
    groups = [ends[0][i * len(more) : (i + 1) * len(more)] for i in range(len(things))]
    other = float(np.mean([strangers(group) for group in groups]))
    ways = apart(*ends) / other
    low, high = bootstrap_ci(ways)
    share = red[0].mean() - red[1].mean()
    picks = np.random.default_rng(0).integers(0, len(asked), (2000, len(asked)))
    shares = 1 - red[1][picks].mean(1) / np.maximum(red[0][picks].mean(1), 1e-3)
    n = {
        "pictures": len(prompts), "steps": steps, "t": t, "usual": usual, "least": min(scales), "most": max(scales),
        "weight_below": weights[0.5][0], "weight_off": weights[1.0][0], "weight_above": weights[usual][0],
        "weight_rest": max(rest for _, rest in weights.values()),
        "moved_below": float(moved[0.5].mean()), "moved_off": float(moved[1.0].max()),
        "moved_above": float(moved[usual].mean()), "moved_most": float(moved[max(scales)].mean()),
        "more": len(asked), "seeds_apart": other, "moved_of_seed": float(ways.mean()),
        "moved_of_seed_low": low, "moved_of_seed_high": high,
        "red_before": float(red[0].mean()), "red_after": float(red[1].mean()), "red_removed": float(share),
        "red_removed_low": float(np.quantile(shares, 0.025)), "red_removed_high": float(np.quantile(shares, 0.975)),
        "red_removed_below": float(paler[0.5].mean()),
    }  # fmt: skip
    n["red_removed_share"] = n["red_removed"] / max(n["red_before"], 1e-3)
    pairs_of_seeds = latents[usual, ""].split(len(SEEDS))
    near = float(np.mean([strangers(pair) for pair in pairs_of_seeds]))
    n["seeds_near"] = near
    shown = [0, len(SEEDS)]
    rows = [[images[s, word][i] for s in scales] for i in shown for word in ("", NEGATIVE)]
    names = ["without", f"not “{NEGATIVE}”"] * len(shown)

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        cell, gap = (62, 7) if narrow else (84, 8)
        heads = [f"guidance\n{s:g}" if not narrow else f"{s:g}" for s in scales]
        if narrow:
            fig.note(72, 0, "guidance", "muted", 12)
        y = image_grid(
            fig, rows, y=18 if narrow else 0, columns=heads, rows=names, left=72, cell=cell, gap=gap, size=12
        )
        wide = 72 + len(scales) * (cell + gap) + 24
        x, y = (0, y + 28) if narrow else (wide, 0)
        width = fig.width - x
        fig.note(x, y, "Weight of the negative in a step", size=14, weight=600)
        ax = fig.area(x + 36, y + 28, width - 48, 130, below=42)
        line = np.linspace(0, max(scales), 20)
        ax.plot(line, 1 - line, color=theme.grid, linewidth=2)
        ax.plot(scales, [weights[s][0] for s in scales], "o", color=theme.text, markersize=8)
        ax.axhline(0, color=theme.muted, linewidth=1.2)
        ax.set_xticks(range(0, int(max(scales)) + 1, 1 if max(scales) < 4 else 2))
        ax.set_xlabel("guidance")
        y += 28 + 130 + 56
        fig.note(x, y, "Moved by the negative", size=14, weight=600)
        ax = fig.area(x + 36, y + 28, width - 48, 110, below=42)
        ax.plot(scales, [moved[s].mean() for s in scales], "o-", color=theme.text)
        ax.axhline(near, color=theme.noise, linewidth=1.6)
        ax.annotate("another seed", (0, near), xytext=(2, 4), textcoords="offset points", fontsize=12,
                    color=theme.label("noise"))  # fmt: skip
        ax.set_ylim(0, 1.25 * max(near, *(float(m.mean()) for m in moved.values())))
        ax.set_xticks(range(0, int(max(scales)) + 1, 1 if max(scales) < 4 else 2))
        ax.set_xlim(-0.1, max(scales) + 0.2)
        ax.set_xlabel("guidance")
        return fig

    return Output(
        alt=(
            f"Pictures of red things at guidance {n['least']:g} to {n['most']:g}, without a negative and with “red” as "
            f"one. Plots: the negative's weight falls along a line from {n['weight_below']:+.2f} at {n['least']:g} "
            f"through {n['weight_off']:+.2f} at 1 to {n['weight_above']:+.2f} at {n['usual']:g}; at 1 it moves nothing "
            f"({n['moved_off']:.2f}), at {n['usual']:g} latents by {n['moved_above']:.2f}, where another seed is "
            f"{n['seeds_near']:.2f} away."
        ),
        caption=(
            "**One more input, with a weight that changes sign.** Above, in one step: exchange the empty prompt for the "
            f"negative “{NEGATIVE}”, and the guided answer moves along the difference of the two answers by "
            f"{n['weight_below']:+.2f} at guidance {n['least']:g}, {n['weight_off']:+.2f} at 1 and "
            f"{n['weight_above']:+.2f} at {n['usual']:g} (dots; the line is one minus guidance). Below, whole pictures, "
            f"{n['pictures']} at each guidance: a finished latent moves by {n['moved_off']:.2f} at 1 and "
            f"{n['moved_above']:.2f} at {n['usual']:g}. Of {n['more']} further pictures of red things at {n['usual']:g} "
            f"the negative moves each {n['moved_of_seed']:.0%} of the way to another seed (95 % interval "
            f"{n['moved_of_seed_low']:.0%} to {n['moved_of_seed_high']:.0%}), and their redness goes from "
            f"{n['red_before']:.2f} to {n['red_after']:.2f}; at {n['least']:g} it takes away "
            f"{n['red_removed_below']:+.2f}, below zero meaning that it adds some."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )  # fmt: skip

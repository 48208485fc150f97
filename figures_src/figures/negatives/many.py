"""From no negatives to twenty, added in order: is the thing still recognized, does a negated thing turn up, how far has the
picture moved, and how many negatives are cut off unread? As a control, as many words that mean nothing.

Tests claims: r10b-07.
"""

import numpy as np
import torch

from denoised.models import judge as judge_model
from denoised.pipeline import encode_prompts, generate_batch
from denoised.probes import judge
from denoised.probes.judge import Share
from denoised.probes.negatives import apart
from plotting.layout import image_grid, label_ends
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd", "judge")
DATA = ()
TITLE = "From no negatives to twenty"

THINGS = ("cat-face", "red-apple", "red-heart", "pizza", "skull", "dog-face", "tiger-face", "hot-beverage")
NEGATIVES = ("house", "rocket", "guitar", "key", "ghost", "robot", "rose", "cactus", "toolbox", "books", "man", "woman",
             "octopus", "umbrella", "crown", "candle", "bell", "anchor", "airplane", "balloon")  # fmt: skip
NEUTRAL = ("of", "the", "and", "with", "in", "on", "at", "by", "for", "to", "from", "a", "an", "or", "as", "it", "is",
           "be", "so", "but")  # fmt: skip
COUNTS = (0, 1, 4, 12, 20)
SEEDS = 2  # pictures of each thing
STEPS, GUIDANCE = 6, 3.0


def make(lab, smoke=False):
    pipe, net = lab.pipeline(), judge_model.load(lab.weight("judge"))
    things, steps = (THINGS[:2], 2) if smoke else (THINGS, STEPS)
    things = [thing for _ in range(SEEDS) for thing in things]  # the first of each thing first
    prompts = [f"{thing.replace('-', ' ')}, noto style" for thing in things]
    ways = [("negatives", NEGATIVES, count) for count in COUNTS] + [("neutral", NEUTRAL, COUNTS[-1])]
    images, latents, rows = {}, {}, {}
    for name, words, count in ways:
        line = ", ".join(words[:count])
        made = generate_batch(pipe, prompts, range(len(prompts)), negative_prompt=line, steps=steps, guidance=GUIDANCE)
        images[name, count] = np.stack([trace.image for trace in made])
        latents[name, count] = torch.stack([trace.xt[-1] for trace in made])
        seen = judge.look(net, images[name, count])
        best = judge.names(net, seen, k=5)
        asked = sum(thing in five for thing, five in zip(things, best, strict=True))
        negated = sum(any(word in five for word in NEGATIVES) for five in best)
        rows[name, count] = {
            "asked": Share(asked, len(things)), "negated": Share(negated, len(things)),
            "moved": float(apart(latents[name, count], latents["negatives", 0]).mean()),
            "cut": encode_prompts(pipe, [line]).cut[0],
        }  # fmt: skip
    other = float(apart(latents["negatives", 0], latents["negatives", 0].roll(1, 0)).mean())
    length = int(pipe.tokenizer.model_max_length)
    n = {"things": len(things), "steps": steps, "guidance": GUIDANCE, "most": COUNTS[-1], "limit": length,
         "strangers_apart": other}  # fmt: skip
    for (name, count), row in rows.items():
        key = f"{count}" if name == "negatives" else f"neutral_{count}"
        n |= {f"asked_{key}": row["asked"].share, f"negated_{key}": row["negated"].share, f"moved_{key}": row["moved"],
              f"cut_{key}": row["cut"]}  # fmt: skip
    for key in ("asked", "negated"):
        for count in (0, COUNTS[-1]):
            n[f"{key}_{count}_low"], n[f"{key}_{count}_high"] = rows["negatives", count][key].interval
    n["asked_change"] = n[f"asked_{COUNTS[-1]}"] - n["asked_0"]
    n["negated_change"] = n[f"negated_{COUNTS[-1]}"] - n["negated_0"]
    shown = range(min(4, len(things)))
    grid = [[images["negatives", count][i] for count in COUNTS] + [images["neutral", COUNTS[-1]][i]] for i in shown]
    heads = [str(count) for count in COUNTS] + [f"{COUNTS[-1]}\nneutral"]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        cell, gap = (52, 6) if narrow else (64, 7)
        top = 20
        fig.note(0, 0, "Number of negatives", size=14, weight=600)
        y = image_grid(fig, grid, y=top, columns=heads, cell=cell, gap=gap, size=12)
        x, y = (0, y + 28) if narrow else (6 * (cell + gap) + 30, 0)
        width = fig.width - x
        fig.note(x, y, "Among the judge's first five", size=14, weight=600)
        ax = fig.area(x + 42, y + 28, width - 168, 110, below=42)
        for key, colour, word in (("asked", "prediction", "what was asked"), ("negated", "text", "what was negated")):
            ax.plot(COUNTS, [n[f"{key}_{count}"] for count in COUNTS], "o-", color=theme.colour(colour), label=word)
        label_ends(ax, {"what was asked": "what was asked", "what was negated": "what was negated"}, size=12)
        ax.set_ylim(-0.04, 1.04)
        ax.set_yticks([0, 0.5, 1], ["0%", "50%", "100%"])
        ax.set_xticks([0, 4, 12, 20])
        ax.set_xlabel("negatives")
        y += 28 + 110 + 58
        fig.note(x, y, "Moved from the first picture", size=14, weight=600)
        ax = fig.area(x + 42, y + 28, width - 168, 110, below=42)
        ax.plot(COUNTS, [n[f"moved_{count}"] for count in COUNTS], "o-", color=theme.text, label="moved")
        ax.plot([COUNTS[-1]], [n[f"moved_neutral_{COUNTS[-1]}"]], "s", color=theme.noise, label="neutral")
        label_ends(ax, {"moved": "negatives", "neutral": "neutral words"}, size=12)
        ax.set_ylim(0, 1.15 * max(n[f"moved_{c}"] for c in COUNTS))
        ax.set_xticks([0, 4, 12, 20])
        ax.set_xlabel("words")
        return fig

    last = COUNTS[-1]
    return Output(
        alt=(
            f"Four things drawn with no negatives, with 1, 4, 12 and {last}, and with {last} neutral words. Plots: "
            f"what was asked is among the judge's first five in {n['asked_0']:.0%} of pictures without negatives and in "
            f"{n[f'asked_{last}']:.0%} with {last}; a negated thing in {n['negated_0']:.0%} and "
            f"{n[f'negated_{last}']:.0%}; latents move by {n['moved_1']:.2f} for one negative and "
            f"{n[f'moved_{last}']:.2f} for {last}."
        ),
        caption=(
            f"**More and more of them.** {n['things']} pictures, each with its seed, at guidance {n['guidance']:g}; the "
            "negatives name other things, in the same order. What was asked for is among the judge's first five in "
            f"{n['asked_0']:.0%} of pictures without (95 % interval {n['asked_0_low']:.0%} to "
            f"{n['asked_0_high']:.0%}) and in {n[f'asked_{last}']:.0%} with {last} ({n[f'asked_{last}_low']:.0%} to "
            f"{n[f'asked_{last}_high']:.0%}); one of the negated things in {n['negated_0']:.0%} and "
            f"{n[f'negated_{last}']:.0%}. The first negative moves a latent by {n['moved_1']:.2f}, {last} by "
            f"{n[f'moved_{last}']:.2f}, {last} words that mean nothing by {n[f'moved_neutral_{last}']:.2f}; pictures of "
            f"other things are {n['strangers_apart']:.2f} apart. Of {last} negatives, {n[f'cut_{last}']} tokens are cut "
            f"off unread: the text encoder reads {n['limit']}."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )  # fmt: skip

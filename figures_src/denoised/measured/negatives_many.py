"""What negatives/many measures: what the judge still recognises as the negatives grow from none to twenty, and how far the
latents move."""

import numpy as np
import torch

from denoised import pipeline
from denoised.models import judge as judge_model
from denoised.pipeline import encode_prompts, generate_batch
from denoised.probes import judge, negatives
from denoised.probes.judge import Share
from denoised.probes.negatives import apart

FIGURE = "negatives/many"
WEIGHTS = ("emoji-sd", "judge")
DATA = ()
SOURCES = (pipeline, judge_model, judge, negatives)

THINGS = ("cat-face", "red-apple", "red-heart", "pizza", "skull", "dog-face", "tiger-face", "hot-beverage")
NEGATIVES = ("house", "rocket", "guitar", "key", "ghost", "robot", "rose", "cactus", "toolbox", "books", "man", "woman",
             "octopus", "umbrella", "crown", "candle", "bell", "anchor", "airplane", "balloon")  # fmt: skip
NEUTRAL = ("of", "the", "and", "with", "in", "on", "at", "by", "for", "to", "from", "a", "an", "or", "as", "it", "is",
           "be", "so", "but")  # fmt: skip
COUNTS = (0, 1, 4, 12, 20)
SEEDS = 2  # pictures of each thing
SHOWN = 4
STEPS, GUIDANCE = 6, 3.0


def measure(lab, smoke=False):
    """(numbers, arrays): latents [SHOWN, ways, C, h, w] of the first pictures with each number of negatives and with
    neutral words."""
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
    return n, {"shown": torch.stack(list(latents.values()), 1)[:SHOWN].numpy()}

"""What knows/two measures: two things in one prompt, with a colour each. Which of them is drawn, and in whose colour?

The thing drawn is the one of the two that the judge gives more (of all names that bear it); the colour is that of most of
the drawing. As control the same two things in exchanged order and with exchanged colours.
"""

import numpy as np
import torch

from denoised import pipeline, pixels
from denoised.data import captions, splits
from denoised.measured import knows_pairs
from denoised.models import judge as judge_model
from denoised.pipeline import decode, encode_prompts
from denoised.probes import judge, steering

FIGURE = "knows/two"
WEIGHTS = ("emoji-sd", "judge")
DATA = ()
SOURCES = (pipeline, pixels, captions, splits, knows_pairs, judge_model, judge, steering)

STEPS, GUIDANCE = 10, 3.0
# Things that are learned in several colours or have none of their own, and are told apart by any judge.
THINGS = (("heart", "book"), ("apple", "automobile"), ("square", "heart"), ("circle", "apple"), ("book", "automobile"),
          ("circle", "heart"))  # fmt: skip
COLOURS = (("red", "blue"), ("blue", "red"))
SEEDS = (0, 1, 2)
SHOWN = [0, 3, 6, 8, 11, 14]  # the first pair with the first seed: two colourings and "on", in both orders


def article(thing) -> str:
    return f"an {thing}" if thing[0] in "aeiou" else f"a {thing}"


def asked(smoke=False):
    """[(first, second, its colour, the other's, words, seed)]: both orders of both colours of all pairs, then `a X on a Y`
    without colours (None)."""
    pairs, seeds = (THINGS[:1], SEEDS[:1]) if smoke else (THINGS, SEEDS)
    found = []
    for a, b in pairs:
        for first, second in ((a, b), (b, a)):
            for one, other in COLOURS:
                found += [(first, second, one, other, f"{one} {first} and {other} {second}", s) for s in seeds]
            found += [(first, second, None, None, f"{article(first)} on {article(second)}", s) for s in seeds[:2]]
    return found


def measure(lab, smoke=False):
    """(numbers, arrays): of each drawing "first" bool [N], is it the thing named first rather than the second; "both" bool
    [N], are both among the judge's first five; "neither" bool [N]; the "colour" [N] of most of it; "shown" latents
    [6, C, h, w]."""
    pipe, net = lab.pipeline(), judge_model.load(lab.weight("judge"))
    drawings = asked(smoke)
    start = steering.start_noise(pipe, [seed for *_, seed in drawings])
    states = encode_prompts(pipe, [f"{words}, noto style" for *_, words, _ in drawings]).states
    ends = steering.run(pipe, states, start, steps=1 if smoke else STEPS, guidance=GUIDANCE)
    pictures = decode(pipe.vae, ends)
    logits = judge.look(net, pictures)["concept"]
    shares = torch.from_numpy(logits).softmax(1).numpy()
    mass = np.array([[row[knows_pairs.things(net, thing)].sum() for thing in one[:2]]
                     for row, one in zip(shares, drawings, strict=True)])  # fmt: skip
    among = np.stack([knows_pairs.sees(net, logits, [one[k] for one in drawings]) for k in (0, 1)], 1)
    arrays = {
        "first": mass[:, 0] > mass[:, 1],
        "both": among.all(1),
        "neither": ~among.any(1),
        "colour": np.array([knows_pairs.drawn_colour(p) for p in pictures]),
        "shown": ends[[0, 1, 2] if smoke else SHOWN].numpy(),
    }
    return {
        "steps": STEPS,
        "guidance": GUIDANCE,
        "drawings": len(drawings),
        "pairs": len(THINGS),
        "seeds": len(SEEDS),
    }, arrays

"""What knows/pairs measures: things asked for in a colour, where the pair was learned, kept out of training, or exists
nowhere; is the drawing of that colour, and does the judge see that thing?"""

import numpy as np
from scipy import ndimage

from denoised import pipeline, pixels
from denoised.data import captions, splits
from denoised.data.captions import STYLE_WORDS
from denoised.data.splits import colour_name
from denoised.models import judge as judge_model
from denoised.pipeline import decode, encode_prompts
from denoised.probes import judge, steering

FIGURE = "knows/pairs"
WEIGHTS = ("emoji-sd", "judge")
DATA = ("specimens",)
SOURCES = (pipeline, pixels, captions, splits, judge_model, judge, steering)

STEPS, GUIDANCE = 10, 3.0
STYLES = ("noto", "twemoji", "openmoji", "fluent-emoji-flat")
PAPER = 235  # of 255; lighter than that and joined to the border is the ground
# (thing, colour, words): of every kind of thing that a pair was kept out of, two pairs that were learned
KEPT = (("heart", "blue", "blue heart"), ("circle", "green", "green circle"), ("square", "purple", "purple square"),
        ("book", "orange", "orange book"), ("diamond", "blue", "large blue diamond"))  # fmt: skip
SEEN = (("heart", "red", "red heart"), ("heart", "purple", "purple heart"), ("circle", "blue", "blue circle"),
        ("circle", "red", "red circle"), ("square", "green", "green square"), ("square", "blue", "blue square"),
        ("book", "blue", "blue book"), ("book", "green", "green book"), ("diamond", "blue", "small blue diamond"),
        ("diamond", "orange", "small orange diamond"))  # fmt: skip
NEVER = (("apple", "blue", "blue apple"), ("octopus", "green", "green octopus"), ("cat", "blue", "blue cat face"),
         ("house", "purple", "purple house"), ("automobile", "pink", "pink automobile"))  # fmt: skip
PLAIN = tuple((thing, colour, words.removeprefix(f"{colour} ")) for thing, colour, words in NEVER)
SEEDS = {"kept": 4, "seen": 2, "never": 4, "plain": 1}
SETS = {"kept": KEPT, "seen": SEEN, "never": NEVER, "plain": PLAIN}


# --8<-- [start:colour]
def drawn_colour(picture) -> str:
    """Which of eleven colours most of a drawing has, uint8 [H, W, 3] on a light ground: what is light and joined to the
    border does not count."""
    light = (np.asarray(picture) >= PAPER).all(2)
    parts, _ = ndimage.label(light)
    edge = np.unique(np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]]))
    ground = np.isin(parts, edge[edge > 0])
    return colour_name(np.dstack([picture, np.where(ground, 0, 255).astype(np.uint8)]))
    # --8<-- [end:colour]


def things(net, thing) -> list[int]:
    """The judge's numbers of all that bears a thing's name: of "heart" red-heart, blue-heart, sparkling-heart, ..."""
    return [i for i, name in enumerate(net.classes["concept"]) if thing in name.split("-")]


def sees(net, logits, wanted) -> np.ndarray:
    """bool [N]: is one of the first five names of logits [N, C] one that bears the wanted thing's name?"""
    best = np.argsort(-logits, axis=1)[:, :5]
    return np.array([bool(set(row) & set(things(net, thing))) for row, thing in zip(best, wanted, strict=True)])


def asked(smoke=False):
    """{set: [(thing, colour, words, style, seed)]} of all drawings."""
    styles = STYLES[:1] if smoke else STYLES
    return {
        name: [(*pair, style, seed) for pair in (pairs[:2] if smoke else pairs) for style in styles
               for seed in range(1 if smoke else SEEDS[name])]
        for name, pairs in SETS.items()
    }  # fmt: skip


def measure(lab, smoke=False):
    """(numbers, arrays): of each drawing of a set the "colour" that it has (as text), whether the thing is "right" [N],
    and "shown" [pairs, C, h, w], latents of the first style's first seed."""
    pipe, specimens = lab.pipeline(), lab.specimens()
    net = judge_model.load(lab.weight("judge"))
    arrays, found = {}, {}
    for name, drawings in asked(smoke).items():
        prompts = [f"{words}, {STYLE_WORDS[style][0]} style" for _, _, words, style, _ in drawings]
        start = steering.start_noise(pipe, [seed for *_, seed in drawings])
        states = encode_prompts(pipe, prompts).states
        ends = steering.run(pipe, states, start, steps=1 if smoke else STEPS, guidance=GUIDANCE)
        pictures = decode(pipe.vae, ends)
        colours = np.array([drawn_colour(p) for p in pictures])
        right = sees(net, judge.look(net, pictures)["concept"], [thing for thing, *_ in drawings])
        found[name] = colours, right
        each = len(drawings) // (2 if smoke else len(SETS[name]))
        arrays |= {f"colour_{name}": colours, f"right_{name}": right, f"shown_{name}": ends[::each].numpy()}
    hues, named = net.classes["colour"], []
    for i, record in enumerate(specimens.records):
        words = record["label"].split()
        if words[0] in hues and words[-1] in ("heart", "apple"):
            named.append((i, words[0]))
    told = judge.Share(sum(drawn_colour(specimens.images[i]) == colour for i, colour in named), len(named))
    n = {"steps": STEPS, "guidance": GUIDANCE, "styles": len(STYLES), "reader": told.share, "real": told.n,
         "reader_low": told.interval[0], "reader_high": told.interval[1]}  # fmt: skip
    seen = judge.look(net, specimens.images[[i for i, _ in named]])["concept"]
    thing = judge.Share(
        int(sees(net, seen, [specimens.records[i]["label"].split()[-1] for i, _ in named]).sum()), len(named)
    )
    return n | {"real_thing": thing.share}, arrays

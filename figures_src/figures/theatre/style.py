"""What a style word does: neutral prompts with and without it, what style the judge sees in them, and how black the
outlines become.

Tests claims: r11-04.
"""

import numpy as np

from denoised.data.captions import STYLE_WORDS
from denoised.models import judge as observer
from denoised.pipeline import decode, encode, generate_batch
from denoised.probes import judge, play
from denoised.probes.metrics import outline
from plotting.layout import picture
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd", "judge")
DATA = ("specimens",)
TITLE = "What a style word brings along"

NEUTRAL = ("cat face", "red apple", "pizza", "house", "octopus", "red heart")
ASKED = ("openmoji", "fluent-emoji")  # black outlines; glossy shading
STEPS = 12
SHOWN = 4


def make(lab, smoke=False):
    pipe, specimens = lab.pipeline(), lab.specimens()
    net = observer.load(lab.weight("judge"))
    train = [i for i, record in enumerate(specimens.records) if record["split"] == "train"]
    unseen = [i for i, record in enumerate(specimens.records) if record["split"] in ("concept", "pair")]
    unseen = unseen[::30] if smoke else unseen[::2]
    named = {i: specimens.records[i]["style"] for i in (*train, *unseen)}

    def styles_of(images):
        """The judge's word for the style of each picture."""
        return [best for (best,) in judge.names(net, judge.look(net, images), "style")]

    # after the round trip: the decoder has a hand of its own, which all pictures here share
    known = styles_of(decode(pipe.vae, encode(pipe.vae, specimens.images[unseen])))

    neutral = NEUTRAL[: 2 if smoke else None]
    ways = ("", *ASKED)
    said = [f"{what}, {STYLE_WORDS[way][0]} style" if way else what for way in ways for what in neutral]
    seeds = [play.SEED + k for _ in ways for k in range(len(neutral))]
    runs = generate_batch(pipe, said, seeds, steps=2 if smoke else STEPS, guidance=play.GUIDANCE, batch=6)
    made = {way: np.stack([r.image for r in runs[k * len(neutral) :][: len(neutral)]]) for k, way in enumerate(ways)}
    judged = {way: styles_of(images) for way, images in made.items()}
    hits = {way: float(np.mean([name == way for name in judged[way]])) for way in ASKED}
    bare = {way: float(np.mean([name == way for name in judged[""]])) for way in ASKED}
    real = {way: specimens.images[[i for i in train if named[i] == way]] for way in ASKED}
    lines = {way or "none": float(outline(images).mean()) for way, images in made.items()}
    n = {
        "prompts": len(neutral),
        "styles": len(net.classes["style"]),
        "chance": 1 / len(net.classes["style"]),
        "judge": float(np.mean([a == named[i] for a, i in zip(known, unseen, strict=True)])),
        "unseen": len(unseen),
        "hit_with": float(np.mean(list(hits.values()))),
        "hit_without": float(np.mean(list(bare.values()))),
        "hit_openmoji": hits["openmoji"],
        "hit_fluent": hits["fluent-emoji"],
        "outline_none": lines["none"],
        "outline_openmoji": lines["openmoji"],
        "outline_fluent": lines["fluent-emoji"],
        "outline_real": float(outline(real["openmoji"]).mean()),
        "steps": runs[0].steps,
    }
    titles = {"": "no style word", "openmoji": "“openmoji style”", "fluent-emoji": "“fluent style”"}

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        shown = min(SHOWN, len(neutral))
        gap, left = 8, 0 if narrow else 176
        cell = (fig.width - gap * (shown - 1)) // shown if narrow else 128
        y = 0
        for way in ways:
            line = f"black at edges {lines[way or 'none']:.0%}"
            named_so = f"judged so: {hits[way]:.0%}" if way else ""
            if narrow:
                fig.note(0, y, titles[way], "text", 13, weight=600)
                fig.note(fig.width, y + 1, line, "muted", SMALL, ha="right")
                y += 22
            else:
                fig.note(0, y + cell / 2 - 30, titles[way], "text", 13, weight=600)
                fig.note(0, y + cell / 2 - 7, line, "muted", SMALL)
                fig.note(0, y + cell / 2 + 12, named_so, "muted", SMALL)
            for j in range(shown):
                picture(fig, made[way][j], left + j * (cell + gap), y, cell, cell)
            y += cell + (14 if narrow else gap)
        return fig

    return Output(
        alt=(
            f"The same neutral prompts without a style word, with “openmoji style” and with “fluent style”. A judge of "
            f"{n['styles']} styles finds the one asked for in {n['hit_with']:.0%} of pictures with the word, "
            f"{n['hit_without']:.0%} without. The share of edges that touch black goes from {lines['none']:.0%} to "
            f"{lines['openmoji']:.0%} with the word openmoji."
        ),
        caption=(
            f"**One word, and its habits come along.** {len(neutral)} neutral prompts, the same seeds, {n['steps']} "
            f"steps. A judge that no generator was trained with names the right one of {n['styles']} styles on "
            f"{n['judge']:.0%} of {len(unseen)} unseen drawings after a round trip through the VAE (chance "
            f"{n['chance']:.0%}). It finds the style asked for in {n['hit_with']:.0%} of the pictures; without the word "
            f"{n['hit_without']:.0%} of them look so to it. "
            f"Nobody asked for black outlines, yet the share of edges that touch black goes from "
            f"{lines['none']:.0%} to {lines['openmoji']:.0%} (in real OpenMoji {n['outline_real']:.0%})."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

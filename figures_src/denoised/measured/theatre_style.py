"""What theatre/style measures: what style the judge sees in pictures of neutral prompts with and without a style word, and
how black their outlines are."""

import numpy as np

from denoised import pipeline
from denoised.data import captions
from denoised.data.captions import STYLE_WORDS
from denoised.models import judge as observer
from denoised.pipeline import decode, encode, generate_batch
from denoised.probes import judge, metrics, play
from denoised.probes.metrics import outline

FIGURE = "theatre/style"
WEIGHTS = ("emoji-sd", "judge")
DATA = ("specimens",)
SOURCES = (pipeline, captions, observer, judge, metrics, play)

NEUTRAL = ("cat face", "red apple", "pizza", "house", "octopus", "red heart")
ASKED = ("openmoji", "fluent-emoji")  # black outlines; glossy shading
WAYS = ("", *ASKED)
STEPS = 12
SHOWN = 4


def measure(lab, smoke=False):
    """(numbers, arrays): latents [WAYS, SHOWN, C, h, w] of the first prompts' pictures."""
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
    said = [f"{what}, {STYLE_WORDS[way][0]} style" if way else what for way in WAYS for what in neutral]
    seeds = [play.SEED + k for _ in WAYS for k in range(len(neutral))]
    runs = generate_batch(pipe, said, seeds, steps=2 if smoke else STEPS, guidance=play.GUIDANCE, batch=6)
    made = {way: np.stack([r.image for r in runs[k * len(neutral) :][: len(neutral)]]) for k, way in enumerate(WAYS)}
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
    made = [[run.xt[-1].numpy() for run in runs[k * len(neutral) :][: len(neutral)][:SHOWN]] for k in range(len(WAYS))]
    return n, {"made": np.array(made)}

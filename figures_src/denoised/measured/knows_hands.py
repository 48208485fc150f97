"""What knows/hands measures: gestures drawn, and how many fingers the judge counts on them.

The judge is made to choose among the gestures whose fingers are counted (splits.FINGERS); the count is that of its choice.
"""

import numpy as np

from denoised import pipeline, pixels
from denoised.data import captions, splits
from denoised.data.captions import STYLE_WORDS
from denoised.models import judge as judge_model
from denoised.pipeline import decode, encode_prompts
from denoised.probes import judge, steering

FIGURE = "knows/hands"
WEIGHTS = ("emoji-sd", "judge")
DATA = ("specimens",)
SOURCES = (pipeline, pixels, captions, splits, judge_model, judge, steering)

STEPS, GUIDANCE = 10, 3.0
STYLES, SEEDS = ("noto", "twemoji"), (0, 1)
COUNTS = tuple(splits.FINGERS)  # 0, 1, 2, 3, 5
GESTURES = tuple((count, concept) for count, concepts in splits.FINGERS.items() for concept in concepts)
UNSEEN = ("pair", "judge", "fingers")  # splits that no generator learned from


# --8<-- [start:count]
def counted(net, logits) -> np.ndarray:
    """The fingers [N] of the likeliest *gesture* in the judge's answers [N, C]; every count has a name that it knows."""
    places = [net.classes["concept"].index(concept) for _, concept in GESTURES]
    return np.array([GESTURES[i][0] for i in logits[:, places].argmax(1)])
    # --8<-- [end:count]


def real(specimens, smoke):
    """(counts asked, pictures) of real hands: every drawing of a gesture that the denoiser never met."""
    fingers = {concept: count for count, concept in GESTURES}
    if smoke:
        chosen = [i for i, r in enumerate(specimens.records) if r["concept"] in fingers]
        return np.array([fingers[specimens.records[i]["concept"]] for i in chosen]), specimens.images[chosen]
    from denoised.training import images  # needs `make data`

    rows, pictures = images.select(lambda r: r.concept in fingers and r.tone == "none" and r.split in UNSEEN)
    return np.array([fingers[row.concept] for row in rows]), pictures.permute(0, 2, 3, 1).numpy()


def measure(lab, smoke=False):
    """(numbers, arrays): "asked", "said" int [N] for drawings and "real_asked", "real_said" for real hands, "held" bool [N]
    drawings of gestures kept out of training in every style; "shown" latents [gestures, C, h, w] of the first style's first
    seed."""
    pipe, net = lab.pipeline(), judge_model.load(lab.weight("judge"))
    gestures = GESTURES[::6] if smoke else GESTURES
    drawings = [(count, concept, style, seed) for count, concept in gestures for style in STYLES for seed in SEEDS]
    prompts = [f"{concept.replace('-', ' ')}, {STYLE_WORDS[style][0]} style" for _, concept, style, _ in drawings]
    start = steering.start_noise(pipe, [seed for *_, seed in drawings])
    states = encode_prompts(pipe, prompts).states
    ends = steering.run(pipe, states, start, steps=1 if smoke else STEPS, guidance=GUIDANCE)
    asked, pictures = real(lab.specimens(), smoke)
    arrays = {
        "asked": np.array([count for count, *_ in drawings], np.int8),
        "said": counted(net, judge.look(net, decode(pipe.vae, ends))["concept"]).astype(np.int8),
        "held": np.array([concept in splits.FINGERS_HELD_OUT for _, concept, *_ in drawings]),
        "real_asked": asked.astype(np.int8),
        "real_said": counted(net, judge.look(net, pictures)["concept"]).astype(np.int8),
        "shown": ends[:: len(STYLES) * len(SEEDS)].numpy(),
    }
    return {"steps": STEPS, "guidance": GUIDANCE, "gestures": len(GESTURES), "styles": len(STYLES)}, arrays

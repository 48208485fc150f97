"""What knows/together measures: keywords that stand together in captions, and whether the drawing of one makes the judge
see things that bear the other.
"""

from collections import Counter
from itertools import combinations

import numpy as np
import torch

from denoised import pipeline, pixels
from denoised.data import splits
from denoised.models import judge as judge_model
from denoised.pipeline import decode, encode_prompts
from denoised.probes import judge, similarity, steering
from denoised.probes.similarity import spearman
from denoised.training.images import in_trunk

FIGURE = "knows/together"
WEIGHTS = ("emoji-sd", "judge")
DATA = ()
SOURCES = (pipeline, pixels, splits, judge_model, judge, similarity, steering, in_trunk)

STEPS, GUIDANCE = 8, 3.0
PAIRS, SEEDS, SHOWN, SHUFFLES = 50, (2, 3, 4, 5, 6, 7), 6, 2000  # a first run had seeds 0 and 1


def words_of(row) -> set[str]:
    return {word for word in row.keywords.split("|") if word}


# --8<-- [start:pmi]
def frequent(sets, count: int):
    """[(a, b, PMI in bits)] of the `count` pairs of words that most of the sets hold together: how much oftener than if
    words were dealt out independently (Church & Hanks 1990)."""
    single = Counter(word for words in sets for word in words)
    both = Counter(pair for words in sets for pair in combinations(sorted(words), 2))
    top = sorted(both.items(), key=lambda item: (-item[1], item[0]))[:count]
    return [(a, b, float(np.log2(len(sets) * k / (single[a] * single[b])))) for (a, b), k in top]
    # --8<-- [end:pmi]


def lifts(mass, pairs, place) -> np.ndarray:
    """log2 of how much more of what bears the one word is seen where the other was asked for, [pairs]: mean of both
    directions. mass [words asked, words seen]: the judge's share for all things that bear a word."""
    usual = mass.mean(0)
    lift = np.log2(mass / usual)
    return np.array([(lift[place[a], place[b]] + lift[place[b], place[a]]) / 2 for a, b, _ in pairs])


def measure(lab, smoke=False):
    """(numbers, arrays): "pairs" text [P, 2], "pmi" and "lift" [P], "strict" [P] the lift for things that bear one word and
    not the other, "null" [SHUFFLES] rank correlations if drawings are dealt out anew among words, and "shown" latents
    [SHOWN, C, h, w] of the words "shown_words"."""
    pipe, net = lab.pipeline(), judge_model.load(lab.weight("judge"))
    rows = splits.load()
    pairs = frequent([words_of(row) for row in rows if in_trunk(row)], 4 if smoke else PAIRS)
    words = sorted({word for a, b, _ in pairs for word in (a, b)})
    seeds, place = SEEDS[:1] if smoke else SEEDS, {word: i for i, word in enumerate(words)}
    prompts = [f"{word}, noto style" for word in words for _ in seeds]
    start = steering.start_noise(pipe, [seed for _ in words for seed in seeds])
    states = encode_prompts(pipe, prompts).states
    ends = steering.run(pipe, states, start, steps=1 if smoke else STEPS, guidance=GUIDANCE)
    logits = judge.look(net, decode(pipe.vae, ends))["concept"]
    shares = torch.from_numpy(logits).softmax(1).numpy().reshape(len(words), len(seeds), -1).mean(1)
    bears = {}
    for row in rows:
        bears.setdefault(row.concept, set()).update(words_of(row))
    has = np.array([[word in bears.get(name, ()) for word in words] for name in net.classes["concept"]], float)
    tiny = 1e-6
    mass = shares @ has + tiny
    pmi = np.array([value for *_, value in pairs])
    lift = lifts(mass, pairs, place)
    strict = []
    for a, b, _ in pairs:
        i, j = place[a], place[b]
        only = [shares @ (has[:, k] * (1 - has[:, m])) + tiny for k, m in ((j, i), (i, j))]
        strict.append(np.mean([np.log2(only[0][i] / only[0].mean()), np.log2(only[1][j] / only[1].mean())]))
    rng = np.random.default_rng(0)
    null = [spearman(lifts(mass[rng.permutation(len(words))], pairs, place), pmi) for _ in range(20 if smoke else SHUFFLES)]
    often = Counter(word for a, b, _ in pairs for word in (a, b))
    shown = sorted(words, key=lambda word: (-often[word], word))[:SHOWN]
    n = {"words": len(words), "count": len(pairs), "seeds": len(seeds), "steps": STEPS, "guidance": GUIDANCE,
         "shuffles": SHUFFLES}  # fmt: skip
    return n, {
        "pairs": np.array([[a, b] for a, b, _ in pairs]), "pmi": pmi, "lift": lift, "strict": np.array(strict),
        "null": np.array(null), "shown": ends[[place[word] * len(seeds) for word in shown]].numpy(),
        "shown_words": np.array(shown),
    }  # fmt: skip

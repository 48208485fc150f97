"""What latent/imagery measures: what the denoiser's icons are of, counted, and what becomes of a skin tone that is asked
for by name."""

from collections import Counter
from types import SimpleNamespace

import numpy as np

from denoised import pipeline
from denoised.data import captions, splits
from denoised.data.captions import prompt
from denoised.pipeline import decode, encode_prompts
from denoised.probes import metrics, paths, steering
from denoised.probes.metrics import LUMA, bootstrap_ci
from denoised.probes.paths import drawn
from denoised.training import images as training_images
from denoised.training.images import in_trunk

FIGURE = "latent/imagery"
WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
SOURCES = (pipeline, captions, splits, metrics, paths, steering, training_images)

NAMES = {
    "people-body": "people", "flags": "flags", "smileys-emotion": "smileys", "travel-places": "travel, places",
    "animals-nature": "animals, nature", "objects": "objects", "food-drink": "food, drink", "symbols": "symbols",
    "activities": "activities",
}  # fmt: skip
TONED = ("woman", "man", "person-beard", "victory-hand")
FRUIT = ("red-apple", "green-apple")  # a difference of colour that the denoiser did learn, as a control
STEPS, SHOWN = 8, 3


def brightness(image):
    """Mean brightness (luma, 0..255) of what is drawn on the white of one picture uint8 [H, W, 3]."""
    ink = drawn(image)
    return float((image[ink] @ LUMA).mean()) if ink.any() else 255.0


def redness(image):
    """Red minus green, mean over what is drawn, -255..255."""
    ink = drawn(image)
    return float((image[ink][:, 0].astype(float) - image[ink][:, 1]).mean()) if ink.any() else 0.0


def skin(light, dark, least=30):
    """Where two real pictures of the same thing differ in tone: bool [H, W]."""
    return np.abs(light.astype(float) - dark).max(-1) > least


def colour(image, where):
    """Mean colour of uint8 [H, W, 3] inside `where`: [3] float64."""
    return image[where].astype(float).mean(0)


def ratio(a, b):
    """Mean of a [N] over mean of b [M] and its 95 % interval, both resampled (Efron 1979)."""
    rng = np.random.default_rng(0)
    means = [x[rng.integers(0, len(x), (2000, len(x)))].mean(1) for x in (np.asarray(a), np.asarray(b))]
    low, high = np.quantile(means[0] / means[1], (0.025, 0.975))
    return float(np.mean(a) / np.mean(b)), float(low), float(high)


def obeyed(real, made):
    """How much of the difference that real pairs [N] show is in the made ones [N]: ratio of means and its 95 % interval,
    cases resampled together (Efron 1979)."""
    both = np.stack([real, made], 1)
    picks = np.random.default_rng(0).integers(0, len(both), (2000, len(both)))
    means = both[picks].mean(1)
    low, high = np.quantile(means[:, 1] / means[:, 0], (0.025, 0.975))
    return float(np.mean(made) / np.mean(real)), float(low), float(high)


def measure(lab, smoke=False):
    """(numbers, arrays): how many icons each of NAMES has; of the first SHOWN pairs of a light and a dark one, which
    specimens they are and the latents of what is drawn for them."""
    pipe, specimens = lab.pipeline(), lab.specimens()
    every = [r for r in splits.load() if r.split == "train"]
    rows = [r for r in every if in_trunk(r)]
    groups = Counter(r.group for r in rows)
    people = [r for r in every if r.group == "people-body"]

    place = {(r["concept"], r["style"], r["tone"]): i for i, r in enumerate(specimens.records)}
    styles = sorted({s for _, s, _ in place})
    cases = [((c, s, "light"), (c, s, "dark")) for c in TONED for s in styles]
    fruit = [((FRUIT[0], s, "none"), (FRUIT[1], s, "none")) for s in styles]
    cases, fruit = ([pair for pair in some if all(k in place for k in pair)] for some in (cases, fruit))
    if smoke:
        cases, fruit = cases[:2], fruit[:2]
    plain = [(c, s, "none") for (c, s, _), _ in cases if (c, s, "none") in place]
    asked = [place[key] for pair in cases + fruit for key in pair] + [place[key] for key in plain]
    prompts = [prompt(SimpleNamespace(**specimens.records[i])) for i in asked]
    of_pairs = 2 * (len(cases) + len(fruit))
    seeds = [k // 2 for k in range(of_pairs)] + [900 + k for k in range(len(plain))]  # both of a pair from one start
    start = steering.start_noise(pipe, seeds)
    ends = steering.run(pipe, encode_prompts(pipe, prompts).states, start, steps=2 if smoke else STEPS)
    made = decode(pipe.vae, ends)
    real = specimens.images[asked]

    def gaps(measure, images, part):
        values = [measure(images[k]) for k in range(2 * part.start, 2 * part.stop)]
        return np.array(values[::2]) - values[1::2]

    tone, apple = slice(0, len(cases)), slice(len(cases), len(cases) + len(fruit))
    n = {
        "icons": len(rows), "styles": len({r.style for r in rows}), "concepts": len({r.concept for r in rows}),
        "collected": len(every), "people": groups["people-body"], "people_share": groups["people-body"] / len(rows),
        "people_collected": len(people), "toned_left_out": sum(r.tone != "none" for r in people),
        "flags": groups.get("flags", 0), "flags_left_out": sum(r.group == "flags" for r in every),
        "food": groups.get("food-drink", 0), "cases": len(cases), "controls": len(fruit),
        "tone_real": float(gaps(brightness, real, tone).mean()),
        "tone_made": float(gaps(brightness, made, tone).mean()),
    }  # fmt: skip
    n["tone_share"], n["tone_low"], n["tone_high"] = obeyed(*(gaps(brightness, x, tone) for x in (real, made)))
    n["fruit_share"], n["fruit_low"], n["fruit_high"] = obeyed(*(gaps(redness, x, apple) for x in (real, made)))
    n["made_low"], n["made_high"] = bootstrap_ci(gaps(brightness, made, tone))
    toned, untoned, rest = [], [], {"real": [], "made": []}  # how far the skin's colour is off; what else got darker
    for k, ((c, s, _), _) in enumerate(cases):
        where = skin(real[2 * k], real[2 * k + 1])
        scale = np.linalg.norm(colour(real[2 * k], where) - colour(real[2 * k + 1], where))
        off = [np.linalg.norm(colour(made[j], where) - colour(real[j], where)) / scale for j in (2 * k, 2 * k + 1)]
        toned.append(np.mean(off))
        if (c, s, "none") in plain:
            j = of_pairs + plain.index((c, s, "none"))
            untoned.append(np.linalg.norm(colour(made[j], where) - colour(real[j], where)) / scale)
        other = drawn(real[2 * k], real[2 * k + 1]) & ~where
        if other.mean() > 0.02:  # a bare hand is nothing but skin
            for name, images in (("real", real), ("made", made)):
                light, dark = (colour(images[j], other) @ LUMA for j in (2 * k, 2 * k + 1))
                rest[name].append(light - dark)
    n |= {"skin_off": float(np.mean(toned)), "skin_off_untoned": float(np.mean(untoned)), "untoned": len(untoned)}
    n["skin_ratio"], n["skin_low"], n["skin_high"] = ratio(toned, untoned)
    n |= {f"rest_{name}": float(np.mean(values)) if values else 0.0 for name, values in rest.items()}
    wanted = [k for k, pair in enumerate(cases) if pair[0][1] == "noto"][:SHOWN] or [0]
    which = [[2 * k, 2 * k + 1] for k in wanted]
    counts = [groups.get(group, 0) for group in NAMES]
    return n, {"counts": np.array(counts), "icons": np.array(asked)[which], "made": ends.numpy()[which]}

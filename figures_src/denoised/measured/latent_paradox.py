"""What latent/paradox measures: how far prompts and their results are from anything known, and which of two things the
judge finds."""

from itertools import combinations
from types import SimpleNamespace

import numpy as np
import torch

from denoised import pipeline
from denoised.data import captions
from denoised.data.captions import prompt
from denoised.models import judge as judge_model
from denoised.pipeline import decode, encode, encode_prompts
from denoised.probes import dimension, judge, metrics, steering
from denoised.probes.dimension import distances
from denoised.probes.metrics import bootstrap_ci

FIGURE = "latent/paradox"
WEIGHTS = ("emoji-sd", "judge")
DATA = ("specimens",)
SOURCES = (pipeline, captions, judge_model, dimension, judge, metrics, steering)

THINGS = ("cat-face", "red-apple", "skull", "pizza", "octopus", "rocket", "house", "robot")
STYLE, STEPS, SHOWN = "noto", 8, 4
FIRST, TRACE = 5, 50  # found: among the judge's first names of some window; a trace: among as many of its 1,618 names
KINDS = (("ordinary", "ordinary"), ("rare", "never seen"), ("two", "two things"), ("shuffled", "shuffled letters"))


def shuffled(text, generator):
    """The same letters in another order, the style left alone."""
    thing, style = text.split(", ")
    order = torch.randperm(len(thing), generator=generator).tolist()
    return f"{''.join(thing[i] for i in order)}, {style}"


def cosine(a, b):
    """1 minus the cosine of each row of a [N, D] with its nearest row of b [M, D]: [N]."""
    a, b = (torch.nn.functional.normalize(x, dim=1) for x in (a, b))
    return (1 - (a @ b.T).max(1).values).clamp(min=0).numpy()


def windows(pictures):
    """Each picture whole and through five windows of half its side (left, right, top, bottom, centre), made as small
    as the judge wants them: [N, H, W, 3] uint8 to [N, 6, H / 2, W / 2, 3]."""
    pictures = np.asarray(pictures)
    h = pictures.shape[1] // 2
    q = h // 2
    whole = pictures.reshape(len(pictures), h, 2, h, 2, 3).astype(float).mean((2, 4)).round().astype(np.uint8)
    parts = [pictures[:, y : y + h, x : x + h] for y, x in ((q, 0), (q, h), (0, q), (h, q), (q, q))]
    return np.stack([whole, *parts], axis=1)


def beside(a, b):
    """Two pictures [H, W, 3] at half their size, side by side on white."""
    h = len(a) // 2
    canvas = np.full_like(a, 255)
    for x, one in ((0, a), (h, b)):
        canvas[h // 2 : h // 2 + h, x : x + h] = one.reshape(h, 2, h, 2, 3).astype(float).mean((1, 3)).round()
    return canvas


def found(net, pictures, pairs, first=FIRST):
    """How many of each picture's two things are among the judge's first names of some window: [N] of 0, 1, 2."""
    seen = windows(pictures)
    look = judge.look(net, seen.reshape(-1, *seen.shape[2:]))
    names = judge.names(net, look, k=first)
    each = [set(sum(names[i : i + seen.shape[1]], [])) for i in range(0, len(names), seen.shape[1])]
    return np.array([sum(thing in names for thing in pair) for names, pair in zip(each, pairs, strict=True)])


def rates(counts, name):
    """Shares of both, one, neither with Wilson's interval, as numbers of a figure."""
    n = {}
    for what, number in (("both", 2), ("one", 1), ("neither", 0)):
        share = judge.Share(int((counts == number).sum()), len(counts))
        low, high = share.interval
        n |= {f"{name}_{what}": share.share, f"{name}_{what}_low": low, f"{name}_{what}_high": high}
    return n


def measure(lab, smoke=False):
    """(numbers, arrays): of each of KINDS the first SHOWN results' latents and their prompts."""
    pipe, specimens = lab.pipeline(), lab.specimens()
    net = judge_model.load(lab.weight("judge"))
    records = specimens.records
    things, steps = (THINGS[:3], 2) if smoke else (THINGS, STEPS)
    plain = [i for i, r in enumerate(records) if r["tone"] == "none"]
    train = [i for i in plain if records[i]["split"] == "train"][:: 6 if smoke else 1]
    captions = [prompt(SimpleNamespace(**records[i])) for i in train]
    unseen = [i for i in plain if records[i]["split"] == "concept"][:: 6 if smoke else 1]
    rare = [i for i in unseen if records[i]["style"] == STYLE][: len(things)] or unseen[:2]
    ordinary = [f"{t.replace('-', ' ')}, {STYLE} style" for t in things]
    pairs = list(combinations(things, 2))
    letters = lab.generator("letters")
    asked = {
        "ordinary": ordinary,
        "rare": [prompt(SimpleNamespace(**records[i])) for i in rare],
        "two": [f"{a.replace('-', ' ')} and {b.replace('-', ' ')}, {STYLE} style" for a, b in pairs],
        "shuffled": [shuffled(text, letters) for text in ordinary],
    }
    every = [text for key, _ in KINDS for text in asked[key]]
    start = steering.start_noise(pipe, range(40, 40 + len(every)))
    ends = steering.run(pipe, encode_prompts(pipe, every).states, start, steps=steps)
    images = decode(pipe.vae, ends)

    real, strangers = (encode(pipe.vae, specimens.images[i]) for i in (train, unseen[:40]))
    known, made, newcomers = (steering.middle(pipe, x, lab.generator("middle")) for x in (real, ends, strangers))
    mean, scale = known.mean(0), known.std(0) + 1e-6
    known, made, newcomers = (((x - mean) / scale).numpy() for x in (known, made, newcomers))
    text_gap = cosine(steering.sentence_vectors(pipe, every), steering.sentence_vectors(pipe, captions))
    gap = distances(made, known).min(1)
    n = {"steps": STEPS, "train": len(train), "two": len(pairs), "others": len(ordinary), "first": FIRST}
    n["result_newcomers"] = float(distances(newcomers, known).min(1).mean())
    at, place = 0, {}
    for key, _ in KINDS:
        part = place[key] = slice(at, at + len(asked[key]))
        for name, values in (("text", text_gap[part]), ("result", gap[part])):
            n[f"{name}_{key}"] = float(values.mean())
            n[f"{name}_{key}_low"], n[f"{name}_{key}_high"] = bootstrap_ci(values)
        at = part.stop
    n["result_ratio"] = n["result_two"] / n["result_newcomers"]
    n["text_added"] = n["text_two"] - n["text_ordinary"]

    # Which of both is there? The judge answers for the results, and, to calibrate it, for real icons in three ways.
    icon = {t: specimens.one(concept=t, style=STYLE, tone="none") for t in things}
    two, single = images[place["two"]], images[place["ordinary"]]
    ghost = [((icon[a].astype(float) + icon[b]) / 2).round().astype(np.uint8) for a, b in pairs]
    for name, pictures, sought in (
        ("made", two, pairs),
        ("beside", [beside(icon[a], icon[b]) for a, b in pairs], pairs),
        ("ghost", ghost, pairs),
        ("alone", [icon[a] for a, _ in pairs], pairs),
        ("single", [single[things.index(a)] for a, _ in pairs], pairs),
        (
            "alarm",
            [icon[t] for p in pairs for t in things if t not in p],
            [p for p in pairs for t in things if t not in p],
        ),
    ):
        n |= rates(found(net, np.stack(pictures), sought), name)
        n |= {
            k: v
            for k, v in rates(found(net, np.stack(pictures), sought, TRACE), f"{name}_trace").items()
            if "both" in k
        }
    n["trace"] = TRACE
    arrays = {}
    for key, part in place.items():
        arrays |= {key: ends[part][:SHOWN].numpy(), f"{key}_prompts": np.array(every[part][:SHOWN])}
    return n, arrays

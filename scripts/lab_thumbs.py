#!/usr/bin/env python3
"""Repeat the study of thumbnails: twelve small nets, about eight minutes on one core; needs `make data`.

    python scripts/lab_thumbs.py        resumes where it was stopped; writes figures_src/denoised/studies/thumbs.npz
    python scripts/lab_thumbs.py 2 64   only seed 2, only pictures of 64 pixels; several such calls can run side by side
"""

import re
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

import numpy as np
import torch
import torch.nn.functional as F

from denoised import paths
from denoised.models import pyramid
from denoised.studies import eye_probes, thumbs
from denoised.training import images
from denoised.training.loop import write_whole
from studying import keep_results, run_script

STYLES_NEEDED = 3  # training icons that a concept must have for the concept head to know it
STYLE_PICTURES = 3000  # to fit the probe of style
STRIPES = ((1500, 1), (600, 2))  # (pictures, seed) to fit and to score the probes of direction
HAND = re.compile(r"hands?$|hands?-|fist|thumb|palms?-|finger|horns|vulcan|love-you|backhand|handshake")
NO_HAND = re.compile(r"person|people|\bm[ae]n\b|wom[ae]n|fingerprint|writing")


def is_hand(row) -> bool:
    return row.group == "people-body" and bool(HAND.search(row.concept)) and not NO_HAND.search(row.concept)


def take(keep):
    """(rows, uint8 [N, 3, 64, 64]) of the icons that keep(row) wants, made small by averaging."""
    rows, stack = images.select(keep)
    factor = stack.shape[-1] // thumbs.SIDE
    return rows, torch.cat([F.avg_pool2d(p.float(), factor).round().byte() for p in stack.split(256)])


def numbered(rows, names, field) -> np.ndarray:
    place = {name: i for i, name in enumerate(names)}
    return np.array([place.get(getattr(row, field), -1) for row in rows])


def data() -> dict:
    """Icons to learn from and known concepts in held-out styles, and what the probes are fitted to and scored on."""
    train, x = take(images.in_trunk)
    pair, z = take(lambda r: r.split == "pair" and r.tone == "none" and r.group not in images.NOT_TRUNK)
    count = {}
    for row in train:
        count[row.concept] = count.get(row.concept, 0) + 1
    classes = {"group": sorted({r.group for r in train}),
               "concept": sorted(c for c, n in count.items() if n >= STYLES_NEEDED)}  # fmt: skip
    d = {"classes": classes, "mirrors": torch.tensor([images.has_mirror(r) for r in train])}
    for name, rows, pictures in (("train", train, x), ("pair", pair, z)):
        d[name] = pictures
        d[name, "labels"] = {h: torch.from_numpy(numbered(rows, classes[h], h)) for h in pyramid.HEADS}
    tasks = {}
    for task in ("fine", "coarse"):
        made = (thumbs.stripes(n, getattr(thumbs.SETTINGS, task), seed) for n, seed in STRIPES)
        tasks[task] = tuple((torch.from_numpy(pictures), truth) for pictures, truth in made)
    some = torch.randperm(len(train), generator=torch.Generator().manual_seed(7))[:STYLE_PICTURES]
    styles = sorted({r.style for r in train})
    fit = (x[some], numbered([train[int(i)] for i in some], styles, "style"))
    tasks["style"] = (fit, (z, numbered(pair, styles, "style")))
    hands = {split: take(lambda r, split=split: r.split == split and is_hand(r)) for split in ("train", "pair")}
    names = sorted({r.concept for r in hands["train"][0]})  # hands of all skin tones
    tasks["hand"] = tuple((pictures, numbered(rows, names, "concept")) for rows, pictures in hands.values())
    d["tasks"] = tasks
    d["drawing"] = np.unique([f"{r.style}/{r.concept}" for r in hands["pair"][0]], return_inverse=True)[1]
    fitted, truth = tasks["hand"][0][1], tasks["hand"][1][1]
    common = np.bincount(tasks["style"][0][1]).argmax()
    d["chance"] = {"fine": 1 / eye_probes.ORIENTATIONS, "coarse": 1 / eye_probes.ORIENTATIONS,
                   "style": float((tasks["style"][1][1] == common).mean()),
                   "hand": float((truth == np.bincount(fitted).argmax()).mean()), "hands": len(names),
                   "group": float((d["pair", "labels"]["group"] == d["train", "labels"]["group"].mode().values)
                                  .float().mean())}  # fmt: skip
    return d


def one_run(source: int, seed: int, d: dict, folder: Path) -> dict:
    """Train and measure one net, or read what an earlier call left."""
    path = folder / f"{source}-{seed}.pt"
    if not path.exists():
        start = time.process_time()
        settings = thumbs.SETTINGS
        lessons, labels = thumbs.thumbnail(d["train"], source), d["train", "labels"]
        net = thumbs.build(d["classes"], seed)
        curve = thumbs.eye.train(net, lessons, d["mirrors"], labels, seed, lambda net: {}, thumbs.lessons())
        arrays = {f"{h}_{source}": a for h, a in thumbs.measure(net, d["pair"], d["pair", "labels"]).items()}
        own = thumbs.measure(net, thumbs.thumbnail(d["pair"], source), d["pair", "labels"])
        arrays[f"own_{source}"] = own["group"]
        arrays |= {f"probe_{task}_{source}": a for task, a in eye_probes.probe(net, d["tasks"]).items()}
        if source in (settings.mended, thumbs.SIDE):
            sharp = d["train"]
            eye_probes.settle(net, sharp[:2048])
            arrays[f"mended_{source}_norms"] = thumbs.measure(net, d["pair"], d["pair", "labels"])["group"]
            for part in thumbs.PARTS:
                made = thumbs.mend(net, part, sharp, d["mirrors"], labels, seed)
                arrays[f"mended_{source}_{part}"] = thumbs.measure(made, d["pair"], d["pair", "labels"])["group"]
        seconds = time.process_time() - start
        run = {"arrays": {k: torch.from_numpy(v) for k, v in arrays.items()}, "loss": curve[-1]["loss"], "seconds": seconds}
        write_whole(path, lambda part: torch.save(run, part))
        told = ", ".join(f"{k} {v.mean():.3f}" for k, v in arrays.items() if not k.startswith("probe"))
        print(f"source {source}, seed {seed}: {told} ({seconds:.0f} s)", flush=True)
    return torch.load(path, weights_only=True)


def main(only: list[str]) -> int:
    torch.set_num_threads(1)  # one thread adds numbers up in one order
    settings = thumbs.SETTINGS
    folder = paths.RUNS / "lab-thumbs" / thumbs.key()
    folder.mkdir(parents=True, exist_ok=True)
    d = data()
    if only:
        for source in map(int, only[1:]) if only[1:] else settings.sources:
            one_run(source, int(only[0]), d, folder)
        return 0
    net = thumbs.build(d["classes"], 0)
    facts = {"key": thumbs.key(), "torch": torch.__version__, "chance": d["chance"], "parameters": pyramid.parameters(net),
             "training_icons": len(d["train"]), "test_icons": len(d["pair"]), "seconds": 0,
             "hand_pictures": len(d["drawing"]), "hand_drawings": int(d["drawing"].max()) + 1,
             "part_parameters": {p: sum(pyramid.parameters(m) for m in thumbs.third(net, p)) for p in thumbs.PARTS},
             }  # fmt: skip
    found = {}
    for seed in settings.seeds:
        for source in settings.sources:
            run = one_run(source, seed, d, folder)
            facts["seconds"] += round(run["seconds"])
            for name, values in run["arrays"].items():
                found.setdefault(name, []).append(values.numpy())
    arrays = {name: np.stack(values) for name, values in found.items()} | {"drawing": d["drawing"].astype(np.int16)}
    keep_results(thumbs.FILE, facts, arrays)
    return 0


if __name__ == "__main__":
    run_script(main, sys.argv[1:])

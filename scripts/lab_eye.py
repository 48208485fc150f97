#!/usr/bin/env python3
"""Repeat the study of the AI eye: two kinds of net, three seeds each, and their probes, about twenty minutes on one core.

    python scripts/lab_eye.py           resumes where it was stopped; needs `make data`; writes
                                        figures_src/denoised/studies/eye.npz and figures_src/weights/pyramidnet
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

import numpy as np
import torch
import torch.nn.functional as F

from denoised import paths
from denoised.models import pyramid
from denoised.studies import eye, eye_probes
from denoised.training import images, store
from denoised.training.loop import write_whole
from studying import keep_results, run_script

STYLES_NEEDED = 3  # training icons that a concept must have for the concept head to know it
STRIPES = ((3000, 1), (800, 2))  # (pictures, seed) to fit and to score the probes of direction
WEIGHTS = paths.WEIGHTS / "pyramidnet"


def take(keep):
    """(rows, uint8 [N, 3, 32, 32]) of the icons that keep(row) wants, made small by averaging."""
    rows, stack = images.select(keep)
    small = torch.cat([F.avg_pool2d(p.float(), stack.shape[-1] // eye.SIDE).round().byte() for p in stack.split(256)])
    return rows, small


def data() -> dict:
    """Training and held-out pictures with labels; group and concept for the nets, colour and style for the probes."""

    def wanted(split):
        return lambda r: r.split == split and r.tone == "none" and r.group not in images.NOT_TRUNK

    sets = {"train": take(images.in_trunk), "pair": take(wanted("pair")), "concept": take(wanted("concept"))}
    train = sets["train"][0]
    count = {}
    for row in train:
        count[row.concept] = count.get(row.concept, 0) + 1
    names = {
        "group": sorted({r.group for r in train}), "colour": sorted({r.colour for r in train}),
        "style": sorted({r.style for r in train}),
        "concept": sorted(c for c, n in count.items() if n >= STYLES_NEEDED),
    }  # fmt: skip
    place = {head: {name: i for i, name in enumerate(some)} for head, some in names.items()}
    labels = {
        s: {h: np.array([place[h].get(getattr(r, h), -1) for r in rows]) for h in names} for s, (rows, _) in sets.items()
    }
    return {"pictures": {s: p for s, (_, p) in sets.items()}, "labels": labels, "names": names,
            "mirrors": torch.tensor([images.has_mirror(r) for r in train])}  # fmt: skip


def heads(labels: dict) -> dict:
    return {head: torch.from_numpy(labels[head]) for head in pyramid.HEADS}


def one_run(kind: str, seed: int, d: dict, folder: Path) -> dict:
    """Train and measure one net, or read what an earlier call left."""
    path = folder / f"{kind}-{seed}.pt"
    if not path.exists():
        classes = {head: d["names"][head] for head in pyramid.HEADS}
        tests = {s: (d["pictures"][s], heads(d["labels"][s])) for s in ("pair", "concept")}
        start, net = time.process_time(), eye.build(kind, classes, seed)

        def look(net):
            said = eye.answers(net, tests["pair"][0])
            return {h: float((said[h].argmax(1) == t)[t >= 0].float().mean()) for h, t in tests["pair"][1].items()}

        curve = eye.train(net, d["pictures"]["train"], d["mirrors"], heads(d["labels"]["train"]), seed, look)
        seconds = time.process_time() - start
        numbers, arrays = eye.measure(net, tests)
        run = {"numbers": numbers, "curve": curve, "seconds": seconds, "state": net.state_dict(),
               "arrays": {k: torch.from_numpy(v) for k, v in arrays.items()}}  # fmt: skip
        write_whole(path, lambda part: torch.save(run, part))
        told = ", ".join(f"{k} {numbers[k]:.3f}" for k in ("group_pair", "concept_pair", "group_concept"))
        print(f"{kind}, seed {seed}: {told} ({seconds:.0f} s)", flush=True)
    return torch.load(path, weights_only=True)


def probed(kind: str, seed: int, d: dict, state, folder: Path) -> dict[str, np.ndarray]:
    """What probes read in one net; `state` None: in the same net before its training."""
    path = folder / f"probes-{kind}-{seed}-{'fresh' if state is None else 'trained'}.pt"
    if not path.exists():
        net = eye.build(kind, {head: d["names"][head] for head in pyramid.HEADS}, seed)
        if state is None:
            eye_probes.settle(net, d["pictures"]["train"][:2048])
        else:
            net.load_state_dict(state)
            net.eval().requires_grad_(False)
        made = (eye_probes.gratings(count, eye.SIDE, seed) for count, seed in STRIPES)
        stripes = [(torch.from_numpy(pictures), truth) for pictures, truth in made]
        tasks = {"orientation": (stripes[0], stripes[1])}
        for task, test in (("colour", "pair"), ("style", "pair"), ("concept", "pair"), ("group", "concept")):
            tasks[task] = tuple((d["pictures"][s], d["labels"][s][task]) for s in ("train", test))
        found = {task: torch.from_numpy(rows) for task, rows in eye_probes.probe(net, tasks).items()}
        write_whole(path, lambda part: torch.save(found, part))
    return {task: rows.numpy() for task, rows in torch.load(path, weights_only=True).items()}


def ship(run: dict, d: dict) -> None:
    """The first PyramidNet's weights and card, for the figures that look inside."""
    net = eye.build("pyramid", {head: d["names"][head] for head in pyramid.HEADS}, eye.SETTINGS.seeds[0])
    net.load_state_dict(run["state"])
    pyramid.save(net, WEIGHTS)
    numbers = {k: round(run["numbers"][k], 4) for k in ("group_pair", "concept_pair", "group_concept")}
    facts = {"study": eye.key(), "samples": eye.SETTINGS.steps * eye.SETTINGS.batch, "seconds": round(run["seconds"], 1),
             "parameters": pyramid.parameters(net), "accuracy": numbers}  # fmt: skip
    store.seal(WEIGHTS, facts)


def main() -> int:
    torch.set_num_threads(1)  # one thread adds numbers up in one order
    folder = paths.RUNS / "lab-eye" / eye.key()
    folder.mkdir(parents=True, exist_ok=True)
    d = data()
    facts = {"key": eye.key(), "torch": torch.__version__, "runs": {}, "curves": {}, "parameters": {}, "seconds": 0,
             "classes": {k: len(v) for k, v in d["names"].items()},
             "pictures": {s: len(p) for s, p in d["pictures"].items()}}  # fmt: skip
    arrays = {}
    runs = {kind: [] for kind in eye.KINDS}
    for seed in eye.SETTINGS.seeds:
        for kind in eye.KINDS:
            runs[kind].append(one_run(kind, seed, d, folder))
    for kind, some in runs.items():
        net = eye.build(kind, {head: d["names"][head] for head in pyramid.HEADS}, 0)
        facts["parameters"][kind] = pyramid.parameters(net)
        facts["runs"][kind] = [run["numbers"] for run in some]
        facts["curves"][kind] = [run["curve"] for run in some]
        facts["seconds"] += round(sum(run["seconds"] for run in some))
        for name in some[0]["arrays"]:
            arrays[f"right_{kind}_{name}"] = np.stack([run["arrays"][name].numpy() for run in some])
    for word in ("trained", "fresh"):
        found = [
            probed("pyramid", seed, d, run["state"] if word == "trained" else None, folder)
            for seed, run in zip(eye.SETTINGS.seeds, runs["pyramid"], strict=True)
        ]
        arrays |= {f"probe_{word}_{task}": np.stack([f[task] for f in found]) for task in found[0]}
    for task in ("colour", "style", "concept", "group"):
        test = "concept" if task == "group" else "pair"
        fit, asked = d["labels"]["train"][task], d["labels"][test][task]
        common = np.bincount(fit[fit >= 0]).argmax()
        facts.setdefault("chance", {})[task] = float((asked[asked >= 0] == common).mean())
    facts["chance"]["orientation"] = 1 / eye_probes.ORIENTATIONS
    ship(runs["pyramid"][0], d)
    keep_results(eye.FILE, facts, arrays)
    return 0


if __name__ == "__main__":
    run_script(main)

#!/usr/bin/env python3
"""Repeat the study of what more lessons and more parameters buy: ten minutes on one core, once both were trained.

python scripts/lab_scaling.py    resumes where it was stopped; writes figures_src/denoised/studies/scaling.npz
"""

import sys
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

import numpy as np
import torch

from denoised import paths
from denoised.data import splits
from denoised.data.captions import prompt
from denoised.errors import DenoisedError
from denoised.lab import Lab
from denoised.models import dit, small
from denoised.models import judge as judge_model
from denoised.probes import play
from denoised.studies import fewsteps, shelf
from denoised.studies import scaling as study
from studying import judged_runs, keep_results, run_script


def average(family, name: str, lessons: int):
    """(the network as it was after so many lessons, the hash of its file)."""
    folder = paths.RUNS / f"{name}-64px" / f"at-{lessons}"
    if not (folder / "config.json").exists():
        raise DenoisedError(f"There is no {folder}: train it with `python scripts/train.py {name}-64px`.")
    kind = type(family.build(side=8))
    net = kind.from_pretrained(folder, torch_dtype=torch.float32)
    if family is small:
        small.placed(net)
    return net.eval().requires_grad_(False), shelf.weights_digest(folder)


def main() -> None:
    torch.set_num_threads(1)  # one thread adds numbers up in one order
    lab = Lab("study/scaling", weights=("emoji-sd", "judge"), data=("specimens",))
    pipe, judge, weights = lab.pipeline(), judge_model.load(lab.weight("judge")), shelf.digests(lab, *study.NETWORKS)
    folder = paths.RUNS / "lab-scaling" / study.key()
    folder.mkdir(parents=True, exist_ok=True)
    held_out = [splits.Row(**record) for record in lab.specimens().records]
    rows = fewsteps.wanted(held_out, splits.load(), set(judge.classes["concept"]))
    pipe.text_encoder = dit.WithEnd(pipe.text_encoder)
    told, untold = (play.states_of(pipe, words) for words in ([prompt(row) for row in rows], [""]))
    draws, marks, facts = {}, {}, {"averages": {}, "parameters": {}}
    for name, family in (("dit", dit), ("small", small)):
        for lessons in study.KEPT[name]:
            net, digest = average(family, name, lessons)
            word = f"{name}_{lessons}"
            draws[word] = partial(study.draw, net, family.velocity, told, untold)
            marks[word] = f"{digest[:8]}-{weights['judge'][:8]}"
            facts["averages"][word] = digest
            facts["parameters"][name] = sum(p.numel() for p in net.parameters())
    _, arrays = judged_runs(folder, draws, pipe.vae, judge, rows, marks)
    facts |= {"key": study.key(), "weights": weights, "torch": torch.__version__, "asked": [row.id for row in rows]}
    keep_results(study.FILE, facts, arrays | {"kept": np.array([row.split == "pair" for row in rows])})


if __name__ == "__main__":
    run_script(main)

#!/usr/bin/env python3
"""Repeat the study of few steps, with and without the adapter: ten minutes on one core.

python scripts/lab_fewsteps.py    resumes where it was stopped; writes figures_src/denoised/studies/fewsteps.npz
"""

import copy
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

import numpy as np
import torch

from denoised import paths
from denoised.data import splits
from denoised.data.captions import prompt
from denoised.lab import Lab
from denoised.models import adapter
from denoised.models import judge as judge_model
from denoised.pipeline import decode
from denoised.probes import judge, metrics, play
from denoised.studies import evenings, shelf
from denoised.studies import fewsteps as study
from studying import keep_results, made_once, run_script

S, BATCH = study.SETTINGS, 16


def main() -> None:
    torch.set_num_threads(1)  # one thread adds numbers up in one order
    lab = Lab("study/fewsteps", weights=("emoji-sd", "student", "judge"), data=("specimens",))
    pipe, net, weights = lab.pipeline(), judge_model.load(lab.weight("judge")), shelf.digests(lab, *study.NETWORKS)
    folder = paths.RUNS / "lab-fewsteps" / f"{study.key()}-{weights['unet'][:8]}-{weights['student'][:8]}"
    folder.mkdir(parents=True, exist_ok=True)
    quick = copy.copy(pipe)
    quick.unet = adapter.merge(copy.deepcopy(pipe.unet), adapter.load(lab.weight("student")))
    held_out = [splits.Row(**record) for record in lab.specimens().records]
    rows = study.wanted(held_out, splits.load(), set(net.classes["concept"]))
    states, empty = play.states_of(pipe, [prompt(row) for row in rows]), play.states_of(pipe, [""])
    asked = [row.concept for row in rows]

    def draw(runner):
        some, done = quick if runner.adapter else pipe, []
        for part in torch.arange(len(rows)).split(BATCH):
            line = study.scheduler(pipe.scheduler.config, runner)
            nothing = empty.expand(len(part), -1, -1)
            done.append(evenings.play(some, line, states[part], nothing, part.tolist(), runner.steps, runner.guidance))
        return torch.cat(done)

    def look(pictures):
        logits = judge.look(net, pictures)["concept"]
        return {"concept": torch.from_numpy(logits), "saturation": torch.from_numpy(metrics.saturation(pictures))}

    facts = {"key": study.key(), "weights": weights, "torch": torch.__version__, "asked": [row.id for row in rows]}
    arrays = {"kept": np.array([row.split == "pair" for row in rows])}
    made = {name: made_once(folder, name, lambda r=runner: draw(r)) for name, runner in study.RUNNERS.items()}
    full, shown = made[study.FULL], None
    for name, z in made.items():
        seen = made_once(folder, f"seen-{name}-{weights['judge'][:8]}", lambda z=z: look(decode(pipe.vae, z)))
        five = judge.names(net, {"concept": seen["concept"].numpy()}, k=5)
        arrays[f"saturation_{name}"] = seen["saturation"].numpy()
        arrays[f"top1_{name}"] = np.array([a == b[0] for a, b in zip(asked, five, strict=True)])
        arrays[f"top5_{name}"] = np.array([a in b for a, b in zip(asked, five, strict=True)])
        far = (z - full).square().flatten(1).mean(1).sqrt() / study.yardstick(full)
        arrays[f"far_{name}"] = far.numpy()
        shown = np.flatnonzero(arrays[f"top1_{study.FULL}"])[: S.shown] if shown is None else shown
        arrays[f"z_{name}"] = z[shown].half().numpy()
        told = (f"{what} {arrays[f'{what}_{name}'].mean():.3f}" for what in ("top1", "top5", "far", "saturation"))
        print(name, *told, flush=True)
    keep_results(study.FILE, facts, arrays | {"shown": shown})


if __name__ == "__main__":
    run_script(main)

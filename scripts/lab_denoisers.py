#!/usr/bin/env python3
"""Repeat the study of two denoisers of one size, a U-Net and a transformer: half an hour on one core.

python scripts/lab_denoisers.py    resumes where it was stopped; writes figures_src/denoised/studies/denoisers.npz
"""

import copy
import sys
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

import numpy as np
import torch

from denoised import paths
from denoised.data import splits
from denoised.data.captions import prompt
from denoised.lab import Lab
from denoised.models import dit
from denoised.models import judge as judge_model
from denoised.probes import play
from denoised.studies import denoisers as study
from denoised.studies import evenings, fewsteps, shelf
from studying import judged_runs, keep_results, run_script

BATCH = 16


def main() -> None:
    torch.set_num_threads(1)  # one thread adds numbers up in one order
    lab = Lab("study/denoisers", weights=("emoji-sd", "dit", "judge"), data=("specimens",))
    net, weights = judge_model.load(lab.weight("judge")), shelf.digests(lab, *study.NETWORKS)
    pipes = {"unet": lab.pipeline(), "dit": dit.put_into(copy.copy(lab.pipeline()), lab.weight("dit"))}
    folder = paths.RUNS / "lab-denoisers" / study.key()
    folder.mkdir(parents=True, exist_ok=True)
    held_out = [splits.Row(**record) for record in lab.specimens().records]
    rows = fewsteps.wanted(held_out, splits.load(), set(net.classes["concept"]))
    told = {name: play.states_of(pipe, [prompt(row) for row in rows]) for name, pipe in pipes.items()}
    empty = {name: play.states_of(pipe, [""]) for name, pipe in pipes.items()}
    scheduler = pipes["unet"].scheduler

    def draw(runner):
        pipe, done = pipes[runner.net], []
        for part in torch.arange(len(rows)).split(BATCH):
            states, nothing = told[runner.net][part], empty[runner.net].expand(len(part), -1, -1)
            how = (states, nothing, part.tolist(), runner.steps, runner.guidance)
            done.append(
                study.even_strides(pipe.unet.net, *how) if runner.even else evenings.play(pipe, scheduler, *how)
            )
        return torch.cat(done)

    mark = {"unet": weights["unet"][:8], "dit": weights["transformer"][:8]}
    made, arrays = judged_runs(
        folder, {name: partial(draw, runner) for name, runner in study.RUNNERS.items()}, pipes["unet"].vae, net, rows,
        {name: f"{mark[runner.net]}-{weights['judge'][:8]}" for name, runner in study.RUNNERS.items()},
    )  # fmt: skip
    first, second = (made[name] for name in study.PAIR)
    far = (first - second).square().flatten(1).mean(1).sqrt()
    both = arrays[f"top1_{study.PAIR[0]}"] & arrays[f"top1_{study.PAIR[1]}"]
    arrays["shown"] = np.flatnonzero(both)[: fewsteps.SETTINGS.shown]
    arrays["apart"] = (far / (0.5 * (fewsteps.yardstick(first) + fewsteps.yardstick(second)))).numpy()
    for name, z in made.items():
        arrays[f"z_{name}"] = z[arrays["shown"]].half().numpy()
    facts = {"key": study.key(), "weights": weights, "torch": torch.__version__, "asked": [row.id for row in rows]}
    keep_results(study.FILE, facts, arrays | {"kept": np.array([row.split == "pair" for row in rows])})


if __name__ == "__main__":
    run_script(main)

#!/usr/bin/env python3
"""Repeat the study of the small transformer and its teacher: ten minutes on one core.

python scripts/lab_small.py    resumes where it was stopped; writes figures_src/denoised/studies/small.npz
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
from denoised.models import dit, small
from denoised.models import judge as judge_model
from denoised.probes import play
from denoised.studies import evenings, fewsteps, shelf
from denoised.studies import small as study
from studying import judged_runs, keep_results, run_script

BATCH = 16


def main() -> None:
    torch.set_num_threads(1)  # one thread adds numbers up in one order
    lab = Lab("study/small", weights=("emoji-sd", "dit", "small", "judge"), data=("specimens",))
    pipe, net, weights = lab.pipeline(), judge_model.load(lab.weight("judge")), shelf.digests(lab, *study.NETWORKS)
    pipes = {
        "dit": dit.put_into(copy.copy(pipe), lab.weight("dit")),
        "small": small.put_into(copy.copy(pipe), lab.weight("small")),
    }
    folder = paths.RUNS / "lab-small" / study.key()
    folder.mkdir(parents=True, exist_ok=True)
    held_out = [splits.Row(**record) for record in lab.specimens().records]
    rows = fewsteps.wanted(held_out, splits.load(), set(net.classes["concept"]))
    told, empty = (play.states_of(pipes["dit"], words) for words in ([prompt(row) for row in rows], [""]))

    def draw(runner):
        done = []
        for part in torch.arange(len(rows)).split(BATCH):
            how = (told[part], empty.expand(len(part), -1, -1), part.tolist(), runner.steps, runner.guidance)
            done.append(evenings.play(pipes[runner.net], fewsteps.scheduler(pipe.scheduler.config, runner), *how))
        return torch.cat(done)

    common = "-".join(weights[part][:4] for part in ("text_encoder", "vae", "judge"))
    mark = {"dit": weights["transformer"][:8], "small": weights["small"][:8]}
    made, arrays = judged_runs(
        folder, {name: partial(draw, runner) for name, runner in study.RUNNERS.items()}, pipe.vae, net, rows,
        {name: f"{mark[runner.net]}-{common}" for name, runner in study.RUNNERS.items()},
    )  # fmt: skip
    teacher = made[study.TEACHER]
    arrays["kept"] = np.array([row.split == "pair" for row in rows])
    arrays["shown"] = np.flatnonzero(arrays[f"top1_{study.TEACHER}"])[: fewsteps.SETTINGS.shown]
    for name, z in made.items():
        far = (z - teacher).square().flatten(1).mean(1).sqrt() / fewsteps.yardstick(teacher)
        arrays |= {f"far_{name}": far.numpy(), f"z_{name}": z[arrays["shown"]].half().numpy()}
    facts = {"key": study.key(), "weights": weights, "torch": torch.__version__, "asked": [row.id for row in rows]}
    keep_results(study.FILE, facts, arrays)


if __name__ == "__main__":
    run_script(main)

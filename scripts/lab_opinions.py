#!/usr/bin/env python3
"""Repeat the study of two judges before the same drawings: half an hour on one core.

python scripts/lab_opinions.py    resumes where it was stopped; writes figures_src/denoised/studies/opinions.npz
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
from denoised.lab import Lab
from denoised.models import judge as judge_model
from denoised.models import second_judge
from denoised.pipeline import decode
from denoised.probes import judge, play
from denoised.studies import evenings, fewsteps, shelf
from denoised.studies import opinions as study
from denoised.training import judge as judge_training
from studying import keep_results, made_once, right_about, run_script

BATCH = 16


def main() -> None:
    torch.set_num_threads(1)  # one thread adds numbers up in one order
    shipped = ("emoji-sd", "dit", "small", "student", *study.JUDGES.values())
    lab = Lab("study/opinions", weights=shipped, data=("specimens",))
    weights, pipes = shelf.digests(lab, *study.NETWORKS), study.networks(lab)
    judges = {"first": judge_model.load(lab.weight("judge")), "second": second_judge.load(lab.weight("judge2"))}
    names = set(judges["first"].classes["concept"]) & set(judges["second"].classes["concept"])
    folder = paths.RUNS / "lab-opinions" / study.key()
    folder.mkdir(parents=True, exist_ok=True)
    held_out = [splits.Row(**record) for record in lab.specimens().records]
    rows = fewsteps.wanted(held_out, splits.load(), names)
    told = {name: play.states_of(pipe, [prompt(row) for row in rows]) for name, pipe in pipes.items()}
    empty = {name: play.states_of(pipe, [""]) for name, pipe in pipes.items()}
    config = pipes["unet"].scheduler.config

    def draw(runner):
        done = []
        for part in torch.arange(len(rows)).split(BATCH):
            nothing = empty[runner.net].expand(len(part), -1, -1)
            how = (told[runner.net][part], nothing, part.tolist(), runner.steps, runner.guidance)
            done.append(evenings.play(pipes[runner.net], fewsteps.scheduler(config, runner), *how))
        return torch.cat(done)

    common = "-".join(weights[part][:4] for part in ("text_encoder", "vae"))
    mark = {"unet": weights["unet"][:8], "dit": weights["transformer"][:8], "small": weights["small"][:8],
            "adapter": weights["student"][:8]}  # fmt: skip
    arrays, best = {"kept": np.array([row.split == "pair" for row in rows])}, None
    for name, runner in study.RUNNERS.items():
        z = made_once(folder, f"{name}-{mark[runner.net]}-{common}", partial(draw, runner))
        pictures = decode(pipes["unet"].vae, z)
        best = z if name == study.BEST else best
        for who, net in judges.items():
            arrays |= right_about(net, judge.look(net, pictures), rows, f"{who}_{name}")

    for group, here in study.groups(arrays).items():
        arrays[f"shown_{group}"] = np.flatnonzero(here)[: study.SHOWN]
        arrays[f"z_{group}"] = best[arrays[f"shown_{group}"]].half().numpy()
    all_rows, all_pictures = judge_training.eligible()
    real = [i for i, row in enumerate(all_rows) if judge_training.is_test(row)]
    test = [all_rows[i] for i in real]
    for who, net in judges.items():
        arrays |= right_about(net, judge.look(net, all_pictures[real]), test, f"{who}_real")
    facts = {"key": study.key(), "weights": weights, "torch": torch.__version__, "asked": [row.id for row in rows],
             "real": [row.id for row in test]}  # fmt: skip
    keep_results(study.FILE, facts, arrays)


if __name__ == "__main__":
    run_script(main)

#!/usr/bin/env python3
"""Repeat the benchmark of training recipes: half an hour on one core; needs `make data`.

python scripts/lab_recipes.py    resumes where it was stopped; writes figures_src/denoised/studies/recipes.npz
"""

import dataclasses
import sys
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

import numpy as np
import torch

from denoised import paths
from denoised.data.catalogue import STYLES
from denoised.lab import Lab
from denoised.models import judge as judge_model
from denoised.models.laboratory import LabNet, parameters
from denoised.pipeline import decode
from denoised.probes import judge
from denoised.studies import feedback, shelf
from denoised.studies import recipes as study
from denoised.training import judge as judge_training
from denoised.training import recipes
from studying import keep_results, made_once, run_script

S = study.SETTINGS


def main() -> None:
    torch.set_num_threads(1)
    lab = Lab("study/recipes", weights=study.NETWORKS)
    vae, net, weights = lab.vae(), judge_model.load(lab.weight("judge")), shelf.digests(lab, *study.NETWORKS)
    folder = paths.RUNS / "lab-recipes" / f"{study.key()}-{weights['vae'][:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    rows, pictures = judge_training.eligible()
    kin = dataclasses.replace(feedback.SETTINGS, concepts=S.concepts)
    things = feedback.chosen(rows, kin)
    learned = [i for i, row in enumerate(rows) if row.split == "train" and row.concept in things]
    icons = pictures[learned]
    said = torch.from_numpy(feedback.captions([rows[i] for i in learned], things))
    asked = torch.from_numpy(feedback.wishes(S.asked, kin))
    own = np.array([net.classes["concept"].index(thing) for thing in things])
    build = partial(LabNet, (len(things), len(STYLES)))

    def right(logits, thing):
        return logits["concept"][:, own].argmax(1) == thing.numpy() - 1

    def one_seed(seed):
        runs = {name: recipes.Run(recipe, build, vae, icons, said, seed, S.marks[-1])
                for name, recipe in recipes.RECIPES.items()}  # fmt: skip
        found = {name: {"z": [], "samples": []} for name in runs}

        def look(mark, name, run):
            found[name]["z"].append(torch.stack([run.draw(asked, 2000, s, S.steps) for s in S.strengths]))
            found[name]["samples"].append(run.samples)
            print(seed, mark, name, f"{run.samples:,} samples", flush=True)

        study.in_turns(runs, S.marks, S.turn, look)
        return {name: {"z": torch.stack(some["z"]), "samples": torch.tensor(some["samples"])}
                for name, some in found.items()}  # fmt: skip

    made = [made_once(folder, f"seed-{seed}", partial(one_seed, seed)) for seed in S.seeds]
    facts = {"key": study.key(), "weights": weights, "torch": torch.__version__, "things": things, "icons": len(icons)}
    facts["parameters"] = parameters(build())
    arrays = {"real_right": right(judge.look(net, icons.permute(0, 2, 3, 1).numpy()), said[:, 0])}
    for name in recipes.RECIPES:
        seen = [[[judge.look(net, decode(vae, z)) for z in mark] for mark in one[name]["z"]] for one in made]
        arrays[f"right_{name}"] = np.array([[[right(x, asked[:, 0]) for x in mark] for mark in one] for one in seen])
        arrays[f"samples_{name}"] = torch.stack([one[name]["samples"] for one in made]).numpy()
        arrays[f"z_{name}"] = made[0][name]["z"][-1, :, : S.shown].half().numpy()
    keep_results(study.FILE, facts, arrays)
    report(arrays)


def report(arrays: dict) -> None:
    """The ratios: how far each recipe came in the same time, and how much sooner ours was where the example ended."""
    best = {name: arrays[f"right_{name}"].mean((0, 3)).max(1) for name in recipes.RECIPES}
    for name, shares in best.items():
        print(f"{name:8} " + ", ".join(f"{m} s {share:.0%}" for m, share in zip(S.marks, shares, strict=True)))
    sooner = next((m for m, share in zip(S.marks, best["ours"], strict=True) if share >= best["stock"][-1]), None)
    if sooner:
        ratio = S.marks[-1] / sooner
        print(f"ours is there after {sooner} s or less, the example after {S.marks[-1]} s: {ratio:g} times as long")


if __name__ == "__main__":
    run_script(main)

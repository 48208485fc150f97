#!/usr/bin/env python3
"""Repeat the study of running averages of weights: twelve minutes on one core; needs `make data`.

python scripts/lab_averages.py    resumes where it was stopped; writes figures_src/denoised/studies/averages.npz
"""

import dataclasses
import sys
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
from denoised.studies import averages as study
from denoised.studies import feedback, shelf
from denoised.training import judge as judge_training
from denoised.training import laboratory
from denoised.training.denoiser import encode_all
from studying import keep_results, made_once, run_script

S = study.SETTINGS


def main() -> None:
    torch.set_num_threads(1)  # one thread adds numbers up in one order
    lab = Lab("study/averages", weights=study.NETWORKS)
    vae, net, weights = lab.vae(), judge_model.load(lab.weight("judge")), shelf.digests(lab, *study.NETWORKS)
    folder = paths.RUNS / "lab-averages" / f"{study.key()}-{weights['vae'][:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    rows, pictures = judge_training.eligible()
    kin = dataclasses.replace(feedback.SETTINGS, concepts=S.concepts)
    things = feedback.chosen(rows, kin)
    learned = [i for i, row in enumerate(rows) if row.split == "train" and row.concept in things]
    z = made_once(folder, "icons", lambda: encode_all(vae, pictures[learned]))
    said = torch.from_numpy(feedback.captions([rows[i] for i in learned], things))
    asked = torch.from_numpy(feedback.wishes(S.asked, kin))
    own = np.array([net.classes["concept"].index(thing) for thing in things])
    probe = torch.arange(S.probes) % len(z)  # each icon a few times, under other noise
    sizes, kinds = (len(things), len(STYLES)), 1 + len(S.decays)

    def right(latents, thing):
        logits = judge.look(net, decode(vae, latents))["concept"][:, own]
        return logits.argmax(1) == thing.numpy() - 1

    def run(seed):
        found = {"z": {}, "error": {}}

        def look(mark, which, model):
            found["z"][mark, which] = laboratory.draw(model, asked, 2000, S.guidance, S.steps)
            found["error"][mark, which] = study.error(model, z[probe], said[probe])

        study.watched(z, said, sizes, seed, S, look)
        each = [(mark, which) for mark in S.marks for which in range(kinds)]
        errors = torch.tensor([found["error"][one] for one in each])
        return {"z": torch.stack([found["z"][one] for one in each]), "error": errors}

    facts = {"key": study.key(), "weights": weights, "torch": torch.__version__, "things": things, "icons": len(z)}
    facts["parameters"] = parameters(LabNet(sizes))
    made = [made_once(folder, f"run-{seed}", lambda s=seed: run(s)) for seed in S.seeds]
    shape = (len(S.seeds), len(S.marks), kinds)
    arrays = {
        "right": np.array([[right(z, asked[:, 0]) for z in one["z"]] for one in made]).reshape(*shape, len(asked)),
        "error": torch.stack([one["error"] for one in made]).double().numpy().reshape(shape),
        "real_right": right(z, said[:, 0]),
        "z": made[0]["z"][:, : S.shown].half().numpy().reshape(*shape[1:], S.shown, *z.shape[1:]),
    }
    print(arrays["right"].mean((0, 3)).round(3).tolist(), arrays["error"].mean(0).round(4).tolist())
    keep_results(study.FILE, facts, arrays)


if __name__ == "__main__":
    run_script(main)

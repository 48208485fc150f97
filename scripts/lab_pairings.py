#!/usr/bin/env python3
"""Repeat the study of pairings (U-Net or transformer, diffusion or flow): half an hour on one core; needs `make data`.

python scripts/lab_pairings.py    resumes where it was stopped; writes figures_src/denoised/studies/pairings.npz
"""

import dataclasses
import sys
from itertools import combinations
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

import numpy as np
import torch

from denoised import paths
from denoised.data.catalogue import STYLES
from denoised.lab import Lab
from denoised.models import judge as judge_model
from denoised.models.laboratory import parameters
from denoised.pipeline import decode
from denoised.probes import judge
from denoised.studies import feedback, shelf
from denoised.studies import pairings as study
from denoised.training import judge as judge_training
from denoised.training import pairings
from denoised.training.denoiser import encode_all
from studying import keep_results, made_once, run_script

S = study.SETTINGS


def main() -> int:
    torch.set_num_threads(1)  # one thread adds numbers up in one order
    lab = Lab("study/pairings", weights=study.NETWORKS)
    vae, net, weights = lab.vae(), judge_model.load(lab.weight("judge")), shelf.digests(lab, *study.NETWORKS)
    folder = paths.RUNS / "lab-pairings" / f"{study.key()}-{weights['vae'][:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    rows, pictures = judge_training.eligible()
    kin = dataclasses.replace(feedback.SETTINGS, concepts=S.concepts)
    things = feedback.chosen(rows, kin)
    learned = [i for i, row in enumerate(rows) if row.split == "train" and row.concept in things]
    z = made_once(folder, "icons", lambda: encode_all(vae, pictures[learned]))
    said = torch.from_numpy(feedback.captions([rows[i] for i in learned], things))
    asked = torch.from_numpy(feedback.wishes(S.asked, kin))
    own = np.array([net.classes["concept"].index(thing) for thing in things])

    def right(latents, thing):
        """Whether the judge, choosing among the things, names the one that was meant, [N]."""
        logits = judge.look(net, decode(vae, latents))["concept"][:, own]
        return torch.from_numpy(logits.argmax(1) == thing)

    def run(name, path, seed):
        torch.manual_seed(seed)
        model, found = study.NETS[name]((len(things), len(STYLES))), {}

        def look(samples, model):
            for s in S.strengths:
                found[f"{samples}_{s:g}"] = pairings.draw(model, path, asked, 2000, s, S.steps)

        pairings.train(model, path, z, said, seed, S.training, S.marks, look)
        bets = []
        pairings.draw(model, path, asked[: S.film], 2000, S.strengths[-1], S.steps, lambda step: bets.append(step.x0))
        return found | {"bets": torch.stack(bets, 1)}

    thing = asked[:, 0].numpy() - 1
    facts = {"key": study.key(), "weights": weights, "torch": torch.__version__, "things": things, "icons": len(z)}
    facts["parameters"] = {name: parameters(make((len(things), len(STYLES)))) for name, make in study.NETS.items()}
    arrays = {"real_right": right(z, said[:, 0].numpy() - 1).numpy(), "wishes": thing[: S.shown]}
    ends = {}
    for name, path in study.PAIRS:
        seen = []
        for seed in S.seeds:
            made = made_once(folder, f"{name}-{path}-{seed}", lambda n=name, p=path, s=seed: run(n, p, s))
            ends[name, path, seed] = made[f"{S.marks[-1]}_{S.strengths[-1]:g}"]
            seen.append([[
                made_once(folder, f"right-{name}-{path}-{seed}-{mark}-{s:g}-{weights['judge'][:12]}",
                          lambda m=made, mark=mark, s=s: right(m[f"{mark}_{s:g}"], thing)).numpy()
                for s in S.strengths] for mark in S.marks])  # fmt: skip
            if seed == S.seeds[0]:
                arrays |= {f"z_{name}_{path}": ends[name, path, seed][: S.shown].half().numpy(),
                           f"bets_{name}_{path}": made["bets"].half().numpy()}  # fmt: skip
        arrays[f"right_{name}_{path}"] = np.array(seen)
        print(name, path, np.array(seen).mean((0, 3)).round(3).tolist(), flush=True)
    arrays |= distances(ends, len(things))
    print({name: round(float(some.mean()), 3) for name, some in arrays.items() if name.startswith("apart")})
    keep_results(study.FILE, facts, arrays)
    return 0


def distances(ends: dict, things: int) -> dict[str, np.ndarray]:
    """study.apart, [things], of the models' last drawings: between networks on each path, between paths for each network,
    and between two trainings of one pairing."""

    def mean(pairs):
        return np.mean([study.apart(ends[a], ends[b], things) for a, b in pairs], axis=0)

    found = {}
    for path in pairings.PATHS:
        found[f"apart_nets_{path}"] = mean([(("unet", path, s), ("dit", path, s)) for s in S.seeds])
    for name in study.NETS:
        found[f"apart_paths_{name}"] = mean([((name, "diffusion", s), (name, "flow", s)) for s in S.seeds])
        for path in pairings.PATHS:
            found[f"apart_seeds_{name}_{path}"] = mean(
                [((name, path, a), (name, path, b)) for a, b in combinations(S.seeds, 2)]
            )
    return found


if __name__ == "__main__":
    run_script(main)

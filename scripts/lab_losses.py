#!/usr/bin/env python3
"""Repeat the study of the loss's parts: tiny autoencoders, half an hour on one core; needs `make data`.

python scripts/lab_losses.py        resumes where it was stopped; writes figures_src/denoised/studies/losses.npz
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

import torch
import torch.nn.functional as F

from denoised import paths
from denoised.data.icons import on_white
from denoised.lab import Lab
from denoised.studies import losses as study
from denoised.studies import shelf
from denoised.training import images
from studying import keep_results, made_once, run_script, some_icons

S = study.SETTINGS


def pictures(count: int = S.pictures, unseen: int = S.held_out):
    """(training pictures, held-out pictures), uint8 [N, 3, 64, 64], chosen with a fixed seed."""

    def take(keep, number):
        stack = torch.from_numpy(on_white(some_icons(keep, number)[1])).permute(0, 3, 1, 2)
        return torch.cat([F.avg_pool2d(part.float(), 2).round().byte() for part in stack.split(256)])

    train = take(images.in_trunk, count)
    return train, take(lambda r: r.split == "concept" and r.tone == "none", unseen)


def main() -> None:
    torch.set_num_threads(1)  # one thread adds numbers up in one order
    lab = Lab("study/losses", weights=study.NETWORKS)
    weights = shelf.digests(lab, *study.NETWORKS)
    folder = paths.RUNS / "lab-losses" / f"{study.key()}-{weights['vae'][:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    train, held_out = pictures()
    see = study.Features(lab.vae().requires_grad_(False))
    shown = slice(None, None, len(held_out) // S.shown)

    def run(recipe, seed):
        begun = time.process_time()
        trained = study.train(study.strengths(recipe), seed, train, see, S.size)
        numbers, made = study.measure(*trained, held_out, see)
        print(f"{recipe}: " + ", ".join(f"{word} {value:.3g}" for word, value in numbers.items()), flush=True)
        return {"numbers": numbers, "shown": torch.from_numpy(made[shown].copy()), "seconds": time.process_time() - begun}

    facts = {"key": study.key(), "weights": weights, "torch": torch.__version__, "unseen": len(held_out)}
    facts |= {"pictures": len(train), "recipes": {}, "seconds": 0.0}
    facts["parameters"] = sum(p.numel() for part in study.build(*S.size) for p in part.parameters())
    arrays = {"original": held_out.permute(0, 2, 3, 1).numpy()[shown]}
    for seed in S.seeds:  # whole rounds: what is seen after the first one is a smaller study, not half of one
        for name in S.recipes:
            made = made_once(folder, f"{name}-{seed}".replace(" ", "-"), lambda a=(name, seed): run(*a))
            facts["recipes"].setdefault(name, []).append(made["numbers"])
            arrays.setdefault(name, made["shown"].numpy())
            facts["seconds"] += made["seconds"]
    keep_results(study.FILE, facts | {"seconds": round(facts["seconds"])}, arrays)


if __name__ == "__main__":
    run_script(main)

#!/usr/bin/env python3
"""Repeat the study of factors, f4, f8 and f16: tiny autoencoders, seven minutes on one core; needs `make data`.

python scripts/lab_factors.py        resumes where it was stopped; writes figures_src/denoised/studies/factors.npz
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

import torch

from denoised import paths
from denoised.studies import factors as study
from lab_losses import pictures
from studying import keep_results, made_once, run_script

S = study.SETTINGS


def main() -> None:
    torch.set_num_threads(1)  # one thread adds numbers up in one order
    folder = paths.RUNS / "lab-factors" / study.key()
    folder.mkdir(parents=True, exist_ok=True)
    train, held_out = pictures(S.pictures, S.held_out)
    shown = slice(None, None, len(held_out) // S.shown)

    def run(size, seed):
        begun = time.process_time()
        numbers, made = study.measure(*study.train(size, seed, train), held_out)
        print(size, {word: round(value, 3) for word, value in numbers.items()}, flush=True)
        return {"numbers": numbers, "shown": torch.from_numpy(made[shown].copy()), "seconds": time.process_time() - begun}

    facts = {"key": study.key(), "torch": torch.__version__, "unseen": len(held_out), "pictures": len(train)}
    facts |= {"sizes": {}, "parameters": {}, "seconds": 0.0}
    arrays = {"original": held_out.permute(0, 2, 3, 1).numpy()[shown]}
    for seed in S.seeds:  # whole rounds: what is seen after the first one is a smaller study, not half of one
        for size in S.sizes:
            name = f"{size[0]}x{size[1]}"
            made = made_once(folder, f"{name}-{seed}", lambda a=(size, seed): run(*a))
            facts["sizes"].setdefault(name, []).append(made["numbers"])
            facts["parameters"][name] = sum(p.numel() for part in study.build(*size) for p in part.parameters())
            arrays.setdefault(name, made["shown"].numpy())
            facts["seconds"] += made["seconds"]
    keep_results(study.FILE, facts | {"seconds": round(facts["seconds"])}, arrays)


if __name__ == "__main__":
    run_script(main)

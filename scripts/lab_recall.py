#!/usr/bin/env python3
"""Repeat the study of recall: small sequence models of equal size, some twenty minutes on one core; needs no data.

    python scripts/lab_recall.py            resumes where it was stopped; writes two files in figures_src/denoised/studies
    python scripts/lab_recall.py copying 2  only the runs of that job and seed, into runs/, so that processes can share
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

import numpy as np
import torch

from denoised import paths
from denoised.errors import DenoisedError
from denoised.models import sequences
from denoised.probes.fading import fading
from denoised.studies import recall
from denoised.training.loop import write_whole
from studying import keep_results, run_script

FILMED = ("gru", "cnn", "transformer", "rwkv", "mamba")  # models whose weights of the first seed are kept, for the film


def right_answers(model, seed: int, job: str) -> tuple[dict, dict]:
    """Everything that is asked of a trained model: ({test: [right, asked, confused]}, {name: array})."""
    s, found = recall.SETTINGS, {}

    def ask(name, tokens, right):
        wanted = right[right >= 0].reshape(len(right), -1)
        said = recall.answers(model, tokens, right, batch=64 if tokens.shape[1] < 2000 else 1)
        found[name] = [int((said == wanted).sum()), int(wanted.size), recall.confused(said, wanted)]

    rng = np.random.default_rng(9000 + seed)
    if job == "questions":
        for n in s.crowds:
            ask(f"all_{n}", *recall.questions(s.tested, n, n, rng))
        ask("one", *recall.questions(s.tested * 4, 8, 1, rng))
        return found, {}
    for length in s.lengths:
        ask(str(length), *recall.copying(s.tested if length <= 1024 else s.tested_long, length, s.signs, rng))
    return found, {"fade": fading(model, recall.FADE_LENGTH, recall.VOCABULARY, seed)}


def one_run(job: str, kind: str, seed: int, folder: Path) -> dict:
    """Train and measure one model, or read what an earlier call left."""
    path = folder / f"{job}-{kind}-{seed}.pt"
    if not path.exists():
        start = time.process_time()
        model, losses = recall.train(job, kind, seed)
        seconds = time.process_time() - start
        found, arrays = right_answers(model, seed, job)
        arrays = {name: torch.as_tensor(value) for name, value in arrays.items()}
        run = {"found": found, "losses": losses, "seconds": seconds, "arrays": arrays, "weights": model.state_dict(),
               "parameters": sequences.parameters(model)}  # fmt: skip
        write_whole(path, lambda part: torch.save(run, part))
        told = ", ".join(f"{name} {good / all_:.2f}" for name, (good, all_, _) in found.items())
        print(f"{job}, {kind}, seed {seed}: {told} ({seconds:.0f} s)", flush=True)
    return torch.load(path, weights_only=True)


def results(job: str, seeds, folder: Path) -> tuple[dict, dict]:
    """(facts, arrays) of all runs of a job, made or read."""
    facts = {"key": recall.key(), "torch": torch.__version__, "runs": {}, "parameters": {}, "seconds": 0.0}
    arrays = {}
    for seed in seeds:
        for kind in getattr(recall.SETTINGS, job):
            run = one_run(job, kind, seed, folder)
            facts["runs"].setdefault(kind, []).append(run["found"])
            facts["parameters"][kind] = run["parameters"]
            facts["seconds"] += run["seconds"]
            arrays |= {f"{name}_{kind}_{seed}": value.numpy() for name, value in run["arrays"].items()}
            arrays[f"loss_{kind}_{seed}"] = np.float32(run["losses"])
            if job == "questions" and kind in FILMED and seed == recall.SETTINGS.seeds[0]:
                arrays |= {f"w_{kind}/{name}": w.half().numpy() for name, w in run["weights"].items()}
    return facts | {"seconds": round(facts["seconds"])}, arrays


def main(words) -> int:
    torch.set_num_threads(1)  # one thread adds numbers up in one order
    every = recall.SETTINGS.seeds
    folder = paths.RUNS / "lab-recall" / recall.key()
    folder.mkdir(parents=True, exist_ok=True)
    jobs = [job for job in recall.JOBS if job in words] or recall.JOBS
    seeds = [seed for seed in every if str(seed) in words] or every
    if unknown := [word for word in words if word not in recall.JOBS and word not in map(str, every)]:
        raise DenoisedError(f"There is no job or seed '{unknown[0]}'; jobs are {' and '.join(recall.JOBS)}.")
    for job in jobs:
        facts, arrays = results(job, seeds, folder)
        if seeds == every:
            keep_results(recall.FOLDER / f"recall_{job}.npz", facts, arrays)
    return 0


if __name__ == "__main__":
    run_script(main, sys.argv[1:])

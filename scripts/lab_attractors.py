#!/usr/bin/env python3
"""Repeat the study of attractors: nine tiny autoencoders on one core, about four minutes; needs `make data`.

python scripts/lab_attractors.py     resumes where it was stopped; writes figures_src/denoised/studies/attractors.npz
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

import numpy as np
import torch
import torch.nn.functional as F

from denoised import paths
from denoised.studies import attractors
from denoised.training import images
from denoised.training.loop import write_whole
from studying import keep_results, run_script


def pictures(settings: attractors.Settings) -> dict[str, torch.Tensor]:
    """ "train" and "held_out", uint8 [N, 3, 32, 32], chosen with fixed seeds; kept in runs/ once they are made."""
    path = paths.RUNS / "lab-attractors" / "pictures.pt"
    if not path.exists():
        stacks = {
            "train": (images.select(images.in_trunk)[1], max(settings.archives)),
            "held_out": (images.select(lambda r: r.split == "concept" and r.tone == "none")[1], settings.held_out),
        }
        chosen = {}
        for name, (stack, count) in stacks.items():
            order = torch.randperm(len(stack), generator=torch.Generator().manual_seed(11))[:count]
            chosen[name] = torch.cat([F.avg_pool2d(part.float(), 4).round().byte() for part in stack[order].split(256)])
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, lambda part: torch.save(chosen, part))
    return torch.load(path, weights_only=True)


def one_run(count: int, seed: int, chosen: dict, folder: Path) -> dict:
    """Train and measure one autoencoder, or read what an earlier call left: numbers, arrays and seconds."""
    path = folder / f"{count}-{seed}.pt"
    if not path.exists():
        start = time.process_time()
        encoder, decoder = attractors.train(count, seed, chosen["train"])
        numbers, arrays = attractors.measure(encoder, decoder, seed, chosen["train"][:count], chosen["held_out"])
        tensors = {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in arrays.items()}
        run = {"numbers": numbers, "arrays": tensors, "seconds": time.process_time() - start}
        write_whole(path, lambda part: torch.save(run, part))
        told = ", ".join(f"{name} {value:.3g}" for name, value in numbers.items())
        print(f"{count} icons, seed {seed}: {told} ({time.process_time() - start:.0f} s)", flush=True)
    return torch.load(path, weights_only=True)


def main() -> int:
    torch.set_num_threads(1)  # one thread adds numbers up in one order
    settings = attractors.SETTINGS
    folder = paths.RUNS / "lab-attractors" / attractors.key()
    folder.mkdir(parents=True, exist_ok=True)
    chosen = pictures(settings)
    facts = {"key": attractors.key(), "torch": torch.__version__, "runs": {}}
    arrays, seconds = {}, 0.0  # of processor time, all runs
    for count in settings.archives:
        runs = [one_run(count, seed, chosen, folder) for seed in settings.seeds]
        seconds += sum(run["seconds"] for run in runs)
        facts["runs"][str(count)] = [run["numbers"] for run in runs]
        arrays |= {f"{name}_{count}": value.numpy() for name, value in runs[0]["arrays"].items()}
    facts["seconds"] = round(seconds)
    keep_results(attractors.FILE, facts, arrays)
    return 0


if __name__ == "__main__":
    run_script(main)

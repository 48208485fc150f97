#!/usr/bin/env python3
"""Repeat the study of the KL term: twelve tiny autoencoders on one core, about four minutes; needs `make data`.

    python scripts/lab_kl.py            resumes where it was stopped; writes figures_src/denoised/studies/kl.npz
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

import numpy as np
import torch
import torch.nn.functional as F

from denoised import paths
from denoised.studies import kl
from denoised.training import images
from denoised.training.loop import write_whole
from studying import keep_results, run_script

SHOWN = 4  # pictures of each run that are kept

def pictures(settings: kl.Settings):
    """(training pictures, their captions, held-out pictures), uint8 [N, 3, 32, 32], chosen with a fixed seed."""

    def take(rows, stack, count):
        order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(7))[:count]
        small = torch.cat([F.avg_pool2d(part.float(), 4).round().byte() for part in stack[order].split(256)])
        return small, [rows[int(i)].label for i in order]

    train, captions = take(*images.select(images.in_trunk), settings.pictures)
    held_out, _ = take(*images.select(lambda r: r.split == "concept" and r.tone == "none"), settings.held_out)
    return train, captions, held_out


def one_run(weight: float, seed: int, train, held_out, folder: Path) -> dict:
    """Train and measure one autoencoder, or read what an earlier call left: everything in one dictionary."""
    path = folder / f"{weight:g}-{seed}.pt"
    if not path.exists():
        start = time.process_time()
        encoder, decoder = kl.train(weight, seed, train, kl.SETTINGS.steps)
        numbers, arrays = kl.measure(encoder, decoder, seed, held_out)
        tensors = {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in arrays.items()}
        seconds = time.process_time() - start
        run = {"numbers": numbers, "arrays": tensors, "decoder": decoder.state_dict(), "seconds": seconds}
        write_whole(path, lambda part: torch.save(run, part))
        told = ", ".join(f"{name} {value:.3g}" for name, value in numbers.items())
        print(f"weight {weight:g}, seed {seed}: {told} ({seconds:.0f} s)", flush=True)
    return torch.load(path, weights_only=True)


def crossed(runs: list[dict], held_out) -> float:
    """Mean PSNR of codes from one seed's encoder, drawn by another seed's decoder."""
    x, values = held_out.float() / 127.5 - 1, []
    for a, code in enumerate(runs):
        for b, other in enumerate(runs):
            if a != b:
                _, decoder = kl.build()
                decoder.load_state_dict(other["decoder"])
                with torch.no_grad():
                    values.append(kl.psnr(decoder(code["arrays"]["mean"]), x))
    return float(np.mean(values))


def caption_twins(train, captions) -> dict:
    """Does an autoencoder notice its captions? Bit-equal weights with right and with shuffled ones; the control
    shuffles the pictures."""
    settings = kl.SETTINGS
    order = torch.randperm(len(train), generator=torch.Generator().manual_seed(1))
    shuffled = [captions[int(i)] for i in order]
    prints = [
        kl.fingerprint(*kl.train(1e-3, 0, some, settings.twin_steps, words))
        for some, words in ((train, captions), (train, shuffled), (train[order], captions))
    ]
    changed = sum(a != b for a, b in zip(captions, shuffled, strict=True))
    return {"captions_equal": int(prints[0] == prints[1]), "pictures_equal": int(prints[0] == prints[2]),
            "captions_changed": changed / len(captions)}  # fmt: skip


def main() -> int:
    torch.set_num_threads(1)  # one thread adds numbers up in one order
    settings = kl.SETTINGS
    folder = paths.RUNS / "lab-kl" / kl.key()
    folder.mkdir(parents=True, exist_ok=True)
    train, captions, held_out = pictures(settings)
    seconds = 0.0  # of processor time, all runs
    facts = {"key": kl.key(), "torch": torch.__version__, "runs": {}, **caption_twins(train, captions)}
    arrays = {"original": kl._show(held_out[:SHOWN].float() / 127.5 - 1)}
    for weight in settings.weights:
        runs = [one_run(weight, seed, train, held_out, folder) for seed in settings.seeds]
        seconds += sum(run["seconds"] for run in runs)
        facts["runs"][f"{weight:g}"] = [run["numbers"] for run in runs]
        facts.setdefault("crossed", {})[f"{weight:g}"] = crossed(runs, held_out)
        for name in ("reconstruction", "prior", "fitted"):
            arrays[f"{name}_{weight:g}"] = runs[0]["arrays"][name].numpy()[:SHOWN]
    facts["parameters"] = sum(p.numel() for model in kl.build() for p in model.parameters())
    facts["seconds"] = round(seconds)
    keep_results(kl.FILE, facts, arrays)
    return 0


if __name__ == "__main__":
    run_script(main)

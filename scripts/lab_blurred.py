#!/usr/bin/env python3
"""Repeat the study of blurred training pictures: six tiny autoencoders, about two minutes; needs `make data`.

python scripts/lab_blurred.py            writes figures_src/denoised/studies/blurred.npz
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

import torch
import torch.nn.functional as F

from denoised.studies import blurred, kl
from denoised.training import images
from studying import keep_results, run_script

SHOWN = 12  # pictures that are kept, evenly spaced


def pictures(settings: blurred.Settings):
    """(training pictures, held-out pictures), uint8 [N, 3, 32, 32], chosen with a fixed seed."""

    def take(rows, stack, count):
        order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(7))[:count]
        return torch.cat([F.avg_pool2d(part.float(), 4).round().byte() for part in stack[order].split(256)])

    train = take(*images.select(images.in_trunk), settings.pictures)
    return train, take(*images.select(lambda r: r.split == "concept" and r.tone == "none"), settings.held_out)


def main() -> int:
    torch.set_num_threads(1)  # one thread adds numbers up in one order
    settings = blurred.SETTINGS
    train, held_out = pictures(settings)
    facts = {"key": blurred.key(), "torch": torch.__version__, "psnr": {}, "detail": {}}
    real = held_out.permute(0, 2, 3, 1).numpy()
    some = slice(0, None, len(real) // SHOWN)
    arrays = {"original": real[some]}
    for name, seen in (("sharp", train), ("blurred", blurred.blur(train))):
        for seed in settings.seeds:
            made, psnr = blurred.round_trip(*kl.train(settings.weight, seed, seen, settings.steps), held_out)
            facts["psnr"].setdefault(name, []).append(psnr)
            facts["detail"].setdefault(name, []).append(blurred.detail(made, real))
            arrays.setdefault(name, made[some])
            print(f"{name}, seed {seed}: {psnr:.2f} dB", flush=True)
    facts["unseen"] = len(real)
    facts["pictures"] = len(train)
    keep_results(blurred.FILE, facts, arrays)
    return 0


if __name__ == "__main__":
    run_script(main)

#!/usr/bin/env python3
"""Repeat the study of the gap between known and unseen icons: some minutes on one core; needs `make data`.

python scripts/lab_gap.py     writes figures_src/denoised/studies/gap.npz
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

import numpy as np
import torch

from denoised.data import specimens, splits
from denoised.data.icons import on_white
from denoised.lab import Lab
from denoised.pipeline import encode
from denoised.studies import gap, shelf
from denoised.training.images import rgba_at
from studying import keep_results, run_script


def untrained(folder: Path):
    """The shipped autoencoder's network with the random weights that training starts from."""
    from diffusers import AutoencoderKL

    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    torch.manual_seed(0)
    return AutoencoderKL.from_config(config).eval().requires_grad_(False)


def main() -> int:
    torch.set_num_threads(1)  # one thread adds numbers up in one order
    settings, rows = gap.SETTINGS, splits.load()
    bench = Lab("study/gap", weights=("emoji-sd/vae",))
    vae = bench.vae()
    folder = bench.weight("emoji-sd/vae")
    facts = {"key": gap.key(), "weights": shelf.weights_digest(folder), "torch": torch.__version__,
             "styles": {}, "concepts": {}}  # fmt: skip
    arrays = {}

    def measure(side, some, images, alpha):
        budget = int(encode(vae, images[:1]).numel())
        arrays[f"vae_{side}"] = gap.likeness(vae, images, alpha)
        arrays[f"jpeg_{side}"] = gap.by_jpeg(images, alpha, budget)
        facts["styles"][side] = [row.style for row in some]
        facts["concepts"][side] = [row.concept for row in some]
        told = {name: round(float(a.mean()), 2) for name, a in arrays.items() if name.endswith(side)}
        print(side, len(images), told, flush=True)

    for side, chosen in gap.piles(rows).items():
        rgba = rgba_at(chosen)
        images, alpha = on_white(rgba), rgba[..., 3]
        measure(side, [rows[i] for i in chosen], images, alpha)
        if side == "unseen":
            pick = np.random.default_rng(settings.seed).permutation(len(images))[: settings.untrained]
            arrays["untrained"] = gap.likeness(untrained(folder), images[pick], alpha[pick])
            arrays["untrained_pick"] = pick
    # the piles of the first measurement, which were not chosen by chance: what a clone has
    shipped = specimens.load()
    for side, names in (("shipped_known", ("train",)), ("shipped_unseen", ("concept", "pair"))):
        records = enumerate(shipped.records)
        chosen = [i for i, r in records if r["split"] in names and r["tone"] == "none"][::2]
        some = [splits.Row(**shipped.records[i]) for i in chosen]
        measure(side, some, shipped.images[chosen], shipped.alpha[chosen])
    keep_results(gap.FILE, facts, arrays)
    return 0


if __name__ == "__main__":
    run_script(main)

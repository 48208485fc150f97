#!/usr/bin/env python3
"""Repeat the study of copies of copies: some minutes on one core; needs `make data` and the judge.

python scripts/lab_copies.py     writes figures_src/denoised/studies/copies.npz
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

import numpy as np
import torch

from denoised.data import photos, splits
from denoised.data.icons import on_white
from denoised.lab import Lab
from denoised.models import judge as judge_model
from denoised.pipeline import decode, encode
from denoised.probes import judge
from denoised.probes.archive import nearest
from denoised.probes.metrics import psnr
from denoised.studies import copies, shelf
from denoised.training.images import rgba_at
from studying import keep_results, run_script


def main() -> int:
    torch.set_num_threads(1)  # one thread adds numbers up in one order
    settings, rows = copies.SETTINGS, splits.load()

    def pictures(some):
        return on_white(rgba_at(some))

    bench = Lab("study/copies", weights=("emoji-sd/vae", "judge"))
    vae, net = bench.vae(), judge_model.load(bench.weight("judge"))
    some = copies.chosen(rows)
    unseen, asked = pictures(some), [rows[i].concept for i in some]
    n = len(unseen)
    latent = encode(vae, unseen[:1])
    noise = torch.randn(settings.dreams, *latent.shape[1:], generator=torch.Generator().manual_seed(settings.seed))
    start = np.concatenate([unseen, photos.load()[None], decode(vae, noise)])
    budget = int(latent.numel())

    def named(images):
        """Hits of the judge: is the concept its first name, or among its first five? [N] each."""
        best = judge.names(net, judge.look(net, images), k=5)
        return [[c == row[0] for c, row in zip(asked, best, strict=True)],
                [c in row for c, row in zip(asked, best, strict=True)]]  # fmt: skip

    arrays = {"judge_0": np.array(named(unseen)), "start": start}
    db, step = [], []
    before = start
    for cycle, now in enumerate(copies.copied(vae, start, settings.cycles), 1):
        db.append(psnr(now, start))
        step.append(np.minimum(psnr(now, before), 99))
        if cycle in settings.looks:
            arrays[f"judge_{cycle}"] = np.array(named(now[:n]))
        if cycle in settings.shown:
            arrays[f"after_{cycle}"] = now
        before = now
        print(f"copy {cycle}: {db[-1][:n].mean():.2f} dB", flush=True)
    again = next(copies.copied(vae, start, 1))
    arrays |= {"vae_db": np.array(db), "step_db": np.array(step)}
    jpeg = []
    for cycle, now in enumerate(copies.copied_by_jpeg(unseen, settings.cycles, budget), 1):
        jpeg.append(psnr(now, unseen))
        if cycle in settings.looks:
            arrays[f"judge_jpeg_{cycle}"] = np.array(named(now))
    arrays["jpeg_db"] = np.array(jpeg)

    known = [i for i, row in enumerate(rows) if row.split == "train" and row.tone == "none"]
    best, which = np.full(len(start), np.inf), np.zeros(len(start), int)
    for at in range(0, len(known), 500):
        part = known[at : at + 500]
        found, error = nearest(before.reshape(len(start), -1), pictures(part).reshape(len(part), -1))
        better = error < best
        best, which = np.where(better, error, best), np.where(better, np.array(part)[found], which)
    arrays |= {"ends_db": 10 * np.log10(255**2 / best), "nearest": pictures(which)}
    facts = {
        "key": copies.key(), "weights": shelf.weights_digest(bench.weight("emoji-sd/vae")),
        "judge": shelf.weights_digest(bench.weight("judge")), "icons": n, "budget": budget, "archive": len(known),
        "deterministic": int((again == next(copies.copied(vae, start, 1))).all()), "concepts": asked,
    }  # fmt: skip
    keep = [0, 1, 2, n, n + 1]  # what the figure shows: three icons, the photograph, a dream
    for name in ("start", "nearest", *(f"after_{c}" for c in settings.shown)):
        arrays[name] = arrays[name][keep]
    keep_results(copies.FILE, facts, arrays)
    return 0


if __name__ == "__main__":
    run_script(main)

#!/usr/bin/env python3
"""Repeat the study of shelves: some minutes on one core; needs `make data`.

python scripts/lab_shelves.py     writes figures_src/denoised/studies/shelves.npz
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

import numpy as np
import torch

from denoised.data import splits
from denoised.data.icons import on_white
from denoised.lab import Lab
from denoised.pipeline import decode, encode
from denoised.probes import archive
from denoised.probes.metrics import psnr
from denoised.studies import shelf, shelves
from denoised.training.images import in_trunk, rgba_at
from studying import keep_results, run_script


def main() -> int:
    torch.set_num_threads(1)  # one thread adds numbers up in one order
    settings, rows = shelves.SETTINGS, splits.load()

    def pictures(some):
        return on_white(rgba_at(some))

    rng = np.random.default_rng(settings.seed)
    unseen = [i for i, row in enumerate(rows) if row.split == "concept" and row.tone == "none"]
    unseen = [int(i) for i in rng.permutation(unseen)[: settings.icons]]
    books = [int(i) for i in rng.permutation([i for i, row in enumerate(rows) if in_trunk(row)])]
    bench = Lab("study/shelves", weights=("emoji-sd/vae",))
    vae = bench.vae()
    images = pictures(unseen)
    back = decode(vae, encode(vae, images))
    truth, ours = archive.cells(images, settings.side), archive.cells(back, settings.side)
    busy = np.flatnonzero(np.ptp(truth, axis=1) > 8)
    sample = rng.permutation(busy)[: settings.patches]
    order = np.argsort(psnr(back, images))
    shown = [int(order[round(r * (len(order) - 1))]) for r in settings.ranks]
    per = len(truth) // len(images)
    drawn = np.concatenate([np.arange(p * per, (p + 1) * per) for p in shown])

    whole = shelves.Best(images.reshape(len(images), -1))
    copied, wanted, mosaic = (shelves.Best(x) for x in (ours[sample], truth[sample], truth[drawn]))
    sizes = [size or len(books) for size in settings.sizes]
    edges = sorted({0, *sizes, *range(0, len(books), settings.batch)})
    facts = {"key": shelves.key(), "weights": shelf.weights_digest(bench.weight("emoji-sd/vae")), "sizes": sizes,
             "icons": len(images), "patches": len(sample), "archive": len(books), "patches_in_archive": 0}  # fmt: skip
    arrays = {"ours_error": ((ours[sample] - truth[sample]) ** 2).mean(1), "vae_db": psnr(back, images),
              "icon": sample // per}  # fmt: skip
    for low, high in zip(edges[:-1], edges[1:], strict=True):
        if low >= len(books):
            break
        some = pictures(books[low:high])
        patches, origin = archive.windows(some, settings.side, settings.stride)
        facts["patches_in_archive"] += len(patches)
        whole.look(some.reshape(len(some), -1), np.arange(low, high))
        for best in (copied, wanted, mosaic):
            best.look(patches, origin + low)
        if high in sizes:
            arrays |= {
                f"whole_{sizes.index(high)}": whole.error.copy(),
                f"wanted_{sizes.index(high)}": wanted.error.copy(),
                f"copied_{sizes.index(high)}": ((copied.row - truth[sample]) ** 2).mean(1),
            }
            print(f"{high:,} icons: the decoder beats the copy in "
                  f"{(arrays['ours_error'] < arrays[f'copied_{sizes.index(high)}']).mean():.1%}", flush=True)  # fmt: skip
    arrays |= {
        "pictures": images[shown], "back": back[shown], "whole": pictures([books[i] for i in whole.origin[shown]]),
        "mosaic": archive.uncells(mosaic.row, (len(shown), *images.shape[1:3]), settings.side),
    }  # fmt: skip
    keep_results(shelves.FILE, facts, arrays)
    return 0


if __name__ == "__main__":
    run_script(main)

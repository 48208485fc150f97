#!/usr/bin/env python3
"""Repeat the study of experts: a few minutes on one core; needs `make data`.

python scripts/lab_experts.py     writes figures_src/denoised/studies/experts.npz
"""

import sys
import time
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

import numpy as np
import torch
import torch.nn.functional as F

from denoised.studies import experts
from denoised.studies.labels import CLASSES, shared
from denoised.training import images
from studying import keep_results, run_script

S = experts.SETTINGS


def icons(which):
    """(pictures at 32 px uint8, at 16 px in [-1, 1], groups, lots by concept and style) of the rows that it picks."""
    rows, whole = images.select(which)
    small = F.avg_pool2d(whole.float(), 4).round().to(torch.uint8)
    groups = torch.tensor([CLASSES.index(row.group) for row in rows])
    lots = torch.tensor([zlib.crc32(f"{row.style}/{row.concept}".encode()) >> 8 for row in rows])
    return small, F.avg_pool2d(images.to_float(small), 2), groups, lots


def main() -> int:
    torch.set_num_threads(1)
    _, x, groups, lots = icons(experts.learnt)
    shown, x_asked, wanted, lots_asked = icons(experts.asked)
    wanted, start = wanted.numpy(), time.process_time()
    arrays, facts = {"group": wanted.astype(np.uint8)}, {"key": experts.key(), "torch": torch.__version__,
        "learnt": len(x), "asked": len(x_asked), "parameters": {}, "moved": []}  # fmt: skip
    for arm in experts.ARMS:
        right, chosen = [], []
        for seed in S.seeds:
            net = experts.train(arm, x, groups, lots, seed)
            said, which = experts.answers(net, x_asked, lots_asked)
            right.append(said == wanted)
            chosen.append(which)
            if arm == "experts":  # the same experts, handed pictures by lot when it matters
                net.experts.routing = "lot"
                facts["moved"].append(float((experts.answers(net, x_asked, lots_asked)[0] == wanted).mean()))
        facts["parameters"][arm] = sum(p.numel() for p in net.parameters())
        arrays[f"right_{arm}"], arrays[f"expert_{arm}"] = np.uint8(right), np.uint8(chosen)
        print(
            arm, np.mean(right, 1).round(3), [np.bincount(c, minlength=S.experts).tolist() for c in chosen], flush=True
        )
    rng, chosen = np.random.default_rng(4), arrays["expert_experts"].astype(int)
    arrays["shared"] = np.float32([shared(c, wanted) for c in chosen])
    arrays["null"] = np.float32([[shared(c, rng.permutation(wanted)) for _ in range(S.shuffles)] for c in chosen])
    arrays["by_lot"] = np.float32([shared(c, wanted) for c in arrays["expert_lot"].astype(int)])
    pictures, sheet = shown.permute(0, 2, 3, 1).numpy(), np.full((S.experts, S.shown, 32, 32, 3), 255, np.uint8)
    for i in range(S.experts):
        some = rng.permutation(np.flatnonzero(chosen[0] == i))[: S.shown]
        sheet[i, : len(some)] = pictures[some]
    facts["seconds"] = round(time.process_time() - start)
    print(arrays["shared"], np.quantile(arrays["null"], 0.95, axis=1), facts)
    keep_results(experts.FILE, facts, arrays | {"sheet": sheet})
    return 0


if __name__ == "__main__":
    run_script(main)

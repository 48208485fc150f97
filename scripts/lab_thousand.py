#!/usr/bin/env python3
"""Run DDIM through all of the schedule's steps, for the figure canvas/steps: two minutes on one core.

python scripts/lab_thousand.py     writes figures_src/denoised/studies/thousand.npz
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

import numpy as np
import torch

from denoised.lab import Lab
from denoised.studies import shelf, thousand
from studying import keep_results, run_script


def main() -> int:
    torch.set_num_threads(1)  # one thread adds numbers up in one order
    bench = Lab("study/thousand", weights=("emoji-sd",))
    traces = thousand.run(bench.pipeline(), "ddim", thousand.SETTINGS.steps)
    facts = {"key": thousand.key(), "weights": shelf.digests(bench, *thousand.NETWORKS), "torch": torch.__version__}
    keep_results(thousand.FILE, facts, {"latents": np.stack([trace.xt[-1].numpy() for trace in traces])})
    return 0


if __name__ == "__main__":
    run_script(main)

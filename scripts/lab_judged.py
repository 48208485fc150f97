#!/usr/bin/env python3
"""Draw what the figure models/judged is about, and let the judge look: some minutes on one core.

python scripts/lab_judged.py     writes figures_src/denoised/studies/judged.npz
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

import torch

from denoised.data import splits
from denoised.data.captions import prompt
from denoised.data.prompts import SHEET_PROMPTS
from denoised.lab import Lab
from denoised.models import judge as judge_model
from denoised.probes import judge
from denoised.studies import judged, shelf
from studying import keep_results, run_script


def main() -> int:
    torch.set_num_threads(1)  # one thread adds numbers up in one order
    bench = Lab("study/judged", weights=("emoji-sd", "judge"), data=("specimens",))
    pipe, net = bench.pipeline(), judge_model.load(bench.weight("judge"))
    held_out = [splits.Row(**record) for record in bench.specimens().records]
    asked = judged.wanted(held_out, splits.load(), set(net.classes["concept"]))
    prompts = {name: [prompt(row) for row in rows] for name, rows in asked.items()} | {"sheet": SHEET_PROMPTS}
    facts = {"key": judged.key(), "weights": shelf.digests(bench, *judged.NETWORKS), "torch": torch.__version__,
             "asked": {name: [row.id for row in rows] for name, rows in asked.items()}}  # fmt: skip
    arrays = {}
    for name in judged.SETS:
        arrays[name] = judge.look(net, judged.draw(pipe, prompts[name]))["features"]
        print(name, len(arrays[name]), flush=True)
    keep_results(judged.FILE, facts, arrays)
    return 0


if __name__ == "__main__":
    run_script(main)

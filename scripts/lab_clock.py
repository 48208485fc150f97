#!/usr/bin/env python3
"""Repeat the study of clocks: some minutes on one core; needs `make data`.

python scripts/lab_clock.py           writes figures_src/denoised/studies/clock.npz
python scripts/lab_clock.py reader    only says how well the reader reads real clocks; draws nothing
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

import numpy as np
import torch

from denoised.data.captions import prompt
from denoised.lab import Lab
from denoised.pipeline import generate_batch
from denoised.studies import clock, shelf
from denoised.training import images
from studying import keep_results, run_script


def real_clocks() -> tuple[dict, dict]:
    """{style: rows} and {style: uint8 [24, 128, 128, 3]}, in the order of TIMES, of the styles that have all of them."""
    rows, pictures = images.select(lambda row: row.concept in clock.TIMES)
    found: dict[str, dict] = {}
    for row, picture in zip(rows, pictures.permute(0, 2, 3, 1).numpy(), strict=True):
        found.setdefault(row.style, {})[row.concept] = (row, picture)
    whole = {style: [had[time] for time in clock.TIMES] for style, had in found.items() if len(had) == len(clock.TIMES)}
    return ({style: [row for row, _ in had] for style, had in whole.items()},
            {style: np.stack([picture for _, picture in had]) for style, had in whole.items()})  # fmt: skip


def main(only: list[str]) -> int:
    torch.set_num_threads(1)
    rows, clocks = real_clocks()

    def read(pictures, style):
        return clock.read(pictures, clocks[style], [other for name, other in clocks.items() if name != style])

    real = np.stack([read(clocks[style], style) for style in clocks])
    for style, said in zip(clocks, real, strict=True):
        print(f"{style:18} {(said == np.arange(len(clock.TIMES))).mean():.3f}", flush=True)
    if only == ["reader"]:
        return 0
    settings = clock.SETTINGS
    lab = Lab("study/clock", weights=("emoji-sd",))
    said, drawn = [], None
    for style in settings.styles:
        by_seed = []
        for seed in settings.seeds:
            asked = [prompt(row) for row in rows[style]]
            traces = generate_batch(lab.pipeline(), asked, [1000 * seed + i for i in range(len(asked))],
                                    steps=settings.steps, guidance=settings.guidance)  # fmt: skip
            made = np.stack([trace.image for trace in traces])
            drawn = made[:, ::2, ::2] if drawn is None else drawn
            by_seed.append(read(made, style))
            print(f"{style} seed {seed}: {(by_seed[-1] == np.arange(len(asked))).mean():.3f}", flush=True)
        said.append(np.stack(by_seed, 1))
    facts = {"key": clock.key(), "torch": torch.__version__, "real_styles": list(clocks),
             "prompts": [prompt(row) for row in rows[settings.styles[0]]],
             "weights": shelf.digests(lab, *clock.NETWORKS)}  # fmt: skip
    arrays = {"said": np.stack(said).astype(np.int8), "real": real.astype(np.int8), "drawn": drawn,
              "split": np.array([[row.split for row in rows[style]] for style in settings.styles]),
              "icons": clocks[settings.styles[0]][:, ::2, ::2]}  # fmt: skip
    keep_results(clock.FILE, facts, arrays)
    return 0


if __name__ == "__main__":
    run_script(main, sys.argv[1:])

#!/usr/bin/env python3
"""Repeat the study of limbs: about a minute on one core; needs `make data`.

python scripts/lab_limbs.py calibrate    how well each setting of the counter does on the calibration hands
python scripts/lab_limbs.py              writes figures_src/denoised/studies/limbs.npz, from other hands
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

import numpy as np

from denoised.data import splits
from denoised.data.icons import on_white
from denoised.errors import DenoisedError
from denoised.probes import ghosts
from denoised.studies import limbs
from denoised.training.images import rgba_at
from studying import keep_results, run_script


def main(arguments: list[str]) -> int:
    rows = splits.load()

    def pictures(chosen):
        return on_white(rgba_at(chosen)), np.array([limbs.TRUTH.get(rows[i].concept, -1) for i in chosen])

    chosen = limbs.chosen(rows)
    hands, truth = pictures(chosen["calibrate"])
    if arguments == ["calibrate"]:
        for under, right, counter in limbs.calibration(hands, truth)[:12]:
            print(f"{right:.3f} clean, {under:.3f} with grain: {counter}")
        return 0
    if arguments:
        raise DenoisedError(f"'{arguments[0]}' is nothing that this script can do; say `calibrate` or nothing.")
    images, fingers = pictures(chosen["measure"] + chosen["others"])
    arrays = {name: np.asarray(some, np.float32) for name, some in limbs.measure(images, fingers).items()}
    arrays["calibrated_right"] = np.asarray(ghosts.limbs(hands) == truth, np.float32)
    shown = [k for k, i in enumerate(chosen["measure"]) if rows[i].concept in SHOWN and rows[i].tone == "none"]
    kept = [next(k for k in shown if rows[chosen["measure"][k]].concept == c) for c in SHOWN]
    facts = {"key": limbs.key(), "hands": len(chosen["measure"]), "calibration": len(hands), "kept": kept,
             "kept_are": [rows[chosen["measure"][k]].id for k in kept]}  # fmt: skip
    keep_results(limbs.FILE, facts, arrays | {"pictures": images[kept]})
    return 0


SHOWN = ("victory-hand", "hand-with-fingers-splayed", "thumbs-up")  # drawings that the figure shows

if __name__ == "__main__":
    run_script(main, sys.argv[1:])

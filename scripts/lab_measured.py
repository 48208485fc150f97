#!/usr/bin/env python3
"""Measure what figures show over many drawings (denoised/measured): a quarter of a minute to a minute of one core each.

python scripts/lab_measured.py [NAME ...]          those whose results are not current, or the named ones
python scripts/lab_measured.py --check [NAME ...]  measures anew, writes nothing; status 1 where numbers differ
"""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

import numpy as np
import torch

from denoised import measured
from denoised.errors import DenoisedError
from studying import keep_results, run_script

NEAR = 1e-3  # relative: what another processor's order of adding changes; a share is a count, and may flip one picture


def current(study) -> bool:
    try:
        measured.load(study)
    except DenoisedError:
        return False
    return True


def differences(old: dict, new: dict) -> list[str]:
    """One line for each number that is missing or further apart than NEAR."""
    found = []
    for name in sorted(old.keys() | new.keys()):
        a, b = old.get(name), new.get(name)
        same = a == b or not {type(a), type(b)} & {str, type(None)} and np.isclose(a, b, rtol=NEAR, atol=NEAR)
        if not same:
            found.append(f"{name}: {a} is kept, {b} measured")
    return found


def main(arguments=None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(measured.NAMES)}")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)  # one thread adds numbers up in one order
    status = 0
    for name in options.names or measured.NAMES:
        study = measured.module(name)
        if not options.check and not options.names and current(study):
            continue
        began = time.monotonic()
        numbers, arrays = study.measure(measured.bench(study), smoke=False)
        if options.check:
            found = differences(measured.load(study)[0], numbers)
            print(f"{name}: {len(found) or 'no'} numbers differ, {time.monotonic() - began:.0f} s", *found, sep="\n  ")
            status |= bool(found)
        else:
            facts = {"key": measured.key(study), "made_from": measured.made_from(study), "torch": torch.__version__}
            keep_results(measured.file(study), facts | {"numbers": numbers}, arrays)
    return status


if __name__ == "__main__":
    run_script(main)

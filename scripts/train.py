#!/usr/bin/env python
"""Train one preset, or the whole family in order: `python scripts/train.py [PRESET ...]`. Resumes after a kill."""

import argparse
import sys

from denoised.errors import DenoisedError
from denoised.training.presets import PRESETS, preset


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("presets", nargs="*", metavar="PRESET", help=f"default: all, in order: {', '.join(PRESETS)}")
    parser.add_argument("--minutes", type=float, help="stop, cooled down, after this much training time")
    parser.add_argument("--samples", type=int, help="length of the run instead of the preset's")
    parser.add_argument("--threads", type=int, help="torch threads (default: all cores)")
    arguments = parser.parse_args()
    try:
        chosen = [preset(name) for name in arguments.presets or PRESETS]
        from denoised.training.run import run

        for item in chosen:
            if not run(item, arguments.threads, minutes=arguments.minutes, samples=arguments.samples):
                print(f"Stopped: '{item.name}' goes on from its checkpoint when you run the same command again.")
                return 130
    except DenoisedError as error:
        print(f"train: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

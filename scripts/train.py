#!/usr/bin/env python
"""Train one preset, or all that is shipped in order: `python scripts/train.py [PRESET ...]`. Resumes after a kill.

With --data FOLDER (pictures, and beside each a .txt with its caption) it trains autoencoder, text encoder and denoiser
on that folder instead, into --out, which StableDiffusionPipeline and `build.py figures --weights` load.
"""

import argparse
import sys
from pathlib import Path

from denoised.errors import DenoisedError
from denoised.training.presets import PRESETS, SHIPPED, preset


def own_family(arguments) -> int:
    if arguments.presets:
        raise DenoisedError("--data trains the whole family: leave the presets out.")
    out = arguments.out or arguments.data.with_name(arguments.data.resolve().name + "-weights")
    from denoised.training import family

    if not family.train(
        arguments.data, out, arguments.threads, minutes=arguments.minutes, samples=arguments.samples
    ):
        print("Stopped: it goes on from its checkpoint when you run the same command again.")
        return 130
    print(f"The family is in {out}; what it draws is in {out / 'sheet.png'}, how it was made in {out / 'README.md'}.")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("presets", nargs="*", metavar="PRESET", help=f"one or more of {', '.join(PRESETS)}")
    parser.add_argument("--minutes", type=float, help="stop, cooled down, after this much training time")
    parser.add_argument("--samples", type=int, help="length of the run instead of the preset's")
    parser.add_argument("--threads", type=int, help="torch threads (default: all cores)")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="your own pictures and captions")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where the weights go (default: FOLDER-weights)")
    arguments = parser.parse_args()
    try:
        if arguments.data:
            return own_family(arguments)
        if arguments.out:
            raise DenoisedError("--out goes with --data; presets write into figures_src/weights.")
        chosen = [preset(name) for name in arguments.presets or SHIPPED]
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

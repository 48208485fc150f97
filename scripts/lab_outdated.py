#!/usr/bin/env python3
"""Which committed results are from other code, weights or data than are here now, and the scripts that measure them again.

python scripts/lab_outdated.py          one line for each; status 1 where there is one
python scripts/lab_outdated.py --run    runs those scripts one after the other (hours, after new weights); each resumes
"""

import argparse
import importlib
import subprocess
import sys
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

from denoised import measured, paths
from denoised.errors import DenoisedError
from denoised.studies import shelf
from studying import run_script

STUDIES = paths.SRC / "denoised" / "studies"
SCRIPTS = Path(__file__).resolve().parent


def folder(part: str) -> Path:
    """Where the weights lie that results name by the last part of their path."""
    found = [path for parent in ("emoji-sd", ".", "decoders", "dit") if (path := paths.WEIGHTS / parent / part).is_dir()]
    if not found:
        raise DenoisedError(f"Results name weights '{part}', which are not below {paths.WEIGHTS.name}/.")
    return found[0]


@cache
def digest(part: str) -> str:
    """Of the weights that are here now; several studies name the same."""
    return shelf.weights_digest(folder(part))


def other_weights(facts: dict) -> list[str]:
    """Names of the weights that are not those which these results were measured with."""
    weights = facts.get("weights") or {}
    if isinstance(weights, str):  # the oldest studies name one: the autoencoder
        weights = {"vae": weights}
    return [name for name, kept in weights.items() if digest(name) != kept]


def why(file: Path) -> str | None:
    """What is wrong with the results of a study, in a few words; None if they are current."""
    study = importlib.import_module(f"denoised.studies.{name_of(file)}")
    try:
        facts, _ = shelf.take(file, study.key(), f"lab_{name_of(file)}")
    except shelf.Outdated:
        return "made by other code"
    except DenoisedError:
        return "cannot be read"
    others = other_weights(facts)
    return f"measured with another {' and '.join(others)}" if others else None


def name_of(file: Path) -> str:
    """The study that results belong to: recall_copying is recall's."""
    return file.stem if file.with_suffix(".py").exists() else file.stem.partition("_")[0]


def outdated() -> list[tuple[str, str, list[str]]]:
    """(results, why, arguments of the script in scripts/ that measures them again), in alphabetical order."""
    found = []
    for file in sorted(STUDIES.glob("*.npz")):
        if reason := why(file):
            found.append((file.stem, reason, [f"lab_{name_of(file)}.py"]))
    for name in measured.NAMES:
        try:
            measured.load(measured.module(name))
        except DenoisedError as error:
            found.append((name, str(error).partition(":")[0], [f"{measured.SCRIPT}.py", name]))
    return found


def main(arguments=None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", action="store_true", help="run the scripts, one after the other")
    options = parser.parse_args(arguments)
    found = outdated()
    for name, reason, command in found:
        print(f"{name}: {reason}; python scripts/{' '.join(command)}")
    if not found:
        print("All committed results are from what is here now.")
        return 0
    if not options.run:
        return 1
    for command in dict.fromkeys(tuple(command) for *_, command in found):
        print(f"== {' '.join(command)}", flush=True)
        if subprocess.run([sys.executable, SCRIPTS / command[0], *command[1:]]).returncode:
            raise DenoisedError(f"{command[0]} failed; the reason stands above. The same command goes on from there.")
    return 0


if __name__ == "__main__":
    run_script(main)

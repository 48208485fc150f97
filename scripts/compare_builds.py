#!/usr/bin/env python3
"""Have the figures drifted? Compare the numbers of two builds' manifests, never their bytes.

    python scripts/compare_builds.py OLD NEW [--relative 0.02] [--absolute 0.001] [--same-sources]

OLD and NEW are folders of figures (docs/assets/figures/<profile>). Two machines round differently, and a library's
version moves pixels, so a number has drifted when it is off by more than both tolerances. Prints one line a
difference; status 1 if a number has drifted, appeared or vanished, or a figure is missing. Pixels too, and why:
scripts/check_drift.py.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

from tasks.drift import ABSOLUTE, RELATIVE, drifted, manifests


def differences(old: dict, new: dict, relative: float, absolute: float) -> list[str]:
    """One sentence for each thing that is not as it was."""
    found = [f"{figure_id}: not in the new build" for figure_id in sorted(old.keys() - new.keys())]
    found += [f"{figure_id}: not in the old build" for figure_id in sorted(new.keys() - old.keys())]
    for figure_id in sorted(old.keys() & new.keys()):
        before, after = old[figure_id]["numbers"], new[figure_id]["numbers"]
        for name in sorted(before.keys() | after.keys()):
            if name not in before or name not in after:
                found.append(f"{figure_id}.{name}: only in the {'new' if name in after else 'old'} build")
            elif drifted(before[name], after[name], relative, absolute):
                found.append(f"{figure_id}.{name}: {before[name]} -> {after[name]}")
    return found


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--relative", type=float, default=RELATIVE, help=f"share of the larger value ({RELATIVE})")
    parser.add_argument("--absolute", type=float, default=ABSOLUTE, help=f"in the number's own unit ({ABSOLUTE})")
    parser.add_argument("--same-sources", action="store_true", help="leave out figures made from other sources")
    options = parser.parse_args(arguments)
    old, new = manifests(options.old), manifests(options.new)
    if not old or not new:
        print(f"error: there are no figures in {options.new if old else options.old}.", file=sys.stderr)
        return 1
    if options.same_sources:
        same = {name for name in old.keys() & new.keys() if old[name].get("code_hash") == new[name].get("code_hash")}
        print(f"{len(new) - len(same)} figures have other sources than the old build's and are left out.")
        old, new = ({name: build[name] for name in same} for build in (old, new))
    found = differences(old, new, options.relative, options.absolute)
    for line in found:
        print(line)
    tolerance = f"relative {options.relative:g}, absolute {options.absolute:g}"
    print(f"{len(old.keys() & new.keys())} figures compared, {len(found)} differences beyond tolerance ({tolerance}).")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

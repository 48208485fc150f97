#!/usr/bin/env python3
"""Copy the README's one animated picture from the build: `python scripts/update_readme.py`, after `make figures`.

It is the only product of the build that is committed; tests/unit/test_readme.py fails when it no longer shows what the
build makes.
"""

import json
import os
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FIGURE = "canvas/denoising"
MADE = ROOT / "docs" / "assets" / "figures" / "tiny" / f"{FIGURE}.gif"
COPY = ROOT / "docs" / "assets" / "readme" / "denoising.gif"


def update(made: Path = MADE, copy: Path = COPY) -> str:
    """Copy, whole or not at all. Returns a line for the person. Raises OSError where there is nothing to copy."""
    manifest = json.loads(made.with_suffix(".json").read_text(encoding="utf-8"))
    if manifest.get("smoke"):
        raise OSError(f"{FIGURE} is a smoke rendering")
    copy.parent.mkdir(parents=True, exist_ok=True)
    draft = copy.with_name(f".{copy.name}.draft")
    shutil.copyfile(made, draft)
    os.replace(draft, copy)
    return f"{copy.relative_to(ROOT) if copy.is_relative_to(ROOT) else copy}: {copy.stat().st_size:,} bytes"


def main() -> int:
    try:
        print(update())
    except (OSError, ValueError) as error:
        print(f"There is no {FIGURE} to copy ({error}): run `make figures ONLY={FIGURE}` first.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

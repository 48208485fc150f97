#!/usr/bin/env python3
"""ruff, import-linter, the site, pytest: in this order, and pytest's closing line is the last.

Arguments go to pytest: make test ARGS="tests/unit -k schedules".
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def step(name: str, *command: str) -> bool:
    print(f"== {name}", flush=True)
    environment = dict(os.environ, PYTHONPATH=str(ROOT / "figures_src"))
    return subprocess.run([sys.executable, "-P", *command], cwd=ROOT, env=environment).returncode == 0


def main() -> int:
    lint = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command()"
    for name, command in (
        ("ruff", ("-m", "ruff", "check", ".")),
        ("import-linter", ("-c", lint)),
    ):
        if not step(name, *command):
            print(f"error: {name} found the problems above; nothing else was run.", file=sys.stderr)
            return 1
    # A failing build does not keep the other tests from running: the tests that need the site say why they fail.
    step("site", "scripts/build.py", "site")
    print("== pytest", flush=True)
    # Two workers at most: many tests start processes of their own. A worker takes whole modules, which share fixtures.
    workers = min(2, os.cpu_count() or 1)
    # Each with one thread: threads of one that wait for those of the other take the processor's time from both.
    environment = {"OMP_NUM_THREADS": "1"} | os.environ
    command = ["-m", "pytest", f"--numprocesses={workers}", "--dist=loadscope", "--durations=25", *sys.argv[1:]]
    return subprocess.run([sys.executable, *command], cwd=ROOT, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())

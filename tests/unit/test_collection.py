"""What `make test` collects: every test file, whatever its folder is called."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_no_file_of_tests_is_left_out():
    """pytest passes by folders with certain names (build, dist) unless told otherwise, and says nothing."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-qq", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    found = {line.partition(":")[0] for line in done.stdout.splitlines() if line.startswith("tests/")}
    assert done.returncode == 0, done.stdout[-2000:]
    there = {path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("test_*.py")}
    assert found == there - {path for path in there if path.startswith("tests/miniature/")}

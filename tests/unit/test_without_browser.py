"""Where there is no browser: one line that says how to get one, or failures where it was asked for."""

import os
import subprocess
import sys

from denoised.paths import ROOT
from no_browser import NO_BROWSER


def run(tmp_path, **environment):
    kept = {name: value for name, value in os.environ.items() if name not in ("CHROME", "REQUIRE_BROWSER")}
    kept |= {"PATH": str(tmp_path), "DENOISED_SITE": str(tmp_path)} | environment
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/site/test_frame.py"]
    return subprocess.run(command, cwd=ROOT, env=kept, capture_output=True, text=True)


def test_skipped_with_one_line(tmp_path):
    done = run(tmp_path)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count(NO_BROWSER) == 1, done.stdout
    assert "apt install chromium" in NO_BROWSER
    assert " skipped in " in done.stdout.splitlines()[-1]


def test_a_failure_where_a_browser_is_required(tmp_path):
    done = run(tmp_path, REQUIRE_BROWSER="1")
    assert done.returncode == 1
    assert NO_BROWSER in done.stdout
    assert "skipped" not in done.stdout

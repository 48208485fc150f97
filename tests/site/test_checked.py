"""The author's own check of the built site finds nothing: typed numbers, dead links, other hosts, missing alt texts."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_check_site_is_content(site):
    command = [sys.executable, str(ROOT / "scripts" / "check_site.py"), str(site)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr

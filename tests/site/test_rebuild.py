"""An edited sentence on the real site: how long until its page is there, and what is not touched."""

import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("docs", "figures_src", "scripts", "site", "build")
# Processor time, so that waiting for a busy machine does not fail, and in readings: how often Python-Markdown could read
# all pages meanwhile, so that a slow machine does not fail either. An edit takes about 25 (7 s where a reading takes 0.28).
LIMIT = 36
READING = """
import time
from pathlib import Path
import markdown
pages = [page.read_text(encoding="utf-8") for page in Path("docs").rglob("*.md")]
started = time.process_time()
for page in pages * 5:
    markdown.markdown(page, extensions=["extra"])
print((time.process_time() - started) / 5)
"""


def spent() -> float:
    """Processor time of all child processes that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@pytest.fixture
def twin(built_site, tmp_path) -> Path:
    """The whole project, built, once more: figures by hard links, since nobody writes into them."""
    of_build = shutil.ignore_patterns("work", "lock", "logs", "check", "cluster*")
    link = os.link if os.stat(tmp_path).st_dev == os.stat(ROOT).st_dev else shutil.copyfile
    for part in PARTS:
        kept = of_build if part == "build" else shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / part, tmp_path / part, ignore=kept,
                        copy_function=link if part in ("docs", "site") else shutil.copyfile)
    for file in ROOT.iterdir():
        if file.is_file():
            shutil.copyfile(file, tmp_path / file.name)
    return tmp_path


def build(root: Path, **environment) -> float:
    before = spent()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    command = [sys.executable, "scripts/build.py", "site"]
    done = subprocess.run(command, cwd=root, env=kept | environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "figure:" not in done.stderr, "a figure was rendered"
    return spent() - before


def reading() -> float:
    """Seconds that Python-Markdown takes to read all pages, on this machine as it is now."""
    done = subprocess.run([sys.executable, "-c", READING], cwd=ROOT, capture_output=True, text=True, check=True)
    return float(done.stdout)


@pytest.mark.alone
def test_an_edited_sentence_is_there_within_seconds(twin, tmp_path_factory):
    """Nothing of torch is imported, no figure is rendered, and the page has the new sentence."""
    poison = tmp_path_factory.mktemp("poison")
    (poison / "torch.py").write_text("raise SystemExit('torch was imported')\n")
    build(twin)  # hashes of the copies are taken once
    page = twin / "docs" / "series" / "vae.md"
    text = page.read_text(encoding="utf-8") + "\n\nA sentence that was not there before.\n"
    page.unlink()  # a hard link: writing into it would write into the real page
    page.write_text(text, encoding="utf-8")
    seconds, unit = build(twin, PYTHONPATH=str(poison)), reading()
    assert "A sentence that was not there before." in (twin / "site/series/vae/index.html").read_text(encoding="utf-8")
    assert seconds < LIMIT * unit, f"{seconds:.1f} s of processor time, {seconds / unit:.0f} readings"
    assert build(twin) < LIMIT / 5 * unit, "nothing had changed"

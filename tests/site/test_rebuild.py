"""An edited sentence on the real site: its page is there, and what would make an author wait for it is not touched. How
many seconds that takes is for a benchmark to say: a test that asked failed on slow machines."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("docs", "figures_src", "scripts", "site", "build")


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


def build(root: Path, without: Path) -> None:
    """`build.py site`, where nothing can be imported that has a stand-in in the folder `without`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    command = [sys.executable, "scripts/build.py", "site"]
    done = subprocess.run(command, cwd=root, env=kept | {"PYTHONPATH": str(without)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "figure:" not in done.stderr, "a figure was rendered"


@pytest.fixture
def poison(tmp_path_factory):
    """poison(*modules): a folder with a stand-in for each, which ends whoever imports it."""

    def make(*modules: str) -> Path:
        folder = tmp_path_factory.mktemp("poison")
        for name in modules:
            (folder / f"{name}.py").write_text(f"raise SystemExit('{name} was imported')\n")
        return folder

    return make


def written(site: Path) -> dict[str, int]:
    """When each of the site's files was last written."""
    return {path.relative_to(site).as_posix(): path.stat().st_mtime_ns for path in site.rglob("*") if path.is_file()}


@pytest.mark.alone
def test_an_edited_sentence_asks_for_nothing_slow(twin, poison):
    """Nothing of torch, numpy or matplotlib is imported, no figure is rendered or written again, and the page
    has the new sentence. Once it is there, MkDocs is not even started."""
    light = poison("torch", "numpy", "matplotlib")
    build(twin, light)  # hashes of the copies are taken once
    before = written(twin / "site")
    page = twin / "docs" / "series" / "vae.md"
    text = page.read_text(encoding="utf-8") + "\n\nA sentence that was not there before.\n"
    page.unlink()  # a hard link: writing into it would write into the real page
    page.write_text(text, encoding="utf-8")
    build(twin, light)
    assert "A sentence that was not there before." in (twin / "site/series/vae/index.html").read_text(encoding="utf-8")
    after = written(twin / "site")
    # thumbnails and the pictures of notebooks are written anew from what is kept of them, figures stay as they lie
    pictures = {name for name in before if name.startswith("assets/figures/") and ".thumb." not in name}
    assert len(pictures) > 500 and not {name for name in pictures if after.get(name) != before[name]}
    build(twin, poison("torch", "numpy", "matplotlib", "mkdocs"))
    assert written(twin / "site") == after, "nothing had changed"

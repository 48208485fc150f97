"""A small project around the real build graph, for bench_build.py and bench_cluster.py. What renders in it is simple: a
figure's make() returns the bytes of its picture. What is measured is what decides, sends, places and checks.
"""

import os
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REAL = (
    "scripts/build.py",
    "pyproject.toml",
    "requirements.lock",
    "package-lock.json",
    "figures_src/denoised/__init__.py",
    "figures_src/denoised/errors.py",
    "figures_src/denoised/paths.py",
    "figures_src/sitekit/vendor.py",
    "figures_src/sitekit/svg_check.py",
)

OUTPUT = '''"""Keeps the contract of the real renderer (files, then the manifest)."""

import hashlib
import importlib
import json
from pathlib import Path


def render(figure_id, out_root, smoke=False, code_hash=""):
    content = importlib.import_module("figures." + figure_id.replace("/", ".")).make(None, smoke)
    path = Path(out_root) / "tiny" / f"{figure_id}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    entry = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    manifest = {"id": figure_id, "profile": "tiny", "smoke": smoke, "files": {path.name: entry}, "code_hash": code_hash}
    path.with_suffix(".json").write_text(json.dumps(manifest))
'''


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def transplant(root: Path, names: tuple[str, ...] = REAL) -> None:
    """Copy these files of the repository, and the whole build graph, to the same places below `root`."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, root / name)
    tasks = Path("figures_src", "tasks")
    shutil.copytree(ROOT / tasks, root / tasks, ignore=shutil.ignore_patterns("__pycache__"))


def lay(
    root: Path, figures: dict[str, str], library: dict[str, str] | None = None, pages: dict[str, str] | None = None
):
    """Make the project in a new folder. `figures`: {"section/name": source}; `library`: {"denoised/x.py": source};
    `pages`: {"index.md": text}."""
    transplant(root)
    source = root / "figures_src"
    write(source / "plotting" / "__init__.py", "")
    write(source / "plotting" / "output.py", OUTPUT)
    write(source / "sitekit" / "__init__.py", "")
    write(source / "sitekit" / "vendor.json", '{"files": []}\n')
    write(source / "figures" / "__init__.py", "")
    for name, text in (library or {}).items():
        write(source / name, text)
    for name, text in figures.items():
        write(source / "figures" / Path(name).parent / "__init__.py", "")
        write(source / "figures" / f"{name}.py", text)
    for name, text in (pages or {"index.md": "# A project\n"}).items():
        write(root / "docs" / name, text)
    (root / "node_modules").mkdir()


def environment(**more: str) -> dict[str, str]:
    """This process's environment without what would change the build."""
    dropped = ("DENOISED_", "PYTHON", "JOBS", "SCHEDULER", "MAKE", "MFLAGS")
    return {name: value for name, value in os.environ.items() if not name.startswith(dropped)} | more


def load() -> float:
    """How many processes want to run, as of now; on a quiet machine less than one."""
    return os.getloadavg()[0]

"""The miniature project: tests/miniature plus this repository's real build scripts, tasks and paths."""

import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import bench_project

ROOT = Path(__file__).resolve().parents[1]
REAL = (*bench_project.REAL, "scripts/serve.py", "scripts/setup_env.py", "package.json")
IDS = ("one/first", "one/second", "two/third")


def obey_permissions() -> None:
    """From the next exec on, permissions bind this process even if it is root's: CAP_DAC_OVERRIDE and
    CAP_DAC_READ_SEARCH leave its bounding set. (Another user could perhaps not enter the folder that Python lies in.)
    Raises OSError where the kernel refuses that, or has no such thing."""
    if os.geteuid() == 0:
        prctl = getattr(ctypes.CDLL(None, use_errno=True), "prctl", None)
        for capability in (1, 2):
            if prctl is None or prctl(24, capability, 0, 0, 0):  # PR_CAPBSET_DROP
                raise OSError(ctypes.get_errno(), "root cannot be bound by permissions here")


class Mini:
    """A project in a folder of its own; run() builds it, and what it did can be asked."""

    bound = False  # do permissions bind the build, whoever runs the tests?

    def __init__(self, root: Path, copy_of: "Mini | None" = None):
        self.root = root
        if copy_of is not None:
            shutil.copytree(copy_of.root, root)
            return
        shutil.copytree(ROOT / "tests" / "miniature", root)
        bench_project.transplant(root, REAL)
        (root / "npm").rename(root / "node_modules")

    @property
    def figures(self) -> Path:
        return self.root / "docs" / "assets" / "figures" / "tiny"

    def path(self, name: str) -> Path:
        return self.root / name

    def edit(self, name: str, old: str, new: str) -> None:
        text = self.path(name).read_text()
        assert old in text, f"{name} does not contain {old!r}"
        self.path(name).write_text(text.replace(old, new))

    def environment(self, **more) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("DENOISED_", "PYTHON"))}
        # One figure after the other unless a test wants it otherwise; and mkdocs writes the date into its pages.
        fixed = {"FIGURE_TIME_LIMIT": "60", "JOBS": "1", "SOURCE_DATE_EPOCH": "1700000000"}
        return kept | fixed | {name: str(value) for name, value in more.items()}

    def start(self, *arguments: str, **environment) -> subprocess.Popen:
        """Begin a build and do not wait for it."""

        def prepare():
            # A runner in the background ignores Ctrl-C, and so would all that it starts.
            signal.signal(signal.SIGINT, signal.default_int_handler)
            if self.bound:
                obey_permissions()

        return subprocess.Popen(
            [sys.executable, "scripts/build.py", *arguments],
            cwd=self.root,
            env=self.environment(**environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=prepare,
        )

    def run(self, *arguments: str, **environment) -> subprocess.CompletedProcess:
        process = self.start(*arguments, **environment)
        out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def interrupt(self, when: Callable[[], bool], **environment) -> str:
        """Begin a build, press Ctrl-C as soon as when() is true, and expect that it ends, without a traceback, as one
        that has not succeeded; return what it said."""
        process = self.start(**environment)
        deadline = time.monotonic() + 60
        while not when() and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
        assert process.returncode not in (0, None)
        assert "Traceback" not in said, said
        return said

    def build(self, *arguments: str, **environment) -> list[str]:
        """Build, expect success, and return the ids of the figures that were rendered."""
        before = self.renders()
        done = self.run(*arguments, **environment)
        assert done.returncode == 0, done.stderr
        return sorted(self.renders()[len(before) :])

    def fail(self, *arguments: str, **environment) -> str:
        """Build, expect failure told in one sentence, without a traceback; return what was said."""
        done = self.run(*arguments, **environment)
        assert done.returncode == 1, f"expected status 1, got {done.returncode}: {done.stderr}"
        assert "Traceback" not in done.stderr, done.stderr
        sentences = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
        assert len(sentences) == 1, done.stderr
        return sentences[0].removeprefix("error: ")

    def renders(self) -> list[str]:
        log = self.path("renders.log")
        return log.read_text().split() if log.exists() else []

    def manifest(self, figure_id: str) -> dict:
        return json.loads((self.figures / f"{figure_id}.json").read_text())

    def output(self, figure_id: str) -> bytes:
        return (self.figures / f"{figure_id}.bin").read_bytes()

    def site_is_there(self) -> bool:
        return (self.root / "site" / "index.html").exists()

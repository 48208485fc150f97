"""Talks to the render worker: starts it when it is first needed, and replaces it when a figure hangs or kills it."""

import atexit
import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time

from denoised import paths
from denoised.errors import DenoisedError
from tasks import hashes

TIME_LIMIT = float(os.environ.get("FIGURE_TIME_LIMIT", 900))  # seconds that one figure may take
LOGS = hashes.BUILD / "logs"


class Worker:
    """One process that imports torch once and renders on demand."""

    def __init__(self, profile: str, keep_open: tuple[int, ...] = (), threads: int | None = None):
        self.profile = profile
        self.threads = threads
        self.keep_open = keep_open  # the build's lock: it stays taken for as long as a worker may still write
        self.process: subprocess.Popen | None = None

    def _start(self) -> None:
        LOGS.mkdir(parents=True, exist_ok=True)
        read_end, write_end = os.pipe()
        environment = dict(os.environ, PYTHONPATH=str(paths.SRC), DENOISED_PROFILE=self.profile)
        environment.setdefault("PYTHONHASHSEED", "0")
        environment.setdefault("MPLBACKEND", "agg")
        environment.update(PYTHONDONTWRITEBYTECODE="1", HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", TQDM_DISABLE="1")
        if self.threads:
            environment.setdefault("OMP_NUM_THREADS", str(self.threads))
        with open(LOGS / "figures.log", "ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "tasks.worker", str(write_end)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                pass_fds=(write_end, *self.keep_open),
                start_new_session=True,  # so that whatever a figure starts can be ended with it
                cwd=paths.ROOT,
                env=environment,
            )
        os.close(write_end)
        self._answers = open(read_end, "rb", buffering=0)  # noqa: SIM115  (closed when nobody reads from it any more)
        self._buffer = b""

    def warm(self) -> None:
        """Start and import what every figure needs, without waiting for it."""
        self._start()
        self.process.stdin.write(b"{}\n")
        self.process.stdin.flush()

    def stop(self) -> None:
        """End the process now. May be called from another thread, while render() waits: that one then raises."""
        process, self.process = self.process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdin.close()
        # What render() waits on in another thread stays open: it reads the end of the file there. A descriptor that is
        # closed under epoll says nothing, and the build would hang until the figure's time is over.

    def render(self, figure_id: str, out: os.PathLike, key: str, limit: float | None = None) -> None:
        """Render one figure below `out`. Raises DenoisedError with one sentence where it fails or takes too long."""
        limit = limit or TIME_LIMIT
        if self.process is None or self.process.poll() is not None:
            self.stop()
            self._start()
        request = {"id": figure_id, "profile": self.profile, "out": str(out), "key": key}
        try:
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            self.process.stdin.flush()
            line = self._answer(time.monotonic() + limit)
        except BrokenPipeError:
            line = b""
        if line is None:
            self.stop()
            raise DenoisedError(
                f"Figure {figure_id} was not done after {limit:g} s and was stopped; FIGURE_TIME_LIMIT sets the limit."
            )
        if not line:
            code = self.process.wait()
            self.stop()
            how = f"signal {signal.Signals(-code).name}" if code < 0 else f"status {code}"
            raise DenoisedError(f"The process that rendered figure {figure_id} died ({how}); see {_log_name()}.")
        try:
            answer = dict(json.loads(line))
        except (ValueError, TypeError):
            self.stop()  # whatever it says next would be taken for the answer to another figure
            raise DenoisedError(
                f"Figure {figure_id} wrote where only the render process answers; a figure may print, and no more."
            ) from None
        if "error" in answer:
            with contextlib.suppress(OSError), open(LOGS / "figures.log", "a", encoding="utf-8") as log:
                log.write(f"--- {figure_id}\n{answer['trace']}\n")
            named = figure_id in answer["error"]
            raise DenoisedError(answer["error"] if named else f"Figure {figure_id} failed: {answer['error']}")

    def _answer(self, deadline: float) -> bytes | None:
        """The next line from the worker; b"" if it has died, None if the time is over."""
        answers = self._answers
        with selectors.DefaultSelector() as selector:
            selector.register(answers, selectors.EVENT_READ)
            while b"\n" not in self._buffer:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    return None
                piece = answers.read(65536)
                if not piece:
                    return b""
                self._buffer += piece
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line


def _log_name() -> str:
    return os.path.relpath(LOGS / "figures.log", paths.ROOT)


_hired: list[Worker] = []


def hire(profile: str, keep_open: tuple[int, ...] = (), threads: int | None = None) -> Worker:
    """A worker that stop_all() ends, at the latest when this process does."""
    if not _hired:
        atexit.register(stop_all)
    _hired.append(Worker(profile, keep_open, threads))
    return _hired[-1]


def stop_all() -> None:
    for one in _hired:
        one.stop()

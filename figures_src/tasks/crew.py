"""Figures are rendered by two processes side by side (JOBS=1: by one), while pytask waits for each in its own order; then
notebooks run two at a time.

With SCHEDULER, a cluster renders them instead (cluster.py); here, threads only wait for it.

Drawing and encoding use one core at most, so two processes are nearly twice as fast where torch is not what takes the
time. Each has its share of the cores, and imports torch once.
"""

import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from denoised.errors import DenoisedError
from tasks import hashes, plan, pool, recipes, targets

WIDTH = 256  # figures that a cluster is asked for at the same time

_own = threading.local()
_futures: dict[str, Future] = {}
_executor: ThreadPoolExecutor | None = None
_desk: ThreadPoolExecutor | None = None  # of notebooks, each in a kernel of its own
_cluster = None


def jobs() -> int:
    """How many processes render. DenoisedError where JOBS is no number of them."""
    most = 2 if plan.PROFILE == "tiny" else 1  # a checkpoint fills a GPU by itself
    text = os.environ.get("JOBS") or str(min(most, os.cpu_count() or 1))
    if not text.isdigit() or text == "0":
        raise DenoisedError(f"JOBS={text} is not a number of processes; try JOBS=2.")
    return int(text)


def threads() -> int:
    """Each process's share of the cores."""
    return max(1, (os.cpu_count() or 1) // jobs())


def ready() -> None:
    """Raise DenoisedError where JOBS or SCHEDULER are not what they should be; connect to the cluster, if any."""
    global _cluster
    jobs()
    figures = plan.left(plan.figures())
    if plan.SCHEDULER and figures:
        from tasks import cluster

        _cluster = cluster.connect(plan.SCHEDULER, figures)


class _Errand:
    """A render process that is far away: what recipes.make_figure wants of a worker."""

    def __init__(self, figure: targets.Figure):
        self.figure, self.note = figure, ""

    def render(self, figure_id: str, out: os.PathLike, key: str) -> None:
        self.note = _cluster.render(self.figure, out, key)


def _render(figure: targets.Figure) -> None:
    if _cluster is not None:
        errand = _Errand(figure)
        recipes.make_figure(figure, errand)
        print(f"  {figure.name:<44} {errand.note}", file=sys.stderr, flush=True)
        return
    if not hasattr(_own, "worker"):
        _own.worker = pool.hire(figure.profile, plan.keep_open(), threads=threads())
    started = time.monotonic()
    recipes.make_figure(figure, _own.worker)
    hashes.save()
    print(f"  {figure.name:<44} {time.monotonic() - started:6.1f} s", file=sys.stderr, flush=True)


def make(figure: targets.Figure) -> None:
    """Wait until a figure is made; the first call sets all of them going. Raises what making it raised."""
    global _executor
    if _executor is None:
        _executor = ThreadPoolExecutor(jobs() if _cluster is None else WIDTH)
        _start(_executor, [figure, *plan.left(plan.figures())], _render)
    _wait(_executor, figure, _render)


def make_notebook(notebook: targets.Notebook) -> None:
    """The same for a notebook."""
    global _desk
    if _desk is None:
        _desk = ThreadPoolExecutor(jobs())
        _start(_desk, [notebook, *plan.left(plan.notebooks())], _run)
    _wait(_desk, notebook, _run)


def _run(notebook: targets.Notebook) -> None:
    recipes.make_notebook(notebook, threads())


def _start(executor: ThreadPoolExecutor, some: list, work: Callable) -> None:
    for one in some:
        if one.name not in _futures and not one.known_whole():
            _futures[one.name] = executor.submit(work, one)


def _wait(executor: ThreadPoolExecutor, target: targets.Target, work: Callable) -> None:
    if target.name not in _futures:
        _futures[target.name] = executor.submit(work, target)
    _futures[target.name].result()


def end() -> None:
    """Let go of everything, at once: what is being rendered or run is stopped."""
    global _executor, _desk, _cluster
    if _cluster is not None:
        _cluster.close()
    if _executor is not None:
        _executor.shutdown(wait=False, cancel_futures=True)
        pool.stop_all()
        _executor = None
    if _desk is not None:
        _desk.shutdown(wait=False, cancel_futures=True)
        recipes.stop_notebooks()
        _desk = None
    _cluster = None
    _futures.clear()

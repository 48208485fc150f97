"""Figures are rendered by two processes side by side (JOBS=1: by one), while pytask waits for each in its own order;
notebooks, each in a kernel of its own, take their turns with them.

With SCHEDULER, a cluster renders them instead (cluster.py); here, threads only wait for it.

Drawing and encoding use one core at most, so two processes are nearly twice as fast where torch is not what takes the
time. Each has its share of the cores, and imports torch once.
"""

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from denoised.errors import DenoisedError
from tasks import plan, pool, recipes, targets
from tasks.nodes import announced

WIDTH = 256  # figures that a cluster is asked for at the same time

_own = threading.local()
_futures: dict[str, Future] = {}
_crews: dict[int, ThreadPoolExecutor] = {}  # by how many work at a time
_going: set[Callable] = set()  # kinds of work that were set going
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
    announced(figure, lambda: recipes.make_figure(figure, _own.worker))


def _run(notebook: targets.Notebook) -> None:
    announced(notebook, lambda: recipes.make_notebook(notebook, threads()))


def make(figure: targets.Figure) -> None:
    """Wait until a figure is made; the first call sets all of them going. Raises what making it raised."""
    _make(figure, plan.figures(), _render, jobs() if _cluster is None else WIDTH)


def make_notebook(notebook: targets.Notebook) -> None:
    """The same for a notebook. The same hands do both, so that no more than jobs() work on this machine at a time."""
    _make(notebook, plan.notebooks(), _run, jobs())


def _make(target: targets.Target, kind: list, work: Callable, width: int) -> None:
    crew = _crews.get(width) or _crews.setdefault(width, ThreadPoolExecutor(width))
    if work not in _going:
        _going.add(work)
        for one in [target, *plan.left(kind)]:
            if one.name not in _futures and not one.known_whole():
                _futures[one.name] = crew.submit(work, one)
    if target.name not in _futures:
        _futures[target.name] = crew.submit(work, target)
    _futures[target.name].result()


def end() -> None:
    """Let go of everything, at once: what is being rendered or run is stopped."""
    global _cluster
    if _cluster is not None:
        _cluster.close()
    for crew in _crews.values():
        crew.shutdown(wait=False, cancel_futures=True)
    pool.stop_all()
    recipes.stop_notebooks()
    _cluster = None
    for record in (_crews, _going, _futures):
        record.clear()

"""Figures rendered elsewhere: `SCHEDULER=tcp://host:8786` (a Dask scheduler) or `SCHEDULER=parsl:file.py` (Parsl).

A cluster takes a figure where a render process does at home (`render`, as in pool.py); recipes.py neither knows nor
cares. The products come back as bytes, are written aside, and go into place like any others, the manifest last.
"""

import contextlib
import os
from pathlib import Path

from denoised.errors import DenoisedError
from tasks import hashes, pool, targets
from tasks.listing import Listing

ATTEMPTS = 8  # a figure meets a worker that has no files yet, or one that came to replace another, at most so often

SOURCE = Path(__file__).with_name("far.py").read_text(encoding="utf-8")
NAME = f"denoised_far_{hashes.text_hash(SOURCE)[:12]}"

# A function of no importable module is sent by value, by cloudpickle (Dask) and dill (Parsl) alike. It makes far.py a
# module of the worker once, so that what far.py remembers outlives a task.
_CALL = """
def call(name, source, function, *arguments):
    import sys
    import types

    module = sys.modules.get(name)
    if module is None:
        module = types.ModuleType(name)
        exec(compile(source, name, "exec"), module.__dict__)
        module = sys.modules.setdefault(name, module)
    return getattr(module, function)(*arguments)
"""


def call_by_value():
    namespace = {"__name__": "__main__"}
    exec(_CALL, namespace)
    return namespace["call"]


def connect(where: str, figures: list[targets.Figure]) -> "Cluster":
    """The cluster that SCHEDULER names, or DenoisedError with one sentence. `figures`: what is going to be rendered."""
    kind, _, rest = where.partition(":")
    if kind == "parsl":
        from tasks.cluster_parsl import Parsl

        return Parsl(rest, figures)
    from tasks.cluster_dask import Dask

    return Dask(where, figures)


def needs_gpu(figure: targets.Figure) -> bool:
    """A real checkpoint wants a GPU; without weights there is nothing to do but to say so."""
    return figure.profile != "tiny" and bool(figure.declared("WEIGHTS"))


class Cluster:
    """What Dask and Parsl have in common. Threads may render at the same time."""

    def __init__(self, figures: list[targets.Figure]):
        self.listing = Listing(list(figures))
        self.closed = False

    def render(self, figure: targets.Figure, out: os.PathLike, key: str) -> str:
        """Render one figure below `out`; returns how long that took and where. DenoisedError where it fails."""
        tree = self.listing.tree_for(figure)
        request = {"id": figure.id, "profile": figure.profile, "key": key, "tree": tree, "limit": pool.TIME_LIMIT}
        bring = None
        for _ in range(ATTEMPTS):
            answer = self._run(request, bring, needs_gpu(figure))
            if "missing" not in answer:
                break
            bring = self._supply(answer["missing"])
        else:
            raise DenoisedError(f"Figure {figure.id}: its files could not be brought to any worker; see its log.")
        if "error" in answer:
            if answer.get("log"):
                pool.LOGS.mkdir(parents=True, exist_ok=True)
                with contextlib.suppress(OSError), open(pool.LOGS / "figures.log", "a", encoding="utf-8") as log:
                    log.write(answer["log"])
            raise DenoisedError(answer["error"])
        for name, content in answer["files"].items():
            path = Path(out) / name
            if not path.resolve().is_relative_to(Path(out).resolve()):
                raise DenoisedError(f"A worker sent a file named {name!r} for figure {figure.id}; nothing was kept.")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return f"{answer['seconds']:6.1f} s on {answer['worker']}"

    def _content(self, digest: str) -> bytes:
        found = self.listing.content[digest]
        content = found if isinstance(found, bytes) else found.read_bytes()
        if hashes.bytes_hash(content) != digest:
            raise DenoisedError(f"{found} changed while it was being sent; build again when it is saved.")
        return content

    def _run(self, request: dict, bring: dict | None, gpu: bool) -> dict:
        raise NotImplementedError

    def _supply(self, missing: list[str]) -> dict[str, bytes] | None:
        """Bring files to the workers that lack them, or return what the next attempt has to carry along."""
        raise NotImplementedError

    def close(self) -> None:
        self.closed = True

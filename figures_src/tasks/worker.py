"""The process that renders figures, one after the other, so that torch is imported once and not for each of them.

Requests come as lines of JSON on standard input, {"id", "profile", "out", "key"}; for each, one line of JSON goes to
the file descriptor named by the first argument: {"ok": true} or {"error": one sentence, "trace": traceback}. What a
figure prints goes to standard error, which the parent keeps in the build's log. When the parent dies, however it
dies, standard input closes and this process ends at once, in the middle of a figure if need be.
"""

import contextlib
import importlib
import json
import os
import queue
import sys
import threading
import traceback
import warnings
from pathlib import Path

from tasks import fresh

fresh.install()
from tasks.sentences import NOT_A_NUMBER, sentence  # noqa: E402  (and all that it imports comes from its source)

OURS = ("denoised", "plotting", "figures")


def _listen(requests: queue.SimpleQueue) -> None:
    for line in sys.stdin:
        requests.put(json.loads(line))
    os._exit(0)  # the parent is gone, or has said that this was all


def _marks() -> dict[str, tuple]:
    """Every source of ours on disk -> what tells whether it was saved."""
    marks = {}
    for package in OURS:
        for folder, _, names in os.walk(Path(fresh.SRC) / package):
            for name in names:
                if name.endswith(".py"):
                    file = os.path.join(folder, name)
                    with contextlib.suppress(OSError):
                        stat = os.stat(file)
                        marks[file] = (stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size)
    return marks


def _loaded() -> set[str]:
    """The files that our imported modules came from."""
    ours = (module for name, module in list(sys.modules.items()) if name.partition(".")[0] in OURS)
    return {module.__file__ for module in ours if getattr(module, "__file__", None)}


def _forget_ours() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] in OURS]:
        if name not in ("denoised", "denoised.errors"):  # isinstance() must go on working
            del sys.modules[name]


def main() -> None:
    answers = os.fdopen(int(sys.argv[1]), "w")
    os.dup2(2, 1)  # prints of figures must not end up among the answers
    warnings.filterwarnings("error", NOT_A_NUMBER, RuntimeWarning)  # else NaN is a black pixel that nobody notices
    requests: queue.SimpleQueue = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(requests,), daemon=True).start()
    known: dict[str, tuple] = {}
    while True:
        request = requests.get()
        marks = _marks()
        if "id" not in request:  # a watcher warms up: torch is there by the first save; what fails will fail again
            with contextlib.suppress(Exception):
                importlib.import_module("plotting.render")
            known = {file: marks.get(file) for file in _loaded()} | known
            continue
        if any(marks.get(file) != mark for file, mark in known.items()):
            _forget_ours()
            known = {}
        try:
            importlib.invalidate_caches()
            if request["profile"] == "tiny":
                from plotting.output import render

                render(request["id"], out_root=Path(request["out"]), smoke=False, code_hash=request["key"])
            else:
                from tasks import foreign

                foreign.render(request["id"], request["profile"], Path(request["out"]), request["key"])
            answer = {"ok": True}
        except BaseException as error:  # a figure may raise anything, SystemExit included; only it shall fail
            answer = {"error": sentence(error), "trace": traceback.format_exc()}
        # Marks from before the figure ran: what was saved while it ran counts as changed the next time.
        known = {file: marks.get(file) for file in _loaded()} | known
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()

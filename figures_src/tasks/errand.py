"""The process that renders figures on a cluster's worker, in a tree that far.py made: the same render process and the
same limits as at home. Requests and answers are lines of JSON; when the worker dies, standard input closes and all ends.
"""

import json
import os
import queue
import re
import sys
import threading
from importlib import metadata

from denoised import paths
from denoised.errors import DenoisedError
from tasks import pool

# What draws: pictures made by other versions would carry a key that promises the pinned ones.
DRAWING = ("torch", "diffusers", "transformers", "numpy", "scipy", "matplotlib", "pillow", "imageio-ffmpeg")


def _listen(requests: queue.SimpleQueue) -> None:
    for line in sys.stdin:
        requests.put(json.loads(line))
    os._exit(0)


def other_versions() -> str | None:
    """What differs here from requirements.lock, in a sentence; None if nothing does."""
    lock = (paths.ROOT / "requirements.lock").read_text(encoding="utf-8")
    pinned = dict(re.findall(r"^([\w.-]+)==([^\s;+]+)", lock, re.MULTILINE))
    wrong = []
    for name in DRAWING:
        try:
            found = metadata.version(name).partition("+")[0]
        except metadata.PackageNotFoundError:
            found = "missing"
        if name in pinned and found != pinned[name]:
            wrong.append(f"{name} {found} instead of {pinned[name]}")
    if not wrong:
        return None
    return (
        f"The worker on {os.uname().nodename} has {', '.join(wrong)}; "
        f"install requirements.lock there (`{sys.executable} -m pip install -r requirements.lock`)."
    )


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    requests: queue.SimpleQueue = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(requests,), daemon=True).start()
    wrong = other_versions()
    worker = pool.hire(os.environ["DENOISED_PROFILE"])
    log = pool.LOGS / "figures.log"
    while True:
        request = requests.get()
        start = log.stat().st_size if log.exists() else 0
        try:
            if wrong:
                raise DenoisedError(wrong)
            worker.render(request["id"], request["out"], request["key"], request["limit"])
            answer = {}
        except DenoisedError as error:
            answer = {"error": str(error)}
            if log.exists():
                with open(log, "rb") as file:
                    file.seek(start)
                    answer["log"] = file.read()[-20000:].decode(errors="replace")
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""The site while it is being written: saved pages and figure sources show in the browser within seconds.

mkdocs' own server rebuilds the pages and reloads the browser. Beside it this process looks for saved sources, renders
the figures whose content key has changed in one process that has torch in memory already, and restarts mkdocs where
the code that mkdocs runs has changed.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import build  # (puts this checkout's packages first)
from denoised import paths
from denoised.errors import DenoisedError
from tasks import closure, hashes, plan, pool, readings, recipes, targets

LOOK_EVERY = 0.3  # seconds


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class Server:
    """mkdocs serve as a child; dies with this process."""

    def __init__(self, port: int):
        self.port = port
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        address = f"127.0.0.1:{self.port}"
        arguments = ["serve", "--livereload", "--dev-addr", address, "--watch", str(paths.SRC)]
        command, environment = recipes.mkdocs_command(*arguments)
        environment.update(SITE_URL=f"http://{address}/", PYTHONDONTWRITEBYTECODE="1")
        self.process = subprocess.Popen(command, cwd=paths.ROOT, env=environment, stdin=subprocess.PIPE)

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None


def make_what_changed(only_broken: dict[str, str], worker: pool.Worker) -> None:
    """Vendor, figures, notebooks that are not whole. What fails is told once for each state of its sources."""
    closure.forget()
    with build.build_lock():
        recipes.sweep()
        for target in (*plan.vendor(), *plan.figures(), *plan.notebooks()):
            key = None
            try:
                key = target.key()
                if target.whole() or only_broken.get(target.name) == key:
                    continue
                started = time.monotonic()
                if isinstance(target, targets.Figure):
                    recipes.make_figure(target, worker)
                elif isinstance(target, targets.Notebook):
                    recipes.make_notebook(target)
                else:
                    recipes.make_vendor(target)
                say(f"  {target.name} {time.monotonic() - started:.1f} s")
                only_broken.pop(target.name, None)
            except DenoisedError as error:
                if only_broken.get(target.name) != (key or str(error)):
                    say(f"error: {error}")
                only_broken[target.name] = key or str(error)
        hashes.save()
        readings.save()


def snapshot(root: Path) -> dict[str, tuple]:
    """Every source below a folder -> what tells whether it was saved."""
    marks = {}
    for path in hashes.tree(root):
        try:
            stat = os.stat(path)
        except OSError:
            continue
        marks[str(path)] = (stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size)
    return marks


def sources() -> dict[str, tuple]:
    return {**snapshot(paths.SRC), **snapshot(targets.NOTEBOOKS), **snapshot(paths.ROOT / "requirements.lock")}


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def watch(server: Server) -> None:
    broken: dict[str, str] = {}
    seen = sources()
    worker = pool.hire(plan.PROFILE)
    worker.warm()
    make_what_changed(broken, worker)
    server.start()
    pages = snapshot(targets.DOCS)
    while True:
        time.sleep(LOOK_EVERY)
        now = sources()
        changed = {name for name in now.keys() | seen.keys() if now.get(name) != seen.get(name)}
        seen = now
        if changed:
            if any(name.startswith(str(paths.SRC / "sitekit")) for name in changed):
                server.stop()  # mkdocs keeps the modules that it has imported
            if any(not name.endswith((".css", ".html")) for name in changed):
                make_what_changed(broken, worker)
        if not server.running():
            # mkdocs ends where the very first build fails. Whatever is saved next may be the remedy.
            if server.process is None or changed or snapshot(targets.DOCS) != pages:
                pages = snapshot(targets.DOCS)
                server.start()
        else:
            pages = pages if not changed else snapshot(targets.DOCS)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()
    plan.COMMAND = "site"
    server = Server(options.port)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        if not port_is_free(options.port):
            raise DenoisedError(f"Port {options.port} is taken; choose another: make serve PORT={options.port + 1}.")
        say(f"http://127.0.0.1:{options.port}/ follows what you save, once all figures are there. Ctrl-C ends it.")
        watch(server)
    except DenoisedError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        server.stop()
        pool.stop_all()


if __name__ == "__main__":
    sys.exit(main())

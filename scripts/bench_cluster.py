#!/usr/bin/env python3
"""What do more machines bring? Builds tasks that only wait (as for a GPU that is far away) on a Dask cluster of one,
then of several workers, through the whole build graph; prints the speed-up and the overhead per task.

    python scripts/bench_cluster.py                       64 tasks of 2 s on 1 and on 4 workers
    python scripts/bench_cluster.py --tasks 16 --workers 1 2 4 --json result.json

The overhead is all that is not waiting: Python's start, pytask, connecting, sending files, placing what comes back.
"""

import argparse
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import bench_project

FIGURE = '''"""Waits."""

import time

import plotting.output  # noqa: F401

TITLE = "Wait"


def make(lab, smoke=False):
    time.sleep({wait})
    return b"{name}"
'''


@contextlib.contextmanager
def cluster(folder: Path, workers: int):
    """A scheduler and workers on loopback, each worker with a store of its own and no shared disk; gives the address."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{one.getsockname()[1]}"
    started = []

    def start(name: str, until: str, *command: str) -> None:
        store = folder / name
        store.mkdir(parents=True)
        environment = bench_project.environment(DENOISED_STORE=str(store / "store"), DENOISED_SHARED_DISK="0")
        with open(store / "log", "w") as log:
            command = [sys.executable, "-m", "dask", *command, "--no-dashboard"]
            process = subprocess.Popen(
                command, cwd=store, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        started.append(process)
        for _ in range(1200):
            if until in (store / "log").read_text():
                return
            if process.poll() is not None:
                break
            time.sleep(0.1)
        raise SystemExit(f"error: Dask did not start:\n{(store / 'log').read_text()}")

    try:
        start("scheduler", "Scheduler at", "scheduler", "--host", address)
        for index in range(workers):
            start(f"worker{index}", "Registered to", "worker", address, "--nthreads", "1", "--no-nanny")
        yield address
    finally:
        for process in started:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def measure(tasks: int, wait: float, workers: int) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        names = {f"waits/w{index:03}": FIGURE.format(wait=wait, name=index) for index in range(tasks)}
        bench_project.lay(root / "project", names)
        with cluster(root, workers) as address:
            started = time.monotonic()
            done = subprocess.run(
                [sys.executable, "scripts/build.py", "figures"],
                cwd=root / "project",
                env=bench_project.environment(SCHEDULER=address),
                capture_output=True,
                text=True,
            )
            seconds = time.monotonic() - started
        made = len(list((root / "project" / "docs" / "assets" / "figures").rglob("*.png")))
        if done.returncode or made != tasks:
            raise SystemExit(f"error: only {made} of {tasks} tasks were done:\n{done.stderr}")
        there = [float(found) for found in re.findall(r"([\d.]+) s on ", done.stderr)]
    return {
        "workers": workers,
        "seconds": seconds,
        "overhead_ms_per_task": 1000 * (seconds * workers - tasks * wait) / tasks,
        "busy_seconds_on_workers": sum(there),
        "load": bench_project.load(),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=64)
    parser.add_argument("--wait", type=float, default=2.0, help="seconds that a task waits")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--json", type=Path, help="write the result there, too")
    options = parser.parse_args()
    before = bench_project.load()
    runs = []
    for workers in options.workers:
        runs.append(measure(options.tasks, options.wait, workers))
        one = runs[-1]
        one["speed_up"] = runs[0]["seconds"] / one["seconds"] * runs[0]["workers"]
        print(
            f"{workers} workers: {one['seconds']:6.1f} s, {one['speed_up']:.2f} times one worker, "
            f"{one['overhead_ms_per_task']:.0f} ms of a worker's time per task beside the waiting"
            f" (load {one['load']:.1f})",
            flush=True,
        )
    busy = before > 1.0
    if busy:
        print(f"The machine was busy (load {before:.1f} at the start): these times say little.", file=sys.stderr)
    if options.json:
        result = {"tasks": options.tasks, "wait": options.wait, "cores": os.cpu_count(), "load": before, "busy": busy}
        options.json.write_text(json.dumps({**result, "runs": runs}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

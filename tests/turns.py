"""Who may run now: tests of pytest's parallel workers share the machine, a test marked `alone` has it to itself."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

HELD = "DENOISED_TURN"  # in the environment while a test runs, and so in that of all that it starts


@contextlib.contextmanager
def turn(root: Path, alone: bool) -> Iterator[None]:
    """Hold a lock while a test runs: shared, or exclusive for a test that wants to be alone. Locks end with their
    process, so a killed worker leaves none behind. Without parallel workers nothing is locked, nor is it by tests that a
    test runs in a process of its own: its turn is theirs, and they would wait for whoever waits for it."""
    if "PYTEST_XDIST_WORKER" not in os.environ or HELD in os.environ:
        yield
        return
    folder = root / "build"
    folder.mkdir(exist_ok=True)
    with (folder / "tests.door").open("w") as door, (folder / "tests.room").open("w") as room:
        # Whoever waits for the room keeps the door, so that the others' next tests queue up behind a lone one.
        fcntl.flock(door, fcntl.LOCK_EX)
        fcntl.flock(room, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        fcntl.flock(door, fcntl.LOCK_UN)
        os.environ[HELD] = "1"
        try:
            yield
        finally:
            os.environ.pop(HELD, None)

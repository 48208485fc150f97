"""A test that wants the machine to itself gets it, and two that do not share it."""

import os
import subprocess
import sys
import time

import pytest

from turns import HELD, turn

HOLD = """
import sys, time
from pathlib import Path
sys.path.insert(0, {tests!r})
from turns import turn
with turn(Path({root!r}), alone={alone}):
    print("in", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def hold(tmp_path, monkeypatch):
    """Start a process that takes its turn, says so, and keeps it until it is told to go on."""
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    monkeypatch.delenv(HELD, raising=False)  # this test's own turn is none of theirs
    started = []

    def start(alone: bool):
        code = HOLD.format(tests=str(turns_folder()), root=str(tmp_path), alone=alone)
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        started.append(subprocess.Popen([sys.executable, "-c", code], **pipes))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def turns_folder():
    import turns

    return turns.__file__.rsplit("/", 1)[0]


def is_in(process, patience: float) -> bool:
    import select

    return bool(select.select([process.stdout], [], [], patience)[0])


def test_two_share_and_one_alone_waits_for_both(hold):
    first, second = hold(alone=False), hold(alone=False)
    assert is_in(first, 20) and is_in(second, 20)
    lone = hold(alone=True)
    assert not is_in(lone, 1)
    later = hold(alone=False)
    time.sleep(0.5)
    first.communicate("\n")
    assert not is_in(lone, 0.5)
    second.communicate("\n")
    assert is_in(lone, 20)
    assert not is_in(later, 0.5), "it came later, so it waits behind the lone one"
    lone.communicate("\n")
    assert is_in(later, 20)


def test_a_killed_one_keeps_no_turn(hold):
    lone = hold(alone=True)
    assert is_in(lone, 20)
    lone.kill()
    assert is_in(hold(alone=True), 20)


def test_what_a_test_starts_takes_no_turn_of_its_own(hold, tmp_path):
    """Else it would wait for the lone one, which waits for the test, which waits for what it has started."""
    with turn(tmp_path, alone=False):
        kept = os.environ.pop(HELD)
        lone = hold(alone=True)  # of another worker
        assert not is_in(lone, 1)
        os.environ[HELD] = kept
        assert is_in(hold(alone=False), 20)
    assert HELD not in os.environ and is_in(lone, 20)


def test_without_parallel_workers_nothing_is_locked(tmp_path, monkeypatch):
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    monkeypatch.delenv(HELD, raising=False)
    with turn(tmp_path, alone=True), turn(tmp_path, alone=True):
        assert not list(tmp_path.iterdir())

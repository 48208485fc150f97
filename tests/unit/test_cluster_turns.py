"""How many figures a Dask cluster is handed at once, and what is said of one that is gone (tasks/cluster_dask.py),
without a cluster."""

import threading
import time
from types import SimpleNamespace

import distributed
import pytest

from denoised.errors import DenoisedError
from tasks.cluster_dask import Dask


@pytest.fixture
def dask():
    """A connection to a scheduler of three workers, one of two threads with a GPU; nothing is ever sent."""
    made = Dask.__new__(Dask)
    made.workers = [{"nthreads": 1}, {"nthreads": 1}, {"nthreads": 2, "resources": {"GPU": 1}}]
    made._able = lambda gpu: [w for w in made.workers if not gpu or w.get("resources")]
    made._free, made._flying = threading.Condition(), {False: 0, True: 0}
    made._rooms, made.closed = (0.0, {False: 1, True: 1}), False
    made._distributed, made.address = distributed, "tcp://here:1"
    return made


def most_at_once(dask, tasks: int, gpu: bool) -> int:
    """Let as many threads take a turn; the largest number that had one at the same time."""
    now, most, lock = [0], [0], threading.Lock()

    def one():
        with dask._turn(gpu):
            with lock:
                now[0] += 1
                most[0] = max(most[0], now[0])
            time.sleep(0.2)
            with lock:
                now[0] -= 1

    threads = [threading.Thread(target=one) for _ in range(tasks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert not any(thread.is_alive() for thread in threads)
    return most[0]


def test_as_many_as_there_are_free_threads(dask):
    assert most_at_once(dask, 12, gpu=False) == 4
    assert most_at_once(dask, 6, gpu=True) == 2
    assert dask._flying == {False: 0, True: 0}


def test_without_workers_one_waits_for_them(dask):
    dask.workers = []
    assert most_at_once(dask, 3, gpu=False) == 1


def test_a_worker_that_comes_gets_its_share(dask):
    dask.workers = dask.workers[:1]
    with dask._turn(False):
        late = threading.Thread(target=lambda: dask._turn(False).__enter__())
        late.start()
        late.join(timeout=0.3)
        assert late.is_alive(), "one worker, one figure"
        dask.workers = [{"nthreads": 1}] * 2
        late.join(timeout=10)
        assert not late.is_alive()


def test_a_scheduler_that_is_gone_is_found_by_those_who_wait_for_it(dask):
    def gone(_):
        raise OSError("no answer")

    dask._able = gone
    assert most_at_once(dask, 2, gpu=False) == 1


def test_whoever_waits_is_told_that_the_build_was_stopped(dask):
    dask.workers = dask.workers[:1]
    with dask._turn(False):
        dask.closed = True
        with pytest.raises(DenoisedError, match="stopped"), dask._turn(False):
            pass
    assert dask._flying[False] == 0


def test_a_figure_that_fails_gives_its_turn_back(dask):
    with pytest.raises(ZeroDivisionError), dask._turn(True):
        raise ZeroDivisionError
    assert dask._flying[True] == 0


LEFT = [distributed.CancelledError("x"), distributed.client.ClosedClientError("Client is closed."), OSError("no answer")]


def gone(error):
    def ask(*_, **__):
        raise error

    return ask


@pytest.mark.parametrize("error", LEFT, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("where", ["submit", "result", "cancel"])
def test_a_scheduler_that_is_gone_is_one_sentence_wherever_that_is_noticed(dask, where, error):
    future = SimpleNamespace(result=lambda timeout: {}, cancel=lambda: None)
    dask._client, dask._count, dask._call = SimpleNamespace(submit=lambda *_, **__: future), iter(range(9)), None
    setattr(dask._client if where == "submit" else future, where, gone(error))
    with pytest.raises(DenoisedError, match="The scheduler at tcp://here:1 is gone."):
        dask._run({"id": "one/first"}, None, gpu=False)
    assert dask._flying[False] == 0


@pytest.mark.parametrize("error", LEFT, ids=lambda error: type(error).__name__)
def test_files_for_a_scheduler_that_is_gone_end_with_the_same_sentence(dask, error):
    dask._call, dask._client = None, SimpleNamespace(run=gone(error))
    with pytest.raises(DenoisedError, match="The scheduler at tcp://here:1 is gone."):
        dask._everywhere("wanting", {})

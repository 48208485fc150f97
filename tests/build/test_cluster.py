"""Figures on many machines: a Dask scheduler with workers on loopback that see nothing of the build's disk, and Parsl."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time

import pytest

from miniature_project import IDS
from tasks import cluster, hashes, targets

pytest.importorskip("distributed", reason="Dask is not installed: python3 scripts/setup_env.py --cluster")
SLOW = 120  # seconds that anything may take on a busy machine


def wait_for(what, seconds=SLOW):
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
    return found


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def end(process):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class Worker:
    """A worker process with a store of its own, to which the build's folder is no shared disk."""

    def __init__(self, address: str, folder, *flags: str, **environment: str):
        self.store = folder / "store"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("DENOISED_", "PYTHON"))}
        more = {"DENOISED_STORE": str(self.store), "DENOISED_SHARED_DISK": "0", "MINI_PAUSE": "0.05"}
        folder.mkdir()
        self.log = folder / "log"
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "dask", "worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard"]
                + ["--local-directory", str(folder / "dask"), *flags],
                env=kept | more | environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_for(lambda: "Registered to" in self.log.read_text())

    def renders(self) -> list[str]:
        """What was begun here; the miniature renderer notes it in the root of its tree."""
        return [name for log in self.store.glob("trees/*/renders.log") for name in log.read_text().split()]

    def helpers(self) -> list[int]:
        """Processes that render for this worker, by their working folder."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                if os.readlink(f"/proc/{pid}/cwd").startswith(str(self.store)):
                    found.append(int(pid))
        return found


class Cluster:
    def __init__(self, folder):
        self.folder = folder
        self.address = f"tcp://127.0.0.1:{free_port()}"
        self.log = folder / "scheduler.log"
        with open(self.log, "w") as log:
            self.scheduler = subprocess.Popen(
                [sys.executable, "-m", "dask", "scheduler", "--no-dashboard", "--host", self.address],
                cwd=folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_for(lambda: "Scheduler at" in self.log.read_text())
        self.workers = []

    def worker(self, *flags: str, **environment: str) -> Worker:
        folder = self.folder / f"worker{len(self.workers)}"
        self.workers.append(Worker(self.address, folder, *flags, **environment))
        return self.workers[-1]

    def end(self):
        for worker in self.workers:
            end(worker.process)
        end(self.scheduler)


@pytest.fixture
def machines(tmp_path):
    folder = tmp_path / "cluster"
    folder.mkdir()
    found = Cluster(folder)
    yield found
    found.end()


def files(mini) -> dict[str, bytes]:
    return {
        path.relative_to(mini.figures).as_posix(): path.read_bytes()
        for path in mini.figures.rglob("*")
        if path.is_file()
    }


def test_two_workers_render_what_one_machine_would(machines, mini, built):
    one, two = machines.worker(), machines.worker()
    assert mini.build("figures", SCHEDULER=machines.address) == []  # nothing was rendered in the project's own folder
    assert files(mini) == files(built)
    assert sorted(one.renders() + two.renders()) == sorted(IDS)
    assert one.renders()
    assert two.renders()
    assert mini.build("site") == []  # whole for everybody, not only for who made them
    # Nothing is sent twice, and what changed is.
    before = {path: path.stat().st_mtime_ns for path in one.store.glob("blobs/*/*")}
    mini.edit("figures_src/denoised/tools/hammer.py", "WEIGHT = 3", "WEIGHT = 8")
    mini.build("figures", SCHEDULER=machines.address)
    assert mini.output("one/first")[0] == 8
    after = {path: path.stat().st_mtime_ns for path in one.store.glob("blobs/*/*")}
    assert {path: after.get(path) for path in before} == before
    new = set(after) - set(before)
    assert len(new) == 2  # the hammer and the new listing
    assert hashes.file_hash(mini.path("figures_src/denoised/tools/hammer.py")) in {path.name for path in new}


def test_a_worker_killed_in_the_middle_of_a_figure_costs_nothing_but_time(machines, mini, built):
    victim, other = machines.worker(MINI_PAUSE="0.4"), machines.worker(MINI_PAUSE="0.4")
    process = mini.start("figures", SCHEDULER=machines.address)
    wait_for(victim.renders)
    helpers = victim.helpers()
    assert helpers
    os.kill(victim.process.pid, signal.SIGKILL)
    out, err = process.communicate(timeout=SLOW)
    assert process.returncode == 0, err
    assert "Traceback" not in err
    assert files(mini) == files(built)
    lost = set(victim.renders()) & set(other.renders())
    assert lost  # begun by the one, made by the other
    wait_for(lambda: not victim.helpers())  # what rendered for the dead one has ended as well
    assert mini.build("figures") == []


def test_a_scheduler_that_does_not_answer_is_one_sentence(mini):
    address = f"tcp://127.0.0.1:{free_port()}"
    said = mini.fail("figures", SCHEDULER=address)
    assert said.startswith(f"No Dask scheduler answers at {address}.")
    assert "dask scheduler" in said
    assert not list(mini.figures.rglob("*.bin")) if mini.figures.exists() else True
    assert mini.fail("figures", SCHEDULER="somewhere").startswith("No Dask scheduler answers at somewhere.")


def test_a_scheduler_without_workers_is_one_sentence(machines, mini):
    said = mini.fail("figures", SCHEDULER=machines.address, CLUSTER_PATIENCE="1")
    assert "has had no worker for 1 s" in said
    assert "dask worker tcp://" in said


def test_a_scheduler_that_goes_away_is_one_sentence_and_what_was_made_is_kept(machines, mini):
    machines.worker(MINI_PAUSE="0.3")
    process = mini.start("figures", SCHEDULER=machines.address)
    wait_for(lambda: list(mini.figures.rglob("*.json")))
    end(machines.scheduler)
    _, err = process.communicate(timeout=SLOW)
    assert process.returncode == 1
    assert "Traceback" not in err, err
    said = [line for line in err.splitlines() if line.startswith("error: ")]
    assert said == [
        f"error: The scheduler at {machines.address} is gone. "
        "What was made is kept: the same command goes on from there."
    ]
    assert 0 < len(mini.build("figures")) < len(IDS)


def test_a_figure_that_fails_there_fails_alone_and_with_its_sentence(machines, mini):
    machines.worker(MINI_PAUSE="0")
    source = mini.path("figures_src/figures/one/first.py")
    source.write_text(source.read_text().replace("return bytes", "print('a trace of it'); 1 / 0; return bytes"))
    at_home = mini.fail("figures", "one/first")
    said = mini.fail("figures", SCHEDULER=machines.address)
    assert said == at_home
    assert "one/first" in said
    log = mini.path("build/logs/figures.log").read_text()
    assert log.count("a trace of it") == 2
    assert log.count("ZeroDivisionError") >= 2
    assert sorted(path.stem for path in mini.figures.rglob("*.json")) == ["second", "third"]


def test_a_worker_with_other_versions_draws_nothing(machines, mini):
    machines.worker()
    lock = mini.path("requirements.lock")
    lock.write_text(re.sub(r"(?m)^numpy==\S+", "numpy==0.0.1", lock.read_text()))
    said = mini.fail("figures", SCHEDULER=machines.address)
    assert "numpy" in said
    assert "instead of 0.0.1" in said
    assert "pip install -r requirements.lock" in said


def test_figures_that_need_a_gpu_wait_for_a_worker_that_has_one(machines, mini, monkeypatch):
    from tasks import cluster_dask

    plain = machines.worker()
    monkeypatch.setattr(cluster_dask, "PATIENCE", 1)
    dask = cluster_dask.Dask(machines.address, [])
    request = {"id": "any/thing", "profile": "tiny", "key": "", "tree": "0" * 64, "limit": 1}  # nobody has that tree
    try:
        assert dask._run(request, None, False)["pid"] == plain.process.pid
        with pytest.raises(Exception, match="no worker with a GPU for 1 s.*--resources GPU=1"):
            dask._run(request, None, True)
        gpu = machines.worker("--resources", "GPU=1")
        assert {dask._run(request, None, True)["pid"] for _ in range(4)} == {gpu.process.pid}
    finally:
        dask.close()


def test_only_a_checkpoint_needs_a_gpu():
    known = targets.figure_ids()
    with_weights = next(name for name in known if targets.Figure(name, "tiny").declared("WEIGHTS"))
    without = next(name for name in known if not targets.Figure(name, "tiny").declared("WEIGHTS"))
    assert not cluster.needs_gpu(targets.Figure(with_weights, "tiny"))
    assert cluster.needs_gpu(targets.Figure(with_weights, "sd15"))
    assert not cluster.needs_gpu(targets.Figure(without, "sd15"))


CONFIG = """
from parsl import Config, HighThroughputExecutor
from parsl.providers import LocalProvider

config = Config(
    executors=[
        HighThroughputExecutor(
            label="here",
            address="127.0.0.1",
            max_workers_per_node=2,
            cores_per_worker=0.1,
            provider=LocalProvider(init_blocks=1, max_blocks=1, worker_init="export {exports}"),
        )
    ],
    usage_tracking=0,
)
"""


@pytest.mark.parametrize("shared", ["0", "1"])
def test_parsl_starts_workers_that_render_the_same(mini, built, tmp_path, shared):
    pytest.importorskip("parsl", reason="Parsl is not installed: python3 scripts/setup_env.py --cluster")
    store = tmp_path / "store"
    file = tmp_path / "here.py"
    exports = f"DENOISED_STORE={store} DENOISED_SHARED_DISK={shared} PATH={os.path.dirname(sys.executable)}:$PATH"
    file.write_text(CONFIG.format(exports=exports))
    mini.build("figures", SCHEDULER=f"parsl:{file}")
    assert files(mini) == files(built)
    assert list(store.glob("trees/*/renders.log"))
    assert not mini.path("runinfo").exists()
    assert mini.build("figures") == []


def test_a_parsl_file_that_is_not_there_or_describes_nothing_is_one_sentence(mini, tmp_path):
    pytest.importorskip("parsl", reason="Parsl is not installed: python3 scripts/setup_env.py --cluster")
    missing = tmp_path / "missing.py"
    assert f"parsl:{missing}: there is no such file" in mini.fail("figures", SCHEDULER=f"parsl:{missing}")
    empty = tmp_path / "empty.py"
    empty.write_text("a = 1\n")
    assert "defines no `config`" in mini.fail("figures", SCHEDULER=f"parsl:{empty}")
    empty.write_text("1 / 0\n")
    assert "ZeroDivisionError" in mini.fail("figures", SCHEDULER=f"parsl:{empty}")

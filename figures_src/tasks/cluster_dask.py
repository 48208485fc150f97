"""Figures on the workers of an existing Dask scheduler."""

import contextlib
import itertools
import logging
import os
import threading
import time
from pathlib import Path

from denoised.errors import DenoisedError
from tasks import targets
from tasks.cluster import NAME, SOURCE, Cluster, call_by_value

CONNECT = 10  # seconds that a scheduler has to answer
PATIENCE = float(os.environ.get("CLUSTER_PATIENCE", 60))  # seconds without any worker that could take a figure
PIECE = 16 << 20  # bytes that are sent at once


class Dask(Cluster):
    """An existing scheduler. GPU figures go to workers that offer the resource (`dask worker --resources GPU=1`)."""

    def __init__(self, address: str, figures: list[targets.Figure]):
        super().__init__(figures)
        try:
            import distributed
        except ImportError as error:
            raise DenoisedError(
                "SCHEDULER needs Dask, which is not installed here; `make` installs it, or "
                "`python3 scripts/setup_env.py --cluster`."
            ) from error
        for name in [name for name in logging.root.manager.loggerDict if name.startswith("distributed")]:
            logging.getLogger(name).setLevel(logging.CRITICAL)  # what matters is said below, once
        self.address = address
        self._distributed = distributed
        self._call = call_by_value()
        self._seen = time.monotonic()
        self._sending = threading.Lock()
        self._ahead = threading.Lock()
        self._brought = ""
        self._count = itertools.count()
        self._free = threading.Condition()
        self._flying, self._rooms = {False: 0, True: 0}, (0.0, {False: 1, True: 1})
        self._client = distributed.Client.__new__(distributed.Client)
        try:
            self._client.__init__(address, timeout=CONNECT, set_as_default=False)
        except (OSError, ValueError, TypeError, RuntimeError, ImportError) as error:  # TimeoutError is an OSError
            self._client.status = "closed"  # or it waits for its farewell when it is collected
            raise DenoisedError(
                f"No Dask scheduler answers at {address}. Start one there with `dask scheduler`, check the address "
                f"(tcp://host:8786), or leave SCHEDULER out to render on this machine."
            ) from error

    def _run(self, request: dict, bring: dict | None, gpu: bool) -> dict:
        with self._turn(gpu):
            return self._run_now(request, gpu)

    @contextlib.contextmanager
    def _turn(self, gpu: bool):
        """Wait for a free thread of a worker. What the scheduler gets sooner it gives to a worker that is busy, to have
        it ready there, and there it stays while another has nothing to do."""
        with self._free:
            while self._flying[gpu] >= self._room(gpu):
                self._free.wait(timeout=1)  # a worker may have come
                if self.closed:
                    raise DenoisedError("The build was stopped.")
            self._flying[gpu] += 1
        try:
            yield
        finally:
            with self._free:
                self._flying[gpu] -= 1
                self._free.notify_all()

    def _room(self, gpu: bool) -> int:
        """Threads of the workers that could take a figure, as of a second ago; one where there are none, which then waits
        for a worker to come."""
        asked, rooms = self._rooms
        if time.monotonic() - asked > 1:
            with contextlib.suppress(*self._silence()):  # whoever waits for an answer says so
                threads = {kind: sum(w.get("nthreads", 1) for w in self._able(kind)) for kind in (False, True)}
                rooms = {kind: max(1, count) for kind, count in threads.items()}
            self._rooms = (time.monotonic(), rooms)
        return rooms[gpu]

    def _run_now(self, request: dict, gpu: bool) -> dict:
        name = f"{request['id']}-{os.getpid()}-{next(self._count)}"
        with self._asking():
            future = self._client.submit(
                self._call, NAME, SOURCE, "run", request, key=name, pure=False, resources={"GPU": 1} if gpu else None
            )
            try:
                while True:
                    try:
                        return future.result(timeout=2)
                    except TimeoutError:
                        self._check(gpu)
            except self._distributed.KilledWorker as error:
                raise DenoisedError(
                    f"Figure {request['id']} was given up: every worker that rendered it died; it may need more memory."
                ) from error
            finally:
                future.cancel()

    @contextlib.contextmanager
    def _asking(self):
        """Whatever the client raises once its scheduler is gone, be it in its farewell, is the one sentence about that."""
        try:
            yield
        except self._silence() as error:
            raise DenoisedError(
                f"The scheduler at {self.address} is gone. What was made is kept: the same command goes on from there."
            ) from error

    def _silence(self) -> tuple[type[Exception], ...]:
        """What the client raises when nobody answers any more; its own ClosedClientError is no OSError."""
        return self._distributed.CancelledError, self._distributed.client.ClosedClientError, OSError, RuntimeError

    def _check(self, gpu: bool) -> None:
        """Raise when there has been nobody for too long who could do it."""
        if self.closed:
            raise DenoisedError("The build was stopped.")
        if self._able(gpu):
            self._seen = time.monotonic()
        elif time.monotonic() - self._seen > PATIENCE:
            what, how = ("worker with a GPU", " --resources GPU=1") if gpu else ("worker", "")
            raise DenoisedError(
                f"The scheduler at {self.address} has had no {what} for {PATIENCE:g} s; "
                f"start one with `dask worker {self.address} --nthreads 1{how}`."
            )

    def _able(self, gpu: bool) -> list[dict]:
        """The workers that could take a figure, as the scheduler describes them."""
        workers = self._client.scheduler_info(n_workers=-1).get("workers", {}).values()
        return [worker for worker in workers if not gpu or worker.get("resources", {}).get("GPU", 0) >= 1]

    def render(self, figure: targets.Figure, out: os.PathLike, key: str) -> str:
        """As in Cluster. The first figure of a tree brings the files to every worker, before anybody asks for them."""
        tree = self.listing.tree_for(figure)
        with self._ahead:
            if tree != self._brought:
                self._supply([tree])
                self._supply(sorted(self.listing.content))
                self._brought = tree
        return super().render(figure, out, key)

    def _supply(self, missing: list[str]) -> None:
        """Send what is missing to all workers that lack it; one thread at a time, so that nothing is sent twice."""
        with self._sending:
            known = self.listing.content
            sources = {digest: str(known[digest]) if isinstance(known[digest], Path) else "" for digest in missing}
            lack = {worker: set(found) for worker, found in self._everywhere("wanting", sources).items() if found}
            batches: dict[tuple[str, ...], dict[str, bytes]] = {}  # who lacks them -> small files, for one message
            for digest in missing:
                takers = tuple(sorted(worker for worker, digests in lack.items() if digest in digests))
                if not takers:
                    continue
                content = self._content(digest)
                if len(content) > PIECE:
                    self._send_in_pieces(digest, content, takers)
                    continue
                batch = batches.setdefault(takers, {})
                batch[digest] = content
                if sum(map(len, batch.values())) > PIECE:
                    self._everywhere("receive_all", batches.pop(takers), workers=takers)
            for takers, batch in batches.items():
                self._everywhere("receive_all", batch, workers=takers)

    def _send_in_pieces(self, digest: str, content: bytes, takers: tuple[str, ...]) -> None:
        sender = f"{os.getpid()}-{time.monotonic_ns()}"
        for start in range(0, len(content), PIECE):
            last = start + PIECE >= len(content)
            self._everywhere("receive", sender, digest, content[start : start + PIECE], last, workers=takers)

    def _everywhere(self, function: str, *arguments, workers: tuple[str, ...] | None = None) -> dict:
        """{worker: what it answers}. One that fails or dies is left out: it will say again what it lacks."""
        some = None if workers is None else list(workers)
        with self._asking():
            answers = self._client.run(self._call, NAME, SOURCE, function, *arguments, workers=some, on_error="return")
        return {worker: found for worker, found in answers.items() if not isinstance(found, BaseException)}

    def close(self) -> None:
        super().close()
        with contextlib.suppress(Exception):
            self._client.close(timeout=5)

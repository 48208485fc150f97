"""Figures on workers that Parsl starts: Slurm, PBS, Kubernetes, or this machine, as a file of the operator's says.

The file defines `config`, a parsl.Config. Figures that need a GPU go to the executors whose label begins with "gpu".
"""

import contextlib
import logging
import os
import runpy
import sys
import threading
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Late
from pathlib import Path

from denoised.errors import DenoisedError
from tasks import hashes, targets
from tasks.cluster import NAME, SOURCE, Cluster, call_by_value

MOST = 1 << 30  # bytes that a task may carry along


class Parsl(Cluster):
    """A Parsl configuration, loaded for as long as this build runs."""

    def __init__(self, file: str, figures: list[targets.Figure]):
        super().__init__(figures)
        try:
            import parsl
            from parsl.concurrent import ParslPoolExecutor
        except ImportError as error:
            raise DenoisedError(
                "SCHEDULER=parsl:... needs Parsl, which is not installed here; `python3 scripts/setup_env.py --cluster` "
                "installs it."
            ) from error
        config = _config(file, parsl.Config)
        logging.getLogger("parsl").setLevel(logging.CRITICAL)
        if config.run_dir == "runinfo":  # Parsl's default: beside whatever is there
            config.run_dir = str(hashes.BUILD / "parsl")
        # Parsl starts its own programs by name, and nobody may have activated this environment.
        os.environ["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", "")])
        self._call = call_by_value()
        self._carrying = threading.Lock()
        self._parsl = parsl
        try:
            self._kernel = parsl.load(config)
        except Exception as error:  # a provider may fail in any way: sbatch is missing, a cluster does not answer
            raise DenoisedError(f"Parsl could not start what {file} describes: {error}") from error
        labels = [executor.label for executor in config.executors]
        gpu = [label for label in labels if label.startswith("gpu")]
        self._pools = {False: ParslPoolExecutor(dfk=self._kernel, executors=labels)}
        if gpu:
            self._pools[True] = ParslPoolExecutor(dfk=self._kernel, executors=gpu)

    def _run(self, request: dict, bring: dict[str, bytes] | None, gpu: bool) -> dict:
        if gpu not in self._pools:
            raise DenoisedError(
                f"Figure {request['id']} needs a GPU, and no executor of the Parsl configuration has a label that begins "
                f'with "gpu".'
            )
        if bring is None:
            return self._result(self._pools[gpu].submit(self._call, NAME, SOURCE, "run", request), request)
        # One at a time, first without the files: another task may have brought them to the same disk meanwhile.
        with self._carrying:
            answer = self._result(self._pools[gpu].submit(self._call, NAME, SOURCE, "run", request), request)
            if "missing" not in answer:
                return answer
            files = {digest: self._content(digest) for digest in answer["missing"]}
            if sum(map(len, files.values())) > MOST:
                raise DenoisedError(
                    f"Figure {request['id']} needs more than {MOST >> 30} GB of files on a worker; put the repository "
                    f"(or DENOISED_MODELS) on a disk that the workers share, at the same path."
                )
            return self._result(self._pools[gpu].submit(self._call, NAME, SOURCE, "run", request, files), request)

    def _result(self, future: Future, request: dict) -> dict:
        while True:
            try:
                return future.result(timeout=2)
            except Late:
                if future.done():
                    raise
                if self.closed:
                    raise DenoisedError("The build was stopped.") from None
                for executor in self._kernel.executors.values():
                    if getattr(executor, "bad_state_is_set", False):
                        raise DenoisedError(
                            f"Parsl gave up starting workers ({executor.label}): {executor.executor_exception}"
                        ) from None
            except Exception as error:
                raise DenoisedError(
                    f"Figure {request['id']} was given up by Parsl: {type(error).__name__}: {error}"
                ) from error

    def _supply(self, missing: list[str]) -> dict[str, bytes]:
        return {}  # _run asks again what is missing, and carries it

    def close(self) -> None:
        super().close()
        with contextlib.suppress(Exception):
            self._kernel.cleanup()
            self._parsl.clear()


def _config(file: str, kind: type):
    path = Path(file)
    if not path.is_file():
        raise DenoisedError(f"SCHEDULER=parsl:{file}: there is no such file; it is to define `config`, a parsl.Config.")
    try:
        config = runpy.run_path(str(path)).get("config")
    except Exception as error:
        raise DenoisedError(f"{file} fails: {type(error).__name__}: {error}") from error
    if not isinstance(config, kind):
        raise DenoisedError(f"{file} defines no `config` that is a parsl.Config.")
    return config

"""data/ -> figures_src/weights. Only by `make train`; resumes from the last checkpoint."""

import subprocess
import sys

from pytask import task

from denoised import paths
from denoised.errors import DenoisedError
from tasks import plan

if plan.COMMAND == "weights":

    @task(id="weights")
    def task_weights():
        command = [sys.executable, str(paths.ROOT / "scripts" / "train.py"), *plan.IDS]
        status = subprocess.run(command, cwd=paths.ROOT).returncode
        if status:
            raise DenoisedError(f"Training ended with status {status}; the same command resumes it.")

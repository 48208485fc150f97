"""How the results of benchmarks are read."""

import json
from pathlib import Path

from denoised.errors import DenoisedError


def load(file: Path, script: str) -> dict:
    """What `script` wrote. DenoisedError where it is missing or damaged."""
    try:
        return dict(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise damaged(file, script) from error


def damaged(file: Path, script: str) -> DenoisedError:
    """What to say of a file that is not there or does not hold what it should."""
    return DenoisedError(f"{file.name} is missing or damaged; scripts/{script}.py writes it.")

"""How the results of benchmarks are read."""

import json
from collections.abc import Callable
from pathlib import Path

from denoised.errors import DenoisedError


def load(file: Path, script: str, whole: Callable[[dict], bool]) -> dict:
    """What `script` wrote. DenoisedError where it is missing or damaged: `whole(result)` is not true, or stumbles over
    what is not there."""
    try:
        result = dict(json.loads(file.read_text(encoding="utf-8")))
        fine = whole(result)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise damaged(file, script) from error
    if not fine:
        raise damaged(file, script)
    return result


def damaged(file: Path, script: str) -> DenoisedError:
    """What to say of a file that is not there or does not hold what it should."""
    return DenoisedError(f"{file.name} is missing or damaged; scripts/{script}.py writes it.")

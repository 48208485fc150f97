"""How the scripts that repeat a study or a benchmark begin and end alike."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import numpy as np

from denoised import paths
from denoised.errors import DenoisedError
from denoised.studies import shelf


def keep_results(file: Path, facts: dict, arrays: dict[str, np.ndarray]) -> None:
    """Put a study's results where they are committed, and say so."""
    shelf.put(file, facts, arrays)
    print(f"wrote {file.relative_to(paths.ROOT)}, {file.stat().st_size:,} bytes")


def run_script(main: Callable[..., int | None], *arguments) -> NoReturn:
    """Leave with main's status; with 1 and one sentence where it raises a DenoisedError."""
    try:
        sys.exit(main(*arguments))
    except DenoisedError as error:
        sys.exit(str(error))

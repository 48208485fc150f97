"""Times of one benchmark run, with the machine's description: what scripts/bench_architectures.py measured."""

import json
from pathlib import Path

from denoised.errors import DenoisedError

FILE = Path(__file__).with_suffix(".json")


def load(path: Path = FILE) -> dict:
    """{"machine", "torch", "convolution": {tool: seconds}, "reading": {kind: {length: seconds}}}.

    Raises DenoisedError if the file is missing or damaged.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DenoisedError(
            f"The benchmark's results {path.name} cannot be read ({error}): run `python scripts/bench_architectures.py`."
        ) from None

"""Where studies keep their results: one .npz with a JSON of numbers, which knows the code and the weights it is from."""

import hashlib
import inspect
import io
import json
import os
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from denoised.errors import DenoisedError


class Outdated(DenoisedError):
    """Results are whole, and were made by other code, with other settings, weights or data."""


def key(settings, *sources) -> str:
    """Short hash of settings (JSON-able) and of the source of all that computes a study's results: functions, classes,
    modules."""
    source = "".join(map(inspect.getsource, sources))
    return hashlib.sha256((json.dumps(settings) + source).encode()).hexdigest()[:16]


def put(path: Path, facts: dict, arrays: dict[str, np.ndarray]) -> None:
    """Write facts (JSON-able; must hold "key") and arrays, renamed into place so that no half file is ever seen."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, facts=np.frombuffer(json.dumps(facts).encode(), np.uint8), **arrays)
    part = path.with_name(path.name + ".part")
    part.write_bytes(buffer.getvalue())
    os.replace(part, path)


def take(path: Path, key: str, script: str) -> tuple[dict, dict[str, np.ndarray]]:
    """(facts, arrays) of committed results; `script` makes them again.

    Raises DenoisedError when the file is missing or damaged, Outdated when its key is not `key`: other code or settings.
    """
    try:
        with np.load(path) as file:
            arrays = {name: file[name] for name in file.files}
        facts = json.loads(bytes(arrays.pop("facts")).decode())
        found = facts["key"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise DenoisedError(f"The results in {path.name} cannot be read ({error}): restore them from git.") from None
    if found != key:
        raise Outdated(
            f"The results in {path.name} were made by another version of the study: run `python scripts/{script}.py`."
        )
    return facts, arrays


def weights_digest(folder: Path) -> str:
    """sha256 over the tensors' files of a folder of weights, so that results can name what they were measured on."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.safetensors")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def digests(lab, *names: str) -> dict[str, str]:
    """{"unet": sha256, ...} of folders of weights that a lab declares ("emoji-sd/unet", "judge"), by their last part."""
    return {name.rpartition("/")[2]: weights_digest(lab.weight(name)) for name in names}


def expect(facts: dict, lab, names: Iterable[str], script: str) -> None:
    """Raises Outdated where results (facts["weights"], see `digests`) were measured with other weights than these."""
    if facts["weights"] != digests(lab, *names):
        raise Outdated(f"These results were measured with other weights: run `python scripts/{script}.py`.")

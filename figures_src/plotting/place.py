"""Putting a figure's files into place so that no half figure is ever taken for a whole one.

Files are written beside their final place under temporary names, synced, renamed; the manifest `<name>.json`
comes last. A figure is whole if and only if its manifest is there and every file it lists has the size and
hash that it gives.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from pathlib import Path

STALE_SECONDS = 3600  # a temporary file this old belongs to a build that was killed


def write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):  # not every system can open a folder
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def turn(folder: Path, name: str):
    """One builder at a time moves the files of one figure into place; the lock goes with the process that
    holds it."""
    try:
        import fcntl
    except ImportError:  # Windows: renames are atomic one by one, and verify() catches a mixture
        yield
        return
    with (folder / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def sweep(place: Path, name: str, keep: set[str]) -> None:
    """Remove what this figure no longer produces, and scraps of builds that were killed long ago. An id
    holds no dot, so `swap.` can't begin a file of `swap_matrix`."""
    for path in place.glob(f"{name}.*"):
        if path.name not in keep:
            path.unlink(missing_ok=True)
    for pattern in (f".{name}.*.tmp", ".film-*"):
        for path in place.glob(pattern):
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > STALE_SECONDS:
                    if path.is_dir():
                        for inner in path.iterdir():
                            inner.unlink()
                        path.rmdir()
                    else:
                        path.unlink()


def verify(manifest_path: Path) -> str | None:
    """None if the figure is whole, else the reason why it is not, in words."""
    manifest_path = Path(manifest_path)
    try:
        manifest = json.loads(manifest_path.read_text(encoding="utf-8"))
        files = manifest["files"]
        expected = {name: (entry["sha256"], entry["bytes"]) for name, entry in files.items()}
    except FileNotFoundError:
        return f"{manifest_path.name} is missing"
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return f"{manifest_path.name} is not a readable manifest"
    if not expected:
        return f"{manifest_path.name} lists no files"
    for name, (sha256, size) in expected.items():
        path = manifest_path.parent / name
        if not path.is_file():
            return f"{name} is missing"
        if path.stat().st_size != size or hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
            return f"{name} is not the file that was saved"
    return None

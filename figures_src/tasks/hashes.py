"""Content hashes of files, with a cache that a `touch`, a copy or a fresh clone cannot fool.

A cached hash is used again only where size, modification time, change time, and inode are all the same. The change
time is the one that no program can set, so a file rewritten with an older date is read again. A file changed just
before it was read is not cached: a second change within the same tick of the clock would go unseen.
"""

import hashlib
import json
import os
import threading
import time
from pathlib import Path

from denoised import paths

BUILD = Path(os.environ.get("DENOISED_BUILD", paths.ROOT / "build"))  # stamps, caches, logs; git-ignored
_CACHE_FILE = BUILD / "hashes.json"
_cache: dict[str, list] | None = None
_dirty = False


def text_hash(value) -> str:
    """sha256 of a value made of dicts, lists, strings, numbers."""
    return bytes_hash(json.dumps(value, sort_keys=True, ensure_ascii=False).encode())


def bytes_hash(content: bytes) -> str:
    """sha256 of bytes."""
    return hashlib.sha256(content).hexdigest()


def _load() -> dict[str, list]:
    global _cache
    if _cache is None:
        try:
            noted = json.loads(_CACHE_FILE.read_text())
            _cache = {name: [list(mark), str(digest)] for name, (mark, digest) in noted.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            _cache = {}
    return _cache


def _mark(stat: os.stat_result) -> list[int]:
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]


def file_hash(path: Path) -> str | None:
    """sha256 of a file's content; None where there is no such file."""
    global _dirty
    cache = _load()
    name = str(path)
    try:
        before = os.stat(path)
        known = cache.get(name)
        mark = _mark(before)
        if known and known[0] == mark:
            return known[1]
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        after = os.stat(path)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    # File systems that keep whole seconds only need a wider margin than those that keep nanoseconds.
    margin = 0.1 if before.st_ctime_ns % 1_000_000_000 else 2.5
    if _mark(after) == mark and time.time() - before.st_ctime > margin:
        cache[name] = [mark, digest]
        _dirty = True
    return digest


def save() -> None:
    """Write the cache. Losing it costs time, never truth, so that a full disk is no error here."""
    global _dirty
    if not _dirty:
        return
    kept = {name: entry for name, entry in list(_load().items()) if os.path.exists(name)}
    try:
        write_text(_CACHE_FILE, json.dumps(kept))
    except OSError:
        return
    _dirty = False


def write_text(path: Path, text: str) -> None:
    """Write a whole file or none: under a temporary name, synced, then renamed into place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.draft")
    try:
        with open(draft, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def tree(folder: Path, skip=lambda path: False) -> list[Path]:
    """Every file below a folder, sorted; `skip` is asked for each file and folder. Caches and drafts never count."""
    found = []
    stack = [str(folder)]
    while stack:
        try:
            entries = list(os.scandir(stack.pop()))
        except (FileNotFoundError, NotADirectoryError):
            continue
        for entry in entries:
            path = Path(entry.path)
            if entry.name in ("__pycache__", ".ipynb_checkpoints", ".DS_Store") or skip(path):
                continue
            if entry.name.startswith(".") and entry.name.endswith(".draft"):
                continue
            if entry.is_dir():
                stack.append(entry.path)
            else:
                found.append(path)
    return sorted(found)

"""What a cluster's worker does. Standard library only, and imports nothing of ours: the build sends this very text
along with each task (`call` in cluster.py), so that a worker needs no checkout, only Python and the pinned packages.

Files come by content. The store (`DENOISED_STORE`, else ~/.cache/denoised/cluster) keeps each under its sha256; a tree
is a folder of hard links to them that looks like the repository, and its name is the hash of its listing, which is
itself a file of the store. A figure is rendered in such a tree by the same processes as at home (tasks/errand.py).
What lies at the build's own path with the right hash is copied from there, unless DENOISED_SHARED_DISK=0.
"""

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

AGE = 14 * 24 * 3600.0  # seconds after which a tree that nobody used is thrown away
_lock = threading.Lock()
_idle: dict[tuple[str, str], list] = {}


def store() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(os.environ.get("DENOISED_STORE") or os.path.join(cache, "denoised", "cluster"))


def blob(digest: str) -> Path:
    return store() / "blobs" / digest[:2] / digest


def sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def receive(sender: str, digest: str, piece: bytes, last: bool) -> bool:
    """Take a piece of a file. The last one puts it into the store, whole and with the right hash, or not at all."""
    name = f"{sender}-{digest}-{os.getpid()}"
    draft = store() / "drafts" / name
    draft.parent.mkdir(parents=True, exist_ok=True)
    with open(draft, "ab") as file:
        file.write(piece)
    return _keep(draft, digest) if last else True


def receive_all(files: dict[str, bytes]) -> bool:
    """Take whole files, {hash: content}; false if one was not what its hash says."""
    kept = [receive(f"all-{threading.get_ident()}", digest, content, True) for digest, content in files.items()]
    return all(kept)


def _keep(draft: Path, digest: str) -> bool:
    try:
        if sha256(draft) != digest:
            return False
        draft.chmod(0o444)
        blob(digest).parent.mkdir(parents=True, exist_ok=True)
        os.replace(draft, blob(digest))
        return True
    finally:
        draft.unlink(missing_ok=True)


def _fetch(source: str, digest: str) -> bool:
    """Where this worker shares a disk with the build: copy the file, if it is the one that is meant."""
    if os.environ.get("DENOISED_SHARED_DISK") == "0":
        return False
    folder = store() / "drafts"
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=folder)
    os.close(handle)
    draft = Path(name)
    try:
        shutil.copyfile(source, draft)
    except OSError as error:
        draft.unlink(missing_ok=True)
        if error.errno in (28, 122):  # the disk that is full is ours
            raise
        return False
    return _keep(draft, digest)


def wanting(sources: dict[str, str]) -> list[str]:
    """Which of these files, {hash: where the build has it}, this worker cannot get by itself."""
    return [digest for digest, source in sources.items() if not (blob(digest).exists() or _fetch(source, digest))]


def lacking(tree: str) -> list[str]:
    """Hashes of the files that this worker has neither in its store nor on a shared disk; [] if the tree stands."""
    place = store() / "trees" / tree
    if place.is_dir():
        os.utime(place)
        return []
    if not blob(tree).exists():
        return [tree]
    listing = json.loads(blob(tree).read_text())
    sources = {digest: source for _, digest, source in listing}
    missing = []
    for digest, source in sources.items():
        kept = blob(digest)
        if kept.exists() and sha256(kept) != digest:  # a disk that lost something
            kept.unlink(missing_ok=True)
        if not kept.exists() and not _fetch(source, digest):
            missing.append(digest)
    if not missing:
        _plant(tree, listing)
    return missing


def _plant(tree: str, listing: list) -> None:
    """Make the folder aside and rename it into place; another worker on this machine may have been faster."""
    _prune()
    folder = store() / "drafts"
    aside = Path(tempfile.mkdtemp(dir=folder))
    try:
        for name, digest, _ in listing:
            path = aside / name
            if not path.resolve().is_relative_to(aside.resolve()):
                raise ValueError(f"{name} would lie outside of the tree")
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(blob(digest), path)
            except OSError:  # a file system without hard links
                shutil.copyfile(blob(digest), path)
        place = store() / "trees" / tree
        place.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(OSError):
            os.rename(aside, place)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _prune() -> None:
    """Throw away trees that nobody used for long, then the files that no tree has."""
    old = time.time() - AGE
    for place in (store() / "trees").glob("*"):
        if place.stat().st_mtime < old:
            shutil.rmtree(place, ignore_errors=True)
    for path in [*(store() / "blobs").glob("*/*"), *(store() / "drafts").glob("*")]:
        with contextlib.suppress(OSError):
            stat = path.stat()
            if path.is_file() and stat.st_nlink == 1 and max(stat.st_mtime, stat.st_ctime) < old:
                path.unlink()


class Child:
    """A process that renders in one tree and for one profile, for as long as this worker lives."""

    def __init__(self, tree: str, profile: str):
        place = store() / "trees" / tree
        environment = {name: value for name, value in os.environ.items() if not name.startswith("DENOISED_")}
        environment.update(PYTHONPATH=str(place / "figures_src"), PYTHONDONTWRITEBYTECODE="1", DENOISED_PROFILE=profile)
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "tasks.errand"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=place,
            env=environment,
        )

    def ask(self, request: dict) -> dict:
        try:
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = b""
        if not line:
            self.process.kill()
            return {"error": f"What renders on a worker ended with status {self.process.wait()}."}
        return json.loads(line)


def run(request: dict, files: dict[str, bytes] | None = None) -> dict:
    """Render a figure: {"files": {name: bytes}, "seconds"}, or {"missing": [hashes]}, or {"error": one sentence, "log"}.

    `files` are what a former answer said was missing, where the cluster has no other way to bring them here.
    """
    try:
        receive_all(files or {})
        missing = lacking(request["tree"])
        return {"missing": missing, "pid": os.getpid()} if missing else _render(request)
    except OSError as error:
        where = f"A worker ({os.uname().nodename}) could not render figure {request['id']}"
        return {"error": f"{where}: {error.strerror or error}: {error.filename or store()}."}


def _render(request: dict) -> dict:
    started = time.monotonic()
    key = (request["tree"], request["profile"])
    with _lock:
        waiting = _idle.setdefault(key, [])
        child = waiting.pop() if waiting else None
        for other in [other for other in _idle if other != key]:  # made from former sources
            for old in _idle.pop(other):
                old.process.kill()
                old.process.wait()
    if child is None or child.process.poll() is not None:
        child = Child(*key)
    out = Path(tempfile.mkdtemp(dir=store() / "drafts"))
    try:
        answer = child.ask({**request, "out": str(out)})
        if "error" not in answer:
            answer["files"] = {
                path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()
            }
    finally:
        shutil.rmtree(out, ignore_errors=True)
        if child.process.poll() is None:
            with _lock:
                _idle.setdefault(key, []).append(child)
    return {**answer, "seconds": time.monotonic() - started, "worker": os.uname().nodename}

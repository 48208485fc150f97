"""Why does a figure look otherwise than it did? Told from what its manifests note: versions, weights, and the key.

A key is a hash over code, data, weights and requirements.lock, so it alone cannot say which of them changed. But the
lock's former states are in git: if the key with one of those is the old one, nothing but the lock has changed.
"""

import hashlib
import subprocess
from functools import cache

from denoised import paths
from denoised.errors import DenoisedError
from tasks import hashes, targets

FORMER_LOCKS = 30  # how many of the lock's former states are tried

OURS, DEPENDENCY, WEIGHTS, NOTHING = "our code", "dependency", "weights", "nothing of ours"


@cache
def former_locks() -> tuple[str, ...]:
    """sha256 of each former requirements.lock that git has, newest first; none without git or history."""

    def git(*arguments: str) -> bytes:
        return subprocess.run(["git", *arguments], cwd=paths.ROOT, capture_output=True, check=True).stdout

    name = targets.LOCK.name
    try:
        commits = git("log", f"-{FORMER_LOCKS}", "--format=%H", "--", name).decode().split()
        return tuple(hashlib.sha256(git("show", f"{commit}:{name}")).hexdigest() for commit in commits)
    except (OSError, subprocess.CalledProcessError):
        return ()


def only_the_lock(figure: targets.Figure, old_key: str) -> bool:
    """Was the old rendering made from the present code, weights and data, under another requirements.lock?"""
    inputs = figure.inputs()
    return any(hashes.text_hash(inputs | {"lock": lock}) == old_key for lock in former_locks())


def changed(old: dict, new: dict) -> dict[str, tuple]:
    return {
        name: (old.get(name), new.get(name))
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    }


def cause(figure: targets.Figure, before: dict, after: dict) -> tuple[str, str]:
    """(kind, one sentence): what may have made two renderings differ."""
    packages = changed(before.get("versions", {}), after.get("versions", {}))
    listed = ", ".join(f"{name} {old or 'none'} -> {new or 'none'}" for name, (old, new) in packages.items())
    weights = changed(before.get("weights", {}), after.get("weights", {}))
    old_key, new_key = before.get("code_hash"), after.get("code_hash")
    if weights:
        more = f"; versions too: {listed}" if listed else ""
        return WEIGHTS, f"other weights ({', '.join(weights)}); whether code changed as well cannot be told{more}"
    if old_key == new_key:
        if listed:
            return DEPENDENCY, f"{listed}; our code, data and lock are the same"
        return NOTHING, "code, data, weights and versions are the same: chance, threads or the machine"
    try:
        lock = only_the_lock(figure, old_key)
    except DenoisedError:
        lock = False
    if lock:
        return (
            DEPENDENCY,
            f"{listed or 'a package that manifests do not list'}; only requirements.lock changed, not our code",
        )
    return OURS, "our code or data changed" + (f"; versions too: {listed}" if listed else "; the versions are the same")

"""Errors as a person should read them."""

import errno
import os
import re
from pathlib import Path

from denoised import paths
from denoised.errors import DenoisedError

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
REFUSED = {errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EISDIR, errno.EEXIST}
NOT_A_NUMBER = "invalid value encountered in cast"  # numpy's warning, which the render process makes an error


def foreseen(error: BaseException) -> bool:
    """Is this an error that a sentence says all about, so that a traceback would only hide it?"""
    place = isinstance(error, OSError) and error.errno in FULL | REFUSED
    return place or isinstance(error, (DenoisedError, MemoryError)) or _saved_too_late(error)


def sentence(error: BaseException) -> str:
    """What a person needs to know of an error, in one line."""
    if said := _no_encoder(error):
        return said
    if isinstance(error, DenoisedError):
        whole = "pixels, or other whole numbers, were to be made of NaN; something upstream divided by zero or diverged."
        return str(error).replace(f"RuntimeWarning: {NOT_A_NUMBER}", whole)
    if isinstance(error, OSError) and error.errno in FULL:
        return "The disk is full: free some space and run the same command again, it goes on where it stopped."
    if isinstance(error, OSError) and error.errno in REFUSED and error.filename is not None:
        return _in_the_way(error)
    if _saved_too_late(error):
        name = re.sub(r"^figure:\w+/", "", str(error).strip().splitlines()[-1].strip("└─ "))
        return f"What {name} is made from was saved just as it was done: run the same command again."
    if isinstance(error, MemoryError):
        return "There is not enough memory."
    first = str(error).strip().splitlines()
    return f"{type(error).__name__}: {first[0]}" if first else type(error).__name__


def _saved_too_late(error: BaseException) -> bool:
    """pytask's word for a product that is there no more, though its task had just made it: its sources are others now. (It
    has the same name for what a task depends on and does not find.)"""
    return type(error).__name__ == "NodeNotFoundError" and "did not produce" in str(error)


def _no_encoder(error: BaseException | None) -> str | None:
    """Where ffmpeg, which films are made with, could not even be started: which one that is, and what helps."""
    while error is not None:
        named = str(getattr(error, "filename", None) or "")
        if "ffmpeg" in os.path.basename(named) and error.errno not in FULL or "No ffmpeg exe" in str(error):
            remedy = "unset or correct IMAGEIO_FFMPEG_EXE, or `rm -r .venv && make site`; `make doctor` looks at it."
            return f"The encoder of films, {named or 'ffmpeg'}, does not start: {remedy}"
        error = error.__cause__
    return None


def _in_the_way(error: OSError) -> str:
    """Which place cannot be written, and why: named is what is in the way, not what was to be made below it."""
    path = Path(os.fsdecode(error.filename2 or error.filename))
    there = next(one for one in (path, *path.parents) if os.path.lexists(one))
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        moved = Path(os.fsdecode(error.filename))
        if error.filename2 and moved.is_dir() and not os.access(moved, os.W_OK):
            there = moved  # a folder that may not be written cannot be moved elsewhere either
        elif not there.is_dir() and not os.access(there.parent, os.W_OK):
            there = there.parent  # where a file may not be put or replaced
    shown = os.path.relpath(there, paths.ROOT) if there.is_relative_to(paths.ROOT) else str(there)
    again = "run the same command again, it goes on where it stopped."
    if there == path and there.is_dir() and error.errno in (errno.EISDIR, errno.ENOTDIR, errno.EEXIST):
        return f"{shown} is a folder where a file has to be: move it away and {again}"
    if not there.is_dir() and error.errno in (errno.ENOTDIR, errno.EEXIST):
        return f"{shown} is a file where a folder has to be: move it away and {again}"
    return f"{shown} cannot be written ({error.strerror}): make it writable and {again}"


_ONE = re.compile(r"Figure (\S+) needs the (.*)", re.DOTALL)


def together(sentences: list[str]) -> list[str]:
    """The same sentences, each once: a weight that forty figures lack is one thing to be told, not forty."""
    asking: dict[str, list[str]] = {}
    for said in sentences:
        found = _ONE.fullmatch(said)
        asking.setdefault(found[2] if found else said, []).extend(found.groups()[:1] if found else ())
    told = []
    for what, figures in asking.items():
        if not figures:
            told.append(what)
        elif len(figures) == 1:
            told.append(f"Figure {figures[0]} needs the {what}")
        else:
            rest = f" and {len(figures) - 3} more" if len(figures) > 3 else ""
            told.append(f"Figures {', '.join(sorted(figures)[:3])}{rest} need the {what}")
    return told

"""Errors as a person should read them."""

import errno
import re

from denoised.errors import DenoisedError

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def sentence(error: BaseException) -> str:
    """What a person needs to know of an error, in one line."""
    if isinstance(error, DenoisedError):
        return str(error)
    if isinstance(error, OSError) and error.errno in FULL:
        return "The disk is full: free some space and run the same command again, it goes on where it stopped."
    if isinstance(error, MemoryError):
        return "There is not enough memory."
    first = str(error).strip().splitlines()
    return f"{type(error).__name__}: {first[0]}" if first else type(error).__name__


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

"""Errors as a person should read them."""

import errno

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

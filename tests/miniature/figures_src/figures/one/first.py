"""Imports a library module at its top."""

from denoised.tools import hammer

import plotting.output  # noqa: F401

TITLE = "First"
SIZE = 1 << 17


def make(lab, smoke=False):
    return bytes([hammer.WEIGHT]) * SIZE

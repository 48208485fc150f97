"""Imports a library module that imports another one."""

from denoised.tools.chisel import length

import plotting.output  # noqa: F401

TITLE = "Second"
SIZE = 1 << 17


def make(lab, smoke=False):
    return bytes([length()]) * SIZE

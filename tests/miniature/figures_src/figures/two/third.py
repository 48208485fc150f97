"""Imports no tool, but declares weights and data."""

import plotting.output  # noqa: F401
from denoised import paths

WEIGHTS = ("toy",)
DATA = ("specimens",)
TITLE = "Third"


def make(lab, smoke=False):
    return (paths.WEIGHTS / "toy" / "table.json").read_bytes() + (paths.SPECIMENS / "icon.txt").read_bytes()

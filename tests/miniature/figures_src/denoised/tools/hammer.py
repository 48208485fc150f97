"""Imported by the first figure and, through the chisel, by the second."""

WEIGHT = 3

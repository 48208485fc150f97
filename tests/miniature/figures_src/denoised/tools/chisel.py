"""Imports the hammer inside of a function."""


def length():
    from denoised.tools.hammer import WEIGHT

    return WEIGHT + 1

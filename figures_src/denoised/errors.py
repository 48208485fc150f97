"""The one exception meant for the person at the keyboard."""


class DenoisedError(Exception):
    """One clear sentence: what is wrong and what to do. Scripts print it and exit with status 1."""

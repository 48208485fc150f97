"""What this run is about: set by build.py (or the watcher) before pytask collects the task modules, read by them."""

import os

from tasks import targets

PROFILE = os.environ.get("DENOISED_PROFILE", "tiny")
SCHEDULER = os.environ.get("SCHEDULER", "").strip()  # whose workers render: tcp://host:8786 or parsl:file.py; "": here
COMMAND = "site"  # site, figures, vendor, notebooks, data, weights
IDS: tuple[str, ...] = ()  # figures asked for by name; empty means all
LOCK_FILE: int | None = None  # file descriptor of the build's lock
WHOLE: frozenset[str] = frozenset()  # names of targets that build.py found whole: no task is made for them


def keep_open() -> tuple[int, ...]:
    """What this run's child processes hold with it: the lock, if there is one."""
    return () if LOCK_FILE is None else (LOCK_FILE,)


def figures() -> list[targets.Figure]:
    if COMMAND not in ("site", "figures"):
        return []
    return [targets.Figure(figure_id, PROFILE) for figure_id in IDS or targets.figure_ids()]


def vendor() -> list[targets.Vendor]:
    return [targets.Vendor()] if COMMAND in ("site", "vendor") and not IDS else []


def notebooks() -> list[targets.Notebook]:
    return [targets.Notebook(stem) for stem in targets.notebook_stems()] if COMMAND in ("site", "notebooks") else []


def site() -> list[targets.Site]:
    return [targets.Site(figures(), [*vendor(), *notebooks()])] if COMMAND == "site" else []


def left(found: list) -> list:
    """Those of some targets that are not whole: asking pytask about all of them takes seconds, and changes nothing."""
    return [target for target in found if target.name not in WHOLE]


def all_targets() -> list[targets.Target]:
    return [*vendor(), *figures(), *notebooks(), *site()]

"""Static files of the site, carried to their places while the pages are rendered: two hundred megabytes, next to which a
page is nothing. Where the site that is to be replaced has the same file, that one is linked instead of copied, which also
spares the build from freeing its blocks (milliseconds a file where a disk is told of each).
"""

import filecmp
import hashlib
import os
import shutil
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path


def start(files, site: Path, old: Path | None) -> Future:
    """Carry mkdocs' `files` (sources to destinations below `site`) in a thread. Its result is {destination: sha256}; what
    goes wrong is raised there."""
    pairs = [(Path(file.abs_src_path), Path(file.abs_dest_path)) for file in files]
    pool = ThreadPoolExecutor(1, "carry")
    try:
        return pool.submit(_carry_all, pairs, site, old)
    finally:
        pool.shutdown(wait=False)


def _carry_all(pairs: list[tuple[Path, Path]], site: Path, old: Path | None) -> dict[Path, str]:
    digests = {}
    for source, target in pairs:
        target.parent.mkdir(parents=True, exist_ok=True)
        if old is None or not _linked(source, target, old / target.relative_to(site)):
            shutil.copyfile(source, target)
        with open(target, "rb") as file:
            digests[target] = hashlib.file_digest(file, "sha256").hexdigest()
    return digests


def _linked(source: Path, target: Path, twin: Path) -> bool:
    """Whether `twin` equals the source, and is now at the target as well."""
    try:
        if twin.is_symlink() or not filecmp.cmp(source, twin, shallow=False):
            return False
        os.link(twin, target)
    except OSError:  # there is none, or the disk has no links
        target.unlink(missing_ok=True)
        return False
    return True

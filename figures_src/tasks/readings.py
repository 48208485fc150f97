"""What was read out of a source file (its imports, what it declares), kept in build/ under the file's content: parsing
all figures again would take longer than the rest of a build in which one sentence has changed."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path

from denoised import paths
from tasks import hashes

_FILE = hashes.BUILD / "readings.json"
_READERS = ("closure.py", "targets.py")  # the code that reads; other code starts anew
_known: dict[str, dict] | None = None
_asked: set[str] = set()
_news = False


def _readers() -> list[str | None]:
    return [hashes.file_hash(Path(__file__).with_name(name)) for name in _READERS]


def _load() -> dict[str, dict]:
    global _known
    if _known is None:
        try:
            stored = json.loads(_FILE.read_text())
            _known = dict(stored["sources"]) if stored["readers"] == _readers() else {}
        except (OSError, ValueError, KeyError, TypeError):
            _known = {}
    return _known


def recall(path: Path, what: str, read: Callable[[], Iterable[str]]) -> list[str]:
    """read(), or what it gave for this very content of the file. What it raises is not kept, and is raised again."""
    global _news
    digest = hashes.file_hash(path)
    if digest is None:
        return list(read())
    # The path too, since a relative import means something else elsewhere; below the root, so that a copy knows it.
    name = f"{path.relative_to(paths.ROOT).as_posix() if path.is_relative_to(paths.ROOT) else path}:{digest}"
    kept = _load().setdefault(name, {})
    if what not in kept:
        kept[what] = list(read())
        _news = True
    _asked.add(name)
    return kept[what]


def save() -> None:
    """Write down what is known of the sources that this process asked about. Losing it costs time, never truth."""
    global _news
    if not _news:
        return
    known = _load()
    try:
        hashes.write_text(_FILE, json.dumps({"readers": _readers(), "sources": {n: known[n] for n in sorted(_asked)}}))
    except OSError:
        return
    _news = False

"""What has to be on another machine so that figures can be rendered there: files by content, and where they belong."""

import contextlib
import json
import threading
from pathlib import Path

from denoised import paths
from denoised.errors import DenoisedError
from tasks import hashes, targets

_TOP = ("requirements.lock",)


class Listing:
    """The sources, and the weights and data that some figures declare. `tree` is the hash that stands for all of it.

    Figures ask for `tree_for` themselves: where a source was saved since, the files are listed anew, so that what is
    sent is what the figure's key was computed from.
    """

    def __init__(self, figures: list[targets.Figure]):
        self._figures = figures
        self._lock = threading.Lock()
        self._known: dict[Path, str | None] = {}
        self.content: dict[str, Path | bytes] = {}  # hash -> the file, or what it contains
        self.tree = ""

    def tree_for(self, figure: targets.Figure) -> str:
        with self._lock:
            if figure not in self._figures:
                self._figures.append(figure)
                self._known = {}
            needed = [path for _, path in [*sources(), *declared(figure)]]
            if any(path not in self._known or self._known[path] != hashes.file_hash(path) for path in needed):
                self._list()
            return self.tree

    def _list(self) -> None:
        placed = dict(sources())
        for figure in self._figures:
            with contextlib.suppress(DenoisedError):  # one that is broken fails alone, where it is rendered
                placed.update(declared(figure))
        self._known = {path: hashes.file_hash(path) for path in placed.values()}
        entries = [[name, self._known[path], str(path)] for name, path in sorted(placed.items()) if self._known[path]]
        text = json.dumps(entries).encode()
        self.tree = hashes.bytes_hash(text)
        self.content = {**self.content, **{digest: Path(source) for _, digest, source in entries}, self.tree: text}


def sources() -> list[tuple[str, Path]]:
    """(place in the tree, file) of all that is code, the tables and fonts beside it included."""

    def skip(path: Path) -> bool:
        return path in (paths.WEIGHTS, paths.SRC / "weights", paths.SPECIMENS) or path.suffix in (".pyc", ".egg-info")

    files = [*hashes.tree(paths.SRC, skip), *(paths.ROOT / name for name in _TOP)]
    return [(path.relative_to(paths.ROOT).as_posix(), path) for path in files]


def declared(figure: targets.Figure) -> list[tuple[str, Path]]:
    """(place in the tree, file) of a figure's weights and data; in the tree all of them lie where a clone has them."""
    found = []
    root = figure.weights_root()
    place = "figures_src/weights" if figure.profile == "tiny" else "data/models"
    for name in figure.declared("WEIGHTS"):
        found += [(f"{place}/{entry}", root / entry) for entry, _ in figure.weight_files(name)]
    for name in figure.declared("DATA"):
        first, _, rest = name.partition("/")
        shipped = first == "specimens"
        base = paths.SPECIMENS if shipped else paths.DATA
        place = "figures_src/denoised/data/specimens" if shipped else "data"
        start = base / (rest if shipped else name)
        for path in [start] if start.is_file() else hashes.tree(start):
            found.append((f"{place}/{path.relative_to(base).as_posix()}", path))
    return found

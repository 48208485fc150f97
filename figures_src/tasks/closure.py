"""Which files a figure's code is made of: its own module and all that it imports of ours, found by grimp.

The figure itself is read by ast, so that a broken figure breaks alone; the library's import graph is grimp's, kept
in build/ under the content of all library sources. A package's __init__.py belongs to the closure of each of its
modules, and so do the files that are no code (fonts, tables) in the folders of those packages.
"""

import ast
import contextlib
import json
from functools import cache, lru_cache
from pathlib import Path

from denoised import paths
from denoised.errors import DenoisedError
from tasks import hashes, readings

LIBRARY = ("denoised", "plotting")
_NOT_CODE_BUT_DECLARED = (paths.SPECIMENS, paths.WEIGHTS)  # these count where a figure declares them

# Every render goes through the lab, but the lab refuses what a figure did not declare, so these imports of it can
# only happen in figures with such a declaration. Whatever the lab imports beyond them counts for every figure.
_LAB = "denoised.lab"
_GATED = {"denoised.pipeline": "emoji-sd", "denoised.data.specimens": "specimens"}


def relative(path: Path) -> str:
    """A path as it is written into keys: below the repository's root where it lies there."""
    try:
        return path.relative_to(paths.ROOT).as_posix()
    except ValueError:
        return path.as_posix()


@cache
def _modules() -> dict[str, Path]:
    """Every module of the library -> its file."""
    found = {}
    for package in LIBRARY:
        for path in hashes.tree(paths.SRC / package):
            if path.suffix == ".py":
                parts = path.relative_to(paths.SRC).with_suffix("").parts
                found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def _edges() -> dict[str, list[str]]:
    """Module -> modules that it imports directly, over the library; computed anew when any source has changed."""
    key = hashes.text_hash([(name, hashes.file_hash(path)) for name, path in sorted(_modules().items())])
    store = hashes.BUILD / "imports.json"
    try:
        known = json.loads(store.read_text())
        if known["key"] == key:
            return known["edges"]
    except (OSError, ValueError, KeyError, TypeError):
        pass
    import grimp  # here, since the file above answers most of the time

    try:
        graph = grimp.build_graph(*LIBRARY, include_external_packages=False, cache_dir=None)
    except (SyntaxError, grimp.exceptions.SourceSyntaxError) as error:
        raise DenoisedError(f"The library does not parse, so nothing was built: {error}.") from error
    edges = {name: sorted(graph.find_modules_directly_imported_by(name)) for name in sorted(graph.modules)}
    with contextlib.suppress(OSError):  # losing it costs time, never truth
        hashes.write_text(store, json.dumps({"key": key, "edges": edges}))
    return edges


@cache
def _resources(folder: Path) -> tuple[Path, ...]:
    """Files of a package that are not Python and not in a subpackage of its own."""

    def skip(path: Path) -> bool:
        return path in _NOT_CODE_BUT_DECLARED or (path / "__init__.py").exists()

    return tuple(path for path in hashes.tree(folder, skip) if path.suffix not in (".py", ".pyc", ".md"))


@lru_cache(maxsize=4096)
def parsed(path: Path, text: str) -> ast.Module:
    """The syntax of a source. The text is part of what is remembered, so an edit can never meet an old tree."""
    try:
        return ast.parse(text)
    except SyntaxError as error:
        where = f"{relative(path)}, line {error.lineno}"
        raise DenoisedError(f"{where}: {error.msg}; it is not valid Python.") from error


def source(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DenoisedError(f"{relative(path)} is not a text file in UTF-8.") from error


def imports(path: Path) -> frozenset[str]:
    """Names of the library's (and figures') modules that a file asks for, at its top or inside of functions."""
    return frozenset(readings.recall(path, "imports", lambda: sorted(_imports(path))))


def _imports(path: Path) -> set[str]:
    named = set()
    for node in ast.walk(parsed(path, source(path))):
        if isinstance(node, ast.Import):
            named |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:  # relative to the file's package
                package = path.parent.relative_to(paths.SRC).parts
                package = package[: len(package) - node.level + 1]
                base = ".".join([*package, base] if base else package)
            named |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return {name for name in named if name.partition(".")[0] in (*LIBRARY, "figures")}


def _figure_module(name: str) -> Path | None:
    path = paths.SRC.joinpath(*name.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


def files(path: Path, declared: tuple[str, ...] | None = None) -> list[Path]:
    """Every file that the code in `path` is made of, itself included, sorted.

    `declared` is what a figure lists in WEIGHTS and DATA; None stands for code that no lab restrains (notebooks).
    Raises DenoisedError where the file or the library is not valid Python.
    """
    found: set[Path] = {path}
    seen: set[str] = set()
    wanted = list(imports(path))
    while wanted:
        name = wanted.pop()
        if name in seen:
            continue
        seen.add(name)
        if "." in name:
            wanted.append(name.rpartition(".")[0])  # importing a.b.c runs a and a.b first
        if name.partition(".")[0] == "figures":
            module = _figure_module(name)
            if module and module not in found:
                found.add(module)
                wanted += imports(module)
        elif name in _modules():
            module = _modules()[name]
            found.add(module)
            reached = _edges().get(name, [])
            if name == _LAB and declared is not None:
                reached = [other for other in reached if other not in _GATED or _GATED[other] in declared]
            wanted += reached
            found.update(_resources(module.parent))
    return sorted(found)


def forget() -> None:
    """Drop what is remembered in this process (a watcher calls this when files have changed)."""
    for function in (_modules, _edges, _resources):
        function.cache_clear()

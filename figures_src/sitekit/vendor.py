"""Copy the site's fonts and scripts out of node_modules into docs/assets/vendor, as vendor.json lists them.

The site asks no other host for anything, so whatever a page needs is copied here first. Standard library
only: `python -m sitekit.vendor [node_modules] [docs/assets/vendor]` does the same by hand.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path

LIST = Path(__file__).with_name("vendor.json")
ROOT = Path(__file__).resolve().parents[2]


class VendorError(Exception):
    """One clear sentence about what is missing and what to do."""


def entries() -> list[dict]:
    """The files of vendor.json: dicts with `from`, `to` and, for text files, `edit`."""
    try:
        return json.loads(LIST.read_text(encoding="utf-8"))["files"]
    except json.JSONDecodeError as error:
        raise VendorError(f"{LIST.name}, line {error.lineno}: no valid JSON ({error.msg}).") from None
    except (OSError, ValueError, KeyError, TypeError):
        raise VendorError(f"{LIST.name} cannot be read; `git checkout -- {LIST.relative_to(ROOT)}`.") from None


def sources(node_modules: Path) -> list[tuple[Path, str, list]]:
    """(source file, path below the vendor folder, edits) for every file, globs resolved and sorted.

    Raises VendorError if a listed file is not there.
    """
    found = []
    for entry in entries():
        matches = sorted(p for p in node_modules.glob(entry["from"]) if p.is_file())
        if not matches:
            raise VendorError(f"{node_modules}/{entry['from']} is missing; run `npm ci` and try again.")
        if len(matches) > 1 and not entry["to"].endswith("/"):
            raise VendorError(f"vendor.json: {entry['from']} is several files; end its `to` in a slash.")
        for match in matches:
            target = entry["to"] + match.name if entry["to"].endswith("/") else entry["to"]
            found.append((match, target, entry.get("edit", [])))
    return found


def edited(source: Path, edits: list) -> bytes:
    """The bytes to write: the source with its edits (regular expressions) applied."""
    data = source.read_bytes()
    if edits:
        text = data.decode("utf-8")
        for pattern, replacement in edits:
            text = re.sub(pattern, replacement, text)
        data = text.encode("utf-8")
    return data


def vendor(node_modules: Path, target: Path) -> list[Path]:
    """Fill `target` with exactly the listed files and return them; what is no longer listed is deleted.

    Files are written under a temporary name and renamed, and left alone when their bytes are right already.
    """
    written = []
    for source, name, edits in sources(node_modules):
        data = edited(source, edits)
        path = target / name
        written.append(path)
        if path.is_file() and path.read_bytes() == data:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        temporary.write_bytes(data)
        temporary.replace(path)
    keep = set(written)
    for path in sorted(target.rglob("*"), reverse=True):
        if path.is_file() and path not in keep and not path.name.endswith(".tmp"):
            path.unlink()
        elif path.is_dir() and not any(path.iterdir()):
            shutil.rmtree(path)
    return written


if __name__ == "__main__":
    modules = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "node_modules"
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else ROOT / "docs" / "assets" / "vendor"
    try:
        files = vendor(modules, folder)
    except VendorError as error:
        sys.exit(f"error: {error}")
    print(f"{len(files)} files in {folder}, {sum(f.stat().st_size for f in files) / 1e6:.1f} MB")

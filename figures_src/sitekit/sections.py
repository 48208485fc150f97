"""What the search plugin reads out of a page, kept by the page's content: reading all of them again is a third of a
build in which one sentence has changed.

The plugin's own parser does the reading; only what it found is written down, one file a page, whole or not at all.
"""

import hashlib
import json
import os
from pathlib import Path
from types import SimpleNamespace

from material.plugins.search import plugin

_parser = plugin.Parser


class KeptParser:
    """Stands for the plugin's Parser: `feed` a page, `close`, then `data` are its sections."""

    def __init__(self):
        self.data: list = []

    def feed(self, content: str) -> None:
        file = folder() / f"{hashlib.sha256(content.encode()).hexdigest()}.json"
        try:
            sections = json.loads(file.read_text(encoding="utf-8"))
            os.utime(file)  # the oldest are thrown away
        except (OSError, ValueError):
            sections = read(content)
            file.parent.mkdir(parents=True, exist_ok=True)
            draft = file.with_name(f".{file.name}.{os.getpid()}.draft")
            draft.write_text(json.dumps(sections), encoding="utf-8")
            os.replace(draft, file)
        self.data = [_section(**section) for section in sections]

    def close(self) -> None:
        pass


def read(content: str) -> list[dict]:
    """The sections of a page's HTML as the plugin sees them, as plain data."""
    parser = _parser()
    parser.feed(content)
    parser.close()
    return [
        {"id": section.id, "title": section.title, "text": section.text, "excluded": section.is_excluded()}
        for section in parser.data
    ]


def _section(excluded: bool, **fields) -> SimpleNamespace:
    return SimpleNamespace(**fields, is_excluded=lambda: excluded)


def folder() -> Path:
    """Where sections are kept; one folder for each set of packages, see tasks.recipes.mkdocs_command."""
    return Path(os.environ["SEARCH_SECTIONS"])


def keep(most: int = 400) -> None:
    """From now on, in this process; where no folder is named (a plain `mkdocs build`) the plugin's own parser stays."""
    if "SEARCH_SECTIONS" not in os.environ:
        return
    plugin.Parser = KeptParser
    files = sorted(folder().glob("*.json"), key=lambda file: file.stat().st_mtime, reverse=True)
    for file in files[most:]:
        file.unlink(missing_ok=True)

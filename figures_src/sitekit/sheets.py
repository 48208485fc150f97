"""One style sheet for readers where authors have many: on a slow line each would cost a page a journey of its own before
anything of it is painted. Standard library only.
"""

from __future__ import annotations

import re
from pathlib import Path

NAME = "stylesheets/all.css"


def joined(page: str, sheets: list[str]) -> str:
    """The page with one link to NAME in place of its links to `sheets` (all in NAME's folder), where the first one was."""
    names = "|".join(map(re.escape, sheets))
    links = re.compile(rf'<link rel="stylesheet" href="([^"]*)(?:{names})">')
    first = links.search(page)
    if not first:
        return page
    rest = links.sub("", page[first.end() :])
    return page[: first.start()] + f'<link rel="stylesheet" href="{first[1]}{NAME}">' + rest


def write(site: Path, sheets: list[str]) -> None:
    """Write NAME into the built site, and take away those that it is made of."""
    parts = [(site / sheet).read_text(encoding="utf-8") for sheet in sheets]
    (site / NAME).write_text("\n".join(parts), encoding="utf-8")
    for sheet in sheets:
        (site / sheet).unlink()

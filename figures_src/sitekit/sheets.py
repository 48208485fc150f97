"""One style sheet for readers where authors have many: on a slow line each would cost a page a journey of its own before
anything of it is painted. Standard library only.
"""

from __future__ import annotations

import re
from pathlib import Path

NAME = "stylesheets/all.css"


THEME = r"assets/stylesheets/(?:main|palette)\.\w+\.min\.css"  # Material's own two; it links no others


def joined(page: str, sheets: list[str]) -> str:
    """The page with one link to NAME in place of its links to the theme's sheets and to `sheets` (all in NAME's folder),
    where the first one was."""
    names = "|".join([THEME, *map(re.escape, sheets)])
    links = re.compile(rf'<link rel="stylesheet" href="([^"]*?)(?:{names})">')
    first = links.search(page)
    if not first:
        return page
    rest = links.sub("", page[first.end() :])
    return page[: first.start()] + f'<link rel="stylesheet" href="{first[1]}{NAME}">' + rest


def write(site: Path, sheets: list[str]) -> None:
    """Write NAME into the built site, and take away those that it is made of. ValueError where one of the theme's names a
    file by a path that would lead elsewhere from NAME's folder."""
    theme = sorted(path for path in site.glob("assets/stylesheets/*.css") if re.search(THEME, path.as_posix()))
    files = [*theme, *(site / sheet for sheet in sheets)]
    parts = [file.read_text(encoding="utf-8") for file in files]
    for file, text in zip(theme, parts, strict=False):
        if moved := re.search(r"""url\((?!["']?(?:data:|#))[^)]*\)""", text):
            raise ValueError(f"{file.name} has {moved[0]}, a path that one sheet for all would break.")
    (site / NAME).write_text("\n".join(parts), encoding="utf-8")
    for file in files:
        file.unlink()

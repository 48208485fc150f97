"""Start a new page: `python scripts/new_page.py series/my-page "My page"` writes one that builds at once.

It gets a line in the navigation of mkdocs.yml, beside the other pages of its folder. `--figure vae/swap` puts that
figure on it instead of an example.
"""

from __future__ import annotations

import argparse
import difflib
import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

from denoised import paths
from denoised.errors import DenoisedError
from sitekit.errors import SiteError
from sitekit.manifests import Figures
from tasks import targets

ROOT = paths.ROOT
PAGE = re.compile(r"(?:[a-z][a-z0-9-]*/)?[a-z][a-z0-9-]*")
USAGE = 'Say where the page belongs and what it is called: python scripts/new_page.py series/my-page "My page"'
EXAMPLE = "data/edges"

TEMPLATE = """\
---
title: @TITLE@
description: Say in one or two sentences what a reader learns here. Search engines and link previews show this.
---
# @HEADING@

Begin with what the reader has seen or wondered about. Then say what this page does about it.

## A question of the reader's

Before you look, guess: what will the picture show?

{{ figure("@FIGURE@") }}

Say what is to be seen in it, and what not.@NUMBER@

??? math "Show the mathematics"

    Formulas go here, for those who want them: $x_t = \\sqrt{\\bar\\alpha_t}\\,x_0 + \\ldots$

## Predict, then check

??? predict "Ask something that the picture answers."
@GUESS@
    Answer it, and say why.
"""


def scaffold(name: str, title: str, figure: str = EXAMPLE) -> tuple[Path, str | None]:
    """Write a page and its line of navigation: (its path, the line, or None if mkdocs.yml names it already).
    DenoisedError for a bad name, an unknown figure, or a page that exists."""
    if not PAGE.fullmatch(name):
        raise DenoisedError(
            f"{name!r} is no name of a page: small letters, digits and hyphens, at most one folder, without .md, "
            f"such as series/my-page"
        )
    if not title.strip() or "{{" in title or "\n" in title:
        raise DenoisedError(f"{title!r} is no title: give a short line of plain text.")
    check_figure(figure)
    path = ROOT / "docs" / f"{name}.md"
    if path.exists():
        raise DenoisedError(f"There is already a page {name} (docs/{name}.md); choose another name.")
    fields = {"TITLE": scalar(title), "HEADING": title.strip(), "FIGURE": figure, **with_a_number(figure)}
    text = TEMPLATE
    for field, value in fields.items():
        text = text.replace(f"@{field}@", value)
    config = ROOT / "mkdocs.yml"
    before = config.read_text(encoding="utf-8")
    after, line = with_nav(before, f"{name}.md", title.strip())
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
    if line:
        config.write_text(after, encoding="utf-8")
    return path, line


def check_figure(figure: str) -> None:
    known = targets.figure_ids()
    if figure not in known:
        close = difflib.get_close_matches(figure, known, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"there is, for one, {known[0]!r}" if known else ""
        raise DenoisedError(f"There is no figure {figure!r}; {hint}")


def with_a_number(figure: str) -> dict[str, str]:
    """A sentence with one of the figure's numbers in it and a question for that number, if the figure has been rendered;
    else nothing, and the fold is one that the reader opens."""
    try:
        numbers = Figures(targets.FIGURES / "tiny").get(figure)["numbers"]
    except SiteError:
        numbers = {}
    for name, value in numbers.items():
        if isinstance(value, (int, float)) and (value == 0 or 1e-3 <= abs(value) < 1e6):
            low, high = sorted((0, float(f"{2 * value:.1g}") or 1))
            return {
                "NUMBER": f' A number in a sentence comes from the figure: {{{{ num("{figure}.{name}") }}}}.',
                "GUESS": f'\n    {{{{ guess("{figure}.{name}", low={low:g}, high={high:g}) }}}}\n',
            }
    return {"NUMBER": "", "GUESS": ""}


def scalar(text: str) -> str:
    """Text as a value in YAML: bare where that is safe, else in quotes."""
    text = text.strip()
    bare = re.fullmatch(r"[A-Za-z][\w ,'()?-]*", text) and text.lower() not in (
        "yes",
        "no",
        "true",
        "false",
        "null",
        "on",
        "off",
    )
    return text if bare else json.dumps(text, ensure_ascii=False)


def with_nav(text: str, target: str, title: str) -> tuple[str, str | None]:
    """mkdocs.yml with a line for a page after the last one of the same folder, else at the end of the navigation."""
    lines = text.split("\n")
    start = next((i for i, line in enumerate(lines) if line.rstrip() == "nav:"), None)
    if start is None:
        raise DenoisedError("mkdocs.yml has no block that starts with `nav:`, where a page could be put.")
    end = start + 1
    while end < len(lines) and (lines[end].startswith((" ", "#")) and lines[end].strip()):
        end += 1
    entry = re.compile(r"^(\s*- )(?:[^#]*:\s+)?([\w./-]+\.md)\s*$")
    found = [(i, entry.match(lines[i])) for i in range(start + 1, end)]
    found = [(i, match[1], match[2]) for i, match in found if match]
    if any(page == target for _, _, page in found):
        return text, None
    folder = target.rpartition("/")[0]
    beside = [(i, dash) for i, dash, page in found if folder and page.rpartition("/")[0] == folder]
    at, dash = (beside[-1][0] + 1, beside[-1][1]) if beside else (end, "  - ")
    line = f"{dash}{scalar(title)}: {target}"
    return "\n".join([*lines[:at], line, *lines[at:]]), line


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("name", nargs="?", help="folder/name below docs/, without .md")
    parser.add_argument("title", nargs="?", help="what stands at its top and in the navigation")
    parser.add_argument("--figure", default=EXAMPLE, help=f"a figure to show on it ({EXAMPLE})")
    options = parser.parse_args(arguments)
    if not options.name or not options.title:
        print(USAGE, file=sys.stderr)
        return 1
    try:
        path, line = scaffold(options.name, options.title, options.figure)
    except DenoisedError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"The page could not be written: {error.strerror or error}: {error.filename}.", file=sys.stderr)
        return 1
    print(f"Wrote {path.relative_to(ROOT).as_posix()}, which builds as it is. Next:")
    if line:
        print(f"  in mkdocs.yml, move this line to where it belongs:  {line.strip()}")
    print("  make serve")
    print("  .venv/bin/python scripts/check_site.py --sources      (no number typed by hand?)")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""What a figure's source file says about itself, read without running it."""

from __future__ import annotations

import ast
import difflib
import re
from dataclasses import dataclass
from pathlib import Path

from denoised.errors import DenoisedError
from denoised.paths import ROOT, SRC

FIGURES = SRC / "figures"
ID = re.compile(r"[a-z][a-z0-9_]*/[a-z][a-z0-9_]*")
CLAIM = re.compile(r"\b[a-z]{1,2}\d{1,2}-\d{2,3}\b")


@dataclass(frozen=True)
class Source:
    """The literals of figures/<section>/<name>.py."""

    figure_id: str
    path: Path
    doc: str  # the docstring without its line of claims
    title: str
    weights: tuple[str, ...]
    data: tuple[str, ...]
    claims: tuple[str, ...]

    @property
    def shown_path(self) -> str:
        """The path as a person in the repository writes it."""
        return str(self.path.relative_to(ROOT)) if self.path.is_relative_to(ROOT) else str(self.path)


def figure_ids() -> list[str]:
    """All figures, "section/name", sorted."""
    return sorted(f"{p.parent.name}/{p.stem}" for p in FIGURES.glob("*/*.py") if not p.stem.startswith("_"))


def check_id(figure_id: str) -> None:
    """DenoisedError unless it looks like section/name in small letters, digits and underscores."""
    if not ID.fullmatch(figure_id):
        raise DenoisedError(
            f"'{figure_id}' is not a figure id; write section/name in small letters, digits and underscores, "
            "such as vae/my_figure."
        )


def read_source(figure_id: str) -> Source:
    """Parse a figure's file. DenoisedError, in one sentence with close matches, for an unknown id; with the
    line for a file that lacks its docstring, TITLE, WEIGHTS, DATA or make()."""
    check_id(figure_id)
    path = FIGURES / f"{figure_id}.py"
    if not path.is_file():
        close = difflib.get_close_matches(figure_id, figure_ids(), n=3, cutoff=0.5)
        hint = f" Did you mean {' or '.join(close)}?" if close else " `python scripts/new_figure.py` starts a new one."
        raise DenoisedError(f"There is no figure {figure_id} (looked for {FIGURES.name}/{figure_id}.py).{hint}")
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    except (SyntaxError, UnicodeDecodeError, ValueError) as error:
        where = f", line {error.lineno}" if isinstance(error, SyntaxError) else ""
        raise DenoisedError(
            f"Figure {figure_id} is not valid Python ({path.name}{where}): {getattr(error, 'msg', error)}."
        ) from error
    doc = ast.get_docstring(tree)
    if not doc:
        raise DenoisedError(f"Figure {figure_id} needs a docstring that says in two sentences what it shows.")
    values = {"WEIGHTS": (), "DATA": (), "TITLE": None}
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and getattr(node.targets[0], "id", None) in values:
            name = node.targets[0].id
            try:
                values[name] = ast.literal_eval(node.value)
            except ValueError as error:
                raise DenoisedError(
                    f"Figure {figure_id}, line {node.lineno}: {name} must be a literal, "
                    "since it is read without running the file."
                ) from error
    for name in ("WEIGHTS", "DATA"):
        if not isinstance(values[name], tuple) or not all(isinstance(item, str) for item in values[name]):
            raise DenoisedError(f'Figure {figure_id}: {name} must be a tuple of strings, such as ("emoji-sd/vae",).')
    if not isinstance(values["TITLE"], str) or not values["TITLE"].strip():
        raise DenoisedError(f"Figure {figure_id} needs a short TITLE for lists.")
    if not any(isinstance(node, ast.FunctionDef) and node.name == "make" for node in tree.body):
        raise DenoisedError(f"Figure {figure_id} needs a function make(lab, smoke=False) that returns an Output.")
    kept, claims = [], []
    for paragraph in doc.split("\n\n"):
        if paragraph.strip().lower().startswith("tests claim"):
            claims += CLAIM.findall(paragraph)
        else:
            kept.append(" ".join(paragraph.split()))
    return Source(figure_id, path, "\n\n".join(kept), values["TITLE"], values["WEIGHTS"], values["DATA"], tuple(claims))

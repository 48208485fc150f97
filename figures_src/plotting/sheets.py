"""Sheets of pictures whose rows have names: beside the row where there is room, above it where there is not."""

from textwrap import wrap

from plotting.layout import image_grid
from plotting.style import Canvas


def named_rows(fig: Canvas, rows: dict[str, list], narrow: bool, y: float = 0, colours: dict | None = None) -> float:
    """Draw {name: pictures of one size} from `y` px down; `colours` names a palette colour for some rows' names. Returns
    where the sheet ends, in px."""
    if not narrow:
        return image_grid(fig, list(rows.values()), rows=list(rows), left=136, y=y, gap=8, cell=88)
    for name, pictures in rows.items():
        fig.note(0, y, name, (colours or {}).get(name, "muted"), 12, weight=600)
        y = image_grid(fig, [pictures], y=y + 20, cell=82, gap=8) + 10
    return y - 10


def caption_lines(text: str) -> str:
    """A caption in up to five short lines, for below its picture; no word is cut."""
    return "\n".join(wrap(text, 11, break_long_words=False)[:5])


def captioned_rows(fig: Canvas, rows: dict[str, tuple[str, list]], labels: list[str]) -> float:
    """Draw {name: (its palette colour, pictures of one size)}, in wide figures beside its name, and below each column what
    was asked for, of up to five lines. Returns where that ends, in px."""
    many = len(labels)
    columns, gap = (min(4, many), 8) if fig.narrow else (many, 6)
    left, y = (0 if fig.narrow else 142), 0.0
    cell = min(92, int((fig.width - left - gap * (columns - 1)) // columns))
    for name, (colour, pictures) in rows.items():
        if fig.narrow:
            fig.note(0, y, name, colour, 12, weight=600)
            y += 18
        else:
            fig.note(0, y + cell / 2, name.replace(", ", ",\n"), colour, 12, weight=600, va="center")
        y = image_grid(fig, [list(pictures[:columns])], x=left, y=y, cell=cell, gap=gap) + (12 if fig.narrow else 6)
    for k, label in enumerate(labels[:columns]):
        fig.note(left + k * (cell + gap) + cell / 2, y, label, "muted", 11, ha="center")
    return y + 14 * max(label.count("\n") + 1 for label in labels[:columns]) + 2

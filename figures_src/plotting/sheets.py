"""Sheets of pictures whose rows have names: beside the row where there is room, above it where there is not."""

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

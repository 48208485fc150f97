"""Values with their intervals as dots on one scale, a row each, their words to the left or, in a second panel, left out."""

from plotting.style import SMALL, Canvas


def dots(fig: Canvas, x: float, y: float, width: float, title: str, about: str, rows, left: float, row: float = 26,
         named: bool = True, most: float | None = None, line=None, percent: bool = True) -> None:  # fmt: skip
    """Draw `rows` = (words, value, low, high, colour) from (x, y) px, `width` px wide, with a title and a line about it.

    Words take `left` px unless they are not `named`; the scale ends at `most`, or where the values do; `line` = (value,
    colour) is dashed; values are written as shares where they are `percent`. It ends 44 + row * len(rows) + 28 px below y.
    """
    fig.note(x, y, title, size=13, weight=600)
    fig.note(x, y + 19, about, "muted", SMALL)
    left = left if named else 8
    ax = fig.area(x + left, y + 44, width - left - 16, row * len(rows), grid="x", below=28)
    for k, (_, value, low, high, colour) in enumerate(rows):
        at, tint = len(rows) - 1 - k, fig.theme.colour(colour)
        ax.plot([low, high], [at, at], color=tint, linewidth=3)
        ax.plot(value, at, "o", color=tint, markersize=6)
    if line:
        ax.axvline(line[0], color=fig.theme.colour(line[1]), linewidth=1, dashes=(3, 2.2))
    ax.set(xlim=(0, most), ylim=(-0.6, len(rows) - 0.4))
    ax.set_yticks(range(len(rows)), [words if named else "" for words, *_ in rows][::-1])
    if percent:
        ax.xaxis.set_major_formatter(lambda v, _: f"{v:.0%}")
    ax.tick_params(labelsize=11)


def rows_of(n: dict, field: str, words: dict[str, str], colour) -> list[tuple]:
    """Rows of `dots` for {name: its words}: a figure's numbers "<field>_<name>", "..._low" and "..._high", colour(name)."""
    keys = {name: f"{field}_{name.replace('-', '_')}" for name in words}
    return [(words[name], n[key], n[f"{key}_low"], n[f"{key}_high"], colour(name)) for name, key in keys.items()]


def two_panels(fig: Canvas, y: float, panels, left: float = 136, first: float = 420, row: float = 26) -> None:
    """Two panels of `dots` for the same rows, each (title, about, rows, more), side by side, the first one `first` px wide
    and the second without words; in narrow figures one below the other. The figure ends where they do."""
    height = 44 + row * len(panels[0][2]) + 40
    for k, (title, about, rows, more) in enumerate(panels):
        x, top, width = (0, y + k * (height + 8), fig.width) if fig.narrow else (k * (first + 14), y, first)
        width = fig.width - x if k else width
        dots(fig, x, top, width, title, about, rows, left, row, named=fig.narrow or not k, **more)
    fig.set_height(y + (2 * height + 8 if fig.narrow else height))

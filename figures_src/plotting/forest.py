"""Effects with their intervals, one below the other on one scale: a forest plot with each row's words above it."""

from plotting.style import Canvas

ROW = 42  # px from one effect to the next


def forest(fig: Canvas, x: float, y: float, width: float, title: str, rows, limits, show, zero: float = 0) -> float:
    """Draw `rows` = (words, value, low, high, colour) from (x, y) px, `width` px wide. `limits` = ends of the scale,
    `show` = a format or a function that writes a value, `zero` = where the line of no effect stands. Returns the y (px)
    of the lower edge. An interval of no length is drawn as a dot."""
    write = show if callable(show) else lambda value: format(value, show)
    fig.note(x, y, title, size=14, weight=600)
    y += 1.35 * 14 * (1 + title.count("\n")) + 10
    for words, value, low, high, colour in rows:
        fig.note(x, y, words, "ink", 12)
        fig.note(x + width, y, write(value).replace("-", "−"), "ink", 12, ha="right", weight=600)
        ax = fig.area(x, y + 19, width, 14, grid="")
        ax.set_axis_off()
        ax.set(xlim=limits, ylim=(-1, 1))
        ax.axhline(0, color=fig.theme.grid, linewidth=2, zorder=0)
        ax.axvline(zero, color=fig.theme.muted, linewidth=1.4, zorder=1)
        ax.plot([low, high], [0, 0], color=fig.theme.colour(colour), linewidth=4, solid_capstyle="butt", zorder=2)
        ax.plot([value], [0], "o", color=fig.theme.colour(colour), markersize=8, zorder=3)
        y += ROW
    return y

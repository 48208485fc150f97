"""A share as a bar on a track as long as the whole."""

from matplotlib.axes import Axes

from plotting.style import Canvas


def share_bar(fig: Canvas, x: float, y: float, width: float, height: float, share: float, colour: str, **area) -> Axes:
    """Draw `share` (of 1) from (x, y) px on a track `width` x `height` px. `colour` is a name of the palette, `area` goes
    to Canvas.area. Returns the axes, x from 0 to 1 and the bar around y = 0, for what else belongs on them."""
    ax = fig.area(x, y, width, height, grid="", **area)
    ax.set_axis_off()
    ax.barh([0], [1], color=fig.theme.grid, height=1, alpha=0.5)
    ax.barh([0], [share], color=fig.theme.colour(colour), height=1)
    ax.set(xlim=(0, 1), ylim=(-0.5, 0.5))
    return ax

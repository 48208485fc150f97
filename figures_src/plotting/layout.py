"""What goes on a canvas: direct labels, sheets of pictures, a frame for an animation, and a check of the
text."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch
from matplotlib.text import Text
from PIL import Image

from plotting.style import DPI, MIN_TEXT, SMALL, Canvas, Theme

RASTER_SCALE = 2  # sheets of pictures are saved with two device pixels to a CSS pixel
TINY = 48  # pictures up to this many pixels across are shown as crisp squares, larger ones resampled


def label_ends(ax: Axes, labels: dict[str, str], dx: float = 8, gap: float = 17, side: str = "right", size: float = 13):
    """Write each line's name at its end instead of a legend. `labels` = {line label: text}; lines of `ax`
    are found by their matplotlib label. Names closer than `gap` px are pushed apart."""
    theme = ax.figure.theme
    lines = {line.get_label(): line for line in ax.lines}
    pick = -1 if side == "right" else 0
    ends = []
    for key, text in labels.items():
        x, y = lines[key].get_xdata()[pick], lines[key].get_ydata()[pick]
        ends.append([ax.transData.transform((x, y))[1], x, y, text, lines[key].get_color()])
    ends.sort(key=lambda end: end[0])
    wanted = np.array([end[0] for end in ends], dtype=float)
    placed = wanted.copy()
    for _ in range(200):  # relax: neighbours push each other equally, so that a group stays centred on its lines
        clash = gap - np.diff(placed)
        if len(placed) < 2 or clash.max() <= 0.01:
            break
        for i in np.flatnonzero(clash > 0):
            placed[i] -= clash[i] / 2
            placed[i + 1] += clash[i] / 2
    ha = "left" if side == "right" else "right"
    return [
        ax.annotate(
            text, (x, y), xytext=(dx if side == "right" else -dx, (new - old)), textcoords="offset points",
            color=theme.label(colour), ha=ha, va="center", fontsize=size, annotation_clip=False,
        )
        for (old, x, y, text, colour), new in zip(ends, placed, strict=True)
    ]  # fmt: skip


def label_point(ax: Axes, x: float, y: float, text: str, colour: str = "ink", dx: float = 8, dy: float = 0, **kwargs):
    """A word beside a point of a plot: (x, y) in data units, moved by (dx, dy) px, dy upwards."""
    theme = ax.figure.theme
    kwargs = {"ha": "left" if dx >= 0 else "right", "va": "center", "fontsize": 13} | kwargs
    return ax.annotate(
        text,
        (x, y),
        xytext=(dx, dy),
        textcoords="offset points",
        color=theme.label(colour),
        annotation_clip=False,
        **kwargs,
    )


def to_uint8(image: np.ndarray) -> np.ndarray:
    """uint8, or floats in [0, 1], HxW / HxWx3 / HxWx4 -> uint8 HxWx3 or HxWx4."""
    image = np.asarray(image)
    if image.dtype != np.uint8:
        image = np.round(np.clip(image.astype(np.float64), 0, 1) * 255).astype(np.uint8)
    return np.repeat(image[..., None], 3, axis=2) if image.ndim == 2 else image


def colour_map(values: np.ndarray, theme: Theme, limit: float | None = None, name: str | None = None) -> np.ndarray:
    """Numbers HxW -> uint8 HxWx3. Signed (diverging, from -limit to limit) unless `name` asks for the
    sequential map of a palette colour (0 to limit). `limit` defaults to the largest magnitude."""
    values = np.asarray(values, dtype=np.float64)
    limit = float(np.abs(values).max() or 1.0) if limit is None else limit
    share = values / limit if name else values / (2 * limit) + 0.5
    cmap = theme.sequential(name) if name else theme.diverging
    return np.round(cmap(np.clip(share, 0, 1))[..., :3] * 255).astype(np.uint8)


def resize(image: np.ndarray, width: int, height: int, smooth: bool | None = None) -> np.ndarray:
    """uint8 picture -> uint8 height x width. Crisp squares for tiny pictures, Lanczos for larger, unless
    `smooth` says."""
    smooth = max(image.shape[:2]) > TINY if smooth is None else smooth
    exact = width % image.shape[1] == 0 and height % image.shape[0] == 0
    how = Image.Resampling.NEAREST if not smooth or (exact and width == image.shape[1]) else Image.Resampling.LANCZOS
    return np.asarray(Image.fromarray(image).resize((width, height), how))


def picture(
    fig: Canvas,
    image: np.ndarray,
    x: float,
    y: float,
    w: float,
    h: float | None = None,
    smooth: bool | None = None,
    frame: bool = True,
    radius: float = 4,
) -> Axes:
    """One picture at (x, y) px, `w` x `h` px, with rounded corners and a hairline. Resampled here, to whole
    device pixels, so that neither matplotlib nor the browser's mood changes it."""
    image = to_uint8(image)
    x, y, w = round(x), round(y), round(w)
    h = round(w * image.shape[0] / image.shape[1]) if h is None else round(h)
    ax = fig.area(x, y, w, h, grid="")
    ax.set_axis_off()
    pixels = resize(image, w * RASTER_SCALE, h * RASTER_SCALE, smooth)
    # data units are CSS px, so that corners and hairline are measured in them
    shown = ax.imshow(pixels, interpolation="nearest", extent=(0, w, h, 0), aspect="auto", zorder=1)
    corners = f"round,pad=0,rounding_size={radius}"
    shown.set_clip_path(FancyBboxPatch((0, 0), w, h, boxstyle=corners, transform=ax.transData))
    if frame:  # half a pixel in, so that the canvas' edge does not halve the hairline
        box = FancyBboxPatch((0.5, 0.5), w - 1, h - 1, boxstyle=corners, zorder=2, linewidth=1)
        box.set(fill=False, edgecolor=fig.theme.grid)
        ax.add_patch(box)
    ax.set_xlim(0, w)
    ax.set_ylim(h, 0)
    return ax


def cell_size(fig: Canvas, columns: int, left: float = 0, right: float = 0, gap: float = 8, pixels: int = 128) -> int:
    """The side (px) of `columns` square pictures in the canvas: as large as fits, snapped down to a whole
    multiple of the picture's own pixels where that costs less than a quarter of the size."""
    room = int((fig.width - left - right - gap * (columns - 1)) // columns)
    unit = pixels if pixels <= TINY else pixels // RASTER_SCALE
    snapped = room // unit * unit
    return snapped if snapped >= 0.75 * room else room


def image_grid(
    fig: Canvas,
    images,
    x: float = 0,
    y: float = 0,
    cell: float | None = None,
    gap: float = 8,
    rows=None,
    columns=None,
    labels=None,
    left: float = 0,
    smooth: bool | None = None,
    size: float = SMALL,
    colour: str = "muted",
) -> float:
    """A table of pictures. `images` = rows of pictures (None leaves a hole). `columns` = words above,
    `rows` = words to the left (in `left` px), `labels` = words under each picture, same shape as `images`
    ("\\n" allowed). Returns the y (px) of its lower edge, where the next thing can go."""
    images = [list(row) for row in images]
    count = max(len(row) for row in images)
    first = next(image for row in images for image in row if image is not None)
    cell = cell_size(fig, count, left=x + left, gap=gap, pixels=np.asarray(first).shape[1]) if cell is None else cell
    if columns:
        tall = max(str(text).count("\n") for text in columns) + 1
        for j, text in enumerate(columns):
            fig.note(
                x + left + j * (cell + gap) + cell / 2,
                y + 1.3 * size * tall,
                text,
                colour,
                size,
                ha="center",
                va="bottom",
            )
        y += 1.3 * size * tall + 6
    for i, row in enumerate(images):
        if rows:
            fig.note(x + left - 12, y + cell / 2, rows[i], colour, size, ha="right", va="center")
        for j, image in enumerate(row):
            if image is not None:
                picture(fig, image, x + left + j * (cell + gap), y, cell, cell, smooth)
        y += cell
        if labels:
            tall = max((str(text).count("\n") + 1 for text in labels[i] if text), default=0)
            for j, text in enumerate(labels[i]):
                if text:
                    fig.note(x + left + j * (cell + gap) + cell / 2, y + 5, text, colour, size, ha="center")
            y += 5 + 1.3 * size * tall
        y += gap if i + 1 < len(images) else 0
    if y + 1 > fig.height:
        fig.set_height(y + 1)
    return y


def image_row(fig: Canvas, images, labels=None, **kwargs) -> float:
    """One row of `image_grid`: `image_row(fig, pictures, labels=words)`."""
    return image_grid(fig, [images], labels=[labels] if labels else None, **kwargs)


def chunk(items, size: int) -> list[list]:
    """[a, b, c, d, e], 2 -> [[a, b], [c, d], [e]]: how one row becomes several on a narrow canvas."""
    items = list(items)
    return [items[i : i + size] for i in range(0, len(items), size)]


def rasterize(fig: Canvas, scale: int = 1) -> np.ndarray:
    """The canvas on its theme's paper, uint8 HxWx3, `scale` device pixels to a CSS pixel: one frame of an
    animation."""
    fig.set_dpi(DPI * scale)
    fig.canvas.draw()
    rgba = np.asarray(fig.canvas.buffer_rgba()).astype(np.float64) / 255
    fig.set_dpi(DPI)
    paper = np.array([int(fig.theme.paper[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    alpha = rgba[..., 3:]
    return np.round((rgba[..., :3] * alpha + paper * (1 - alpha)) * 255).astype(np.uint8)


def text_problems(fig: Canvas, minimum: float = MIN_TEXT) -> list[str]:
    """What a reader could not read: text under `minimum` px, cut by the canvas' edge, or written over other
    text."""
    fig.canvas.draw()
    renderer, hidden, problems, boxes = fig.canvas.get_renderer(), _never_drawn(fig), [], []
    for text in fig.findobj(Text):
        words = text.get_text().strip()
        if not words or not text.get_visible() or id(text) in hidden:
            continue
        if text.get_fontsize() < minimum:
            problems.append(f"'{words}' is {text.get_fontsize():.1f} px, under {minimum}")
        box = text.get_window_extent(renderer)
        if box.x0 < -0.5 or box.y0 < -0.5 or box.x1 > fig.width + 0.5 or box.y1 > fig.height + 0.5:
            problems.append(
                f"'{words}' runs off the canvas ({box.x0:.0f}..{box.x1:.0f} of {fig.width} px across, "
                f"{box.y0:.0f}..{box.y1:.0f} of {fig.height} px up)"
            )
        boxes.append((words, box))
    for i, (a, p) in enumerate(boxes):
        for b, q in boxes[i + 1 :]:
            across, up = min(p.x1, q.x1) - max(p.x0, q.x0), min(p.y1, q.y1) - max(p.y0, q.y0)
            if across > 1.5 and up > 3:  # line height is taller than the letters
                problems.append(f"'{a}' and '{b}' overlap")
    return problems


def _never_drawn(fig: Canvas) -> set[int]:
    """ids of text artists that are there and not drawn: ticks beyond their axis' limits, a hidden axis' all."""
    hidden = set()
    for ax in fig.axes:
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            slack = 1e-9 * max(abs(low), abs(high), 1)
            off = not (ax.get_visible() and ax.axison and axis.get_visible())
            for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
                if off or not low - slack <= tick.get_loc() <= high + slack:
                    hidden |= {id(tick.label1), id(tick.label2)}
            if off:
                hidden.add(id(axis.label))
    return hidden

"""Canvases and arrays -> bytes of SVG, PNG and WebP; nothing in them depends on the time or on chance."""

from __future__ import annotations

import io
import re

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from denoised.errors import DenoisedError
from plotting.layout import RASTER_SCALE
from plotting.style import DPI, THEMES, context

LOSSLESS_BYTES = 60_000  # a WebP sheet is kept lossless up to this; over it, the smaller of both kinds
LOSSY_BYTES = 120_000  # over this, and it is kept lossy: then lossless is hardly ever smaller, and takes a second to say so
WEBP_QUALITY = 90
WEBP_SIDE = 16383  # the format's limit


def encode_image(image: np.ndarray, format: str, lossless: bool | None = None) -> bytes:
    """uint8 HxW, HxWx3 or HxWx4 -> bytes. WebP is lossless unless that is large and lossy is smaller, or lossy is large
    (`lossless` decides)."""
    picture = Image.fromarray(np.ascontiguousarray(image))
    if format == "png":
        buffer = io.BytesIO()
        picture.save(buffer, "PNG", optimize=True)
        return buffer.getvalue()
    if format != "webp":
        raise DenoisedError(f"Pictures are saved as png or webp, not {format}.")
    if max(picture.size) > WEBP_SIDE:
        raise DenoisedError(
            f"A WebP picture has at most {WEBP_SIDE} pixels a side, not {picture.size[0]}x{picture.size[1]}."
        )
    def webp(**how):
        buffer = io.BytesIO()
        picture.save(buffer, "WEBP", method=4, **how)
        return buffer.getvalue()

    lossy = b"" if lossless else webp(quality=WEBP_QUALITY, alpha_quality=100)
    if lossless is False or len(lossy) > LOSSY_BYTES:
        return lossy
    exact = webp(lossless=True, quality=60, exact=False)
    return exact if lossless or len(exact) <= LOSSLESS_BYTES else min(exact, lossy, key=len)


def encode_figure(fig: Figure, format: str) -> tuple[bytes, int, int]:
    """A figure -> (bytes, width, height in CSS px). SVG text is paths; PNG and WebP have two pixels to a
    CSS pixel."""
    width, height = (round(side * DPI) for side in fig.get_size_inches())
    if format == "svg":
        buffer = io.StringIO()
        fig.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
        svg = buffer.getvalue()
        # matplotlib speaks of points; the page wants pixels, and one is the other here
        svg = re.sub(r'width="[\d.]+pt" height="[\d.]+pt"', f'width="{width}" height="{height}"', svg, count=1)
        svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, count=1, flags=re.DOTALL)
        svg = re.sub(r"<!DOCTYPE.*?>\s*", "", svg, count=1, flags=re.DOTALL)
        svg = "\n".join(line.strip() for line in svg.splitlines())
        # paths to a hundredth of a pixel: half the size, and no eye can tell
        svg = re.sub(r'(?<= d=")[^"]+', lambda path: re.sub(r"(\.\d\d)\d+", r"\1", path[0]), svg)
        return svg.encode(), width, height
    if not isinstance(fig.canvas, FigureCanvasAgg):
        FigureCanvasAgg(fig)
    fig.set_dpi(DPI * RASTER_SCALE)
    fig.canvas.draw()
    rgba = np.asarray(fig.canvas.buffer_rgba()).copy()
    fig.set_dpi(DPI)
    return encode_image(rgba, format), width, height


def draw_all(draw, format: str) -> dict[str, tuple[bytes, int, int]]:
    """`draw(theme, narrow)` in both themes and both layouts -> {"light.wide.svg": (bytes, width, height),
    ...}."""
    out = {}
    for name, theme in THEMES.items():
        for layout in ("wide", "narrow"):
            with context(theme):
                fig = draw(theme, layout == "narrow")
                if not isinstance(fig, Figure):
                    kind = type(fig).__name__
                    raise DenoisedError(f"draw(theme, narrow) must return a matplotlib Figure, not {kind}.")
                out[f"{name}.{layout}.{format}"] = encode_figure(fig, format)
    return out

"""Pictures that no emoji set holds, to see what an autoencoder trained on emoji does with the rest of the world.

All are uint8 [N, size, size, 3] and the same on every machine, given the same font files and generators.
"""

from pathlib import Path

import numpy as np

from .metrics import LUMA

INK = (31, 35, 40)


def lettering(texts, fonts, size: int = 128) -> np.ndarray:
    """One page of black type on white for each text; `fonts` are paths of TrueType files, used in turn."""
    from PIL import Image, ImageDraw, ImageFont

    pages = []
    for i, text in enumerate(texts):
        font = ImageFont.truetype(str(Path(fonts[i % len(fonts)])), size // 8)
        page = Image.new("RGB", (size, size), "white")
        ImageDraw.Draw(page).multiline_text((size // 16, size // 16), text, fill=INK, font=font, spacing=size // 32)
        pages.append(np.asarray(page))
    return np.stack(pages)


def line_drawings(size: int = 128) -> np.ndarray:
    """Four drawings in thin strokes, smoothed: a spiral, a house, a pencil of rays, a sheet of waves."""
    from PIL import Image, ImageDraw

    big, unit = 4 * size, 4 * size / 128
    turn = np.linspace(0, 10 * np.pi, 600)
    spiral = [tuple(big / 2 + 1.8 * unit * a * np.array([np.cos(a), np.sin(a)])) for a in turn]
    house = (
        [(24, 104), (24, 56), (64, 20), (104, 56), (104, 104), (24, 104)],
        [(54, 104), (54, 74), (74, 74), (74, 104)],
    )
    rays = [[(8, 120), (120, 8 + 112 * k / 12)] for k in range(13)]
    x = np.arange(4, 125)
    waves = [list(zip(x, 12 + 12 * k + 5 * np.sin(x / (4 + k)), strict=True)) for k in range(10)]
    sheets = [[spiral], [[(a * unit, b * unit) for a, b in line] for line in house]]
    sheets += [[[(a * unit, b * unit) for a, b in line] for line in lines] for lines in (rays, waves)]
    pages = []
    for lines in sheets:
        page = Image.new("RGB", (big, big), "white")
        pen = ImageDraw.Draw(page)
        for line in lines:
            pen.line(line, fill=INK, width=round(1.4 * unit))
        pages.append(np.asarray(page.resize((size, size), Image.Resampling.LANCZOS)))
    return np.stack(pages)


def chalk(images) -> np.ndarray:
    """Pictures redrawn as light edges on a dark board: brightness where the neighbours differ."""
    light = np.asarray(images).astype(np.float64) @ LUMA
    dy, dx = np.gradient(light, axis=(1, 2))
    edge = np.clip(np.hypot(dx, dy) * 3 / 255, 0, 1)[..., None]
    board, stick = np.array([38.0, 58.0, 51.0]), np.array([238.0, 236.0, 224.0])
    return np.round(board + edge * (stick - board)).astype(np.uint8)


def halftone(images, pitch: int = 8) -> np.ndarray:
    """Pictures as a newspaper prints them: one black dot for each `pitch` x `pitch` pixels, larger where it is dark."""
    light = np.asarray(images).astype(np.float64) @ LUMA / 255
    n, h, w = light.shape
    cells = light.reshape(n, h // pitch, pitch, w // pitch, pitch).mean((2, 4))
    radius = np.sqrt((1 - cells) / np.pi) * pitch
    y, x = np.mgrid[:pitch, :pitch] - (pitch - 1) / 2
    inside = np.clip(radius[..., None, None] - np.hypot(x, y) + 0.5, 0, 1)  # [n, rows, columns, pitch, pitch]
    dots = inside.swapaxes(2, 3).reshape(n, h, w, 1)
    return np.round(255 + dots * (np.array(INK) - 255.0)).astype(np.uint8)


def static(count: int, generator, size: int = 128) -> np.ndarray:
    """Television snow: every value of every pixel drawn evenly from 0..255 by a torch.Generator."""
    import torch

    return torch.randint(256, (count, size, size, 3), generator=generator).to(torch.uint8).numpy()

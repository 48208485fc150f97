"""One icon on its way through the trained PyramidNet: the stem's kernels, and the liveliest maps of every layer."""

import numpy as np
import torch
import torch.nn.functional as F

from denoised.models import pyramid
from plotting.layout import colour_map, image_grid, image_row, rasterize
from plotting.output import Animation, Output
from plotting.style import LIGHT, context, new_figure

WEIGHTS = ("pyramidnet",)
DATA = ("specimens",)
TITLE = "Through the layers"

ICON = ("openmoji", "cat-face")
SHOWN = 7  # maps a layer


def kernel_pictures(weight: np.ndarray) -> list[np.ndarray]:
    """[C, 3, 3, 3] -> uint8 [3, 3, 3] each, grey where the kernel is zero."""
    limit = np.abs(weight).max((1, 2, 3), keepdims=True)
    return list(np.round(255 * (0.5 + 0.5 * weight / limit)).astype(np.uint8).transpose(0, 2, 3, 1))


def make(lab, smoke=False):
    net = pyramid.load(lab.weight("pyramidnet"))
    icon = lab.specimens().one(style=ICON[0], concept=ICON[1], tone="none")
    x = F.avg_pool2d(torch.from_numpy(icon).permute(2, 0, 1)[None].float(), 4)
    small = x[0].permute(1, 2, 0).round().byte().numpy()
    with torch.no_grad():
        maps = [m[0].numpy() for m in net.maps(x / 127.5 - 1)]
    weight = net.stem[0].weight.numpy()
    luma = weight.mean(1)
    n = {"layers": len(maps), "kernels": len(weight), "shown": SHOWN,
         "grey_share": float((3 * (luma**2).sum()) / (weight**2).sum()),
         "level_share": float((weight.mean((2, 3)) ** 2).sum() * 9 / (weight**2).sum())}  # fmt: skip
    picks = [np.sort(np.argsort(-m.std((1, 2)), kind="stable")[:SHOWN]) for m in maps]
    for k, m in enumerate(maps):
        n |= {f"channels_{k}": m.shape[0], f"side_{k}": m.shape[1]}
    words = ["stem", *(f"unit {k}" for k in range(1, len(maps)))]

    def shade(k, c, theme):
        return colour_map(maps[k][c], theme, limit=np.abs(maps[k][picks[k]]).max())

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        fig.note(0, 0, f"The stem's {len(weight)} kernels", size=13, weight=600)
        per = 8 if narrow else 16
        tiles, y = kernel_pictures(weight), 24
        for start in range(0, len(tiles), per):
            y = image_row(fig, tiles[start : start + per], y=y, cell=36, gap=8, smooth=False) + 8
        y += 12
        fig.note(0, y, "and what each layer makes of the cat", size=13, weight=600)
        columns = 4 if narrow else SHOWN
        left, cell = (62, 68) if narrow else (110, 80)
        rows = [[shade(k, c, theme) for c in picks[k][:columns]] for k in range(len(maps))]
        if narrow:
            names = [f"{w}\n{m.shape[0]} of\n{m.shape[1]}²" for w, m in zip(words, maps, strict=True)]
        else:
            names = [f"{w}\n{m.shape[0]} maps\n{m.shape[1]} × {m.shape[2]}" for w, m in zip(words, maps, strict=True)]
        image_grid(fig, rows, rows=names, left=left, y=y + 26, cell=cell, gap=6, smooth=False, size=11)
        return fig

    frames = []
    with context(LIGHT):
        for k in range(-1, len(maps)):
            fig = new_figure(LIGHT, True)
            if k < 0:
                words_above = f"the cat, {small.shape[0]} × {small.shape[0]}, 3 colours"
                image_row(fig, [small], y=26, x=20, cell=320, smooth=False)
            else:
                m = maps[k]
                words_above = f"{words[k]}: {m.shape[0]} maps of {m.shape[1]} × {m.shape[2]}"
                side = int(np.ceil(np.sqrt(len(m))))
                cell = (320 - 2 * (side - 1)) // side
                tiles = [colour_map(t, LIGHT, limit=np.abs(m).max() * 0.7) for t in m]
                size = cell * side + 2 * (side - 1)
                image_grid(fig, [tiles[i : i + side] for i in range(0, len(tiles), side)], y=26, x=20 + (320 - size) // 2,
                           cell=cell, gap=2, smooth=False)  # fmt: skip
            fig.note(180, 0, words_above, size=13, ha="center", weight=600)
            fig.set_height(352)
            frames.append(rasterize(fig, scale=1 if smoke else 2))
    return Output(
        alt=(
            f"The {n['kernels']} kernels of the first layer as tiny coloured squares, then, layer by layer, "
            f"{SHOWN} maps of a "
            f"cat: at the stem {n['side_0']} by {n['side_0']} places with clear outlines, at the end "
            f"{n[f'side_{len(maps) - 1}']}"
            f" by {n[f'side_{len(maps) - 1}']} coarse squares in {n[f'channels_{len(maps) - 1}']} channels."
        ),
        caption=(
            f"**From outlines to a few bold squares.** Above, the kernels of the first layer; grey is zero. "
            f"{n['grey_share']:.0%} of their strength looks at brightness, the rest at colour. Below, the "
            f"{SHOWN} maps of each "
            "layer that vary most over the cat, blue above zero, brown below. At the end the position of an "
            "ear is hardly "
            f"known any more: {n[f'channels_{len(maps) - 1}']} answers on a grid of {n[f'side_{len(maps) - 1}']} by "
            f"{n[f'side_{len(maps) - 1}']}. The film shows all maps."
        ),
        numbers=n,
        draw=draw,
        format="webp",
        animation=Animation(frames, fps=0.8, hold_last=1.5, poster=1),
    )

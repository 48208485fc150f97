"""Move the picture, and the map moves along: convolution, convolution with a stride, and a dense layer as the control.

Tests claims: r09-04.
"""

import numpy as np
import torch
import torch.nn.functional as F

from denoised.models import pyramid
from plotting.layout import colour_map, image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("pyramidnet",)
DATA = ("specimens",)
TITLE = "Move the picture, and the map moves along"

SHIFT = 2  # pixels


def relative(a, b) -> float:
    """Largest difference of two maps over the largest value of the first."""
    return float((a - b).abs().max() / a.abs().max())


def make(lab, smoke=False):
    specimens = lab.specimens()
    net = pyramid.load(lab.weight("pyramidnet"))
    picks = [i for i, r in enumerate(specimens.records) if r["split"] in ("pair", "concept")][:: 20 if smoke else 1]
    x = F.avg_pool2d(torch.from_numpy(specimens.images[picks]).permute(0, 3, 1, 2).float(), 4) / 127.5 - 1
    kernel = net.stem[0].weight
    move = lambda p, by=SHIFT: p.roll(by, dims=-1)  # noqa: E731
    inner = slice(6, -6)

    def gap(layer, by=SHIFT, stride=1, cut=inner):
        moved, still = layer(move(x, by)), layer(x).roll(by // stride, dims=-1)
        return relative(still[..., cut, cut], moved[..., cut, cut])

    dense = torch.randn(256, x[0].numel(), generator=lab.generator("dense")) / x[0].numel() ** 0.5
    grid = lambda p: (p.flatten(1) @ dense.T).reshape(-1, 1, 16, 16)  # noqa: E731
    conv = lambda p: F.conv2d(p, kernel, padding=1)  # noqa: E731
    strided = lambda p: F.conv2d(p, kernel, padding=1, stride=2)  # noqa: E731
    wide = slice(3, -3)
    with torch.no_grad():
        before = net(x)["group"].argmax(1)
        agree = {by: float((net(move(x, by))["group"].argmax(1) == before).float().mean()) for by in (1, 2, 4, 8)}
        n = {
            "icons": len(picks),
            "interior_error": gap(conv),
            "border_error": gap(conv, cut=slice(None)),
            "stride_even": gap(strided, 2, 2, wide),
            "stride_odd": relative(strided(x)[..., wide, wide], strided(move(x, 1))[..., wide, wide]),
            "dense_error": relative(grid(x), grid(move(x))),
            **{f"same_group_{by}": value for by, value in agree.items()},
        }
        icon = specimens.one(style="openmoji", concept="cat-face", tone="none")
        p = F.avg_pool2d(torch.from_numpy(icon).permute(2, 0, 1)[None].float(), 4) / 127.5 - 1
        by = 4
        pair = (p, move(p, by))
        channel = int(conv(p)[0].std((1, 2)).argmax())
        rows = {
            "convolution": [conv(q)[0, channel].numpy() for q in pair],
            "dense layer": [grid(q)[0, 0].numpy() for q in pair],
        }
    shown = [((q[0].permute(1, 2, 0).numpy() + 1) * 127.5).round().astype(np.uint8) for q in pair]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        table = [[shown[k], *(colour_map(r[k], theme, limit=np.abs(r[0]).max()) for r in rows.values())] for k in (0, 1)]
        cell = 112 if narrow else 128
        image_grid(fig, table, columns=["32 × 32 pixels", *rows], gap=12, cell=cell, x=0 if narrow else 40,
                   left=0 if narrow else 100, rows=None if narrow else ["as it is", "moved"], smooth=False)  # fmt: skip
        return fig

    return Output(
        alt=(
            "A cat and the same cat moved to the right. The convolution's map moves along; the dense layer's "
            "grid of numbers "
            f"becomes another one. Differences relative to the largest value: {n['interior_error']:.0%} and "
            f"{n['dense_error']:.2f}."
        ),
        caption=(
            f"**The same stencil everywhere.** On {n['icons']} icons moved by {SHIFT} pixels: away from the border a "
            f"convolution's map is the old one, moved (largest deviation {n['interior_error']:.0%} of the "
            "largest value). At "
            f"the border, where padding begins, {n['border_error']:.0%}. With a stride of two it holds for "
            "moves by two "
            f"({n['stride_even']:.0%} off) and fails for moves by one ({n['stride_odd']:.0%}). A dense layer, the "
            "control, knows "
            f"nothing of places: {n['dense_error']:.0%}. The whole trained net names the same group for "
            f"{n['same_group_2']:.0%} of icons after a move by two pixels, {n['same_group_8']:.0%} after eight."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

"""How much of the picture one number of each layer can see, in theory and by its gradient, and how large the map is.

Tests claims: r09-05.
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
TITLE = "What one number sees"

MASS = 0.9


# --8<-- [start:seen]
def seen(net, x, layer: int) -> torch.Tensor:
    """[S, S]: how strongly each pixel moves the middle of a layer's map, over channels, colours and the pictures x
    (Luo et al. 2016: the gradient of one place, its size averaged)."""
    x = x.clone().requires_grad_(True)
    made = net.maps(x)[layer]
    middle = made[:, :, made.shape[2] // 2, made.shape[3] // 2]
    signs = torch.randint(2, middle.shape, generator=torch.Generator().manual_seed(layer)) * 2.0 - 1
    (gradient,) = torch.autograd.grad((middle * signs).sum(), x)
    return gradient.abs().mean((0, 1))
    # --8<-- [end:seen]


def side_of(weights: torch.Tensor, mass: float = MASS) -> int:
    """Side of the smallest square, wherever it lies, that holds `mass` of the weights [S, S]."""
    for side in range(1, weights.shape[0] + 1):
        held = F.avg_pool2d(weights[None, None].double(), side, stride=1) * side**2
        if held.max() >= mass * weights.double().sum():
            return side
    return weights.shape[0]


def make(lab, smoke=False):
    specimens = lab.specimens()
    net = pyramid.load(lab.weight("pyramidnet"))
    picks = specimens.where(split="pair")[: 4 if smoke else 48]
    x = F.avg_pool2d(torch.from_numpy(specimens.images[picks]).permute(0, 3, 1, 2).float(), 4) / 127.5 - 1
    fields = pyramid.field(net)
    maps = [seen(net, x, layer) for layer in range(len(fields))]
    sides = [side_of(m) for m in maps]
    side = x.shape[-1]
    n = {"icons": len(picks), "picture": side, "layers": len(fields),
         "side_first": fields[0][0], "side_last": fields[-1][0],
         "seen_first": sides[0], "seen_last": sides[-1], "mass": MASS,
         "magnification_largest": max(1 / stride for _, stride in fields),
         "magnification_least": min(1 / stride for _, stride in fields),
         "stride_last": fields[-1][1]}  # fmt: skip
    for k, ((field, stride), found) in enumerate(zip(fields, sides, strict=True)):
        n |= {f"field_{k}": field, f"seen_{k}": found, f"map_{k}": side // stride}
    words = ["stem", *(f"unit {k}" for k in range(1, len(fields)))]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        pictures = [colour_map(np.sqrt(m.numpy()), theme, limit=float(m.max()) ** 0.5, name="prediction") for m in maps]
        labels = [f"{word}\nin theory {n[f'field_{k}']}\nreally {n[f'seen_{k}']}\nmap {n[f'map_{k}']} × {n[f'map_{k}']}"
                  for k, word in enumerate(words)]  # fmt: skip
        per = 3 if narrow else len(words)
        y, cell = 0, 104 if narrow else 92
        for start in range(0, len(words), per):
            y = image_grid(fig, [pictures[start : start + per]], labels=[labels[start : start + per]], y=y, cell=cell,
                           gap=12, smooth=False, size=11) + 14  # fmt: skip
        return fig

    return Output(
        alt=(
            f"{n['layers']} squares of {side} by {side} pixels, one a layer, that show which pixels move the "
            "middle of its "
            f"map: a dot of {n['seen_first']} pixels at the stem, a soft cloud of {n['seen_last']} at the end."
        ),
        caption=(
            "**Not a microscope, a widening beam.** How strongly each pixel moves one place of each layer's "
            "map (mean over "
            f"{n['icons']} icons, square root of the strength). In theory a place can see {n['side_first']} "
            "pixels a side at "
            f"the stem and {n['side_last']} at the last unit, more than the picture has; {MASS:.0%} of what "
            "moves it lies "
            f"within {n['seen_first']} and {n['seen_last']}. No map is larger than the picture: from "
            f"{n['map_0']} places a side "
            f"they shrink to {side // n['stride_last']}."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

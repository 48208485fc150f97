"""A decoder that is a small diffusion model of its own: it takes noise out of a picture, looking at the latent.

The role of the consistency decoder (Betker et al. 2023; Song et al. 2023), at the size of a laboratory model.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

PATCH = 4  # pixels a side that share a cell inside; a latent's cell is two of these a side


class _Block(nn.Module):
    """Residual block whose middle is scaled and shifted by what the time says."""

    def __init__(self, width: int, time: int):
        super().__init__()
        self.norm1, self.norm2 = nn.GroupNorm(8, width), nn.GroupNorm(8, width)
        self.conv1, self.conv2 = (nn.Conv2d(width, width, 3, padding=1) for _ in range(2))
        self.told = nn.Linear(time, 2 * width)

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        scale, shift = self.told(time)[:, :, None, None].chunk(2, dim=1)
        h = self.conv1(F.silu(self.norm1(x)))
        return x + self.conv2(F.silu(self.norm2(h) * (1 + scale) + shift))


class Repainter(nn.Module):
    """xt [B, 3, 8h, 8w], in about [-1, 1] and with noise of share t in it, t [B] in [0, 1], z [B, 4, h, w] -> the velocity
    from picture to noise, [B, 3, 8h, 8w], on the straight path xt = (1 - t) x0 + t noise."""

    def __init__(self, width: int = 48, time: int = 96):
        super().__init__()
        self.freqs = nn.Buffer(torch.exp(torch.linspace(0, math.log(200), 16)), persistent=False)
        self.time = nn.Sequential(nn.Linear(32, time), nn.SiLU(), nn.Linear(time, time), nn.SiLU())
        self.begin = nn.Conv2d(3 * PATCH**2 + 4, width, 3, padding=1)
        self.fine = nn.ModuleList(_Block(width, time) for _ in range(3))
        self.down = nn.Conv2d(width, 2 * width, 3, stride=2, padding=1)
        self.beside = nn.Conv2d(2 * width + 4, 2 * width, 1)
        self.coarse = nn.ModuleList(_Block(2 * width, time) for _ in range(3))
        self.up = nn.Conv2d(2 * width, width, 3, padding=1)
        self.end = nn.Conv2d(width, 3 * PATCH**2, 3, padding=1)

    def forward(self, xt: Tensor, t: Tensor, z: Tensor) -> Tensor:
        angle = t[:, None] * self.freqs
        time = self.time(torch.cat([angle.sin(), angle.cos()], 1))
        grown = F.interpolate(z, scale_factor=2, mode="nearest")
        x = self.fine[0](self.begin(torch.cat([F.pixel_unshuffle(xt, PATCH), grown], 1)), time)
        h = self.beside(torch.cat([self.down(x), z], 1))
        for block in self.coarse:
            h = block(h, time)
        x = x + self.up(F.interpolate(h, scale_factor=2, mode="nearest"))
        for block in self.fine[1:]:
            x = block(x, time)
        return F.pixel_shuffle(self.end(x), PATCH)


# --8<-- [start:bet]
def bet(net: Repainter, xt: Tensor, t: Tensor, z: Tensor) -> Tensor:
    """The picture that a noisy one seems to be, shape of xt. Where no noise is left (t = 0) it is xt itself, which is what
    makes it a consistency function (Song et al. 2023, eq. 4)."""
    return xt - t[:, None, None, None] * net(xt, t, z)


@torch.no_grad()
def paint(net: Repainter, z: Tensor, noise: Tensor, steps: int, again: bool) -> Tensor:
    """Latents [B, 4, h, w] and noise [B, 3, 8h, 8w] to pictures, in `steps` calls. Between two of them the bet gets noise
    back: with `again` other noise (a consistency model's step; that of a neighbour, so that it takes a batch of two), else
    what is left of its own (Euler's step)."""
    return path(net, z, noise, steps, again)[-1]


def path(net: Repainter, z: Tensor, noise: Tensor, steps: int, again: bool = False) -> list[Tensor]:
    """All stations of `paint`, from the noise to the picture, steps + 1; station i has noise of share 1 - i / steps."""
    x, found = noise, [noise]
    for i in range(steps):
        t, then = (torch.full((len(z),), 1 - (i + k) / steps) for k in (0, 1))
        x0, s = bet(net, x, t, z), then[:, None, None, None]
        rest = noise.roll(i + 1, 0) if again else (x - (1 - t[:, None, None, None]) * x0) / t[:, None, None, None]
        x = (1 - s) * x0 + s * rest
        found.append(x)
    return found
    # --8<-- [end:bet]

"""Ways between two points of a space, and what the pictures on the way are made of."""

import numpy as np
import torch
from torch import Tensor


def drawn(*pictures, white: float = 235):
    """Where any of these uint8 pictures [H, W, 3] has something on its white ground: bool [H, W]."""
    return np.any([np.asarray(x).min(-1) < white for x in pictures], axis=0)


# --8<-- [start:ways]
def lerp(a: Tensor, b: Tensor, share: float) -> Tensor:
    """The straight line from a to b, any shape; `share` 0 is a, 1 is b, beyond is beyond."""
    return a + share * (b - a)


def slerp(a: Tensor, b: Tensor, share: float) -> Tensor:
    """Along the circle through a and b around the origin, shape of a (White 2016).

    Two draws of noise in many dimensions are about perpendicular and equally long. Half-way on the straight line
    between them everything is 0.71 times as long as noise ever is; the circle keeps the length. Vectors that are
    nearly parallel leave no circle to follow, so they are mixed in a straight line.
    """
    cosine = torch.nn.functional.cosine_similarity(a.flatten(), b.flatten(), dim=0).double().clamp(-1, 1)
    angle = torch.arccos(cosine)
    if torch.sin(angle) < 1e-4:
        return lerp(a, b, share)
    return (torch.sin((1 - share) * angle) * a + torch.sin(share * angle) * b).to(a.dtype) / torch.sin(angle).to(
        a.dtype
    )
    # --8<-- [end:ways]


# --8<-- [start:beside]
def side_by_side(a: Tensor, b: Tensor, share: float, copies: int = 4) -> Tensor:
    """Two prompts' states [L, D] laid end to end, [copies * L, D], so that attention chooses word by word.

    `share` of the copies are b's, the rest a's. A softmax counts each copy, so that copies act as weights, and copies of
    one prompt alone change nothing.
    """
    of_b = round(share * copies)
    return torch.cat([a] * (copies - of_b) + [b] * of_b)
    # --8<-- [end:beside]


def exposure(middle, a, b, where=None) -> float:
    """How much of `middle` is a double exposure of a and b: share of its variance (R^2, 0..1) that the best mixture
    w a + v b + constant explains. 1 for a cross-fade, whatever its proportions. Arrays of one shape; `where`, a mask
    over their first axes, leaves out what all icons share, such as the white around them."""
    where = np.ones(np.shape(middle), bool) if where is None else np.asarray(where, bool)
    middle, a, b = (np.asarray(x, dtype=np.float64)[where].ravel() for x in (middle, a, b))
    spread = ((middle - middle.mean()) ** 2).sum()
    if spread == 0:
        return 1.0
    ends = np.stack([a, b, np.ones_like(a)], axis=1)
    rest = middle - ends @ np.linalg.lstsq(ends, middle, rcond=None)[0]
    return float(np.clip(1 - (rest**2).sum() / spread, 0, 1))


def strides(points) -> np.ndarray:
    """Distances between each point of a path [S, ...] and the next, [S - 1] float64."""
    points = np.asarray(points, dtype=np.float64).reshape(len(points), -1)
    return np.sqrt((np.diff(points, axis=0) ** 2).sum(1))


def jump(points) -> float:
    """The longest stride of a path [S, ...] over its mean stride: 1 is even, S - 1 is one leap."""
    steps = strides(points)
    return float(steps.max() / steps.mean()) if steps.any() else 1.0


def paint(vae, latents: Tensor) -> Tensor:
    """Latents [N, C, h, w] in the U-Net's scale to pictures [N, 3, H, W] float, nominally 0..1 but not clipped and,
    unlike `pipeline.decode`, with a gradient if there is one to keep."""
    shift = getattr(vae.config, "shift_factor", None) or 0.0
    return vae.decode(latents / vae.config.scaling_factor + shift).sample / 2 + 0.5


@torch.no_grad()
def paint_all(vae, latents: Tensor, batch: int = 4) -> Tensor:
    """`paint`, few at a time and without a gradient: [N, 3, H, W]."""
    return torch.cat([paint(vae, some) for some in latents.split(batch)])


def burnt(pictures: Tensor, margin: float = 0.05) -> np.ndarray:
    """Share of a picture's values that lie beyond black or white by more than `margin`, [N]: clipped colour. Pictures as
    `paint` gives them."""
    over = (pictures < -margin) | (pictures > 1 + margin)
    return over.float().flatten(1).mean(1).double().numpy()


@torch.no_grad()
def stretch(vae, latents: Tensor, directions: Tensor, length: float = 0.5) -> np.ndarray:
    """How far the picture moves for each unit that its latent does: [N, K] float64, root of the pixels' squares.

    latents [N, C, h, w], directions [K, C, h, w], made unit length here. A finite difference for the length of
    J u, with J the decoder's Jacobian: the metric that the decoder lays over its latents (Arvanitidis et al. 2018).
    """
    unit = directions / directions.flatten(1).norm(dim=1).reshape(-1, 1, 1, 1)
    moved = []
    for one in latents:
        pictures = paint(vae, torch.cat([one[None], one + length * unit]))
        moved.append((pictures[1:] - pictures[:1]).flatten(1).norm(dim=1) / length)
    return torch.stack(moved).double().numpy()


def relax(vae, start: Tensor, end: Tensor, points: int = 3, rounds: int = 8, rate: float = 0.02) -> dict:
    """Bend the straight line between two latents [C, h, w] until its pictures lie closer together.

    Minimizes the path's energy, the sum of squared distances between neighbouring pictures, over `points` latents on
    the way, by Adam. Returns lengths measured in pictures: `straight`, `relaxed` (the shortest met on the way), and
    `chord`, the distance between both ends, which no path undercuts.
    """
    shares = torch.linspace(0, 1, points + 2)[1:-1].reshape(-1, 1, 1, 1)
    way = (start + shares * (end - start)).requires_grad_(True)
    optimizer = torch.optim.Adam([way], lr=rate)
    with torch.no_grad():
        ends = paint(vae, torch.stack([start, end]))
    lengths = []
    for _ in range(rounds + 1):
        pictures = torch.cat([ends[:1], paint(vae, way), ends[1:]])
        steps = (pictures[1:] - pictures[:-1]).flatten(1).norm(dim=1)
        lengths.append(float(steps.sum().detach()))
        optimizer.zero_grad()
        (steps**2).sum().backward()
        optimizer.step()
    return {"straight": lengths[0], "relaxed": min(lengths), "chord": float((ends[1] - ends[0]).norm())}

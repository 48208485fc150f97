"""A corridor in one-point perspective whose walls are numbers: the geometry and the paint, nothing about any model.

Its length is divided into slabs. Looking straight down such a corridor, slabs whose length grows with their distance
all look alike, each a shrunken copy of the one before: depth is the logarithm of the distance from the vanishing point.
So one flat sheet, depth by perimeter, holds the whole corridor, and a walk through it is a shift along the sheet.

The perimeter runs down the left wall, along the floor from left to right, up the right wall, and back along the sky.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from plotting.style import Theme

DEEP, SIDE = 112, 960  # pixels of the sheet: a slab's depth, and each of the four sides
RIM = 96  # the dark upper edge of both walls, where the cables hang
LEFT, FLOOR, RIGHT, SKY = (k * SIDE for k in range(4))
HORIZON = 0.47  # where the vanishing point is, as a share of the height
SMALLEST = 0.105  # the far end's size in the first view, as a share of the opening's
NIGHT = "#0B0D12"
WARM = np.array([1.0, 0.93, 0.8], dtype=np.float32)  # what falls in from the far end


@dataclass
class Sheet:
    """What is on the walls, each [slabs * DEEP, 4 * SIDE]: signed values in [-1, 1], and amounts in [0, 1]."""

    slabs: int

    def __post_init__(self):
        shape = (self.slabs * DEEP, 4 * SIDE)
        self.value, self.joint, self.lamp, self.star, self.cable = (np.zeros(shape, np.float32) for _ in range(5))
        self.sign = np.ones(shape, np.float32)  # of the number that a star stands for

    def tiles(self, slab: int, start: int, width: int, plane: np.ndarray) -> None:
        """Numbers [along the depth, along the perimeter] as tiles with dark joints, over `width` pixels of the perimeter
        from `start` on and one slab deep. Both have to be multiples of the plane's sides."""
        deep, wide = DEEP // plane.shape[0], width // plane.shape[1]
        here = np.s_[slab * DEEP : (slab + 1) * DEEP, start : start + width]
        self.value[here] = plane.repeat(deep, 0).repeat(wide, 1)
        self.joint[here] = (np.arange(DEEP) % deep < 1.5)[:, None] | (np.arange(width) % wide < 1.5)[None]

    def light(self, depth: float, along: float, radius: float, strength: float, sign: float = 0) -> None:
        """A round light at (depth in pixels of the sheet, perimeter in pixels): a lamp, or a star if `sign` is given."""
        target = self.star if sign else self.lamp
        reach = 4 * radius
        rows = slice(max(int(depth - reach), 0), max(int(depth + reach) + 1, 0))
        first, last = (SKY, 4 * SIDE) if sign else (0, SKY)
        columns = slice(max(int(along - reach), first), min(int(along + reach) + 1, last))
        y, x = np.mgrid[rows, columns][:, : max(0, target.shape[0] - rows.start)]
        far = ((y - depth) ** 2 + (x - along) ** 2) / radius**2
        shine = strength * (np.exp(-1.2 * far) if sign else np.exp(-3 * far) + 0.35 * np.exp(-0.5 * far))
        here = target[rows, columns]
        if sign:
            self.sign[rows, columns] = np.where(shine > here, np.sign(sign), self.sign[rows, columns])
        target[rows, columns] = np.maximum(here, shine)

    def hang(self, height: np.ndarray, right: bool) -> None:
        """A cable along one rim; height [slabs * DEEP] in [-1, 1] around the rim's middle."""
        middle = RIM / 2 * (1 - 0.75 * height) if not right else RIM / 2 * (1 + 0.75 * height)
        off = np.arange(RIM)[None] - middle[:, None]
        glow = np.exp(-((off / 2.2) ** 2)) + 0.35 * np.exp(-((off / 8) ** 2))
        start = SKY - RIM if right else LEFT
        part = self.cable[:, start : start + RIM]
        np.maximum(part, glow, out=part)


def colours(*names: str) -> list[np.ndarray]:
    """#RRGGBB as arrays in 0..1."""
    return [np.array([int(name[i : i + 2], 16) for i in (1, 3, 5)], dtype=np.float32) / 255 for name in names]


def paint(sheet: Sheet, theme: Theme) -> np.ndarray:
    """The sheet in colour, [slabs * DEEP, 4 * SIDE] of packed pixels (uint32: red, green, blue, nothing)."""
    depth = (np.arange(sheet.slabs * DEEP) + 0.5) / DEEP
    near = np.exp(-(sheet.slabs - depth) / 2.2).astype(np.float32)[:, None, None]  # to the light at the far end
    edge = np.minimum(np.arange(len(depth)) % DEEP, DEEP - 1 - np.arange(len(depth)) % DEEP)
    frame = np.exp(-((edge / 1.6) ** 2)).astype(np.float32)[:, None, None]  # where one slab meets the next
    table = theme.diverging(np.linspace(0, 1, 511))[:, :3].astype(np.float32)
    image = table[np.round((np.clip(sheet.value, -1, 1) * 0.5 + 0.5) * 510).astype(int)]
    walls = np.ones(4 * SIDE, dtype=bool)
    walls[SKY:] = walls[:RIM] = walls[SKY - RIM : SKY] = False
    middle = np.exp(-((((np.arange(SIDE) + 0.5) / SIDE - 0.5) / 0.13) ** 2)).astype(np.float32)[None, :, None]
    lamp, star, cable, joint = (x[..., None] for x in (sheet.lamp, sheet.star, sheet.cable, sheet.joint))
    zero = table[255]
    if theme.dark:
        (night, lit, seam) = colours(NIGHT, theme.attention, theme.latent)
        image = night + (image - zero) * (0.58 + 0.75 * near**0.7)
        image *= 1 - 0.55 * joint
        image[:, ~walls] = night
        image += WARM * 0.3 * near**3
        image[:, FLOOR:RIGHT] += WARM * middle * (0.08 + 0.5 * near**1.2)  # the light on the floor
        image[:, walls] += frame * seam * 0.14
        image += star * np.where(sheet.sign[..., None] > 0, colours("#CCE6FF")[0], colours("#FFDEB8")[0])
        image += cable * colours("#BFF2FF")[0] * 0.8
        image += lamp * lit * 1.3
    else:
        (paper, lit, up, down, ink) = colours(theme.paper, theme.accent, theme.latent, "#8A4B14", theme.text)
        fade = 1 - 0.7 * near
        image = paper + (image - zero) * fade * 0.85
        image *= 1 - 0.1 * joint * fade
        image[:, ~walls] = paper
        image[:, walls] *= 1 - frame * 0.2 * fade
        star, cable, lamp = (np.clip(x, 0, 1) for x in (star, cable, lamp))
        image += (np.where(sheet.sign[..., None] > 0, up, down) - image) * star
        image += (ink - image) * cable
        image += (lit - image) * lamp
    packed = np.zeros((*image.shape[:2], 4), np.uint8)
    packed[..., :3] = np.round(np.clip(image, 0, 1) * 255)
    return packed.view(np.uint32)[..., 0]


class View:
    """A window on the corridor, `width` x `height` px; the opening's half side is `reach` px, the vanishing point is
    at the share `horizon` of the height. What each pixel looks at is worked out once; `__call__` only looks."""

    def __init__(self, slabs: int, width: int, height: int, reach: float, horizon: float = HORIZON, fine: int = 2):
        self.slabs, self.size, self.fine = slabs, (width, height), fine
        self.ratio = np.log(1 / SMALLEST) / slabs  # how much nearer, as a logarithm, one slab is than the next
        x = ((np.arange(width * fine) + 0.5) / fine - 0.5 * width) / reach
        y = ((np.arange(height * fine) + 0.5) / fine - horizon * height) / reach
        self.x, self.y = np.meshgrid(x.astype(np.float32), y.astype(np.float32))
        self.far = np.maximum(np.abs(self.x), np.abs(self.y))
        self.depth = -np.log(self.far) / self.ratio
        on_wall = np.abs(self.x) >= np.abs(self.y)
        place = np.where(on_wall, self.y, self.x) / self.far / 2 + 0.5
        side = np.where(on_wall, np.where(self.x < 0, place, 3 - place), np.where(self.y > 0, 1 + place, 4 - place))
        self.along = np.clip((side * SIDE).astype(np.int32), 0, 4 * SIDE - 1)

    def end(self, passed: float) -> float:
        """Half side of the far end after `passed` slabs, as a share of the opening's."""
        return float(np.exp(-(self.slabs - passed) * self.ratio))

    def __call__(self, packed: np.ndarray, far_end: np.ndarray, theme: Theme, passed: float = 0.0) -> np.ndarray:
        """What is seen after `passed` slabs, [height, width, 3] uint8. `far_end` is a square picture, uint8."""
        width, height = self.size
        depth = ((self.depth + passed) * DEEP).astype(np.int32)
        seen = np.take(packed.ravel(), np.clip(depth, 0, len(packed) - 1) * packed.shape[1] + self.along)
        image = seen.view(np.uint8).reshape(*seen.shape, 4)[..., :3]
        image = image.reshape(height, self.fine, width, self.fine, 3).mean((1, 3), dtype=np.float32) / 255
        (side, x, y) = self.end(passed), self.x[0, :: self.fine], self.y[:: self.fine, 0]
        hole = np.ix_(np.flatnonzero(np.abs(y) < side), np.flatnonzero(np.abs(x) < side))
        if theme.dark:
            far = self.far[:: self.fine, :: self.fine]
            image *= np.clip(1.06 - 0.4 * np.clip(far - 0.3, 0, None) ** 1.2, 0, 1)[..., None]
            image[hole] = 1.0  # the light: its glow is that of a white square
            image += _glow(np.clip(image - 0.55, 0, None), width / 720)
        image[hole] = _square(far_end, x, y, side)
        return np.round(np.clip(image, 0, 1) * 255).astype(np.uint8)


def _glow(bright: np.ndarray, unit: float) -> np.ndarray:
    """What spills over from bright places, near and far; blurred at a quarter of the size, which nobody can tell."""
    height, width, _ = bright.shape
    few = bright[: height // 4 * 4, : width // 4 * 4].reshape(height // 4, 4, width // 4, 4, 3).mean((1, 3))
    soft = sum(
        gain * gaussian_filter(few, (blur * unit / 4, blur * unit / 4, 0)) for gain, blur in ((0.9, 6), (0.72, 24))
    )
    planes = (
        Image.fromarray(plane).resize((width, height), Image.Resampling.BICUBIC) for plane in soft.transpose(2, 0, 1)
    )
    return np.stack([np.asarray(plane) for plane in planes], -1)


def _square(picture: np.ndarray, x: np.ndarray, y: np.ndarray, side: float) -> np.ndarray:
    """The part of a picture, stretched over [-side, side] both ways, that lies at x and y; floats in 0..1."""
    x, y = (axis[np.abs(axis) < side] for axis in (x, y))
    if not len(x) or not len(y):
        return np.zeros((len(y), len(x), 3))
    step = float(x[1] - x[0]) if len(x) > 1 else 2 * side
    pixels = max(1, round(2 * side / step))
    whole = np.asarray(Image.fromarray(picture).resize((pixels, pixels), Image.Resampling.LANCZOS)) / 255
    rows, columns = (np.clip(((axis / side / 2 + 0.5) * pixels).astype(int), 0, pixels - 1) for axis in (y, x))
    return whole[np.ix_(rows, columns)]

"""What a net misses that was raised on thumbnails: icons shrunk to 16, 24 or 32 pixels and blown up again.

    python scripts/lab_thumbs.py      # about eight minutes on one core; writes thumbs.npz beside this file

Small PyramidNets learn to name the group and the concept of icons of 64 pixels a side. Nets of one seed start with the
same weights and meet the same icons in the same order; they differ in how many pixels the pictures once had. All are
then asked about sharp pictures. Hands are said to fail because *early* layers learned wrong features from thumbnails, so
a third of the net (early, middle or late units) is trained a little further on sharp pictures and the rest is not.

Written down before the first run:
- thumbnails harm early layers if, in the best of stem and units 1 and 2, the direction of fine stripes is read worse
  than in nets raised on sharp pictures, with an interval below zero;
- the fault is theirs if mending the early third gains more groups on sharp pictures than mending the late third, each
  measured against the same further training of a net raised on sharp pictures, with an interval above zero.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from denoised.models import pyramid
from denoised.studies import eye, eye_probes, shelf

FILE = Path(__file__).with_suffix(".npz")
SIDE = 64
PARTS = ("early", "middle", "late")  # the stem and units 1, 2; units 3, 4; units 5, 6 and the heads


@dataclass(frozen=True)
class Settings:
    """The whole experiment. `sources`: pixels a side that the training pictures once had; SIDE is the control."""

    sources: tuple[int, ...] = (16, 24, 32, 64)
    start: int = 12
    added: int = 36
    units: int = 6
    stages: int = 3
    seeds: tuple[int, ...] = (0, 1, 2)
    steps: int = 240
    batch: int = 80
    lr: float = 4e-3
    mended: int = 16  # the source of the nets that are mended
    mending_steps: int = 30
    mending_lr: float = 1e-3
    fine: tuple[float, float] = (14, 20)  # stripes a picture: more than 16 or 24 pixels can hold (8, 12)
    coarse: tuple[float, float] = (3, 6)  # few enough for any of the sources


SETTINGS = Settings()


def key(settings: Settings = SETTINGS) -> str:
    """Short hash of the settings and of the source of all that computes the results."""
    parts = (pyramid.additive, pyramid.Unit, pyramid.Pyramid, thumbnail, stripes, build, lessons, third, mend, measure,
             eye.augment, eye.train, eye.answers, *eye_probes.SOURCES)  # fmt: skip
    return shelf.key(asdict(settings), *parts)


def load(path: Path = FILE, settings: Settings = SETTINGS) -> tuple[dict, dict[str, np.ndarray]]:
    """(facts, arrays) of the committed results. Arrays "group_<source>", "concept_<source>", "own_<source>" (uint8
    [seeds, icons], was a sharp icon or one of the net's own kind named rightly), "probe_<task>_<source>" (uint8 [seeds,
    layers, pictures]), "mended_<source>_<norms or part>" (as group) and "drawing" (which hands are one drawing).

    Raises DenoisedError when the file is missing, damaged, or was made by other settings or other code.
    """
    return shelf.take(path, key(settings), "lab_thumbs")


# --8<-- [start:thumbnail]
def thumbnail(pictures, source: int):
    """uint8 [N, 3, S, S] as if they had come with `source` pixels a side: made small by averaging, blown up again."""
    import torch.nn.functional as F

    side = pictures.shape[-1]
    if source == side:
        return pictures
    small = F.interpolate(pictures.float(), source, mode="bilinear", antialias=True)
    return F.interpolate(small, side, mode="bilinear").round().clamp(0, 255).byte()
    # --8<-- [end:thumbnail]


def stripes(count: int, per_picture: tuple[float, float], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(uint8 [count, 3, SIDE, SIDE], direction int64 [count]) of stripes in two random colours."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    truth = rng.integers(eye_probes.ORIENTATIONS, size=count)
    pictures = np.empty((count, 3, SIDE, SIDE), np.uint8)
    for i, k in enumerate(truth):
        angle, cycles = np.pi * k / eye_probes.ORIENTATIONS, rng.uniform(*per_picture) / SIDE
        wave = np.sin(2 * np.pi * cycles * (np.cos(angle) * x + np.sin(angle) * y) + rng.uniform(0, 2 * np.pi))
        two = rng.uniform(0, 255, (2, 3, 1, 1))
        noisy = two[0] + (two[1] - two[0]) * (0.5 + 0.5 * wave) + rng.normal(0, 8, (3, SIDE, SIDE))
        pictures[i] = np.clip(np.round(noisy), 0, 255)
    return pictures, truth


def build(classes: dict[str, list[str]], seed: int, settings: Settings = SETTINGS) -> pyramid.Pyramid:
    """A small PyramidNet for pictures of 64 pixels, whose stem takes every other place; weights depend on the seed."""
    import torch

    torch.manual_seed(seed)
    widths = pyramid.additive(settings.start, settings.added, settings.units)
    net = pyramid.Pyramid(classes, settings.start, widths, settings.stages)
    net.stem[0].stride = (2, 2)
    return net


def lessons(settings: Settings = SETTINGS) -> eye.Settings:
    """How a net is trained: as in the study of the eye, only shorter."""
    return eye.Settings(steps=settings.steps, batch=settings.batch, lr=settings.lr, every=settings.steps)


def third(net, part: str) -> list:
    """The modules of PARTS."""
    if part == "early":
        return [net.stem, *net.units[:2]]
    return list(net.units[2:4]) if part == "middle" else [*net.units[4:], net.out, *net.heads.values()]


def mend(net, part: str, pictures, mirrors, labels: dict, seed: int, settings: Settings = SETTINGS):
    """A copy of a trained `net` with one part trained further on `pictures`; means and spreads of norms stay."""
    import copy

    import torch
    import torch.nn.functional as F

    net = copy.deepcopy(net).eval().requires_grad_(False)
    parameters = [p.requires_grad_(True) for module in third(net, part) for p in module.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=settings.mending_lr)
    generator = torch.Generator().manual_seed(1000 + seed)
    for _ in range(settings.mending_steps):
        pick = torch.randint(len(pictures), (settings.batch,), generator=generator)
        said = net(eye.augment(pictures, mirrors, pick, generator).contiguous(memory_format=torch.channels_last))
        loss = sum(F.cross_entropy(said[head], labels[head][pick], ignore_index=-1) for head in said)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    return net.requires_grad_(False)


def measure(net, pictures, labels: dict) -> dict[str, np.ndarray]:
    """{head: uint8 [icons with a label]}: which of pictures uint8 [N, 3, S, S] are named rightly."""
    said = eye.answers(net, pictures)
    return {h: (said[h].argmax(1) == t)[t >= 0].byte().numpy() for h, t in labels.items()}

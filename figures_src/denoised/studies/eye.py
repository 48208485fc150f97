"""Two convolutional nets of one size that differ in where they are wide, and what can be read off each of their layers.

    python scripts/lab_eye.py        # about twenty minutes on one core; writes eye.npz and weights/pyramidnet

PyramidNet and ResNet (`models.pyramid`) name the group and the concept of icons of 32x32 pixels. A seed fixes first
weights, order and shifts of the pictures, so two runs of one seed see the same pictures in the same order.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from denoised.models import pyramid
from denoised.studies import eye_probes, shelf

FILE = Path(__file__).with_suffix(".npz")
KINDS = ("pyramid", "resnet")
SIDE = 32


@dataclass(frozen=True)
class Settings:
    """The whole experiment. `added` and `doubled` were chosen for equal numbers of parameters (to a hundredth)."""

    start: int = 16  # channels after the stem, of both nets
    added: int = 66  # PyramidNet: channels added over all units
    doubled: int = 22  # ResNet: channels of the first stage
    stages: int = 3
    units: int = 6
    seeds: tuple[int, ...] = (0, 1, 2)
    steps: int = 2000
    batch: int = 80
    lr: float = 4e-3
    weight_decay: float = 0.02
    smoothing: float = 0.1
    shift: int = 2  # pixels that a training picture is moved by, at most
    every: int = 200  # steps between two looks at held-out icons
    shuffles: tuple[int, ...] = (2, 4, 8, 32)  # pieces a side
    shuffle_seeds: int = 3


SETTINGS = Settings()
STEPS_PLANNED = 500  # before a first ResNet that had taken them was seen to be weak; no result is from such a run


def key(settings: Settings = SETTINGS) -> str:
    """Short hash of the settings and of the source of all that computes the results."""
    parts = (pyramid.additive, pyramid.doubling, pyramid.Unit, pyramid.Pyramid, build, augment, train, answers, without,
             shuffled, measure, *eye_probes.SOURCES)  # fmt: skip
    return shelf.key(asdict(settings), *parts)


def load(path: Path = FILE, settings: Settings = SETTINGS) -> tuple[dict, dict[str, np.ndarray]]:
    """(facts, arrays) of the committed results: facts["runs"][kind] has one dictionary of numbers a seed, arrays which
    held-out icons were named rightly, "right_<kind>_<test>" uint8 [seeds, icons], and by which layer's probe.

    Raises DenoisedError when the file is missing, damaged, or was made by other settings or other code.
    """
    return shelf.take(path, key(settings), "lab_eye")


def widths(kind: str, settings: Settings = SETTINGS) -> list[int]:
    """Channels after each unit of "pyramid" or "resnet"."""
    if kind == "pyramid":
        return pyramid.additive(settings.start, settings.added, settings.units)
    return pyramid.doubling(settings.doubled, settings.stages, settings.units)


def build(kind: str, classes: dict[str, list[str]], seed: int, settings: Settings = SETTINGS) -> pyramid.Pyramid:
    """An untrained net whose first weights depend on the seed alone."""
    import torch

    torch.manual_seed(seed)
    return pyramid.Pyramid(classes, settings.start, widths(kind, settings), settings.stages)


def augment(pictures, mirrors, pick, generator, settings: Settings = SETTINGS):
    """float32 [B, 3, S, S] in [-1, 1] of pictures uint8 [N, 3, S, S]: moved by a few pixels, edges repeated, and, where
    `mirrors` [N] allows it, mirrored every other time."""
    import torch
    import torch.nn.functional as F

    by, side = settings.shift, pictures.shape[-1]
    x = F.pad(pictures[pick].float(), (by,) * 4, mode="replicate")
    places = torch.randint(2 * by + 1, (len(pick), 2), generator=generator).tolist()
    turn = (torch.rand(len(pick), generator=generator) < 0.5) & mirrors[pick]
    x = torch.stack([p[:, top : top + side, left : left + side] for p, (top, left) in zip(x, places, strict=True)])
    return torch.where(turn[:, None, None, None], x.flip(-1), x) / 127.5 - 1


def train(net, pictures, mirrors, labels: dict, seed: int, look, settings: Settings = SETTINGS) -> list[dict]:
    """Train `net` in place on pictures uint8 [N, 3, S, S]; labels[head] int64 [N], -1 where there is none. `look(net)`
    gives numbers for the curve, which is returned: [{"step": ..., "loss": ..., ...}]."""
    import torch
    import torch.nn.functional as F

    generator = torch.Generator().manual_seed(seed)
    net.train().to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(net.parameters(), lr=settings.lr, weight_decay=settings.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, settings.lr, total_steps=settings.steps, pct_start=0.2)
    order, curve, losses = torch.empty(0, dtype=torch.long), [], []
    for step in range(1, settings.steps + 1):
        if len(order) < settings.batch:
            order = torch.cat([order, torch.randperm(len(pictures), generator=generator)])
        pick, order = order[: settings.batch], order[settings.batch :]
        x = augment(pictures, mirrors, pick, generator, settings).contiguous(memory_format=torch.channels_last)
        loss = sum(
            F.cross_entropy(logits, labels[head][pick], ignore_index=-1, label_smoothing=settings.smoothing)
            for head, logits in net(x).items()
        )
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(float(loss.detach()))
        if step % settings.every == 0 or step == settings.steps:
            curve.append({"step": step, "loss": float(np.mean(losses[-settings.every :])), **look(net.eval())})
            net.train()
    net.eval().requires_grad_(False)
    return curve


def answers(net, pictures, batch: int = 256) -> dict:
    """{"group": probabilities [N, groups], "concept": ...} for pictures uint8 [N, 3, S, S]."""
    import torch

    with torch.no_grad():
        made = [net(part.float() / 127.5 - 1) for part in pictures.split(batch)]
    return {head: torch.cat([m[head] for m in made]).softmax(1) for head in net.heads}


def without(net, number: int):
    """A handle: the residual branch of unit `number` answers zero until handle.remove(); its shortcut stays."""
    return net.units[number].body.register_forward_hook(lambda module, args, output: output * 0)


# --8<-- [start:shuffled]
def shuffled(pictures, pieces: int, seed: int):
    """uint8 [N, 3, S, S] cut into pieces x pieces squares that change places, for every picture in its own way."""
    import torch

    n, c, side, _ = pictures.shape
    size = side // pieces
    cut = pictures.reshape(n, c, pieces, size, pieces, size).permute(0, 2, 4, 1, 3, 5).reshape(n, pieces**2, c, size, size)
    generator = torch.Generator().manual_seed(seed)
    cut = torch.stack([p[torch.randperm(pieces**2, generator=generator)] for p in cut])
    return cut.reshape(n, pieces, pieces, c, size, size).permute(0, 3, 1, 4, 2, 5).reshape(n, c, side, side)
    # --8<-- [end:shuffled]


def measure(net, tests: dict, settings: Settings = SETTINGS) -> tuple[dict, dict]:
    """(numbers, arrays) of a trained net. tests[name] = (pictures, labels): "pair", known concepts in a style that they
    were not met in, and "concept", concepts never met."""
    numbers, arrays = {}, {}
    for name, (pictures, labels) in tests.items():
        said = answers(net, pictures)
        for head, truth in labels.items():
            known = truth >= 0
            if known.any():
                right = (said[head].argmax(1) == truth)[known]
                arrays[f"{head}_{name}"] = right.byte().numpy()
                numbers[f"{head}_{name}"] = float(right.float().mean())
    pictures, labels = tests["pair"]
    known = {head: truth >= 0 for head, truth in labels.items()}

    def score(some, head):
        return float((answers(net, some)[head].argmax(1) == labels[head])[known[head]].float().mean())

    for number in range(len(net.units)):
        handle = without(net, number)
        for head in known:
            numbers[f"{head}_without_{number}"] = score(pictures, head)
        handle.remove()
    for pieces in settings.shuffles:
        seeds = range(settings.shuffle_seeds)
        scrambled = [shuffled(pictures, pieces, 100 + s) for s in seeds]
        for head in known:
            numbers[f"{head}_shuffled_{pieces}"] = float(np.mean([score(some, head) for some in scrambled]))
        sure = [answers(net, some)["group"].max(1).values.mean() for some in scrambled]
        numbers[f"sure_shuffled_{pieces}"] = float(np.mean(sure))
    numbers["sure"] = float(answers(net, pictures)["group"].max(1).values.mean())
    return numbers, arrays

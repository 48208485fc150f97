"""PyramidNet and a ResNet from one mould: the same units, depth and kernels, and two rules for how wide they get.

Han, Kim & Kim 2017 (Deep Pyramidal Residual Networks): a unit is norm, convolution, norm, ReLU, convolution, norm, and
its shortcut passes everything on, with zeros for the channels that are new. He et al. 2016 double the width where the
picture is halved and keep it otherwise; PyramidNet widens by a little at every unit.
"""

import json
import math
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from denoised.errors import DenoisedError

HEADS = ("group", "concept")


# --8<-- [start:widths]
def additive(start: int, added: int, units: int) -> list[int]:
    """Channels after each of `units`: `added` more in all, shared out evenly (Han et al. 2017, eq. 2)."""
    return [start + math.floor(added * (k + 1) / units) for k in range(units)]


def doubling(start: int, stages: int, units: int) -> list[int]:
    """Channels after each of `units`, `units / stages` to a stage: twice as many from stage to stage (He et al. 2016)."""
    return [start * 2 ** (k * stages // units) for k in range(units)]
    # --8<-- [end:widths]


# --8<-- [start:unit]
class Unit(nn.Module):
    """x [B, cin, H, W] -> [B, cout, H / stride, W / stride], cout >= cin. The shortcut has no weights at all."""

    def __init__(self, cin: int, cout: int, stride: int = 1):
        super().__init__()
        self.body = nn.Sequential(
            nn.BatchNorm2d(cin), nn.Conv2d(cin, cout, 3, stride, 1, bias=False),
            nn.BatchNorm2d(cout), nn.ReLU(), nn.Conv2d(cout, cout, 3, 1, 1, bias=False),
            nn.BatchNorm2d(cout),
        )  # fmt: skip
        self.stride, self.new = stride, cout - cin

    def shortcut(self, x):
        x = F.avg_pool2d(x, self.stride) if self.stride > 1 else x
        return F.pad(x, (0, 0, 0, 0, 0, self.new))

    def forward(self, x):
        return self.shortcut(x) + self.body(x)
        # --8<-- [end:unit]


class Pyramid(nn.Module):
    """Pictures [B, 3, S, S] in [-1, 1] -> {"group": logits [B, groups], "concept": logits [B, concepts]}.

    widths: channels after each unit; the first unit of every stage halves the picture.
    classes: {"group": [...], "concept": [...]}, the names behind the logits.
    """

    def __init__(self, classes: dict[str, list[str]], start: int, widths: list[int], stages: int = 3):
        super().__init__()
        self.classes = {head: list(classes[head]) for head in HEADS}
        self.config = {"start": start, "widths": list(widths), "stages": stages}
        self.stem = nn.Sequential(nn.Conv2d(3, start, 3, 1, 1, bias=False), nn.BatchNorm2d(start))
        per = len(widths) // stages
        cin = [start, *widths[:-1]]
        self.units = nn.ModuleList(
            Unit(a, b, 2 if k % per == 0 else 1) for k, (a, b) in enumerate(zip(cin, widths, strict=True))
        )
        self.out = nn.Sequential(nn.BatchNorm2d(widths[-1]), nn.ReLU())
        self.heads = nn.ModuleDict({head: nn.Linear(widths[-1], len(names)) for head, names in self.classes.items()})
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def maps(self, pictures: torch.Tensor) -> list[torch.Tensor]:
        """The feature map after the stem and after each unit: [[B, start, S, S], [B, widths[0], S/2, S/2], ...]."""
        found = [self.stem(pictures)]
        for unit in self.units:
            found.append(unit(found[-1]))
        return found

    def features(self, pictures: torch.Tensor) -> torch.Tensor:
        """[B, 3, S, S] -> [B, widths[-1]]: the mean over positions, what the heads read."""
        return self.out(self.maps(pictures)[-1]).mean((2, 3))

    def forward(self, pictures: torch.Tensor) -> dict[str, torch.Tensor]:
        seen = self.features(pictures)
        return {head: layer(seen) for head, layer in self.heads.items()}


def field(net: Pyramid) -> list[tuple[int, int]]:
    """(side of the receptive field, stride) in input pixels, after the stem and after each unit: r += (k - 1) * stride
    for every convolution on the way, k = 3 (Araujo, Norris & Sim 2019, eq. 2)."""
    side, stride = 3, 1
    found = [(side, stride)]
    for unit in net.units:
        side += 2 * stride
        stride *= unit.stride
        side += 2 * stride
        found.append((side, stride))
    return found


def parameters(net: nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


def save(net: Pyramid, folder: Path) -> None:
    """config.json and half-precision model.safetensors in `folder`."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps({**net.config, "classes": net.classes}) + "\n")
    state = {name: t.half() if t.is_floating_point() else t for name, t in net.state_dict().items()}
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, folder / "model.safetensors")


def load(folder: Path) -> Pyramid:
    """The net in `folder`, float32, eval, without gradients. DenoisedError when a file is missing or does not fit."""
    from safetensors.torch import load_file

    try:
        config = json.loads((folder / "config.json").read_text())
        state = load_file(folder / "model.safetensors")
        net = Pyramid(config["classes"], config["start"], config["widths"], config["stages"])
        net.load_state_dict({name: t.float() if t.is_floating_point() else t for name, t in state.items()})
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise DenoisedError(
            f"The eye in {folder} cannot be read ({error}): get it back from git or train it with "
            "`python scripts/lab_eye.py`."
        ) from None
    return net.eval().requires_grad_(False)

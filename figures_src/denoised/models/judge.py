"""Judge and critic: one residual CNN with four heads that name what an icon shows and how it is drawn.

The judge scores what generators draw and is part of no training; the critic may be used in losses and rewards.
"""

import json
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from denoised.errors import DenoisedError
from denoised.models.resnet import ResNet

HEADS = ("concept", "style", "colour", "group")


class CosineHead(nn.Module):
    """Features [B, D] -> logits [B, N]: cosine with one learned vector a class, times a learned scale (at most 100).

    With many classes and few pictures of each, only the direction of the features can mean anything, so length is
    taken out (NormFace, Wang et al. 2017). Vectors start short, so that a step turns them far.
    """

    def __init__(self, width: int, classes: int):
        super().__init__()
        self.weight = nn.Parameter(0.05 * torch.randn(classes, width))
        self.log_scale = nn.Parameter(torch.tensor(3.0))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        cosine = F.linear(F.normalize(features, dim=-1), F.normalize(self.weight, dim=-1))
        return cosine * self.log_scale.exp().clamp(max=100)


class JudgeNet(nn.Module):
    """Pictures [B, 3, 64, 64] in [-1, 1] -> {"concept": logits [B, concepts], "style": ..., ...}.

    classes: {"concept": ["abacus", ...], ...}, the names behind the logits. cosine: the concept's head is a
    CosineHead instead of a linear layer.
    """

    def __init__(self, classes: dict[str, list[str]], channels=(64, 160, 320), blocks=(1, 2, 2), dropout: float = 0.2,
                 cosine: bool = False):  # fmt: skip
        super().__init__()
        self.classes = {head: list(classes[head]) for head in HEADS}
        self.config = {"channels": list(channels), "blocks": list(blocks), "cosine": cosine}
        self.body = ResNet(channels, blocks, dropout=dropout)
        self.heads = nn.ModuleDict({head: nn.Linear(channels[-1], len(names)) for head, names in self.classes.items()})
        if cosine:
            self.heads["concept"] = CosineHead(channels[-1], len(self.classes["concept"]))

    def features(self, pictures: torch.Tensor) -> torch.Tensor:
        """[B, 3, 64, 64] -> [B, 320], what the heads read; distances between pictures are taken here."""
        return self.body(pictures)

    def forward(self, pictures: torch.Tensor) -> dict[str, torch.Tensor]:
        seen = self.features(pictures)
        return {head: layer(seen) for head, layer in self.heads.items()}


def save_config(model: JudgeNet, folder: Path) -> None:
    """config.json with the classes' names, beside the weights."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps({**model.config, "classes": model.classes}) + "\n")


def load(folder: Path) -> JudgeNet:
    """The net in `folder` (config.json, model.safetensors), float32, eval. DenoisedError when a file is missing."""
    from safetensors.torch import load_file

    try:
        config = json.loads((folder / "config.json").read_text())
        state = load_file(folder / "model.safetensors")
    except (OSError, ValueError):
        raise DenoisedError(
            f"There is no {folder.name} in {folder}: get it back from git or train it with "
            f"`python scripts/train.py {folder.name}`."
        ) from None
    model = JudgeNet(config["classes"], config["channels"], config["blocks"], cosine=config.get("cosine", False))
    model.load_state_dict({name: tensor.float() for name, tensor in state.items()})
    return model.eval().requires_grad_(False)


def to_input(pictures) -> torch.Tensor:
    """uint8 [N, H, W, 3] or [N, 3, H, W] (H = W, a multiple of 64) -> float32 [N, 3, 64, 64] in [-1, 1], by area."""
    x = torch.as_tensor(pictures)
    if x.ndim != 4 or 3 not in (x.shape[1], x.shape[-1]):
        raise ValueError(f"Pictures are [N, H, W, 3] or [N, 3, H, W], not {list(x.shape)}.")
    x = (x if x.shape[1] == 3 else x.permute(0, 3, 1, 2)).float()
    if x.shape[-1] % 64 or x.shape[-1] != x.shape[-2]:
        raise ValueError(f"Pictures are square with a side of 64, 128, ... pixels, not {x.shape[-2]}x{x.shape[-1]}.")
    return F.avg_pool2d(x, x.shape[-1] // 64) / 127.5 - 1

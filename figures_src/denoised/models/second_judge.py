"""The judge's second run: the same net, trained on for longer, which tells concepts by the direction of its features alone.

It starts from the first judge's body, so it is a better pair of eyes and not an independent one. What it is for: to ask
whether a better judge would have said something else (studies/opinions.py).
"""

import json
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from denoised.errors import DenoisedError
from denoised.models.judge import JudgeNet


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


def build(classes: dict[str, list[str]], **sizes) -> JudgeNet:
    """A JudgeNet whose head for concepts is a CosineHead; `sizes` are JudgeNet's."""
    net = JudgeNet(classes, **sizes)
    net.heads["concept"] = CosineHead(net.heads["concept"].in_features, len(net.classes["concept"]))
    net.config["cosine"] = True
    return net


def load(folder: Path) -> JudgeNet:
    """The net in `folder` (config.json, model.safetensors), float32, eval. DenoisedError when a file is missing or
    damaged."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        net = build(config["classes"], channels=config["channels"], blocks=config["blocks"])
        net.load_state_dict({name: value.float() for name, value in load_file(folder / "model.safetensors").items()})
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        said = str(error).partition("\n")[0][:80]
        raise DenoisedError(
            f"There is no whole {folder.name} in {folder} ({said}): restore it from git, or "
            f"train it with `python scripts/train.py {folder.name}`."
        ) from None
    return net.eval().requires_grad_(False)

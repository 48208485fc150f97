"""A low-rank adapter (LoRA, Hu et al. 2021, arXiv 2106.09685): to a weight W [out, in, ...] comes strength * B A, with A
[rank, in, ...] and B [out, rank]. A few percent of a network's numbers, which turn it into another one and back again.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from denoised.errors import DenoisedError

FILE = "pytorch_lora_weights.safetensors"  # diffusers' name for it; so are those of the tensors in it
PREFIX = "unet"
LEAST = 1024  # numbers of a weight; smaller ones are left alone


# --8<-- [start:adapted]
class LowRank(nn.Module):
    """W becomes W + B A. A starts as noise and B as zeros, so that at first nothing is changed."""

    def __init__(self, weight: Tensor, rank: int):
        super().__init__()
        self.A = nn.Parameter(torch.randn(rank, *weight.shape[1:]) / weight[0].numel() ** 0.5)
        self.B = nn.Parameter(torch.zeros(len(weight), rank))

    def forward(self, weight: Tensor) -> Tensor:
        return weight + change(self.A, self.B)


def change(A: Tensor, B: Tensor) -> Tensor:
    """B A in the shape of the weight that it is added to, [out, in, ...]."""
    return (B.flatten(1) @ A.flatten(1)).unflatten(1, A.shape[1:])
    # --8<-- [end:adapted]


def layers(network: nn.Module, rank: int) -> dict[str, nn.Module]:
    """The layers that are worth an adapter, by name: linear and convolutional ones that are not small and
    whose two factors have less than half as many numbers as the weight."""
    return {
        name: layer
        for name, layer in network.named_modules()
        if isinstance(layer, nn.Linear | nn.Conv2d)
        and layer.weight.numel() >= LEAST
        and 2 * rank * (layer.weight[0].numel() + len(layer.weight)) < layer.weight.numel()
    }


def attach(network: nn.Module, rank: int) -> nn.Module:
    """Freeze a network in place and give it an adapter to be trained: only A and B ask for gradients."""
    network.requires_grad_(False)
    for layer in layers(network, rank).values():
        parametrize.register_parametrization(layer, "weight", LowRank(layer.weight, rank))
    return network


def tensors(network: nn.Module) -> dict[str, Tensor]:
    """The adapter of an `attach`ed network, named as diffusers names one of a U-Net's."""
    found = {}
    for name, layer in network.named_modules():
        if parametrize.is_parametrized(layer, "weight"):
            pair = layer.parametrizations.weight[0]
            shape = (-1, len(pair.A)) + (1,) * (pair.A.ndim - 2)  # a convolution's B is one of 1x1
            found |= {f"{PREFIX}.{name}.lora_A.weight": pair.A, f"{PREFIX}.{name}.lora_B.weight": pair.B.view(shape)}
    return found


def load(folder: Path) -> dict[str, Tensor]:
    """The tensors of a folder's adapter, float32. Raises DenoisedError where it is missing or damaged."""
    from safetensors.torch import load_file

    path = folder / FILE
    if not path.exists():
        raise DenoisedError(f"There is no adapter in {folder}: train it with `python scripts/train.py {folder.name}`.")
    try:
        return {name: value.float() for name, value in load_file(path).items()}
    except Exception as error:  # safetensors raises one of its own
        why = str(error).split("\n")[0]
        raise DenoisedError(f"The adapter {path} is damaged ({why}): restore it from git or train it again.") from error


def pairs(factors: dict[str, Tensor]) -> dict[str, tuple[Tensor | None, Tensor | None]]:
    """Layer's name -> its A and B; None where one is not among the adapter's tensors."""
    layers = sorted({name.removeprefix(f"{PREFIX}.").rpartition(".lora_")[0] for name in factors})
    return {layer: tuple(factors.get(f"{PREFIX}.{layer}.lora_{part}.weight") for part in "AB") for layer in layers}


@torch.no_grad()
def merge(network: nn.Module, factors: dict[str, Tensor], strength: float = 1.0) -> nn.Module:
    """Add an adapter to a network's weights for good, in place: no extra work when it runs.

    Raises DenoisedError, and changes nothing, where the adapter names a layer that the network lacks or that has
    another shape, lacks one of a pair, or is not finite.
    """
    changes, weights = {}, dict(network.named_parameters())
    for layer, (A, B) in pairs(factors).items():
        weight = weights.get(f"{layer}.weight")
        whole = A is not None and B is not None and weight is not None and len(A) == B.shape[1]
        made = change(A, B) if whole else None
        if made is None or made.shape != weight.shape or not torch.isfinite(made).all():
            raise DenoisedError(f"The adapter does not fit this network at {layer}: train it again for this one.")
        changes[layer] = (weight, made)
    for weight, made in changes.values():
        weight.add_(made, alpha=strength)
    return network

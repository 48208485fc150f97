"""Weights as whole numbers of 8 bits with one scale for each output channel: a byte a weight, at the price of a small
rounding error. So the open box loads its large graphs, and so both transformers are kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from denoised.errors import DenoisedError

FILE = "rounded.safetensors"
FEWEST = 1024  # a weight with fewer values is kept as it is
STEPS = 127  # of 8 bits, on each side of zero
WHOLE, SCALE = ".whole", ".scale"  # what is put behind a weight's name


# --8<-- [start:rounded]
def rounded(weight: np.ndarray, axis: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A weight as whole numbers from -127 to 127 and one scale for each output channel, along `axis`.

    Their product is the weight to within half a scale. A channel of zeros has the scale 1.
    """
    others = tuple(a for a in range(weight.ndim) if a != axis)
    largest = np.abs(weight).max(axis=others, keepdims=True).astype(np.float32)
    scale = np.where(largest > 0, largest / STEPS, 1).astype(np.float32)
    return np.round(weight / scale).astype(np.int8), scale
    # --8<-- [end:rounded]


@torch.no_grad()
def round_weights(module: nn.Module) -> nn.Module:
    """Do to a module of torch what the kind `compact` does to its graph, in place: the same pictures, in torch."""
    for layer in module.modules():
        weight = getattr(layer, "weight", None)
        if isinstance(layer, nn.Linear | nn.Conv2d | nn.Embedding) and weight.numel() >= FEWEST:
            whole, scale = rounded(weight.numpy())
            weight.copy_(torch.from_numpy(whole.astype(np.float32) * scale))
    return module


def pack(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of a state dict, for a file: a layer's weight becomes "<name>.whole", int8 [out, ...], and
    "<name>.scale" [out, 1, ...]; what has one axis or few values, or is no layer's, stays, in half precision."""
    packed = {}
    for name, value in state.items():
        if not name.endswith("weight") or value.ndim < 2 or value.numel() < FEWEST:
            packed[name] = value.half()
        else:
            whole, scale = rounded(value.float().numpy())
            packed[name + WHOLE], packed[name + SCALE] = torch.from_numpy(whole), torch.from_numpy(scale)
    return packed


def unpack(packed: dict[str, Tensor]) -> dict[str, Tensor]:
    """The state dict, float32, that `pack` was given, to within half a scale. Raises KeyError where a scale is missing."""
    state = {name: value.float() for name, value in packed.items() if not name.endswith((WHOLE, SCALE))}
    for name, whole in packed.items():
        if name.endswith(WHOLE):
            bare = name.removesuffix(WHOLE)
            state[bare] = whole.float() * packed[bare + SCALE]
    return state


def save(net: nn.Module, folder: Path) -> None:
    """A model of diffusers: its config.json as the library writes it, and its weights, `pack`ed, in FILE."""
    folder.mkdir(parents=True, exist_ok=True)
    net.save_config(folder)
    save_file(pack(net.state_dict()), folder / FILE)
    (folder / FILE).chmod(0o644)  # safetensors writes for the owner alone


def load(kind: type, folder: Path, train: str) -> nn.Module:
    """A model of diffusers' class `kind` that was `save`d in a folder, in float32, for looking. DenoisedError where it is
    missing or damaged; `train` is the preset that makes it."""
    try:
        net = kind.from_config(kind.load_config(folder, local_files_only=True))
        net.load_state_dict(unpack(load_file(folder / FILE)))
    except (OSError, SafetensorError, KeyError, ValueError, RuntimeError) as error:
        raise DenoisedError(
            f"There is no whole transformer in {folder} ({str(error).splitlines()[0][:80]}): restore it from git, or train "
            f"it with `python scripts/train.py {train}`."
        ) from None
    return net.eval().requires_grad_(False)

"""What happens in one call of a network, in order: which modules, which tensors they hand on, how many operations."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from .features import first_tensor

ELEMENTWISE = 10  # operations counted for each number that any other step writes; an exponential takes about that
MATRIX, SINUSOID, FREQUENCY, REST = "matrix", "sinusoid", "frequency", "rest"
KINDS = {  # class of a leaf module -> what a reader would call it
    nn.Conv2d: "convolution",
    nn.Linear: "linear",
    nn.GroupNorm: "norm",
    nn.LayerNorm: "norm",
    nn.SiLU: "activation",
}


@dataclass(frozen=True)
class Step:
    """One call of a module: its name, what it is, the shape it answered with, whether a gradient hangs on it."""

    name: str
    kind: str
    shape: tuple[int, ...]
    gradient: bool


# --8<-- [start:steps]
def steps(network: nn.Module, call) -> list[Step]:
    """Every module that computes by itself, in the order in which it answers while `call()` runs, and each attention
    as a whole. The linear maps and the norm that make up an attention are not listed beside it."""
    found: list[Step] = []

    def keep(name, kind):
        def hook(module, args, output):
            answer = first_tensor(output)
            found.append(Step(name, kind, tuple(answer.shape), answer.requires_grad))

        return hook

    handles = []
    for name, module in network.named_modules():
        inside = ".attn1." in name or ".attn2." in name
        if name.endswith((".attn1", ".attn2")):
            handles.append(module.register_forward_hook(keep(name, "attention")))
        elif not inside and not list(module.children()):
            handles.append(module.register_forward_hook(keep(name, KINDS.get(type(module), "other"))))
    try:
        call()
    finally:
        for handle in handles:
            handle.remove()
    return found
    # --8<-- [end:steps]


def switches(found: list[Step]) -> int:
    """How often the work passes from convolution to attention or back, all else being skipped."""
    row = [step.kind for step in found if step.kind in ("convolution", "attention")]
    return sum(a != b for a, b in zip(row, row[1:], strict=False))


class Operations(TorchDispatchMode):
    """While entered, counts floating-point operations: `count[place, kind]`. Multiplying and adding are two.

    Matrix products, convolutions and attention by their shapes, everything else by ELEMENTWISE for each number it
    writes; what only looks at the same memory in another shape is free. A place is the outermost of `places` (names of
    modules of `network`) that is at work, else "elsewhere".
    """

    def __init__(self, network: nn.Module, places: list[str] = ()):
        super().__init__()
        self.count: Counter = Counter()
        self.names: Counter = Counter()
        self._network, self._places, self._stack = network, list(places), []

    def __enter__(self):
        self._handles = []
        for name in self._places:
            module = self._network.get_submodule(name)
            self._handles.append(module.register_forward_pre_hook(lambda *_, name=name: self._stack.append(name)))
            self._handles.append(module.register_forward_hook(lambda *_: self._stack.pop() and None))
        return super().__enter__()

    def __exit__(self, *error):
        for handle in self._handles:
            handle.remove()
        return super().__exit__(*error)

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        name = func._schema.name.removeprefix("aten::")
        place = self._stack[0] if self._stack else "elsewhere"
        self.names[name] += 1
        kind, amount = _price(func, name, args, kwargs or {}, out)
        self.count[place, kind] += amount
        return out

    def total(self, kind: str | None = None, place: str | None = None) -> int:
        """Operations of one kind, at one place, or of all."""
        return sum(n for (p, k), n in self.count.items() if kind in (None, k) and place in (None, p))


def _price(func, name: str, args, kwargs, out) -> tuple[str, int]:
    """(kind, operations) of one call of one operator."""
    if "scaled_dot_product" in name:
        q, k = args[0], args[1]
        pairs = q.shape[0] * q.shape[1] * q.shape[2] * k.shape[2]
        return MATRIX, 4 * pairs * q.shape[3] + ELEMENTWISE * pairs
    if func._overloadpacket in flop_registry:
        return MATRIX, int(flop_registry[func._overloadpacket](*args, **kwargs, out_val=out))
    if func.is_view or name in ("empty", "detach", "_unsafe_view", "arange"):
        return REST, 0
    written = sum(t.numel() for t in (out if isinstance(out, tuple | list) else [out]) if isinstance(t, torch.Tensor))
    kind = SINUSOID if name in ("sin", "cos") else FREQUENCY if "fft" in name or "stft" in name else REST
    return kind, ELEMENTWISE * written


# --8<-- [start:low_pass]
def low_pass_share(kernels: np.ndarray, grid: int = 8) -> float:
    """Share of kernels [N, k, k] that smooth: of all waves, they let the longest one (a flat area) through best.

    The response is the discrete Fourier transform on a grid x grid of frequencies.
    """
    response = np.abs(np.fft.fft2(kernels, s=(grid, grid))).reshape(len(kernels), -1)
    return float((response.argmax(1) == 0).mean())
    # --8<-- [end:low_pass]


def kernels_of(network: nn.Module, limit: int = 4096) -> np.ndarray:
    """Square kernels of all convolutions wider than one cell, [N, k, k]; from each layer at most `limit`, evenly."""
    found = []
    for module in network.modules():
        if isinstance(module, nn.Conv2d) and module.kernel_size == (3, 3):
            planes = module.weight.detach().float().reshape(-1, 3, 3)
            found.append(planes[:: max(1, len(planes) // limit)][:limit].numpy())
    return np.concatenate(found)

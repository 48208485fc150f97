"""Every operator of a forward pass, counted: are there Fourier transforms, and what do sines and cosines act on?"""

from __future__ import annotations

from collections import Counter

import torch
from torch.utils._python_dispatch import TorchDispatchMode


class Operators(TorchDispatchMode):
    """Counts operators while it is entered: `.names` (a Counter), and `.waves`, the shapes that sin and cos got."""

    def __init__(self):
        super().__init__()
        self.names: Counter[str] = Counter()
        self.waves: list[tuple[int, ...]] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.overloadpacket.__name__
        self.names[name] += 1
        if name in ("sin", "cos"):
            self.waves.append(tuple(args[0].shape))
        return func(*args, **(kwargs or {}))

    def fourier(self) -> int:
        """How many of the operators are Fourier transforms."""
        return sum(count for name, count in self.names.items() if "fft" in name)

    def family(self) -> dict[str, int]:
        """Operators by what they are for."""
        kinds = {
            "convolution": ("convolution", "conv2d", "_convolution"),
            "matrix product": ("addmm", "mm", "bmm", "baddbmm", "matmul", "linear"),
            "attention": ("_scaled_dot_product_flash_attention_for_cpu", "scaled_dot_product_attention",
                          "_scaled_dot_product_attention_math"),
            "normalization": ("native_group_norm", "native_layer_norm", "group_norm", "layer_norm"),
            "sine and cosine": ("sin", "cos"),
        }  # fmt: skip
        found = {kind: sum(self.names[name] for name in names) for kind, names in kinds.items()}
        return found | {"Fourier transform": self.fourier()}


@torch.no_grad()
def trace(call) -> Operators:
    """The operators of `call()`."""
    with Operators() as seen:
        call()
    return seen

"""Feature maps, and a U-Net with parts taken out: forward hooks on diffusers' UNet2DConditionModel, nothing patched."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn


# --8<-- [start:features]
@dataclass
class Features:
    """While entered, what the named modules answer: `maps[name]` is a list of tensors, one a call.

    Of a module that answers with several tensors (a down block hands on its skips) the first is kept.
    """

    unet: nn.Module
    names: Iterable[str]
    maps: dict[str, list[Tensor]] = field(default_factory=dict)

    def __enter__(self) -> Features:
        self.maps.update({name: [] for name in self.names})
        self._handles = [self.unet.get_submodule(name).register_forward_hook(self._keep(name)) for name in self.maps]
        return self

    def __exit__(self, *error) -> None:
        for handle in self._handles:
            handle.remove()

    def _keep(self, name: str):
        def hook(module, args, output):
            self.maps[name].append(first_tensor(output).detach())

        return hook
        # --8<-- [end:features]


def first_tensor(output) -> Tensor:
    """The first tensor of whatever a module returns."""
    if isinstance(output, Tensor):
        return output
    return first_tensor(output[0] if isinstance(output, tuple | list) else next(iter(output.values())))


def stages(unet: nn.Module) -> list[tuple[str, str]]:
    """[(words, module name)] along the way of one call: first convolution, down, middle, up, answer."""
    down = [(f"down {i + 1}", f"down_blocks.{i}.resnets.{len(b.resnets) - 1}") for i, b in enumerate(unet.down_blocks)]
    down = [
        (words, name.replace("resnets", "attentions") if getattr(block, "has_cross_attention", False) else name)
        for (words, name), block in zip(down, unet.down_blocks, strict=True)
    ]
    up = []
    for i, block in enumerate(unet.up_blocks):
        kind = "attentions" if getattr(block, "has_cross_attention", False) else "resnets"
        up.append((f"up {i + 1}", f"up_blocks.{i}.{kind}.{len(block.resnets) - 1}"))
    return [("first convolution", "conv_in"), *down, ("middle", "mid_block"), *up, ("answer", "conv_out")]


def telling(maps: Tensor, count: int) -> list[int]:
    """Numbers of the channels of maps [S, C, h, w] that vary most over the picture, leaving out any that resemble one
    already taken (correlation over 0.7)."""
    flat = maps.flatten(2)
    flat = flat - flat.mean(2, keepdim=True)
    relative = (flat.square().mean((0, 2)) / maps.square().mean((0, 2, 3)).clamp(min=1e-12)).sqrt()
    strength = flat.square().mean((0, 2)).sqrt() * relative
    rows = nn.functional.normalize(flat.transpose(0, 1).flatten(1), dim=1)
    taken: list[int] = []
    for c in strength.argsort(descending=True).tolist():
        if all(abs(float(rows[c] @ rows[other])) < 0.7 for other in taken):
            taken.append(c)
        if len(taken) == count:
            break
    return taken


def branches(unet: nn.Module) -> list[tuple[str, str, str]]:
    """[(kind, place, module name)] of every residual branch; kind is convolution, self-attention, words or
    feed-forward; place is "down 1", "middle", "up 3", ..."""
    kinds = (
        (".attn1", "self-attention"),
        (".attn2", "words"),
        (".ff", "feed-forward"),
        (".conv2", "convolution"),
    )
    found = []
    for name, _ in unet.named_modules():
        kind = next((kind for end, kind in kinds if name.endswith(end)), None)
        if kind:
            head = name.split(".")
            place = "middle" if head[0] == "mid_block" else f"{head[0].split('_')[0]} {int(head[1]) + 1}"
            found.append((kind, place, name))
    return found


# --8<-- [start:without]
@contextmanager
def without(unet: nn.Module, names: Iterable[str]):
    """The network with residual branches silenced: these modules answer zero, so that what goes past them stays."""
    handles = [
        unet.get_submodule(name).register_forward_hook(lambda module, args, output: torch.zeros_like(output))
        for name in names
    ]
    try:
        yield unet
    finally:
        for handle in handles:
            handle.remove()
    # --8<-- [end:without]


# --8<-- [start:cut]
@contextmanager
def cut_skips(unet: nn.Module, numbers: Iterable[int]):
    """The network with skip connections cut: skip 0 leaves the first convolution, the last one the deepest down
    block. What arrives at the other end is zeros."""
    numbers = set(numbers)
    total = count_skips(unet)
    if not numbers <= set(range(total)):
        raise ValueError(f"Skips are numbered 0 to {total - 1}, not {sorted(numbers)}.")
    handles, last = [], total
    for block in unet.up_blocks:
        mine = range(last - len(block.resnets), last)
        last = mine.start

        def hook(module, args, kwargs, mine=mine):
            skips = kwargs["res_hidden_states_tuple"]
            cut = tuple(torch.zeros_like(s) if n in numbers else s for n, s in zip(mine, skips, strict=True))
            return args, kwargs | {"res_hidden_states_tuple": cut}

        handles.append(block.register_forward_pre_hook(hook, with_kwargs=True))
    try:
        yield unet
    finally:
        for handle in handles:
            handle.remove()
    # --8<-- [end:cut]


# --8<-- [start:ring]
@contextmanager
def ring(network: nn.Module):
    """The network with convolutions that see the grid as a ring: instead of zeros beyond the border, what lies on the
    opposite side. Then no cell is nearer to a border than another (Islam, Jia & Bruce 2020)."""
    found = [m for m in network.modules() if isinstance(m, nn.Conv2d) and any(side != 0 for side in m.padding)]
    before = [(m.padding_mode, m._reversed_padding_repeated_twice) for m in found]
    for m in found:
        m.padding_mode, m._reversed_padding_repeated_twice = "circular", [p for p in reversed(m.padding) for _ in (0, 1)]
    try:
        yield network
    finally:
        for m, (mode, sides) in zip(found, before, strict=True):
            m.padding_mode, m._reversed_padding_repeated_twice = mode, sides
    # --8<-- [end:ring]


def count_skips(unet: nn.Module) -> int:
    """How many skips there are, each taken by one residual block on the way up."""
    return sum(len(block.resnets) for block in unet.up_blocks)


@contextmanager
def pooled_from(unet: nn.Module, states: Tensor):
    """The network with other words at its second entrance: the text that is pooled and added to the clock is read
    from `states` [N, L, D], whatever cross-attention reads."""
    handle = unet.add_embedding.register_forward_pre_hook(lambda module, args: (states,))
    try:
        yield unet
    finally:
        handle.remove()

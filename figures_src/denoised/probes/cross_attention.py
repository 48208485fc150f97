"""Who looks at which word: maps of a U-Net's cross-attention, taken while it runs."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from .ranks import auc


@dataclass
class Maps:
    """While it is entered, the cross-attention of every call: `maps[layer]` [N, h, w, L], mean over heads, rows add up
    to 1 over the L tokens; with `heads` [N, heads, h, w, L]. The layers run once more to show their weights; the
    network's answer is its own."""

    unet: torch.nn.Module
    heads: bool = False
    maps: dict[str, Tensor] = field(default_factory=dict)

    def __enter__(self) -> Maps:
        layers = [(name, module) for name, module in self.unet.named_modules() if name.endswith(".attn2")]
        self._handles = [
            module.register_forward_pre_hook(self._look(name), with_kwargs=True) for name, module in layers
        ]
        return self

    def __exit__(self, *error) -> None:
        for handle in self._handles:
            handle.remove()

    def _look(self, name: str):
        def hook(module, args, kwargs):
            states = args[0] if args else kwargs["hidden_states"]
            text = kwargs["encoder_hidden_states"]
            with torch.no_grad():
                self.maps[name] = _square(weights(module, states, text, self.heads))

        return hook


# --8<-- [start:weights]
def weights(attention, states: Tensor, text: Tensor, each_head: bool = False) -> Tensor:
    """How much each place looks at each word: softmax of query times key (Vaswani et al. 2017, eq. 1).

    states [N, places, D] ask, text [N, L, D'] answers; -> [N, places, L], mean over heads, or [N, heads, places, L].
    """
    n, heads = len(states), attention.heads
    q = attention.to_q(states).reshape(n, -1, heads, attention.inner_dim // heads).transpose(1, 2)
    k = attention.to_k(text).reshape(n, -1, heads, attention.inner_dim // heads).transpose(1, 2)
    found = (q @ k.transpose(-1, -2) * attention.scale).softmax(-1)
    return found if each_head else found.mean(1)
    # --8<-- [end:weights]


def _square(maps: Tensor) -> Tensor:
    """[..., places, L] to [..., h, w, L], for square pictures."""
    side = round(maps.shape[-2] ** 0.5)
    return maps.reshape(*maps.shape[:-2], side, side, -1)


def token_map(maps: dict[str, Tensor], tokens: list[int], side: int) -> Tensor:
    """Mean attention to some tokens over the layers whose maps have `side` cells: [N, side, side].

    Raises ValueError if no layer has.
    """
    found = [one[..., tokens].mean(-1) for one in maps.values() if one.shape[1] == side]
    if not found:
        raise ValueError(f"No cross-attention has maps of {side} x {side} cells.")
    return torch.stack(found).mean(0)


def centre(side: int) -> Tensor:
    """A map that knows nothing but that things tend to be in the middle, [side, side]: minus the squared distance."""
    place = torch.arange(side, dtype=torch.float32) - (side - 1) / 2
    return -(place[:, None] ** 2 + place[None] ** 2)


def covered(alpha, side: int) -> Tensor:
    """Share of each cell that is drawn upon: alpha uint8 [N, H, W] to [N, side, side] in 0..1."""
    alpha = torch.as_tensor(alpha).float()[:, None] / 255
    return torch.nn.functional.avg_pool2d(alpha, alpha.shape[-1] // side)[:, 0]


def finds(one: Tensor, mask: Tensor) -> float:
    """How well a map [h, w] tells the cells of an object from the others (mask [h, w], share covered): the chance that a
    cell of the object is the brighter one of two, 0.5 for a map that knows nothing."""
    inside = mask.flatten() >= 0.5
    one = one.flatten().double().numpy()
    return auc(one[inside.numpy()], one[~inside.numpy()])

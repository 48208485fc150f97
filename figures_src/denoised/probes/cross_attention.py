"""Who looks at which word: maps of a U-Net's cross-attention, taken while it runs."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor


@dataclass
class Maps:
    """While it is entered, the cross-attention of every call: `maps[layer]` [N, h, w, L], mean over heads, rows add up
    to 1 over the L tokens. The layers run once more to show their weights; the network's answer is its own."""

    unet: torch.nn.Module
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
                self.maps[name] = _square(weights(module, states, text))

        return hook


# --8<-- [start:weights]
def weights(attention, states: Tensor, text: Tensor) -> Tensor:
    """How much each place looks at each word: softmax of query times key (Vaswani et al. 2017, eq. 1), mean over heads.

    states [N, places, D] ask, text [N, L, D'] answers; -> [N, places, L].
    """
    n, heads = len(states), attention.heads
    q = attention.to_q(states).reshape(n, -1, heads, attention.inner_dim // heads).transpose(1, 2)
    k = attention.to_k(text).reshape(n, -1, heads, attention.inner_dim // heads).transpose(1, 2)
    return (q @ k.transpose(-1, -2) * attention.scale).softmax(-1).mean(1)
    # --8<-- [end:weights]


def _square(maps: Tensor) -> Tensor:
    """[N, places, L] to [N, h, w, L], for square pictures."""
    side = round(maps.shape[1] ** 0.5)
    return maps.reshape(len(maps), side, side, -1)


def token_map(maps: dict[str, Tensor], tokens: list[int], side: int) -> Tensor:
    """Mean attention to some tokens over the layers whose maps have `side` cells: [N, side, side].

    Raises ValueError if no layer has.
    """
    found = [one[..., tokens].mean(-1) for one in maps.values() if one.shape[1] == side]
    if not found:
        raise ValueError(f"No cross-attention has maps of {side} x {side} cells.")
    return torch.stack(found).mean(0)

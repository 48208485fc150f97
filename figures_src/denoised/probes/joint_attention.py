"""What the tokens of a diffusion transformer look at: picture and words are one row there, and each may ask each.

Beside `attention.py`, which does the same for a U-Net, whose picture asks the words and never the other way round.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from .attention import attend


@dataclass
class JointAttention:
    """While entered, every block of an SD3Transformer2DModel keeps its weights: `weights[layer]` is a list, one
    [N, tokens, tokens] a call, mean over heads; first the picture's tokens, then the words'. On leaving, the layers get
    their own processors back."""

    net: nn.Module
    weights: dict[str, list[Tensor]] = field(default_factory=dict)

    def __enter__(self) -> JointAttention:
        self._before = dict(self.net.attn_processors)
        self.net.set_attn_processor({name: _Keeper(self, name) for name in self._before})
        return self

    def __exit__(self, *error) -> None:
        self.net.set_attn_processor(self._before)

    def mean(self, call: int = -1) -> Tensor:
        """Weights of one call, mean over the blocks, [N, tokens, tokens]."""
        return torch.stack([calls[call] for calls in self.weights.values()]).mean(0)

    def maps(self, words: int, call: int = -1) -> Tensor:
        """How what the picture's tokens give to the last `words` tokens is shared out, [N, side, side, words]."""
        found = self.mean(call)
        cells = int(found.shape[-1]) - words  # an int while a graph is traced, too
        read = found[:, :cells, cells:]
        side = round(cells**0.5)
        return (read / read.sum(-1, keepdim=True)).reshape(len(found), side, side, words)

    def shares(self, words: int, call: int = -1) -> Tensor:
        """[N, 2, 2]: how much of its attention the picture (first row) and the text (second row) give to the picture (first
        column) and to the text, mean over their tokens."""
        found = self.mean(call)
        cells = int(found.shape[-1]) - words
        rows = [found[:, :cells].mean(1), found[:, cells:].mean(1)]
        return torch.stack([torch.stack([row[:, :cells].sum(-1), row[:, cells:].sum(-1)], -1) for row in rows], 1)


class _Keeper:
    """A processor of diffusers: what JointAttnProcessor2_0 computes, with the weights in the open."""

    def __init__(self, owner: JointAttention, name: str):
        self.owner, self.name = owner, name.removesuffix(".processor")

    # --8<-- [start:joint]
    def __call__(self, layer, hidden_states, encoder_hidden_states=None, attention_mask=None):
        if encoder_hidden_states is None or attention_mask is not None:
            raise ValueError(f"{self.name} is a layer of another kind than those of SD3Transformer2DModel.")

        def of(tokens, query, key, value, norm_q, norm_k):
            q, k, v = (part(tokens).unflatten(-1, (layer.heads, -1)).transpose(1, 2) for part in (query, key, value))
            return norm_q(q), norm_k(k), v

        picture = of(hidden_states, layer.to_q, layer.to_k, layer.to_v, layer.norm_q, layer.norm_k)
        words = of(
            encoder_hidden_states, layer.add_q_proj, layer.add_k_proj, layer.add_v_proj,
            layer.norm_added_q, layer.norm_added_k,
        )  # fmt: skip
        mixed, weights = attend(*(torch.cat(pair, 2) for pair in zip(picture, words, strict=True)))
        self.owner.weights.setdefault(self.name, []).append(weights.mean(1))
        picture, words = (
            mixed.transpose(1, 2).flatten(2).split([hidden_states.shape[1], encoder_hidden_states.shape[1]], 1)
        )
        return layer.to_out[1](layer.to_out[0](picture)), words if layer.context_pre_only else layer.to_add_out(words)
        # --8<-- [end:joint]

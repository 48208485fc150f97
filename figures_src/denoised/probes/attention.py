"""Attention seen and edited from inside: a processor for diffusers' layers that keeps the weights it computes.

`cross_attention.py` reads maps beside the network; here the layers themselves run on the weights that are kept, so
that a word can be silenced in one place and the network answers with that place silent.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn


# --8<-- [start:attend]
def attend(q: Tensor, k: Tensor, v: Tensor, silent: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """softmax(q k^T / sqrt(d)) v and the softmax itself (Vaswani et al. 2017, eq. 1).

    q [N, heads, cells, d] asks, k and v [N, heads, tokens, d] answer; -> [N, heads, cells, d] and the weights,
    [N, heads, cells, tokens].
    silent [N, cells, tokens] bool: pairs that may not meet; what they lose goes to the other tokens of the same cell.
    """
    scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
    if silent is not None:
        scores = scores.masked_fill(silent[:, None], float("-inf"))
    weights = scores.softmax(-1)
    return weights @ v, weights
    # --8<-- [end:attend]


@dataclass
class Attention:
    """While entered, every attention layer of `unet` whose name ends in `kind` keeps its weights.

    kind: "attn2" reads the text, "attn1" the picture's own cells. `weights[layer]` is a list, one [N, cells, tokens] a
    call, mean over heads. silent: {cells: [N, cells, tokens] bool}, see `attend`; layers with another number of cells
    are left alone. On leaving, the layers get their own processors back.
    """

    unet: nn.Module
    kind: str = "attn2"
    silent: dict[int, Tensor] = field(default_factory=dict)
    weights: dict[str, list[Tensor]] = field(default_factory=dict)

    def __enter__(self) -> Attention:
        self._before = dict(self.unet.attn_processors)
        chosen = {name: _Keeper(self, name) for name in self._before if f".{self.kind}." in name}
        self.unet.set_attn_processor(self._before | chosen)
        return self

    def __exit__(self, *error) -> None:
        self.unet.set_attn_processor(self._before)

    def maps(self, side: int, call: int = -1) -> Tensor:
        """Weights of one call as pictures, mean over the layers with side x side cells: [N, side, side, tokens].

        Raises ValueError if no layer has that many cells.
        """
        found = [calls[call] for calls in self.weights.values() if calls[call].shape[1] == side * side]
        if not found:
            raise ValueError(f"No {self.kind} layer has {side} x {side} cells.")
        mean = torch.stack(found).mean(0)
        return mean.reshape(len(mean), side, side, -1)


class _Keeper:
    """A processor of diffusers: what AttnProcessor2_0 computes, with the weights in the open."""

    def __init__(self, owner: Attention, name: str):
        self.owner, self.name = owner, name.removesuffix(".processor")

    def __call__(self, layer, hidden_states, encoder_hidden_states=None, attention_mask=None, temb=None):
        if attention_mask is not None or hidden_states.ndim != 3 or layer.residual_connection:
            raise ValueError(f"{self.name} is a layer of another kind than those of UNet2DConditionModel.")
        text = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        q, k, v = (
            part.unflatten(-1, (layer.heads, -1)).transpose(1, 2)
            for part in (layer.to_q(hidden_states), layer.to_k(text), layer.to_v(text))
        )
        mixed, weights = attend(q, k, v, self.owner.silent.get(hidden_states.shape[1]))
        self.owner.weights.setdefault(self.name, []).append(weights.mean(1))
        return layer.to_out[1](layer.to_out[0](mixed.transpose(1, 2).flatten(2))) / layer.rescale_output_factor


def word_tokens(tokens: list[str], word: str) -> list[int]:
    """Where a word stands among a prompt's token strings (byte-pair pieces, "</w>" or a leading sign at word ends).

    Raises LookupError if it does not stand there.
    """
    clean = [token.replace("</w>", "").lstrip("Ġ▁").lower() for token in tokens]
    for start in range(len(clean)):
        for end in range(start + 1, min(start + 8, len(clean)) + 1):
            if "".join(clean[start:end]) == word.lower():
                return list(range(start, end))
    raise LookupError(f"The word {word!r} is not among the tokens {tokens}.")


def is_word(token: str) -> bool:
    """False for the marks of start, end and padding."""
    return not (token.startswith("<") and token.endswith(">") and token != "</w>")

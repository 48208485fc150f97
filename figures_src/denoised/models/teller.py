"""A Transformer that tells a picture token by token for a prompt, as LlamaGen does (Sun et al. 2024): the text states stand
first, the picture's tokens follow, and each is guessed from all that came before."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from denoised.models import fsq, sequences


class Teller(nn.Module):
    """Text states [B, dit.READS, text_width] and the tokens so far, int64 [B, T] -> logits [B, T + 1, fsq.WORDS] of each
    next token. Body: transformers' Llama, with causal attention throughout."""

    def __init__(self, width: int = 256, layers: int = 6, text_width: int = 256):
        super().__init__()
        self.text = nn.Sequential(nn.LayerNorm(text_width), nn.Linear(text_width, width))
        self.words = nn.Embedding(fsq.WORDS, width)
        self.places = nn.Parameter(torch.randn(fsq.PLACES, width) * 0.02)
        self.body = sequences.stock("transformer", width, layers, intermediate_size=3 * width)
        self.head = nn.Linear(width, fsq.WORDS, bias=False)
        nn.init.normal_(self.words.weight, std=0.02)

    def forward(self, states: Tensor, tokens: Tensor) -> Tensor:
        x = torch.cat([self.text(states), self.words(tokens) + self.places[: tokens.shape[1]]], 1)
        out = self.body(inputs_embeds=x, use_cache=False).last_hidden_state
        return self.head(out[:, states.shape[1] - 1 :])

    # --8<-- [start:tell]
    @torch.no_grad()
    def tell(self, told: Tensor, untold: Tensor, seeds, s: float = 2.0) -> Tensor:
        """Tokens int64 [B, 64] for text states `told` [B, dit.READS, text_width], one after the other, each drawn by chance
        from its picture's own seed and with guidance s on the logits; `untold` are the empty prompt's states, as many."""
        generators = [torch.Generator().manual_seed(int(seed)) for seed in seeds]
        x, cache, found = self.text(torch.cat([untold, told])), None, []
        for place in range(fsq.PLACES):
            out = self.body(inputs_embeds=x, use_cache=True, past_key_values=cache)
            cache = out.past_key_values
            without, asked = self.head(out.last_hidden_state[:, -1]).chunk(2)
            chances = F.softmax(without + s * (asked - without), -1)
            drawn = [torch.multinomial(row, 1, generator=g) for row, g in zip(chances, generators, strict=True)]
            found.append(torch.cat(drawn))
            x = (self.words(found[-1]) + self.places[place])[:, None].repeat(2, 1, 1)
        return torch.stack(found, 1)
        # --8<-- [end:tell]

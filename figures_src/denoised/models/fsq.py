"""Pictures as tokens, at laboratory scale: an autoencoder whose 8 x 8 code is rounded to whole numbers (finite scalar
quantization, Mentzer et al. 2023), and a Transformer that guesses the next of 64 tokens, as LlamaGen does (Sun et al.
2024).
"""

import torch
import torch.nn.functional as F
from torch import nn

from denoised.models import sequences
from denoised.models.resnet import Block

LEVELS = (8, 5, 5, 5)
WORDS = 8 * 5 * 5 * 5  # tokens there are
SIDE = 8
PLACES = SIDE * SIDE
UNTOLD = 0  # the label that says nothing


# --8<-- [start:fsq]
def quantize(z: torch.Tensor) -> torch.Tensor:
    """z [B, 4, H, W] -> the nearest whole numbers, 0 ... level - 1 in each channel, as floats; gradients pass as if
    nothing had been rounded."""
    levels = torch.tensor(LEVELS, dtype=z.dtype).view(1, -1, 1, 1)
    squeezed = torch.sigmoid(z) * (levels - 1)
    return squeezed + (squeezed.round() - squeezed).detach()


def to_tokens(digits: torch.Tensor) -> torch.Tensor:
    """Whole numbers [B, 4, H, W] -> one number a place, int64 [B, H * W], row by row: digits of mixed bases."""
    found = torch.zeros_like(digits[:, 0], dtype=torch.int64)
    for channel, level in enumerate(LEVELS):
        found = found * level + digits[:, channel].round().long()
    return found.flatten(1)


def to_digits(tokens: torch.Tensor) -> torch.Tensor:
    """The way back: int64 [B, H * W] -> floats [B, 4, H, W]."""
    rest, digits = tokens.view(-1, SIDE, SIDE), []
    for level in reversed(LEVELS):
        digits.append(rest % level)
        rest = rest // level
    return torch.stack(digits[::-1], 1).float()
    # --8<-- [end:fsq]


class Tokenizer(nn.Module):
    """Pictures [B, 3, 64, 64] in [-1, 1] -> digits [B, 4, 8, 8] -> pictures."""

    def __init__(self, wide: int = 96, middle: int = 64, fine: int = 32):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.PixelUnshuffle(4), nn.Conv2d(48, middle, 3, padding=1), Block(middle, middle),
            nn.Conv2d(middle, wide, 4, stride=2, padding=1), Block(wide, wide),
            nn.GroupNorm(8, wide), nn.SiLU(), nn.Conv2d(wide, len(LEVELS), 1),
        )  # fmt: skip
        self.decoder = nn.Sequential(
            nn.Conv2d(len(LEVELS), wide, 3, padding=1), Block(wide, wide), nn.Upsample(scale_factor=2),
            nn.Conv2d(wide, middle, 3, padding=1), Block(middle, middle), nn.Upsample(scale_factor=2),
            nn.Conv2d(middle, fine, 3, padding=1), Block(fine, fine),
            nn.GroupNorm(8, fine), nn.SiLU(), nn.Conv2d(fine, 12, 3, padding=1), nn.PixelShuffle(2),
        )  # fmt: skip

    def digits(self, pictures: torch.Tensor) -> torch.Tensor:
        return quantize(self.encoder(pictures))

    def decode(self, digits: torch.Tensor) -> torch.Tensor:
        levels = torch.tensor(LEVELS, dtype=digits.dtype).view(1, -1, 1, 1)
        return self.decoder(digits / (levels - 1) * 2 - 1)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return self.decode(self.digits(pictures))


class Teller(nn.Module):
    """Labels int64 [B, K] (1 ... sizes[k], 0 = untold) and the tokens so far, int64 [B, T] -> logits [B, T + 1, WORDS] of
    each next token. The labels are summed into one vector that stands first."""

    def __init__(self, sizes: tuple[int, ...], width: int = 128, layers: int = 4):
        super().__init__()
        self.labels = nn.ModuleList(nn.Embedding(size + 1, width) for size in sizes)
        self.words = nn.Embedding(WORDS, width)
        self.places = nn.Parameter(torch.randn(PLACES, width) * 0.02)
        self.body = sequences.stock("transformer", width, layers, intermediate_size=3 * width, attention_dropout=0.1)
        self.head = nn.Linear(width, WORDS, bias=False)
        for table in (*self.labels, self.words):
            nn.init.normal_(table.weight, std=0.02)

    def first(self, labels: torch.Tensor) -> torch.Tensor:
        return sum(table(labels[:, k]) for k, table in enumerate(self.labels))[:, None]

    def forward(self, labels: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
        x = torch.cat([self.first(labels), self.words(tokens) + self.places[: tokens.shape[1]]], 1)
        return self.head(self.body(inputs_embeds=x, use_cache=False).last_hidden_state)

    # --8<-- [start:tell]
    @torch.no_grad()
    def tell(self, labels: torch.Tensor, seed: int, s: float = 2.0) -> torch.Tensor:
        """Tokens int64 [B, 64] for labels [B, K], one after the other; each is drawn by chance, with guidance s on the
        logits, so that every token takes two calls, as a step of guided denoising does."""
        generator, cache = torch.Generator().manual_seed(seed), None
        x = self.first(torch.cat([torch.full_like(labels, UNTOLD), labels]))
        told = []
        for place in range(PLACES):
            out = self.body(inputs_embeds=x, use_cache=True, past_key_values=cache)
            cache = out.past_key_values
            without, asked = self.head(out.last_hidden_state[:, -1]).chunk(2)
            chances = F.softmax(without + s * (asked - without), -1)
            told.append(torch.multinomial(chances, 1, generator=generator)[:, 0])
            x = (self.words(told[-1]) + self.places[place])[:, None].repeat(2, 1, 1)
        return torch.stack(told, 1)
        # --8<-- [end:tell]

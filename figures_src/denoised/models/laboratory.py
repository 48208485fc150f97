"""The laboratory model: a denoiser of under a million parameters that trains in minutes, for experiments that need a
training run for each condition. It works on the latents of 64 px pictures, xt [B, 4, 8, 8], and reads a few labels
(concept, style, colour ...) where the large model reads a sentence. LabSpeaker is for experiments about sentences.
"""

import math

import torch
import torch.nn.functional as F
from diffusers import UNet2DModel
from torch import nn

UNTOLD = 0  # the label that says nothing: what classifier-free guidance trains on


class LabNet(nn.Module):
    """xt [B, 4, 8, 8], t (0-dimensional or [B]), labels int64 [B, K] -> v [B, 4, 8, 8].

    sizes: how many values each of the K labels has; a label is 1 ... size, and 0 (UNTOLD) is left open. Labels are
    looked up, summed and added to the time embedding, the way class-conditional diffusion began (Dhariwal & Nichol 2021).
    """

    def __init__(self, sizes: tuple[int, ...], channels: tuple[int, ...] = (40, 72)):
        super().__init__()
        self.net = UNet2DModel(
            sample_size=8,
            in_channels=4,
            out_channels=4,
            block_out_channels=channels,
            layers_per_block=1,
            down_block_types=("DownBlock2D",) * (len(channels) - 1) + ("AttnDownBlock2D",),
            up_block_types=("AttnUpBlock2D",) + ("UpBlock2D",) * (len(channels) - 1),
            attention_head_dim=24,
            norm_num_groups=8,
            class_embed_type="identity",
            add_attention=False,
        )
        width = channels[0] * 4  # of the time embedding
        self.words = nn.ModuleList(nn.Embedding(size + 1, width) for size in sizes)
        for table in self.words:
            nn.init.normal_(table.weight, std=0.5)
        nn.init.zeros_(self.net.conv_out.weight)
        nn.init.zeros_(self.net.conv_out.bias)

    def forward(self, xt: torch.Tensor, t: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        told = sum(table(labels[:, k]) for k, table in enumerate(self.words))
        return self.net(xt, t, class_labels=told).sample


# --8<-- [start:speaker]
class LabSpeaker(nn.Module):
    """xt [B, 4, 8, 8], t (0-dimensional or [B]), labels int64 [B, K] -> v [B, 4, 8, 8]: a diffusion transformer that reads
    its labels as a sentence of K words from one vocabulary (the largest of `sizes`), in which the order counts.

    A quarter of the picture is a token, and so is each word; they attend to each other in every block, as in SD3 (Esser
    et al. 2024, sec. 4), here with shared weights. The time and the mean word set scale, shift and gate of each block
    (Peebles & Xie 2022, adaLN-zero).
    """

    def __init__(self, sizes: tuple[int, ...], width: int = 128, depth: int = 4, patch: int = 4):
        super().__init__()
        self.width, self.patch, self.side = width, patch, 8 // patch
        self.words = nn.Embedding(max(sizes) + 1, width)
        self.order = nn.Parameter(torch.randn(len(sizes), width) * 0.5)
        self.reader = nn.TransformerEncoderLayer(width, 4, 2 * width, 0.0, "gelu", batch_first=True, norm_first=True)
        self.enter = nn.Linear(4 * patch * patch, width)
        self.place = nn.Parameter(torch.randn(self.side**2, width) * 0.5)
        self.clock = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))
        self.blocks = nn.ModuleList(_Block(width) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.leave = nn.Linear(width, 4 * patch * patch)
        nn.init.normal_(self.words.weight, std=0.5)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def forward(self, xt: torch.Tensor, t: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        b, p, g = len(xt), self.patch, self.side
        quarters = xt.reshape(b, 4, g, p, g, p).permute(0, 2, 4, 1, 3, 5).reshape(b, g * g, -1)
        words = self.reader(self.words(labels) + self.order)
        said = F.silu(self.clock(waves(t, self.width).expand(b, -1)) + words.mean(1))
        x = torch.cat([self.enter(quarters) + self.place, words], 1)
        for block in self.blocks:
            x = block(x, said)
        out = self.leave(self.norm(x[:, : g * g])).reshape(b, g, g, 4, p, p)
        return out.permute(0, 3, 1, 4, 2, 5).reshape(b, 4, 8, 8)


class _Block(nn.Module):
    """Attention among all tokens, then each by itself; both scaled, shifted and gated by what was said."""

    def __init__(self, width: int, heads: int = 4):
        super().__init__()
        self.heads = heads
        self.norms = nn.ModuleList(nn.LayerNorm(width, elementwise_affine=False) for _ in range(2))
        self.look, self.keep = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.think = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU("tanh"), nn.Linear(4 * width, width))
        self.told = nn.Linear(width, 6 * width)
        nn.init.zeros_(self.told.weight)
        nn.init.zeros_(self.told.bias)

    def forward(self, x, said):
        scale, shift, gate, scale2, shift2, gate2 = self.told(said)[:, None].chunk(6, -1)
        b, n, width = x.shape
        looks = self.look(self.norms[0](x) * (1 + scale) + shift)
        q, k, v = looks.view(b, n, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        seen = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, n, width)
        x = x + gate * self.keep(seen)
        return x + gate2 * self.think(self.norms[1](x) * (1 + scale2) + shift2)

    # --8<-- [end:speaker]


def waves(t: torch.Tensor, width: int) -> torch.Tensor:
    """Timesteps (0-dimensional or [B]) as sines and cosines of `width` / 2 frequencies each, [1 or B, width]."""
    frequencies = torch.exp(-math.log(10_000) * torch.arange(width // 2) / (width // 2))
    angles = t.float().reshape(-1, 1) * frequencies
    return torch.cat([angles.sin(), angles.cos()], 1)


def parameters(net: nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())

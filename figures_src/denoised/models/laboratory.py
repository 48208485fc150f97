"""The laboratory model: a denoiser of under a million parameters that trains in minutes, for experiments that need a
training run for each condition. It works on the latents of 64 px pictures, xt [B, 4, 8, 8], and reads a few labels
(concept, style, colour ...) where the large model reads a sentence.
"""

import torch
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


def parameters(net: nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())

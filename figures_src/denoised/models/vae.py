"""The autoencoder: a small AutoencoderKL (Rombach et al. 2022).

Pictures [B, 3, H, W] in [-1, 1] <-> latents z [B, 4, H/8, W/8].
"""

import torch
from diffusers import AutoencoderKL
from torch import nn


def build(channels=(24, 48, 96, 128), layers=1, latent_channels=4, groups=8) -> AutoencoderKL:
    """AutoencoderKL with len(channels) - 1 halvings and no attention in the middle.

    At 16x16 positions attention costs more than it brings [log]; everything else is Stable Diffusion's layout.
    """
    depth = len(channels)
    return AutoencoderKL(
        in_channels=3,
        out_channels=3,
        down_block_types=("DownEncoderBlock2D",) * depth,
        up_block_types=("UpDecoderBlock2D",) * depth,
        block_out_channels=tuple(channels),
        layers_per_block=layers,
        latent_channels=latent_channels,
        norm_num_groups=groups,
        sample_size=128,
        mid_block_add_attention=False,
        scaling_factor=1.0,
    )


@torch.no_grad()
def standardize(vae: AutoencoderKL, mean: torch.Tensor, std: float) -> AutoencoderKL:
    """Centre each latent channel (mean [C]) and set the one latent scale, 1/std.

    The pipeline multiplies by `scaling_factor` and knows no shift, so the shift is folded into the two 1x1
    convolutions at the boundary: encode gives z - mean, and decode adds it back first.
    """
    channels = mean.shape[0]
    vae.quant_conv.bias[:channels] -= mean
    weight = vae.post_quant_conv.weight[:, :, 0, 0]
    vae.post_quant_conv.bias += weight @ mean
    vae.register_to_config(scaling_factor=1.0 / std)
    return vae


class Half(nn.Module):
    """An autoencoder's decoder half, z [B, 4, h, w] to pictures, as something to call and to count."""

    def __init__(self, vae):
        super().__init__()
        self.vae = vae

    def forward(self, z):
        return self.vae.decode(z).sample

"""The denoiser the Stable Diffusion way: UNet2DConditionModel on z [B, 4, H, W], reading text states [B, 32, 256]."""

import torch
from diffusers import DDIMScheduler, UNet2DConditionModel
from torch import nn


def build(
    channels=(48, 192, 320), heads=(1, 4, 8), layers=1, text_width=256, sample_size=16, plain=1, data=4, groups=16
) -> UNet2DConditionModel:
    """27 M parameters. The first level is thin and has no attention: at 16x16 it costs time, not parameters. Of other
    U-Nets, the first `plain` levels are so; `data` is how many channels a sample has, `groups` are those of each norm.

    `attention_head_dim` of this class is the *number of heads*. The text is also pooled inside the U-Net and added
    to the time embedding (`addition_embed_type="text"`), so the stock pipeline needs to know nothing of it.
    """
    levels = len(channels)
    unet = UNet2DConditionModel(
        sample_size=sample_size,
        in_channels=data,
        out_channels=data,
        block_out_channels=tuple(channels),
        layers_per_block=layers,
        down_block_types=("DownBlock2D",) * plain + ("CrossAttnDownBlock2D",) * (levels - plain),
        up_block_types=("CrossAttnUpBlock2D",) * (levels - plain) + ("UpBlock2D",) * plain,
        cross_attention_dim=text_width,
        attention_head_dim=tuple(heads),
        norm_num_groups=groups,
        addition_embed_type="text",
        addition_embed_type_num_heads=8,
        use_linear_projection=True,
    )
    zero_outputs(unet)
    return unet


@torch.no_grad()
def zero_outputs(unet: UNet2DConditionModel) -> None:
    """Every residual branch starts as nothing (adaLN-zero's idea, Peebles & Xie 2022, on a U-Net)."""
    for name, module in unet.named_modules():
        if name == "conv_out" or name.endswith((".conv2", ".proj_out")):
            nn.init.zeros_(module.weight)
            nn.init.zeros_(module.bias)


def scheduler() -> DDIMScheduler:
    """Stable Diffusion's schedule, rescaled to end in pure noise (Lin et al. 2024), v-prediction, trailing steps.

    Every argument differs from the class's default, and each default would be wrong here.
    """
    return DDIMScheduler(
        num_train_timesteps=1000,
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
        clip_sample=False,
        set_alpha_to_one=True,
        steps_offset=1,  # trailing steps never read it; 0 makes diffusers warn
    )

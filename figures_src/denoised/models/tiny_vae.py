"""An AutoencoderTiny (TAESD, Bohan 2023) in the shape of our autoencoder: it stands in for AutoencoderKL in any pipeline.

Pictures [B, 3, H, W] in [-1, 1] <-> latents [B, 4, H/8, W/8] in the U-Net's scale. No norms, no attention, one width.
"""

from pathlib import Path

import torch
from diffusers import AutoencoderTiny
from safetensors import SafetensorError

from denoised.errors import DenoisedError

# Most of the work is at the full resolution, so its blocks lie below; channels by sixteen, which processors like.
ENCODER, DECODER = (16, (0, 1, 2, 3)), (32, (6, 4, 1, 0))


def build(encoder=ENCODER, decoder=DECODER) -> AutoencoderTiny:
    """An untrained one; `encoder` and `decoder` are (width, blocks at each resolution, first to last)."""
    return AutoencoderTiny(
        encoder_block_out_channels=(encoder[0],) * len(encoder[1]), num_encoder_blocks=encoder[1],
        decoder_block_out_channels=(decoder[0],) * len(decoder[1]), num_decoder_blocks=decoder[1],
    )  # fmt: skip


def load(folder: Path) -> AutoencoderTiny:
    """The one in `folder` in float32, eval, without gradients. DenoisedError when it is missing or does not fit."""
    try:
        small = AutoencoderTiny.from_pretrained(folder, torch_dtype=torch.float32, local_files_only=True)
    except (OSError, RuntimeError, ValueError, SafetensorError) as error:
        said = str(error).strip().split("\n")[0]
        raise DenoisedError(
            f"There is no AutoencoderTiny in {folder.name} ({said}): get it back from git or train it with "
            "`python scripts/train.py tiny-vae`."
        ) from None
    return small.eval().requires_grad_(False)

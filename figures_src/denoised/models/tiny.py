"""A tiny decoder in the layout of TAESD (Bohan 2023): the decoder half of diffusers' AutoencoderTiny, made narrow.

Latents [B, 4, h, w] in the U-Net's scale -> pictures [B, 3, 8h, 8w] in about [-1, 1]. No norms, no attention, one width.
"""

from pathlib import Path

import numpy as np
import torch
from diffusers.models.autoencoders.vae import DecoderTiny
from safetensors import SafetensorError
from safetensors.torch import load_file

from denoised.errors import DenoisedError
from denoised.pixels import as_bytes

WIDTH, BLOCKS = 16, (3, 2, 2, 1)


# --8<-- [start:build]
def build(width: int = WIDTH, blocks=BLOCKS) -> DecoderTiny:
    """An untrained decoder with len(blocks) - 1 doublings."""
    return DecoderTiny(
        in_channels=4, out_channels=3, num_blocks=tuple(blocks), block_out_channels=(width,) * len(blocks),
        upsampling_scaling_factor=2, act_fn="relu", upsample_fn="nearest",
    )  # fmt: skip
    # --8<-- [end:build]


def load(file: Path) -> DecoderTiny:
    """The shipped one in float32, eval, without gradients. DenoisedError when the file is missing or does not fit."""
    decoder = build()
    try:
        decoder.load_state_dict({name: value.float() for name, value in load_file(file).items()})
    except (OSError, RuntimeError, SafetensorError) as error:
        said = str(error).split("\n")[0]
        raise DenoisedError(
            f"There is no tiny decoder in {file.name} ({said}): get it back from git or train it with "
            "`python scripts/train.py decoder-tiny`."
        ) from None
    return decoder.eval().requires_grad_(False)


@torch.no_grad()
def decode(decoder: DecoderTiny, latents: torch.Tensor, batch: int = 16) -> np.ndarray:
    """Latents [N, 4, h, w], in the U-Net's scale, to pictures [N, H, W, 3] uint8, like `pipeline.decode`."""
    return np.concatenate([as_bytes(decoder(some) / 2 + 0.5) for some in latents.split(batch)])


def multiply_adds(module: torch.nn.Module, *inputs) -> int:
    """Multiplications with an addition in one call: half of what torch counts as floating-point operations."""
    from torch.utils.flop_counter import FlopCounterMode

    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        module(*inputs)
    return counter.get_total_flops() // 2

"""A small denoiser of its own for places where every megabyte is waited for: a transformer in which picture tokens alone
walk through the blocks and look up the words beside them (PixArtTransformer2DModel). It learns the same flow as `dit`."""

from pathlib import Path

import torch
from diffusers import PixArtTransformer2DModel
from torch import Tensor, nn

from denoised import rounding
from denoised.models import dit

GRID = 4  # tokens along the edge of a picture


def build(
    width: int = 224, depth: int = 6, heads: int = 4, text_width: int = 256, side: int = dit.SIDE
) -> PixArtTransformer2DModel:
    """5.3 M parameters: xt [B, 4, side, side], text states [B, dit.READS, text_width] and a time [B] -> the flow's
    direction [B, 4, side, side].

    The picture is GRID x GRID tokens whatever its side: at full size, a token is a patch of 4 x 4 latent pixels, and
    stands for the same part of the picture as one of 2 x 2 did on the small pictures of the first stage. Words have no
    weights in the blocks but keys and values, and the clock speaks to all blocks through one layer (Chen et al. 2023,
    PixArt-alpha, sec. 2.3): at a fixed size that leaves more than twice the width to the picture.
    """
    net = PixArtTransformer2DModel(
        sample_size=side,
        patch_size=side // GRID,
        in_channels=4,
        out_channels=4,
        num_layers=depth,
        attention_head_dim=width // heads,
        num_attention_heads=heads,
        cross_attention_dim=text_width,
        use_additional_conditions=False,
    )
    zero_outputs(net)
    return placed(net)


def placed(net: PixArtTransformer2DModel) -> PixArtTransformer2DModel:
    """Put the tokens in their places, which the class does not keep: the middles of the patches, as `dit` has them."""
    net.pos_embed.pos_embed.copy_(dit.places(net.inner_dim, GRID * dit.PATCH))
    return net


@torch.no_grad()
def zero_outputs(net: PixArtTransformer2DModel) -> None:
    """Every block starts as nothing but a look at the words (Peebles & Xie 2022, adaLN-zero); the class does not."""
    for layer in (net.adaln_single.linear, net.proj_out):
        nn.init.zeros_(layer.weight)
        nn.init.zeros_(layer.bias)
    for owner in (net, *net.transformer_blocks):
        nn.init.zeros_(owner.scale_shift_table)


@torch.no_grad()
def enlarge(net: PixArtTransformer2DModel, small: dict[str, Tensor]) -> None:
    """Go on from the weights of the first stage, or of the same one. Where a patch has become larger, the network first
    sees the mean of what a number of the small patch stood for, and answers the same for all of it."""
    small = dict(small)
    times = net.config.patch_size // small["pos_embed.proj.weight"].shape[-1]
    wider = small["pos_embed.proj.weight"].repeat_interleave(times, -1).repeat_interleave(times, -2)
    small["pos_embed.proj.weight"] = wider / times**2
    side = net.config.patch_size // times
    for name in ("proj_out.weight", "proj_out.bias"):
        rows = small[name].unflatten(0, (side, side, net.out_channels))
        small[name] = rows.repeat_interleave(times, 0).repeat_interleave(times, 1).flatten(0, 2)
    net.load_state_dict(small)


def velocity(net: PixArtTransformer2DModel, xt: Tensor, tau: Tensor, context: Tensor) -> Tensor:
    """The direction eps - x0 in which the network sees noise at xt [B, 4, h, w], time tau (0-dimensional or [B]), for a
    prompt `told` as to `dit`: its first READS states are read, the last one, for the whole prompt, is not."""
    clock = (dit.CLOCK * tau).expand(len(xt))
    return net(hidden_states=xt, encoder_hidden_states=context[:, : dit.READS], timestep=clock).sample


def load(folder: Path) -> PixArtTransformer2DModel:
    """The small transformer of weights/small in float32, for looking."""
    return placed(rounding.load(PixArtTransformer2DModel, Path(folder), "small-student"))


def put_into(pipe, folder: Path):
    """Let the small transformer in `folder` draw in a StableDiffusionPipeline in float32 instead of its U-Net, as
    `dit.put_into` does with the large one. It learned guidance: ask it with guidance_scale=1. Returns the pipeline."""
    pipe.unet = dit.AsUNet(load(Path(folder)), pipe.scheduler.alphas_cumprod, velocity)
    pipe.text_encoder = dit.told_the_end(pipe.text_encoder)
    return pipe

"""The denoiser the Flux way: a multimodal diffusion transformer (SD3Transformer2DModel) that answers with a flow."""

import torch
from diffusers import FlowMatchEulerDiscreteScheduler, SD3Transformer2DModel
from diffusers.models.embeddings import get_2d_sincos_pos_embed_from_grid
from torch import nn

PATCH = 2  # latent pixels along a token's edge, as in Stable Diffusion 3 and Flux
SIDE = 16  # latent pixels along the edge of a full-size picture
READS = 24  # text states that it is given: 99 % of the richest captions end before
CLOCK = 1000  # the flow time tau in [0, 1] is told as 0 ... 1000


def build(
    width: int = 288, depth: int = 9, heads: int = 6, text_width: int = 256, side: int = SIDE
) -> SD3Transformer2DModel:
    """27 M parameters, as many as the U-Net: xt [B, 4, side, side], text states [B, READS, text_width], one vector for the
    whole prompt [B, text_width] and a time [B] -> the flow's direction [B, 4, side, side].

    Image and text are two rows of tokens with weights of their own that attend to each other in every block (Esser et al.
    2024, sec. 4). For `side` 8, the small pictures of the first stage, a token stands where the four lie that will take
    its place at full size, so that the first stage's weights can go on.
    """
    net = SD3Transformer2DModel(
        sample_size=side,
        patch_size=PATCH,
        in_channels=4,
        out_channels=4,
        num_layers=depth,
        attention_head_dim=width // heads,
        num_attention_heads=heads,
        joint_attention_dim=text_width,
        caption_projection_dim=width,
        pooled_projection_dim=text_width,
        pos_embed_max_size=side // PATCH,
        qk_norm="rms_norm",
    )
    net.pos_embed.pos_embed.copy_(places(width, side))
    zero_outputs(net)
    return net


def places(width: int, side: int) -> torch.Tensor:
    """Sinusoids [1, (side / PATCH)^2, width] of where each token's middle lies, in tokens of the full size."""
    many = side // PATCH
    scale = SIDE // side
    along = torch.arange(many) * scale + (scale - 1) / 2
    rows, columns = torch.meshgrid(along, along, indexing="ij")
    grid = torch.stack([columns, rows]).reshape(2, 1, many, many).double()
    return get_2d_sincos_pos_embed_from_grid(width, grid, output_type="pt").float()[None]


@torch.no_grad()
def zero_outputs(net: SD3Transformer2DModel) -> None:
    """Every block starts as nothing (Peebles & Xie 2022, adaLN-zero); the class itself leaves them at random."""
    for name, module in net.named_modules():
        if name.endswith(("norm1.linear", "norm1_context.linear", "norm_out.linear")) or name == "proj_out":
            nn.init.zeros_(module.weight)
            nn.init.zeros_(module.bias)


def enlarge(net: SD3Transformer2DModel, small: dict[str, torch.Tensor]) -> None:
    """Go on from the weights of the first stage: everything but the places of its tokens."""
    missing, unexpected = net.load_state_dict(
        {k: v for k, v in small.items() if k != "pos_embed.pos_embed"}, strict=False
    )
    if unexpected or missing != ["pos_embed.pos_embed"]:
        raise ValueError(f"These weights are not of the same transformer: {(unexpected + missing)[:3]}.")


def scheduler() -> FlowMatchEulerDiscreteScheduler:
    """A straight line from noise to picture in equal strides. Stable Diffusion 3 shifts its times to the noisy end, since
    its pictures are large; ours are small."""
    return FlowMatchEulerDiscreteScheduler(num_train_timesteps=CLOCK, shift=1.0)

"""The denoiser the Flux way: a multimodal diffusion transformer (SD3Transformer2DModel) that answers with a flow."""

from pathlib import Path
from types import SimpleNamespace

import torch
from diffusers import FlowMatchEulerDiscreteScheduler, SD3Transformer2DModel
from diffusers.models.embeddings import get_2d_sincos_pos_embed_from_grid
from torch import Tensor, nn
from transformers.modeling_outputs import BaseModelOutput

from denoised import rounding
from denoised.diffusion import bridge
from denoised.models import clip

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


def places(width: int, side: int) -> Tensor:
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


def enlarge(net: SD3Transformer2DModel, small: dict[str, Tensor]) -> None:
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


def ends(tokenizer, captions: list[str]) -> Tensor:
    """Where each caption's first end-of-text token stands, int64 [N]: the state there stands for the whole prompt."""
    ids = clip.tokenize(tokenizer, captions)
    return (ids == tokenizer.eos_token_id).int().argmax(1)


def told(states: Tensor, ends: Tensor) -> Tensor:
    """Text states [N, L, 256], and behind them the one at each prompt's end once more, since it stands for the whole
    prompt: what `velocity` is told, [N, L + 1, 256]."""
    states = states.float()
    return torch.cat([states, states[torch.arange(len(states)), ends, None]], 1)


# --8<-- [start:velocity]
def velocity(net: SD3Transformer2DModel, xt: Tensor, tau: Tensor, context: Tensor) -> Tensor:
    """The direction eps - x0 in which the network sees noise at xt [B, 4, h, w], time tau (0-dimensional or [B]), for a
    `told` prompt. Its first READS states are tokens beside the picture's; its last one is added to the time."""
    clock = (CLOCK * tau).expand(len(xt))
    words, prompt = context[:, :READS], context[:, -1]
    return net(hidden_states=xt, timestep=clock, encoder_hidden_states=words, pooled_projections=prompt).sample
    # --8<-- [end:velocity]


class AsUNet(nn.Module):
    """The transformer in a U-Net's place: asked with a diffusion's xt [B, 4, h, w] and t, it answers with v, and so draws
    with whatever draws with a U-Net that predicts v. `alpha_bar` [T] is the schedule's; `velocity` asks the network."""

    def __init__(self, net: nn.Module, alpha_bar: Tensor, velocity=velocity):
        super().__init__()
        self.net, self.velocity = net, velocity
        self.register_buffer("alpha_bar", alpha_bar, persistent=False)  # goes where the network goes
        self.config = SimpleNamespace(
            in_channels=net.config.in_channels, sample_size=net.config.sample_size, time_cond_proj_dim=None
        )

    @property
    def device(self):
        return self.net.device

    @property
    def dtype(self):
        return self.net.dtype

    # --8<-- [start:as_unet]
    def forward(self, xt, t, encoder_hidden_states, return_dict=True, **_):
        def flow(line, tau):
            return self.velocity(self.net, line, tau, encoder_hidden_states)

        v = bridge.as_diffusion(flow, self.alpha_bar)(xt, torch.as_tensor(t).expand(len(xt)))
        return SimpleNamespace(sample=v) if return_dict else (v,)
        # --8<-- [end:as_unet]


class WithEnd(nn.Module):
    """A CLIPTextModel whose states have the prompt's end behind them, as `told` has it."""

    def __init__(self, encoder):
        super().__init__()
        self.encoder, self.config = encoder, encoder.config

    @property
    def device(self):
        return self.encoder.device

    @property
    def dtype(self):
        return self.encoder.dtype

    def forward(self, input_ids, attention_mask=None, **_):
        # the pipeline pads its negative prompt to as many as it counted states of the prompt: one too many, and of a
        # long one the end is what is cut off
        input_ids = input_ids[:, : self.config.max_position_embeddings].clone()
        input_ids[:, -1] = self.config.eos_token_id
        found = self.encoder(input_ids=input_ids, attention_mask=attention_mask)
        return BaseModelOutput(torch.cat([found.last_hidden_state, found.pooler_output[:, None]], 1))


def told_the_end(encoder) -> WithEnd:
    """A text encoder as a transformer needs it; one that is so already stays."""
    return encoder if isinstance(encoder, WithEnd) else WithEnd(encoder)


def load(folder: Path) -> SD3Transformer2DModel:
    """The transformer of weights/dit in float32, for looking."""
    return rounding.load(SD3Transformer2DModel, Path(folder) / "transformer", "dit")


def put_into(pipe, folder: Path):
    """Let the transformer in `folder` draw in a StableDiffusionPipeline in float32 instead of its U-Net, by its scheduler,
    with its guidance, from pictures if one likes (not with clip_skip). Returns the pipeline, changed."""
    pipe.unet = AsUNet(load(Path(folder)), pipe.scheduler.alphas_cumprod)
    pipe.text_encoder = told_the_end(pipe.text_encoder)
    return pipe

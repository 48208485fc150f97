"""What networks are made of, in shares of their parameters: the convolution of Mamba's two versions, and convolutions,
Transformer blocks and the rest in the U-Nets of Stable Diffusion 1.5 and SDXL, built from their published dimensions.

Tests claims: r08-19, r08-20, r08b-06.
"""

import torch

from plotting.bars import share_bar
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ()
DATA = ()
TITLE = "What they are made of"

WIDTH, STATE = 768, 16  # of both Mambas: the width of the smallest published ones
# The published configurations, unet/config.json of stable-diffusion-v1-5 and of stable-diffusion-xl-base-1.0
SD15 = {
    "sample_size": 64, "block_out_channels": (320, 640, 1280, 1280), "cross_attention_dim": 768, "attention_head_dim": 8,
    "down_block_types": ("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
    "up_block_types": ("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
}  # fmt: skip
SDXL = {
    "sample_size": 128, "block_out_channels": (320, 640, 1280), "cross_attention_dim": 2048,
    "attention_head_dim": (5, 10, 20), "transformer_layers_per_block": (1, 2, 10), "use_linear_projection": True,
    "addition_embed_type": "text_time", "addition_time_embed_dim": 256, "projection_class_embeddings_input_dim": 2816,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
}  # fmt: skip
PARTS = (
    ("conv", "convolutions", "image"),
    ("blocks", "Transformer blocks", "attention"),
    ("rest", "the rest", "noise"),
)


def count(module):
    return sum(p.numel() for p in module.parameters())


def unet_parts(config):
    """{"conv", "blocks", "rest"}: parameters, and how many Transformer blocks; nothing is filled with numbers."""
    from diffusers import UNet2DConditionModel
    from diffusers.models.attention import BasicTransformerBlock
    from diffusers.models.transformers.transformer_2d import Transformer2DModel

    with torch.device("meta"):
        unet = UNet2DConditionModel(**config)
    towers = [m for m in unet.modules() if isinstance(m, Transformer2DModel)]
    inside = {id(m) for tower in towers for m in tower.modules()}
    parts = {"blocks": sum(map(count, towers))}
    parts["conv"] = sum(count(m) for m in unet.modules() if isinstance(m, torch.nn.Conv2d) and id(m) not in inside)
    parts["rest"] = count(unet) - sum(parts.values())
    return parts, sum(isinstance(m, BasicTransformerBlock) for m in unet.modules())


def mamba_layer(version):
    """(parameters of the convolution, of the whole layer, channels convolved, width of the kernel) of one Mamba
    layer."""
    import transformers as t

    shape = {"hidden_size": WIDTH, "num_hidden_layers": 1, "vocab_size": 8, "state_size": STATE, "conv_kernel": 4,
             "bos_token_id": None, "eos_token_id": None, "pad_token_id": None}  # fmt: skip
    with torch.device("meta"):
        if version == 1:
            mixer = t.MambaModel(t.MambaConfig(**shape)).layers[0].mixer
        else:
            mixer = t.Mamba2Model(t.Mamba2Config(**shape, num_heads=24, head_dim=64, n_groups=1)).layers[0].mixer
    return count(mixer.conv1d), count(mixer), mixer.conv1d.in_channels, mixer.conv1d.kernel_size[0]


def make(lab, smoke=False):
    n, bars = {"width": WIDTH}, []
    for name, words, config in (("sd15", "Stable Diffusion 1.5", SD15), ("sdxl", "SDXL", SDXL)):
        parts, blocks = unet_parts(config)
        total = sum(parts.values())
        n |= {f"{part}_{name}": 100 * value / total for part, value in parts.items()}
        n |= {f"parameters_{name}": total, f"millions_{name}": total / 1e6, f"many_{name}": blocks}
        bars.append((words, f"{total / 1e6:,.0f} million parameters, {blocks} Transformer blocks", name))
    layers = []
    for version in (1, 2):
        conv, total, channels, kernel = mamba_layer(version)
        n |= {
            f"conv_mamba{version}": 100 * conv / total,
            f"channels_mamba{version}": channels,
            f"kernel_mamba{version}": kernel,
        }
        layers.append((f"Mamba {version}" if version > 1 else "Mamba", version))

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        fig.note(0, 0, "U-Nets, by share of parameters", size=14, weight=600)
        x = 0
        for _, words, colour in PARTS:
            fig.note(x, 24, "■", colour, 12)
            fig.note(x + 14, 24, words, "ink", 12)
            x += 18 + 7.2 * len(words) + 8
        y = 52
        for words, told, name in bars:
            fig.note(0, y, words, "ink", 13, weight=600)
            fig.note(0, y + 18, told, "muted", 12)
            ax = fig.area(0, y + 38, fig.width, 26, grid="")
            ax.set_axis_off()
            at = 0.0
            for part, _, colour in PARTS:
                value = n[f"{part}_{name}"]
                ax.barh([0], [value], left=at, color=theme.colour(colour), height=1, edgecolor=theme.paper, linewidth=1)
                if value > 9:
                    ax.text(
                        at + value / 2, 0, f"{value:.0f} %", ha="center", va="center", fontsize=12, color=theme.paper
                    )
                at += value
            ax.set(xlim=(0, 100), ylim=(-0.5, 0.5))
            y += 82
        y += 8
        fig.note(0, y, "The convolution in one layer of Mamba", size=14, weight=600)
        for words, version in layers:
            y += 30
            fig.note(0, y, words, "ink", 13, weight=600)
            fig.note(80, y + 1, f"{n[f'channels_mamba{version}']:,} channels, {n[f'kernel_mamba{version}']} steps wide, "
                     f"{n[f'conv_mamba{version}']:.2f} %", "muted", 12)  # fmt: skip
            share_bar(fig, 0, y + 20, fig.width, 8, n[f"conv_mamba{version}"] / 100, "image")
            y += 8
        fig.set_height(y + 34)
        return fig

    return Output(
        alt=(
            f"Bars of parameter shares. Stable Diffusion 1.5: {n['conv_sd15']:.0f} % convolutions, "
            f"{n['blocks_sd15']:.0f} % "
            f"Transformer blocks. SDXL: {n['conv_sdxl']:.0f} % and {n['blocks_sdxl']:.0f} %. Below, the convolution’s "
            "share of "
            f"a Mamba layer: {n['conv_mamba1']:.2f} % in the first version, {n['conv_mamba2']:.2f} % in the second."
        ),
        caption=(
            "**Hybrids, all of them.** Built from published dimensions without any weights. Stable Diffusion 1.5’s "
            "U-Net is "
            f"{n['conv_sd15']:.0f} % convolution and {n['blocks_sd15']:.0f} % Transformer blocks, {n['many_sd15']} of "
            "them; "
            f"SDXL’s {n['conv_sdxl']:.0f} % and {n['blocks_sdxl']:.0f} %, {n['many_sdxl']} of them. Below, one layer "
            "of Mamba at "
            f"width {WIDTH}: both versions have a kernel of {n['kernel_mamba1']} steps; the first carries it over "
            f"{n['channels_mamba1']:,} channels ({n['conv_mamba1']:.2f} % of the layer), the second over "
            f"{n['channels_mamba2']:,} ({n['conv_mamba2']:.2f} %)."
        ),
        numbers=n,
        draw=draw,
    )

"""How much of image denoisers is convolution: parameters and operations of four networks by kind of layer, counted from
their published dimensions without computing anything.

Tests claims: r09-03.
"""

import json

import torch
from diffusers import DiTTransformer2DModel, FluxTransformer2DModel, UNet2DConditionModel
from torch.utils.flop_counter import FlopCounterMode

from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd/unet",)
DATA = ()
TITLE = "How much of it is convolution?"

SD15 = {"block_out_channels": (320, 640, 1280, 1280), "layers_per_block": 2, "cross_attention_dim": 768,
        "attention_head_dim": 8, "sample_size": 64}  # fmt: skip
SDXL = {  # Podell et al. 2023, table 1: 2.6 billion parameters, transformer blocks 0, 2, 10 a level
    "block_out_channels": (320, 640, 1280), "layers_per_block": 2, "cross_attention_dim": 2048, "sample_size": 128,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "transformer_layers_per_block": (1, 2, 10), "attention_head_dim": (5, 10, 20), "use_linear_projection": True,
    "addition_embed_type": "text_time", "addition_time_embed_dim": 256, "projection_class_embeddings_input_dim": 2816,
}  # fmt: skip
DIT = {"num_layers": 28, "num_attention_heads": 16, "attention_head_dim": 72, "in_channels": 4, "out_channels": 8,
       "sample_size": 32, "patch_size": 2}  # fmt: skip


def convolution_share(model) -> tuple[float, int]:
    """(share of parameters in convolutions larger than one pixel, all parameters)."""
    total = sum(p.numel() for p in model.parameters())
    inside = sum(
        p.numel()
        for m in model.modules()
        if isinstance(m, torch.nn.Conv2d) and m.kernel_size[0] > 1
        for p in m.parameters()
    )
    return inside / total, total


def operation_share(model, *args, **kwargs) -> float:
    """Share of the operations of one call that are convolutions."""
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(*args, **kwargs)
    flops = {str(name): value for name, value in counter.get_flop_counts()["Global"].items()}
    return sum(v for name, v in flops.items() if "convolution" in name) / sum(flops.values())


def told(share: float) -> str:
    """A share in words; what is there at all is not called nothing."""
    return "none" if share == 0 else "under 1%" if share < 0.005 else f"{share:.0%}"


def make(lab, smoke=False):
    config = json.loads((lab.weight("emoji-sd/unet") / "config.json").read_text())
    rows = []
    with torch.device("meta"):
        ours = UNet2DConditionModel.from_config(config)
        side, words = config["sample_size"], torch.empty(1, 20, config["cross_attention_dim"])
        rows.append(("ours", "our U-Net", *convolution_share(ours), operation_share(
            ours, torch.empty(1, 4, side, side), torch.zeros(1), encoder_hidden_states=words)))
        sd = UNet2DConditionModel.from_config(SD15)
        rows.append(("sd15", "Stable Diffusion 1.5", *convolution_share(sd), operation_share(
            sd, torch.empty(1, 4, 64, 64), torch.zeros(1), encoder_hidden_states=torch.empty(1, 77, 768))))
        if not smoke:
            xl = UNet2DConditionModel.from_config(SDXL)
            extra = {"text_embeds": torch.empty(1, 1280), "time_ids": torch.zeros(1, 6)}
            rows.append(("sdxl", "SDXL", *convolution_share(xl), operation_share(
                xl, torch.empty(1, 4, 128, 128), torch.zeros(1), encoder_hidden_states=torch.empty(1, 77, 2048),
                added_cond_kwargs=extra)))
        dit = DiTTransformer2DModel(**DIT)
        rows.append(("dit", "DiT-XL/2", *convolution_share(dit), operation_share(
            dit, torch.empty(1, 4, 32, 32), torch.zeros(1, dtype=torch.long), torch.zeros(1, dtype=torch.long))))
        if not smoke:
            flux = FluxTransformer2DModel()  # the library's defaults are Flux.1 dev's dimensions
            rows.append(("flux", "Flux.1", *convolution_share(flux), 0.0))
    n = {}
    for key, _, share, total, operations in rows:
        n |= {f"{key}_convolution": share, f"{key}_parameters": total, f"{key}_operations": operations}

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        fig.note(0, 0, "Convolution's share", size=14, weight=600)
        y, left = 30, 0 if narrow else 170
        for _, name, share, total, operations in rows:
            size = f"{total / 1e9:.1f} billion" if total > 5e8 else f"{total / 1e6:.0f} million"
            if narrow:
                fig.note(0, y, f"{name}, {size}", "ink", 12)
                y += 18
            else:
                fig.note(left - 12, y + 10, name, "ink", 13, ha="right")
                fig.note(left - 12, y + 28, size, "muted", 11, ha="right")
            ax = fig.area(left, y, fig.width - left - 150, 48, grid="x")
            ax.set(xlim=(0, 1), ylim=(-0.6, 1.6), yticks=())
            ax.set_xticks((0, 0.5, 1), ("",) * 3)
            for at, value, colour, word in ((1, share, "latent", "parameters"), (0, operations, "attention", "operations")):
                ax.barh([at], [value], height=0.72, color=theme.colour(colour))
                ax.annotate(f"{told(value)} of {word}", (value, at), xytext=(6, 0), textcoords="offset points", va="center",
                            color=theme.label(colour), fontsize=12, annotation_clip=False)  # fmt: skip
            y += 48 + 14
        return fig

    part = {key: told(n[f"{key}_convolution"]) for key, *_ in rows}
    return Output(
        alt=(
            "Bars of convolution's share of parameters and of operations for five denoisers: "
            + "; ".join(f"{name} {told(share)} and {told(operations)}" for _, name, share, _, operations in rows) + "."
        ),
        caption=(
            f"**From mostly convolution to none.** Weights in kernels larger than one pixel: {part['sd15']} in Stable "
            f"Diffusion 1.5, {part.get('sdxl', '')} in SDXL, {part['dit']} in a DiT, whose only convolution "
            "cuts the picture "
            f"into patches, {part.get('flux', 'none')} in Flux. Counted from published dimensions; layers "
            "that look at one "
            "position only are not called convolutions here."
        ),
        numbers=n,
        draw=draw,
        format="svg",
    )

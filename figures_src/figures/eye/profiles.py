"""Which way the pyramid stands: channels and side of the maps through PyramidNet, a ResNet and the U-Net.

Tests claims: r09-02, r09-09, r09-12.
"""

import json

import torch
from diffusers import UNet2DConditionModel

from denoised.models import pyramid
from denoised.probes.features import first_tensor, stages
from denoised.studies import eye
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd/unet",)
DATA = ()
TITLE = "Which way the pyramid stands"


def unet_profile(config):
    """[(words, channels, side)] of the U-Net's stages, by shapes alone."""
    found = []
    with torch.device("meta"), torch.no_grad():
        unet = UNet2DConditionModel.from_config(config)
        handles = [
            unet.get_submodule(name).register_forward_hook(
                lambda m, a, out, words=words: found.append((words, *first_tensor(out).shape[1:3]))
            )
            for words, name in stages(unet)[:-1]
        ]
        side = config["sample_size"]
        unet(torch.empty(1, config["in_channels"], side, side), torch.zeros(1),
             encoder_hidden_states=torch.empty(1, 20, config["cross_attention_dim"]))  # fmt: skip
        for handle in handles:
            handle.remove()
    return found, sum("Upsample" in type(m).__name__ for m in unet.modules())


def make(lab, smoke=False):
    classes = {"group": ["a"] * 8, "concept": ["b"]}
    nets = {kind: eye.build(kind, classes, 0) for kind in eye.KINDS}
    shapes = {k: [tuple(m.shape[1:3]) for m in net.maps(torch.zeros(1, 3, eye.SIDE, eye.SIDE))] for k, net in nets.items()}
    sizes = {k: [m.kernel_size for m in net.modules() if isinstance(m, torch.nn.Conv2d)] for k, net in nets.items()}
    fields = {k: pyramid.field(net) for k, net in nets.items()}
    config = json.loads((lab.weight("emoji-sd/unet") / "config.json").read_text())
    unet, ups = unet_profile(config)
    rows = {
        "PyramidNet": shapes["pyramid"], "ResNet": shapes["resnet"], "U-Net": [(c, s) for _, c, s in unet],
    }  # fmt: skip
    n = {
        "kernels_differ": sum(a != b for a, b in zip(*sizes.values(), strict=True)),
        "fields_differ": sum(a != b for a, b in zip(*fields.values(), strict=True)),
        "widths_differ": sum(a[0] != b[0] for a, b in zip(*shapes.values(), strict=True)),
        "convolutions": len(sizes["pyramid"]),
        "width_first": shapes["pyramid"][0][0], "width_last": shapes["pyramid"][-1][0],
        "side_first": shapes["pyramid"][0][1], "side_last": shapes["pyramid"][-1][1],
        "resnet_last": shapes["resnet"][-1][0],
        "pyramid_upsamplings": sum("Upsampl" in type(m).__name__ or isinstance(m, torch.nn.ConvTranspose2d)
                                   for m in nets["pyramid"].modules()),
        "unet_upsamplings": ups,
        "unet_side_first": unet[0][2], "unet_side_least": min(s for *_, s in unet), "unet_side_last": unet[-1][2],
    }  # fmt: skip

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        y0 = 0
        for k, (name, some) in enumerate(rows.items()):
            wide = 250 if narrow else 200
            x, y = (0, y0) if narrow else (k * 246, 0)
            fig.note(x, y, name, size=14, weight=600)
            fig.note(x, y + 21, "read upwards", "muted", 11)
            tall = 22 * len(some)
            for word, pick, colour, dx in (("channels", 0, "latent", 0), ("side (px)", 1, "image", wide / 2 + 16)):
                ax = fig.area(x + dx, y + 44, wide / 2 - 4, tall, grid="", below=24)
                ax.set_axis_off()
                values = [v[pick] for v in some]
                ax.barh(range(len(values)), values, height=0.8, left=[-v / 2 for v in values], color=theme.colour(colour))
                ax.set(xlim=(-max(values) / 2 * 1.04, max(values) / 2 * 1.04), ylim=(-0.5, len(values) - 0.5))
                for i, v in enumerate(values):
                    inside = v > 0.4 * max(values)
                    ax.text(0 if inside else max(values) * 0.5, i, f"{v}", ha="center" if inside else "right", va="center",
                            fontsize=11, color=theme.paper if inside else theme.label(colour))  # fmt: skip
                fig.note(x + dx + wide / 4 - 2, y + 44 + tall + 4, word, colour, 12, ha="center", weight=600)
            y0 = y + 44 + tall + 40
        return fig

    return Output(
        alt=(
            "Three stacks of bars, each read from bottom to top. PyramidNet: channels grow from "
            f"{n['width_first']} to {n['width_last']}, a pyramid on its tip, while the side shrinks from "
            f"{n['side_first']} to "
            f"{n['side_last']} pixels. The ResNet ends at {n['resnet_last']} channels in three leaps. The "
            "U-Net's side goes "
            f"from {n['unet_side_first']} to {n['unet_side_least']} and back to {n['unet_side_last']}."
        ),
        caption=(
            "**By channels it stands on its tip.** From the picture (bottom) to the answer (top) our "
            "PyramidNet widens from "
            f"{n['width_first']} to {n['width_last']} channels, a few at every unit, and the ResNet in leaps to "
            f"{n['resnet_last']}. Only the maps' side tapers, in both alike. All {n['convolutions']} kernels "
            "are of one size "
            f"in both nets ({n['kernels_differ']} differ), and so is what they can see ({n['fields_differ']} "
            "differ). The "
            f"U-Net is an hourglass: it has {n['unet_upsamplings']} upsampling modules, PyramidNet "
            f"{n['pyramid_upsamplings']}."
        ),
        numbers=n,
        draw=draw,
        format="svg",
    )

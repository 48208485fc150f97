"""How many numbers there are in the things that are called latent space, and how many of them a collection of icons
really needs: dimensions counted and dimensions estimated, with clouds of known dimension as a control.

Tests claims: c4-01, c4-02, c6-02.
"""

from types import SimpleNamespace

import numpy as np
import torch

from denoised.data.captions import prompt
from denoised.pipeline import encode, generate
from denoised.probes import dimension, steering
from plotting.layout import label_point
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "Counting dimensions"

# Channels, side and side of the picture in pixels; tokens and width of the text: Rombach et al. 2022 with CLIP ViT-L/14;
# Podell et al. 2023, section 2 (two CLIPs side by side); Esser et al. 2024, sections 4 and 5 (CLIP's and T5's tokens one
# after the other); Flux as in diffusers' FluxPipeline (T5 alone, up to so many tokens).
SYSTEMS = {
    "sd15": (4, 64, 512, 77, 768), "sdxl": (4, 128, 1024, 77, 768 + 1280), "sd3": (16, 128, 1024, 77 + 77, 4096),
    "flux": (16, 128, 1024, 512, 4096),
}  # fmt: skip
COUNT = 200
KNOWN = 10  # dimension of the control


class Calls:
    """Counts the calls of a module's method while it is entered."""

    def __init__(self, owner, name):
        self.owner, self.name, self.times = owner, name, 0

    def __enter__(self):
        original = getattr(self.owner, self.name)

        def counted(*args, **kwargs):
            self.times += 1
            return original(*args, **kwargs)

        setattr(self.owner, self.name, counted)
        return self

    def __exit__(self, *error):
        delattr(self.owner, self.name)


def make(lab, smoke=False):
    pipe, specimens = lab.pipeline(), lab.specimens()
    # One drawing a thing: the same thing in another style is a near copy, and neighbours are what is measured here.
    first = {r["concept"]: i for i, r in reversed(list(enumerate(specimens.records))) if r["tone"] == "none"}
    plain = sorted(first.values())
    order = torch.randperm(len(plain), generator=lab.generator("icons"))[: 24 if smoke else COUNT].tolist()
    picks = [plain[k] for k in order]
    images = specimens.images[picks]
    latents = encode(pipe.vae, images)
    texts = steering.sentence_vectors(pipe, [prompt(SimpleNamespace(**specimens.records[i])) for i in picks])
    noise = torch.randn(latents.shape, generator=lab.generator("noise"))
    flat = torch.rand(len(picks), KNOWN, generator=lab.generator("control"))
    folded = flat @ torch.randn(KNOWN, latents[0].numel(), generator=lab.generator("fold"))
    with Calls(pipe.vae, "encode") as text_to_image:
        trace = generate(pipe, "red apple, noto style", steps=2)
    with Calls(pipe.vae, "encode") as image_to_image:
        encode(pipe.vae, images[:1])

    cells = pipe.vae_scale_factor
    channels = pipe.unet.config.in_channels
    clouds = {"pixels": images / 255, "latents": latents, "texts": texts, "noise": noise, "control": folded}
    n = {
        "icons": len(picks), "known": KNOWN, "factor": cells, "channels": channels,
        "pixel_values": int(images[0].size), "latent_values": int(latents[0].numel()),
        "noise_values": int(trace.xt[0].numel()), "text_states": int(trace.text_states.numel()),
        "text_tokens": int(trace.text_states.shape[0]), "text_width": int(texts.shape[1]),
        "pixel_512": 3 * 512 * 512, "pixel_1024": 3 * 1024 * 1024,
        "sd_latent_512": 4 * 64 * 64, "sd_latent_1024": 4 * 128 * 128,
        "sd_text_width": 768, "sd_text_states": 77 * 768,
        "encoder_text_to_image": text_to_image.times, "encoder_image_to_image": image_to_image.times,
    }  # fmt: skip
    n["ratio"] = n["pixel_values"] / n["latent_values"]
    ours = (channels, trace.xt.shape[-1], images.shape[1], n["text_tokens"], n["text_width"])
    for name, (depth, side, pixels, tokens, width) in {"here": ours, **SYSTEMS}.items():
        n |= {f"{name}_channels": depth, f"{name}_side": int(side), f"{name}_pixels": pixels, f"{name}_tokens": tokens}
        n |= {f"{name}_width": width, f"{name}_latent": int(depth * side * side), f"{name}_text": tokens * width}
        n[f"{name}_ratio"] = 3 * pixels * pixels / n[f"{name}_latent"]
    for name, cloud in clouds.items():
        n[f"twonn_{name}"] = dimension.two_nn(np.asarray(cloud))
        n[f"components_{name}"] = dimension.components(np.asarray(cloud))
    bars = (
        ("pixels", "image", "pixel_values"), ("latents", "latent", "latent_values"),
        ("start noise", "noise", "noise_values"), ("text, one vector", "text", "text_width"),
    )  # fmt: skip
    keys = ("pixels", "latents", "noise", "texts")

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        left = 118 if narrow else 150
        row, top = 46, 50
        ax = fig.area(left, top, fig.width - left - 56, row * len(bars), grid="x", below=46)
        for i, ((_, colour, key), cloud) in enumerate(zip(bars, keys, strict=True)):
            y = -i
            ax.plot([1, n[key]], [y, y], color=theme.grid, linewidth=8, zorder=1, solid_capstyle="butt")
            marks = ((n[key], "o", theme.colour(colour)), (n[f"components_{cloud}"], "s", theme.muted))
            for x, mark, paint in (*marks, (n[f"twonn_{cloud}"], "D", theme.accent)):
                ax.plot([x], [y], mark, color=paint, markersize=9, zorder=3)
            label_point(ax, n[key], y, f"{n[key]:,}", colour, dx=8, fontsize=SMALL)
        ax.set(xscale="log", xlim=(3, 90000), ylim=(0.55 - len(bars), 0.5), yticks=[])
        ax.set_xticks([10, 100, 1000, 10000], ["10", "100", "1,000", "10,000"])
        for i, (name, colour, _) in enumerate(bars):
            fig.note(left - 12, top + row * (i + 0.5), name, colour, 13, ha="right", va="center", weight=600)
        legend = (
            ("D", "accent", "needed, by neighbours"),
            ("s", "muted", "needed, 95 % of variance"),
            ("o", "latent", "there are"),
        )
        x, y = (0, 2) if narrow else (left, 8)
        for mark, colour, words in legend:
            spot = fig.area(x, y, 14, 16, grid="")
            spot.plot([0], [0], mark, color=theme.colour(colour), markersize=8)
            spot.set_axis_off()
            fig.note(x + 19, y + 8, words, "ink", SMALL, va="center")
            x, y = (190, 2) if narrow and mark == "D" else (0, 22) if narrow else (x + 190, y)
        fig.note(left, top + row * len(bars) + 26, "numbers, on a logarithmic scale", "muted", SMALL)
        return fig

    return Output(
        alt=(
            f"For each space, how many numbers there are and how many {n['icons']} icons need. Pixels "
            f"{n['pixel_values']:,}, "
            f"needed {n['twonn_pixels']:.0f} by neighbours and {n['components_pixels']} by variance; latents "
            f"{n['latent_values']:,}, needed {n['twonn_latents']:.0f} and {n['components_latents']}; start noise "
            f"{n['noise_values']:,}, {n['twonn_noise']:.0f} and {n['components_noise']}; one text vector "
            f"{n['text_width']}, "
            f"{n['twonn_texts']:.0f} and {n['components_texts']}."
        ),
        caption=(
            f"**How many numbers, and how many are needed.** Diamonds: intrinsic dimension of {n['icons']} icons, "
            "each of another thing, from the distances of nearest neighbours (TwoNN). Squares: principal components "
            "that hold 95 % of the "
            f"variance. Icons need about {n['twonn_latents']:.0f} dimensions in latents, {n['twonn_pixels']:.0f} in "
            f"pixels. So few points cannot show more than some dozens: pure noise of {n['noise_values']:,} comes out "
            "at "
            f"{n['twonn_noise']:.0f}, a control of {KNOWN} dimensions at {n['twonn_control']:.1f}. Read them as at "
            "least. "
            f"For Stable Diffusion at 512 pixels: {n['pixel_512']:,} pixel values, {n['sd_latent_512']:,} latent "
            "numbers, "
            f"text vectors {n['sd_text_width']} wide."
        ),
        numbers=n,
        draw=draw,
    )

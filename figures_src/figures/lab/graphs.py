"""What a reader's browser loads to draw by itself: text encoder, U-Net and decoder as ONNX graphs, each with the
bytes that its weights take, stored exactly and rounded to whole numbers; and what it loads when asked for more: the
encoder, other decoders of the same latents, an adapter for the U-Net, and two transformers that draw in its place. The
graphs are files of this figure.
"""

import copy
import json

import torch

from denoised import export, splice
from denoised.data.captions import STYLE_WORDS
from denoised.models import adapter, dit, small, tiny, tiny_vae
from denoised.pipeline import encode
from denoised.probes.latents import fit_preview
from plotting.output import Output
from plotting.style import SMALL, TEXT, new_figure

STYLED = ("noto", "openmoji", "twemoji")
WEIGHTS = (
    "emoji-sd", "student", "dit", "small", "tiny-vae",
    "decoders/noto", "decoders/openmoji", "decoders/twemoji", "decoders/tiny-plants",
)  # fmt: skip
DATA = ("specimens",)
TITLE = "The networks that a browser loads"
TINY_ONLY = "A browser has room for the small model only."

NAMES = {
    "text": ("text encoder", "text"), "small": ("small transformer", "prediction"), "tiny": ("quick decoder", "image"),
    "unet": ("U-Net", "prediction"), "decoder": ("decoder", "image"), "adapter": ("four-step adapter", "prediction"),
    "dit": ("transformer", "prediction"), "encoder": ("encoder", "latent"), "noto": ("another decoder", "image"),
}  # fmt: skip
FIRST = ("text", "small", "tiny")  # what a first visit draws with
GROUPS = {"For a first picture": FIRST, "When asked for": tuple(name for name in NAMES if name not in FIRST)}
ROUNDED = ("text", "unet", "adapter")  # the decoder is small, and paints the pixels
WHOLE = {"dit": dit, "small": small}  # kept as whole numbers: there are no others
PAINTERS = (  # who can paint a latent: name in the page's address, graph, how the page calls it
    ("base", "decoder", "its own decoder"),
    ("noto", "noto", "the Noto decoder"),
    ("openmoji", "openmoji", "the OpenMoji decoder"),
    ("twemoji", "twemoji", "the Twemoji decoder"),
    ("tiny", "tiny", "the quick decoder"),
    ("plants", "plants", "a tiny decoder that saw only plants"),
)


def others(lab, pipe):
    """What a reader may ask for beyond drawing: the encoder, and the other decoders, as parts by name."""
    side, channels = pipe.unet.config.sample_size, pipe.unet.config.in_channels
    latent = torch.linspace(-1, 1, channels * side * side).reshape(1, channels, side, side)
    painters = {name: lab.vae(name) for name in STYLED}
    painters["tiny"] = tiny_vae.load(lab.weight("tiny-vae"))
    painters["plants"] = tiny.load(lab.weight("decoders/tiny-plants/decoder.safetensors"))
    encoder = export.encoder(pipe.vae, side * pipe.vae_scale_factor)
    return {"encoder": encoder} | {name: export.decoder(painter, latent) for name, painter in painters.items()}


def adapter_files(lab, unet, traced, files, n):
    """Puts the four-step adapter among the files, for each way to store the U-Net; what a browser has to know of each."""
    factors, found = adapter.load(lab.weight("student")), {}
    n["adapter_parameters"] = sum(value.numel() for value in factors.values())
    for kind in export.KINDS:
        name = f"adapter_{kind}.onnx"
        files[name], at = splice.adapter(traced, files[f"unet_{kind}.onnx"], unet, factors, kind)
        n[f"adapter_{kind}_mb"] = len(files[name]) / 1e6
        found[kind] = {"file": name, "at": at}
    return found


def transformer_files(lab, pipe, graphs, files, n):
    """Puts the transformers that draw in the U-Net's place among the files, each the same for all ways to store others."""
    for name, family in WHOLE.items():
        traced = export.graph(export.transformer(family.put_into(copy.copy(pipe), lab.weight(name))))
        file = f"{name}_compact.onnx"
        files[file] = export.stored(traced, "compact")
        n[f"{name}_compact_mb"] = len(files[file]) / 1e6
        for kind in export.KINDS:
            graphs[kind][name] = file


def vocabulary(tokenizer):
    """What a byte-pair tokenizer is made of, for a reader in another language: JSON as bytes."""
    whole = json.loads(tokenizer.backend_tokenizer.to_str())
    merges = [pair if isinstance(pair, str) else " ".join(pair) for pair in whole["model"]["merges"]]
    ends = {"start": tokenizer.bos_token_id, "end": tokenizer.eos_token_id, "padding": tokenizer.pad_token_id}
    small = {**ends, "length": tokenizer.model_max_length, "vocabulary": whole["model"]["vocab"], "merges": merges}
    return json.dumps(small, ensure_ascii=False, separators=(",", ":")).encode()


def make(lab, smoke=False):
    pipe, specimens = lab.pipeline(), lab.specimens()
    parts = export.parts(pipe)
    if smoke:
        parts.pop("unet")
    some = specimens.images[:: 150 if smoke else 10]
    preview = fit_preview(encode(pipe.vae, some), some)

    adapters = {}
    files, graphs, n = {"tokenizer.json": vocabulary(pipe.tokenizer)}, {kind: {} for kind in export.KINDS}, {}
    for name, part in parts.items():
        traced = export.graph(part)
        n[f"{name}_operations"] = export.operations(traced)
        for kind in export.KINDS:
            stored_as = kind if name in ROUNDED else "exact"
            file = f"{name}_{stored_as}.onnx"
            if file not in files:
                files[file] = export.stored(traced, stored_as)
            graphs[kind][name] = file
            n[f"{name}_{kind}_mb"] = len(files[file]) / 1e6
        if name == "unet":
            adapters = adapter_files(lab, pipe.unet, traced, files, n)
    if not smoke:
        transformer_files(lab, pipe, graphs, files, n)
    for kind in export.KINDS:
        n[f"{kind}_mb"] = sum(n[f"{name}_{kind}_mb"] for name in parts)

    for name, part in others(lab, pipe).items():
        if smoke and name not in NAMES:
            continue
        files[f"{name}_exact.onnx"] = export.stored(export.graph(part), "exact")
        n[f"{name}_exact_mb"] = len(files[f"{name}_exact.onnx"]) / 1e6
    bars = [name for name in NAMES if f"{name}_exact_mb" in n or f"{name}_compact_mb" in n]
    if not smoke:
        n["first_mb"] = sum(n.get(f"{name}_compact_mb", n.get(f"{name}_exact_mb")) for name in FIRST)
    n["preview_r2"] = preview.r2

    config, unet = pipe.scheduler.config, pipe.unet.config
    data = {
        "graphs": graphs,
        "bytes": {name: len(content) for name, content in files.items()},
        "tokenizer": "tokenizer.json",
        "encoder": "encoder_exact.onnx",
        "adapter": adapters,
        "decoders": [{"name": name, "title": title, "file": f"{graph}_exact.onnx"} for name, graph, title in PAINTERS],
        "attention": [int(name.rpartition("_")[2]) for name in parts["unet"].outputs[1:]] if "unet" in parts else [],
        "latent": [unet.in_channels, unet.sample_size, unet.sample_size],
        "pixels": unet.sample_size * pipe.vae_scale_factor,
        "schedule": {
            "T": config.num_train_timesteps,
            "start": config.beta_start,
            "end": config.beta_end,
            "betas": config.beta_schedule,
            "zero_terminal": config.rescale_betas_zero_snr,
            "spacing": config.timestep_spacing,
            "prediction": config.prediction_type,
        },
        "preview": preview.matrix.round(4).tolist(),
        "styles": [names[0] for names in STYLE_WORDS.values()],
    }

    def ways(name):
        return ("compact",) if name in WHOLE else export.KINDS if name in ROUNDED else ("exact",)

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        left, right = (0, 74) if narrow else (136, 80)
        room, most = fig.width - left - right, max(n[f"{name}_{ways(name)[0]}_mb"] for name in bars)
        y = 0
        for heading, group in GROUPS.items():
            fig.note(0, y, heading, "ink", SMALL, weight=600)
            y += 28
            for name in (name for name in group if name in bars):
                title, colour = NAMES[name]
                if narrow:
                    fig.note(0, y, title, colour, TEXT, weight=600)
                    y += 22
                else:
                    fig.note(0, y + 12 * len(ways(name)) - 3, title, colour, TEXT, va="center", weight=600)
                for kind in ways(name):
                    value = n[f"{name}_{kind}_mb"]
                    ax = fig.area(left, y, room, 18)
                    ax.barh([0], [value], color=theme.colour(colour), alpha=0.45 if kind == "compact" else 1)
                    ax.set(xlim=(0, most), ylim=(-0.5, 0.5), xticks=[], yticks=[])
                    fig.note(left + room * value / most + 8, y + 9, f"{value:.1f} MB", "ink", SMALL, va="center")
                    y += 24
                y += 12
            y += 10
        fig.set_height(max(y - 10, fig.height))
        return fig

    sizes = {name: [format(n[f"{name}_{kind}_mb"], ".1f") for kind in ways(name)] for name in bars}

    def told(name):
        return f"{NAMES[name][0]} {' or '.join(sizes[name])} MB"

    first = f", {n['first_mb']:.1f} MB with the text encoder rounded" if "first_mb" in n else ""
    listed = "; ".join(f"{heading.lower()}: {', '.join(told(name) for name in group if name in bars)}"
                       for heading, group in GROUPS.items())  # fmt: skip
    return Output(
        alt=f"Bars: the bytes of each network, exact or rounded where it comes in both kinds; {listed}.",
        caption=(
            f"**What the browser loads.** Full colour: weights in half precision, as they are shipped. Pale: as whole "
            f"numbers of eight bits with one scale for each output channel, in which the two transformers are kept and "
            f"into which text encoder, U-Net and adapter are rounded; the rest comes exactly. A first visit takes the "
            f"upper group{first}; U-Net, text encoder and decoder together are {n['exact_mb']:.1f} MB exactly, and "
            f"{n['compact_mb']:.1f} MB with the first two rounded."
        ),
        numbers=n,
        draw=draw,
        data=data,
        files=files,
    )

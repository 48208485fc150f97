"""The pipeline's networks as ONNX graphs, small enough for a browser.

Three graphs draw, one picture at a time. Whatever a network's user has to know about scales is inside of them.

    text      ids [1, L] int32                                   -> states [1, L, D]
    unet      xt [1, C, h, w], t [1], context [1, L, D]          -> output [1, C, h, w], and for each side s at which
                                                                    the text is read, attention_s [1, s, s, L]
    decoder   latent [1, C, h, w], in the U-Net's scale          -> picture [1, 3, H, W] from 0 to 1

and, for another denoiser, for pictures that come from outside and for other decoders of the same latents:

    dit       as unet, by the transformer in its place; context [1, L + 1, D]: the state at the prompt's end once more
    small     as dit, by the small one
    encoder   picture [1, 3, H, W] from 0 to 1                   -> mean, spread [1, C, h, w], in the U-Net's scale: a
                                                                    latent is mean + spread * noise
    tiny      as decoder, by the decoder half of an AutoencoderTiny

A graph is stored in one of two ways, and computes in float32 either way: `exact` keeps weights in half precision where
that loses nothing, as for all that are shipped but the transformers, which are kept as bytes; `compact` keeps each weight
matrix as whole numbers of 8 bits with one scale for each output channel, half of the bytes again, at the price of a small
rounding error.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from .models import dit, small
from .probes.attention import Attention
from .probes.joint_attention import JointAttention
from .rounding import FEWEST, rounded

KINDS = ("exact", "compact")
OPSET = 17


@dataclass(frozen=True)
class Part:
    """A network ready to be traced: a module, example inputs by name, and the names of its outputs."""

    module: nn.Module
    inputs: dict[str, Tensor]
    outputs: tuple[str, ...]


class _TextEncoder(nn.Module):
    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder

    def forward(self, ids):
        return self.encoder(ids.long()).last_hidden_state


class _UNet(nn.Module):
    """The U-Net with its attention to the text in the open: mean over the heads and layers of one side."""

    def __init__(self, unet, sides):
        super().__init__()
        self.unet, self.sides = unet, sides

    def forward(self, xt, t, context):
        with Attention(self.unet) as seen:
            output = self.unet(xt, t, encoder_hidden_states=context, return_dict=False)[0]
        return output, *(seen.maps(side) for side in self.sides)


class _Transformer(nn.Module):
    """A transformer in the U-Net's place, with what its picture gives to each word in the open, as `watch` sees it and its
    maps(of) give it; words that it is not given get nothing."""

    def __init__(self, unet: dit.AsUNet, length: int, watch: type, of: int):
        super().__init__()
        self.unet, self.length, self.watch, self.of = unet, length, watch, of

    def forward(self, xt, t, context):
        with self.watch(self.unet.net) as seen:
            output = self.unet(xt, t, context, return_dict=False)[0]
        return output, nn.functional.pad(seen.maps(self.of), (0, self.length - dit.READS))


class _Decoder(nn.Module):
    def __init__(self, vae):
        super().__init__()
        self.vae, self.shift = vae, getattr(vae.config, "shift_factor", None) or 0.0

    def forward(self, latent):
        decoded = self.vae.decode(latent / self.vae.config.scaling_factor + self.shift, return_dict=False)[0]
        return (decoded / 2 + 0.5).clamp(0, 1)


class _Encoder(nn.Module):
    def __init__(self, vae):
        super().__init__()
        self.vae, self.shift = vae, getattr(vae.config, "shift_factor", None) or 0.0

    def forward(self, picture):
        latent, scale = self.vae.encode(picture * 2 - 1).latent_dist, self.vae.config.scaling_factor
        return (latent.mean - self.shift) * scale, latent.std * scale


class _Tiny(nn.Module):
    def __init__(self, decoder):
        super().__init__()
        self.decoder = decoder

    def forward(self, latent):
        return (self.decoder(latent) / 2 + 0.5).clamp(0, 1)


def encoder(vae, side: int) -> Part:
    """The encoder of an AutoencoderKL for pictures of side x side pixels, as in the table above."""
    picture = torch.linspace(0, 1, 3 * side * side).reshape(1, 3, side, side)
    return Part(_Encoder(vae).eval(), {"picture": picture}, ("mean", "spread"))


def decoder(vae, latent: Tensor) -> Part:
    """The decoder of an AutoencoderKL or, as `tiny`, that of an AutoencoderTiny; `latent` is an example of its input."""
    module = _Decoder(vae) if hasattr(vae, "config") else _Tiny(vae)
    return Part(module.eval(), {"latent": latent}, ("picture",))


@torch.no_grad()
def parts(pipe) -> dict[str, Part]:
    """text, unet and decoder of a StableDiffusionPipeline, as in the table above."""
    length = min(pipe.tokenizer.model_max_length, pipe.text_encoder.config.max_position_embeddings)
    channels, side = pipe.unet.config.in_channels, pipe.unet.config.sample_size
    ids = torch.arange(length, dtype=torch.int32)[None] % pipe.text_encoder.config.vocab_size
    latent = torch.linspace(-1, 1, channels * side * side).reshape(1, channels, side, side)
    context, t = pipe.text_encoder(ids.long()).last_hidden_state, torch.tensor([500.0])
    sides = attention_sides(pipe.unet, latent, context)
    maps = tuple(f"attention_{s}" for s in sides)
    inputs = {"xt": latent, "t": t, "context": context}
    return {
        "text": Part(_TextEncoder(pipe.text_encoder).eval(), {"ids": ids}, ("states",)),
        "unet": Part(_UNet(pipe.unet, sides).eval(), inputs, ("output", *maps)),
        "decoder": decoder(pipe.vae, latent),
    }


@torch.no_grad()
def transformer(pipe) -> Part:
    """dit, or small, of a pipeline into which `models.dit.put_into` or `models.small.put_into` has put one."""
    latent = torch.linspace(-1, 1, 4 * dit.SIDE**2).reshape(1, 4, dit.SIDE, dit.SIDE)
    ids = torch.arange(pipe.tokenizer.model_max_length)
    inputs = {"xt": latent, "t": torch.tensor([500.0]), "context": pipe.text_encoder(ids[None])[0]}
    large = pipe.unet.velocity is dit.velocity
    watch, of, side = (JointAttention, dit.READS, dit.SIDE // dit.PATCH) if large else (Attention, small.GRID, small.GRID)
    return Part(_Transformer(pipe.unet, len(ids), watch, of).eval(), inputs, ("output", f"attention_{side}"))


@torch.no_grad()
def attention_sides(unet, latent: Tensor, context: Tensor) -> tuple[int, ...]:
    """At which resolutions a U-Net reads the text, finest first: (8, 4) reads it in 8 x 8 and in 4 x 4 cells."""
    with Attention(unet) as seen:
        unet(latent, torch.tensor([500.0]), encoder_hidden_states=context)
    return tuple(sorted({round(calls[0].shape[1] ** 0.5) for calls in seen.weights.values()}, reverse=True))


def graph(part: Part) -> bytes:
    """A part as an ONNX graph with its weights inside, traced with its example inputs."""
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer warns of every assertion on a shape; shapes are fixed here
        torch.onnx.export(
            part.module,
            tuple(part.inputs.values()),
            file,
            dynamo=False,
            opset_version=OPSET,
            input_names=list(part.inputs),
            output_names=list(part.outputs),
        )
    return file.getvalue()


def stored(traced: bytes, kind: str) -> bytes:
    """A graph of `graph` with its weights stored as `kind` says; small ones, and those that no rule fits, stay.

    In front of a stored weight stand the one or two operations that give it back; a runtime computes them once, when
    it loads the graph. Raises ValueError for an unknown kind.
    """
    import onnx

    if kind not in KINDS:
        raise ValueError(f"A graph is stored as one of {', '.join(KINDS)}, not {kind!r}.")
    model = onnx.load_from_string(traced)
    kept, before = packed(model.graph.initializer, kind, _output_axes(model.graph))
    nodes = [*before, *model.graph.node]
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(kept)
    model.graph.node.extend(nodes)
    _strip(model)
    onnx.checker.check_model(model)
    return model.SerializeToString(deterministic=True)


def packed(tensors, kind: str, axes: dict[str, int]) -> tuple[list, list]:
    """(what is kept of a graph's constants, the operations that give them back by their names), as `kind` says; `axes`:
    name -> axis of output channels, of those that may be rounded."""
    import onnx
    from onnx import helper, numpy_helper

    kept, before = [], []
    for tensor in tensors:
        value = numpy_helper.to_array(tensor)
        name, half = tensor.name, value.astype(np.float16) if value.dtype == np.float32 else None
        if half is None or value.size < FEWEST:
            kept.append(tensor)
        elif kind == "compact" and name in axes and value.ndim >= 2:
            whole, scale = rounded(value, axes[name])
            kept += [numpy_helper.from_array(whole, f"{name}.whole"), numpy_helper.from_array(scale, f"{name}.scale")]
            before += [
                helper.make_node("Cast", [f"{name}.whole"], [f"{name}.float"], to=onnx.TensorProto.FLOAT),
                helper.make_node("Mul", [f"{name}.float", f"{name}.scale"], [name]),
            ]
        elif np.array_equal(half.astype(np.float32), value):
            kept.append(numpy_helper.from_array(half, f"{name}.half"))
            before.append(helper.make_node("Cast", [f"{name}.half"], [name], to=onnx.TensorProto.FLOAT))
        else:
            kept.append(tensor)
    return kept, before


def _output_axes(graph) -> dict[str, int]:
    """Weight's name -> its axis of output channels, by the operation that uses it."""
    axes = {}
    for node in graph.node:
        if node.op_type in ("Conv", "Gather"):  # Gather: one row a token
            name = node.input[1] if node.op_type == "Conv" else node.input[0]
            axes[name] = 0
        elif node.op_type == "Gemm":
            transposed = any(a.name == "transB" and a.i for a in node.attribute)
            axes[node.input[1]] = 0 if transposed else 1
        elif node.op_type == "MatMul":
            axes[node.input[1]] = 1
    return axes


def _strip(model) -> None:
    """Leave out where in the Python source each node came from: a third of a small graph, and different each time."""
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    del model.graph.value_info[:]


def operations(traced: bytes) -> int:
    """How many operations a graph has, before any runtime merges some."""
    import onnx

    return len(onnx.load_from_string(traced).graph.node)

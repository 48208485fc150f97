"""Real checkpoints through the same loop: Stable Diffusion in half precision, Stable Diffusion XL, Flux.

What differs from the small model: the network answers in half precision while samples stay float32; SDXL and Flux read
two text encoders and a pooled state beside the states; Flux has a transformer instead of a U-Net, sees latents in
patches, and follows a flow instead of a schedule. `loading` notes on a pipeline how it runs (home, rests).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

from .diffusion import samplers, schedules
from .diffusion.guidance import guided
from .profiles import Unsupported
from .trace import Text, fields

FLOW_TOKENS = 256  # how many tokens of T5 Flux.1 schnell was trained on
SAMPLERS = {"ddim": samplers.ddim, "ddpm": samplers.ddpm}
PREDICTIONS = {"v_prediction": "v", "epsilon": "eps", "sample": "x0"}  # diffusers' names -> ours


def is_large(pipe) -> bool:
    """Does this pipeline need more than Stable Diffusion's own float32 loop?"""
    return is_flow(pipe) or hasattr(pipe, "text_encoder_2") or pipe.unet.dtype != torch.float32


def is_flow(pipe) -> bool:
    return hasattr(pipe, "transformer")


def own_pixels(pipe) -> int:
    """Side of the pictures that a model was made for."""
    return getattr(pipe, "pixels", None) or pipe.unet.config.sample_size * pipe.vae_scale_factor


@contextmanager
def at_home(pipe, *names: str):
    """Bring parts that rest on the CPU to where the pipeline computes, and back afterwards."""
    parts = [part for name in names if (part := getattr(pipe, name, None)) is not None]
    home, rests = getattr(pipe, "home", None), getattr(pipe, "rests", False)
    try:
        if rests:
            for part in parts:
                part.to(home)
        yield
    finally:
        if rests:
            for part in parts:
                part.to("cpu")


@torch.no_grad()
def encode_prompts(pipe, prompts: Sequence[str], negative: bool = False) -> Text:
    """As pipeline.encode_prompts, for pipelines of two text encoders; Text.pooled [N, P] is what they sum up.

    `negative` marks what guidance steers away from: SDXL was trained with zeros for "no prompt".
    """
    prompts = list(prompts)
    with at_home(pipe, "text_encoder", "text_encoder_2"):
        device = pipe.text_encoder.device
        if is_flow(pipe):
            tokenizer = pipe.tokenizer_2
            length = min(tokenizer.model_max_length, FLOW_TOKENS)
            states, pooled, _ = pipe.encode_prompt(prompts, None, device=device, max_sequence_length=length)
        else:
            tokenizer = pipe.tokenizer
            length = min(tokenizer.model_max_length, pipe.text_encoder.config.max_position_embeddings)
            states, _, pooled, _ = pipe.encode_prompt(prompts, device=device, do_classifier_free_guidance=False)
            if negative and pipe.config.force_zeros_for_empty_prompt:
                empty = torch.tensor([prompt == "" for prompt in prompts], device=device)
                states = states.masked_fill(empty[:, None, None], 0)
                pooled = pooled.masked_fill(empty[:, None], 0)
    ids = tokenizer(prompts, padding="max_length", max_length=length, truncation=True, return_tensors="pt").input_ids
    whole = tokenizer(prompts, verbose=False).input_ids
    tokens = [tokenizer.convert_ids_to_tokens(row) for row in ids.tolist()]
    return Text(ids, tokens, [max(0, len(row) - length) for row in whole], states.float(), pooled.float())


def pack(text: Text) -> Tensor:
    """States [N, L, D] with the pooled state [N, P] as further rows: one tensor, as guidance wants it."""
    if text.pooled is None:
        return text.states
    n, _, d = text.states.shape
    rows = -(-text.pooled.shape[1] // d)
    padded = torch.nn.functional.pad(text.pooled, (0, rows * d - text.pooled.shape[1]))
    return torch.cat([text.states, padded.reshape(n, rows, d)], dim=1)


def unpack(context: Tensor, length: int, width: int) -> tuple[Tensor, Tensor]:
    """(states [N, L, D], pooled [N, P]) of what `pack` made, for L = length, P = width."""
    return context[:, :length], context[:, length:].flatten(1)[:, :width]


def unet_of(pipe, text: Text, height: int):
    """The U-Net as a function of (xt, t, context), float32 outside and the network's own type inside."""
    length, width = text.states.shape[1], 0 if text.pooled is None else text.pooled.shape[1]
    kind, device = pipe.unet.dtype, getattr(pipe, "home", None) or pipe.unet.device

    def unet(xt, t, context):
        states, pooled = unpack(context.to(device, kind), length, width)
        more = {}
        if width:  # SDXL is also told the size of the picture, where it was cropped, and what size is wanted
            sizes = torch.tensor([[height, height, 0, 0, height, height]], device=device, dtype=kind)
            more = {"added_cond_kwargs": {"text_embeds": pooled, "time_ids": sizes.repeat(len(xt), 1)}}
        answer = pipe.unet(xt.to(device, kind), t, encoder_hidden_states=states, return_dict=False, **more)[0]
        return answer.to(xt.device, xt.dtype)

    return unet


def transformer_of(pipe, text: Text, strength: float):
    """Flux's transformer as a function of (xt, tau, context): latents go in and come out unpatched."""
    length, width = text.states.shape[1], text.pooled.shape[1]
    kind, device = pipe.transformer.dtype, getattr(pipe, "home", None) or pipe.transformer.device
    embedded = pipe.transformer.config.guidance_embeds

    def transformer(xt, tau, context):
        n, channels, h, w = xt.shape
        states, pooled = unpack(context.to(device, kind), length, width)
        answer = pipe.transformer(
            hidden_states=pipe._pack_latents(xt.to(device, kind), n, channels, h, w),
            timestep=torch.as_tensor(tau, device=device, dtype=torch.float32).expand(n).to(kind),
            guidance=torch.full([n], strength, device=device, dtype=torch.float32) if embedded else None,
            pooled_projections=pooled,
            encoder_hidden_states=states,
            txt_ids=torch.zeros(length, 3, device=device, dtype=kind),
            img_ids=pipe._prepare_latent_image_ids(n, h // 2, w // 2, device, kind),
            return_dict=False,
        )[0]
        scale = pipe.vae_scale_factor
        return pipe._unpack_latents(answer, h * scale, w * scale, scale).to(xt.device, xt.dtype)

    return transformer


def flow_times(pipe, steps: int, patches: int) -> Tensor:
    """Flow times tau [steps] float64, falling from 1, shifted as the checkpoint's scheduler shifts them."""
    from diffusers.pipelines.flux.pipeline_flux import calculate_shift

    if steps < 1:
        raise ValueError(f"A sampler needs at least one step, not {steps}.")
    names = ("base_image_seq_len", "max_image_seq_len", "base_shift", "max_shift")
    config = pipe.scheduler.config
    defaults = dict(zip(names, (256, 4096, 0.5, 1.15), strict=True))
    mu = calculate_shift(patches, *(config.get(name, defaults[name]) for name in names))
    pipe.scheduler.set_timesteps(sigmas=np.linspace(1, 1 / steps, steps), mu=mu, device="cpu")
    return pipe.scheduler.sigmas[:-1].double()


def denoise(pipe, prompts, seeds, negative_prompt, steps, guidance, sampler, height, interval) -> list[dict]:
    """One batch through text encoders and network: the fields of each Trace, but for image and seconds."""
    flow = is_flow(pipe)
    text, empty = _texts(pipe, prompts, negative_prompt)
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    side, history = height // pipe.vae_scale_factor, []
    if flow:
        if sampler == "ddpm":
            raise Unsupported("It samples with DDPM, which needs a diffusion schedule; this model follows a flow.")
        if side % 2:
            raise ValueError(f"The height must be a multiple of {2 * pipe.vae_scale_factor} pixels, not {height}.")
        channels, embedded = pipe.transformer.config.in_channels // 4, pipe.transformer.config.guidance_embeds
        taus = flow_times(pipe, steps, (side // 2) ** 2)
        timesteps, levels = (taus * 1000).round().long(), (1 - taus) ** 2 / ((1 - taus) ** 2 + taus**2)
        network, walk = transformer_of(pipe, text, guidance), samplers.euler
        strength, times, table, prediction = 1.0 if embedded else guidance, taus, None, "flow"
        if interval is not None and not embedded:
            interval = tuple(one / 1000 for one in interval)
    else:
        channels, network = pipe.unet.config.in_channels, unet_of(pipe, text, height)
        walk, strength = SAMPLERS[sampler], guidance
        table = pipe.scheduler.alphas_cumprod.double().cpu()
        prediction = PREDICTIONS[pipe.scheduler.config.prediction_type]
        times = timesteps = schedules.trailing_timesteps(len(table), steps)
        levels = table[timesteps]
    home = getattr(pipe, "home", None) or pipe.vae.device
    blank = torch.empty(len(prompts), channels, side, side, device=home)
    context, without = (pack(one).to(home) for one in (text, empty))
    model = guided(network, strength, context, without.expand_as(context), interval=interval)
    with at_home(pipe, "transformer" if flow else "unet"):
        end = walk(
            model,
            samplers.noise_like(blank, generators),
            times,
            table,
            prediction=prediction,
            on_step=history.append,
            generator=generators,
        )
    return fields(
        history, end, text, prompts, seeds, negative_prompt=negative_prompt, guidance=float(guidance),
        sampler="euler" if flow else sampler, steps=steps, timesteps=timesteps, alpha_bar=levels,
    )  # fmt: skip


def _texts(pipe, prompts, negative_prompt) -> tuple[Text, Text]:
    """What the network is told, and what guidance steers away from."""
    if hasattr(pipe, "text_encoder_2"):
        return encode_prompts(pipe, prompts), encode_prompts(pipe, [negative_prompt], negative=True)
    from .pipeline import encode_prompts as of_one

    with at_home(pipe, "text_encoder"):
        found = of_one(pipe, prompts), of_one(pipe, [negative_prompt])
    return tuple(Text(one.input_ids, one.tokens, one.cut, one.states.float()) for one in found)

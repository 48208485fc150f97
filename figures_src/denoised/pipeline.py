"""Stable Diffusion as four parts that can be watched: text encoder, U-Net, sampler, VAE decoder.

`load` gives the stock pipeline of diffusers, so that what a reader learns about its parts carries over.
`generate` runs this project's own loop (`diffusion.samplers`, `diffusion.guidance`) on those parts and hands
back a `Trace` of every intermediate. For one seed its latents are those of `StableDiffusionPipeline.__call__`
with a DDIM scheduler of trailing spacing, wherever the number of steps divides the schedule's. Elsewhere
diffusers' DDIM strides by a rounded average; the samplers here go to the very timestep that comes next.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from . import checkpoints
from .checkpoints import PREDICTIONS, SAMPLERS
from .diffusion import samplers, schedules
from .diffusion.guidance import guided
from .loading import load, load_vae
from .pixels import as_bytes
from .trace import Text, Trace, fields

if TYPE_CHECKING:
    from diffusers import AutoencoderKL, StableDiffusionPipeline

__all__ = ["PREDICTIONS", "SAMPLERS", "Text", "Trace", "decode", "encode", "encode_prompts", "generate",
           "generate_batch", "load", "load_vae"]  # fmt: skip


# --8<-- [start:encode_prompts]
@torch.no_grad()
def encode_prompts(pipe: StableDiffusionPipeline, prompts: Sequence[str]) -> Text:
    """Prompts cut or padded to the tokenizer's length and read by the text encoder; padding stays visible."""
    if hasattr(pipe, "text_encoder_2"):  # SDXL, Flux
        return checkpoints.encode_prompts(pipe, prompts)
    length = min(pipe.tokenizer.model_max_length, pipe.text_encoder.config.max_position_embeddings)
    whole = pipe.tokenizer(list(prompts), verbose=False).input_ids
    ids = pipe.tokenizer(
        list(prompts), padding="max_length", max_length=length, truncation=True, return_tensors="pt"
    ).input_ids
    states = pipe.text_encoder(ids.to(pipe.text_encoder.device)).last_hidden_state
    tokens = [pipe.tokenizer.convert_ids_to_tokens(row) for row in ids.tolist()]
    return Text(ids, tokens, [max(0, len(row) - length) for row in whole], states)
    # --8<-- [end:encode_prompts]


def generate(
    pipe: StableDiffusionPipeline,
    prompt: str,
    *,
    negative_prompt: str = "",
    seed: int = 0,
    steps: int = 25,
    guidance: float = 3.0,
    sampler: str = "ddim",
    height: int | None = None,
    interval: tuple[float, float] | None = None,
) -> Trace:
    """One square picture, with its whole history; arguments as in `generate_batch`."""
    return generate_batch(
        pipe,
        [prompt],
        [seed],
        negative_prompt=negative_prompt,
        steps=steps,
        guidance=guidance,
        sampler=sampler,
        height=height,
        interval=interval,
    )[0]


def generate_batch(
    pipe: StableDiffusionPipeline,
    prompts: Sequence[str],
    seeds: Sequence[int],
    *,
    negative_prompt: str = "",
    steps: int = 25,
    guidance: float = 3.0,
    sampler: str = "ddim",
    height: int | None = None,
    interval: tuple[float, float] | None = None,
    batch: int = 8,
) -> list[Trace]:
    """One trace for each pair of prompt and seed, `batch` at a time, which is faster than one by one.

    sampler: "ddim" (deterministic) or "ddpm". guidance: s of `diffusion.guidance`, 1 = off; `interval=(low,
    high)` limits it to these t. `height` is the picture's side in pixels, the model's own if left out. All noise of
    a picture comes from torch.Generator(seed), so that it does not depend on its neighbours; batches of other sizes
    still round differently, by about 1e-5.
    Raises ValueError for an argument outside its range.
    """
    prompts, seeds = list(prompts), [int(s) for s in seeds]
    if len(prompts) != len(seeds):
        raise ValueError(f"Give as many seeds as prompts, not {len(seeds)} for {len(prompts)}.")
    if sampler not in SAMPLERS:
        raise ValueError(f"The sampler is one of {', '.join(SAMPLERS)}, not {sampler!r}.")
    height = checkpoints.own_pixels(pipe) if height is None else height
    if height < 1 or height % pipe.vae_scale_factor:
        raise ValueError(f"The height must be a multiple of {pipe.vae_scale_factor} pixels, not {height}.")
    traces = []
    denoise = checkpoints.denoise if checkpoints.is_large(pipe) else _denoise
    batch = min(batch, getattr(pipe, "most_at_once", batch))
    for i in range(0, len(prompts), batch):
        start = time.perf_counter()
        some = (prompts[i : i + batch], seeds[i : i + batch])
        made = denoise(pipe, *some, negative_prompt, steps, guidance, sampler, height, interval)
        images = decode(pipe.vae, torch.stack([parts["xt"][-1] for parts in made]))
        seconds = (time.perf_counter() - start) / len(made)
        for parts, image in zip(made, images, strict=True):
            traces.append(Trace(**parts, image=image, seconds=seconds))
    return traces


def _denoise(pipe, prompts, seeds, negative_prompt, steps, guidance, sampler, height, interval) -> list[dict]:
    """One batch through text encoder and U-Net: the fields of each Trace, but for image and seconds."""
    text, empty = encode_prompts(pipe, prompts), encode_prompts(pipe, [negative_prompt])
    timesteps, alpha_bar, prediction = _schedule(pipe.scheduler, steps)
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    side = height // pipe.vae_scale_factor
    blank = torch.empty(len(prompts), pipe.unet.config.in_channels, side, side, device=pipe.unet.device)
    history: list[samplers.Step] = []

    # --8<-- [start:generate]
    def unet(xt, t, context):
        return pipe.unet(xt, t, encoder_hidden_states=context, return_dict=False)[0]

    model = guided(unet, guidance, text.states, empty.states.expand_as(text.states), interval=interval)
    end = SAMPLERS[sampler](
        model,
        samplers.noise_like(blank, generators),
        timesteps,
        alpha_bar,
        prediction=prediction,
        on_step=history.append,
        generator=generators,
    )
    # --8<-- [end:generate]
    return fields(
        history, end, text, prompts, seeds, negative_prompt=negative_prompt, guidance=float(guidance), sampler=sampler,
        steps=steps, timesteps=timesteps, alpha_bar=alpha_bar[timesteps],
    )  # fmt: skip


def _schedule(scheduler, steps: int) -> tuple[Tensor, Tensor, str]:
    """Timesteps [S], table alpha_bar [T] float64 and prediction of a scheduler of diffusers."""
    prediction = PREDICTIONS.get(getattr(scheduler.config, "prediction_type", None))
    if prediction is None or not hasattr(scheduler, "alphas_cumprod"):
        raise ValueError(f"generate needs a diffusion schedule, which {type(scheduler).__name__} lacks.")
    alpha_bar = scheduler.alphas_cumprod.double().cpu()
    return schedules.trailing_timesteps(len(alpha_bar), steps), alpha_bar, prediction


# --8<-- [start:vae]
@torch.no_grad()
def decode(vae: AutoencoderKL, latents: Tensor, batch: int = 4) -> np.ndarray:
    """Latents [N, C, h, w], in the U-Net's scale, to pictures [N, H, W, 3] uint8; few at a time, which caches like."""
    if not bool(torch.isfinite(latents).all()):
        raise ValueError("These latents hold NaN or infinite numbers, so there is no picture in them.")
    shift = getattr(vae.config, "shift_factor", None) or 0.0
    pictures = []
    for some in latents.to(vae.device, vae.dtype).split(batch):
        decoded = vae.decode(some / vae.config.scaling_factor + shift).sample
        pictures.append(as_bytes(decoded / 2 + 0.5))
    return np.concatenate(pictures)


@torch.no_grad()
def encode(vae: AutoencoderKL, images: np.ndarray | Tensor, batch: int = 4) -> Tensor:
    """Pictures [N, H, W, 3] uint8 to latents [N, C, h, w], in the U-Net's scale: the posterior's mean."""
    images = torch.as_tensor(images)
    if images.dtype != torch.uint8 or images.ndim != 4 or images.shape[-1] != 3:
        raise ValueError(f"Pictures are uint8 [N, H, W, 3], not {images.dtype} {tuple(images.shape)}.")
    shift = getattr(vae.config, "shift_factor", None) or 0.0
    latents = []
    for some in images.permute(0, 3, 1, 2).split(batch):
        posterior = vae.encode(some.to(vae.device, vae.dtype) / 127.5 - 1).latent_dist
        latents.append(((posterior.mode() - shift) * vae.config.scaling_factor).float().cpu())
    return torch.cat(latents).contiguous()
    # --8<-- [end:vae]

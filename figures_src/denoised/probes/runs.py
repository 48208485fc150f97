"""Runs with one thing changed: the loop's parts laid out, so that a prompt or a layer can be exchanged midway."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from denoised.diffusion import samplers, schedules
from denoised.diffusion.guidance import guided
from denoised.diffusion.objectives import add_noise, target
from denoised.pipeline import PREDICTIONS, encode_prompts

Model = Callable[[Tensor, Tensor], Tensor]


def prompted(pipe, prompts: Sequence[str], guidance: float = 3.0) -> Model:
    """`model(xt, t)` with prompts and guidance filled in, one prompt a sample."""
    text, empty = encode_prompts(pipe, prompts).states, encode_prompts(pipe, [""]).states
    return guided(
        lambda xt, t, context: pipe.unet(xt, t, encoder_hidden_states=context, return_dict=False)[0],
        guidance,
        text,
        empty.expand_as(text),
    )


def clock(pipe, steps: int) -> tuple[Tensor, Tensor, str]:
    """(timesteps [S], alpha_bar [T], prediction) of the pipeline's schedule, as the samplers want them."""
    alpha_bar = pipe.scheduler.alphas_cumprod.double()
    prediction = PREDICTIONS[pipe.scheduler.config.prediction_type]
    return schedules.trailing_timesteps(len(alpha_bar), steps), alpha_bar, prediction


def noise(pipe, seeds: Sequence[int]) -> Tensor:
    """The starts that `pipeline.generate_batch` takes for these seeds, [N, C, h, w]."""
    side = pipe.unet.config.sample_size
    blank = torch.empty(len(seeds), pipe.unet.config.in_channels, side, side)
    return samplers.noise_like(blank, [torch.Generator().manual_seed(seed) for seed in seeds])


def walk(pipe, model: Model, xt: Tensor, steps: int, start: int = 0, seen: list | None = None) -> Tensor:
    """DDIM from step `start` of `steps` to the end; `xt` is the latent that goes into that step. Each samplers.Step is
    appended to `seen`."""
    timesteps, alpha_bar, prediction = clock(pipe, steps)
    if start == steps:
        return xt
    on_step = seen.append if seen is not None else None
    return samplers.ddim(model, xt, timesteps[start:], alpha_bar, prediction=prediction, on_step=on_step)


def homework(pipe, x0: Tensor, t: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """What training asks: (xt, the right answer, the noise), each [N, C, h, w], for clean latents and one t a sample."""
    _, alpha_bar, prediction = clock(pipe, 1)
    eps = torch.randn(x0.shape, generator=generator)
    return add_noise(x0, eps, t, alpha_bar), target(x0, eps, t, alpha_bar, prediction).float(), eps


def bet(pipe, answer: Tensor, xt: Tensor, t: Tensor) -> Tensor:
    """The clean latents that the network's answers stand for, [N, C, h, w]; one t a sample."""
    _, alpha_bar, prediction = clock(pipe, 1)
    return schedules.split(answer, xt, alpha_bar[t], prediction)[0]

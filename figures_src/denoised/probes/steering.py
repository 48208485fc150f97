"""Running the pipeline by hand: any text states, any start noise; and reading what it knows out of its middle."""

import contextlib
from collections.abc import Sequence

import torch
from torch import Tensor

from denoised.diffusion import samplers, schedules
from denoised.diffusion.guidance import guided
from denoised.diffusion.objectives import add_noise
from denoised.pipeline import PREDICTIONS, encode_prompts


def start_noise(pipe, seeds: Sequence[int], height: int = 128) -> Tensor:
    """The noise that `pipeline.generate` starts from at these seeds, [N, C, h, w]."""
    side = height // pipe.vae_scale_factor
    blank = torch.empty(len(seeds), pipe.unet.config.in_channels, side, side)
    return samplers.noise_like(blank, [torch.Generator().manual_seed(int(s)) for s in seeds])


# --8<-- [start:run]
@torch.no_grad()
def run(pipe, states: Tensor, xT: Tensor, *, steps: int = 10, guidance=3.0, batch: int = 12) -> Tensor:
    """Finished latents [N, C, h, w] from text states [N, L, D] and start noise [N, C, h, w], by DDIM.

    With a prompt's own states and a seed's own noise this is `pipeline.generate`. Attention takes texts of any length,
    so that L may be a multiple of the encoder's: several prompts side by side.
    """
    if len(states) != len(xT):
        raise ValueError(f"Give as many texts as starts, not {len(states)} for {len(xT)}.")
    empty = encode_prompts(pipe, [""]).states
    empty = empty.repeat(1, max(1, states.shape[1] // empty.shape[1]), 1)  # copies change nothing: a softmax of equals
    alpha_bar = pipe.scheduler.alphas_cumprod.double()
    timesteps = schedules.trailing_timesteps(len(alpha_bar), steps)

    def unet(xt, t, context):
        return pipe.unet(xt, t, encoder_hidden_states=context, return_dict=False)[0]

    made = []
    for text, start in zip(states.split(batch), xT.split(batch), strict=True):
        model = guided(unet, guidance, text, empty.expand_as(text))
        prediction = PREDICTIONS[pipe.scheduler.config.prediction_type]
        made.append(samplers.ddim(model, start, timesteps, alpha_bar, prediction=prediction))
    return torch.cat(made)
    # --8<-- [end:run]


@torch.no_grad()
def sentence_vectors(pipe, prompts: Sequence[str]) -> Tensor:
    """The text encoder's state at each prompt's end-of-text token, [N, D]: what CLIP compares with pictures."""
    text = encode_prompts(pipe, prompts)
    ends = (text.input_ids == pipe.tokenizer.eos_token_id).int().argmax(1)
    return text.states[torch.arange(len(ends)), ends].float()


class _Reached(Exception):
    pass


@torch.no_grad()
def middle(pipe, latents: Tensor, generator, t: int = 200, batch: int = 32) -> Tensor:
    """What the U-Net makes of latents half-way, [N, channels]: its middle block without a prompt, averaged over cells.

    The latents are noised to t first, with the same noise for all, since that is what the network is used to
    (Tang et al. 2023).
    """
    held = []

    def keep(module, args, out):
        held.append(out.float().mean((2, 3)))
        raise _Reached  # the upper half is not needed

    hook = pipe.unet.mid_block.register_forward_hook(keep)
    empty = encode_prompts(pipe, [""]).states
    eps = torch.randn(latents[:1].shape, generator=generator)
    try:
        for some in latents.split(batch):
            at = torch.full((len(some),), t)
            xt = add_noise(some, eps.expand_as(some), at, pipe.scheduler.alphas_cumprod.double())
            with contextlib.suppress(_Reached):
                pipe.unet(xt, at, encoder_hidden_states=empty.expand(len(some), -1, -1))
    finally:
        hook.remove()
    return torch.cat(held)


@torch.no_grad()
def residual(pipe, latents: Tensor, generator, t: int = 250, prompts=None, batch: int = 32) -> Tensor:
    """How badly the denoiser restores latents [N, C, h, w] that are noised to t: mean squared error of its clean
    guess, [N]. The same noise for all; without a prompt unless `prompts` are given."""
    alpha_bar = pipe.scheduler.alphas_cumprod.double()
    prediction = PREDICTIONS[pipe.scheduler.config.prediction_type]
    eps = torch.randn(latents[:1].shape, generator=generator)
    states = encode_prompts(pipe, list(prompts) if prompts is not None else [""]).states
    if prompts is None:
        states = states.expand(len(latents), -1, -1)
    errors = []
    for some, text in zip(latents.split(batch), states.split(batch), strict=True):
        at = torch.full((len(some),), t)
        xt = add_noise(some, eps.expand_as(some), at, alpha_bar)
        answer = pipe.unet(xt, at, encoder_hidden_states=text, return_dict=False)[0]
        x0, _ = schedules.split(answer, xt, alpha_bar[t], prediction)
        errors.append(((x0 - some) ** 2).flatten(1).mean(1))
    return torch.cat(errors)

"""The one performance that the page on the whole theatre watches: its script, its seed, and how it is played again."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..diffusion import schedules
from ..diffusion.guidance import guided
from ..pipeline import PREDICTIONS, Trace, encode_prompts, generate

PROMPT = "smiling face with sunglasses, noto style"
SEED = 7
STEPS = 25  # divides the schedule, so that the stock pipeline of diffusers visits the same timesteps
GUIDANCE = 3.0


def perform(pipe, smoke: bool = False, prompt: str = PROMPT, seed: int = SEED) -> Trace:
    """The performance with everything in between; in smoke mode its first two steps' worth."""
    return generate(pipe, prompt, seed=seed, steps=2 if smoke else STEPS, guidance=GUIDANCE)


@dataclass(frozen=True)
class Denoiser:
    """A pipeline's network and schedule, ready to be asked about any noisy latent."""

    pipe: object
    alpha_bar: Tensor  # [T] float64
    prediction: str

    @torch.no_grad()
    def __call__(self, xt: Tensor, t: Tensor, states: Tensor, told: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """xt [N, C, h, w] at t [N], text states [N, L, D] -> (x0, eps) as the network sees them, no guidance.

        `told` [N] is the time that the network is told instead of t; its answer is read at the true one.
        """
        output = self.pipe.unet(xt, t if told is None else told, encoder_hidden_states=states, return_dict=False)[0]
        return schedules.split(output, xt, self.alpha_bar[t], self.prediction)

    def guided(self, states: Tensor, empty: Tensor, strength: float = GUIDANCE):
        """A function of (xt, t) for samplers, with prompt and guidance inside."""
        return guided(
            lambda xt, t, context: self.pipe.unet(xt, t, encoder_hidden_states=context, return_dict=False)[0],
            strength,
            states,
            empty.expand_as(states),
        )


def denoiser(pipe) -> Denoiser:
    """The network of a pipeline together with its schedule."""
    prediction = PREDICTIONS[pipe.scheduler.config.prediction_type]
    return Denoiser(pipe, pipe.scheduler.alphas_cumprod.double(), prediction)


def states_of(pipe, prompts: list[str]) -> Tensor:
    """Text states [N, L, D] of prompts, one pass of the text encoder for each different one."""
    known = list(dict.fromkeys(prompts))
    states = encode_prompts(pipe, known).states
    return states[[known.index(prompt) for prompt in prompts]]

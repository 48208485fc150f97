"""What is kept of a prompt and of a picture's making."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class Text:
    """Prompts as the network sees them: token numbers, token strings, states, and what did not fit."""

    input_ids: Tensor  # [N, L] int64, cut or padded to the tokenizer's length L
    tokens: list[list[str]]  # N x L
    cut: list[int]  # N: how many tokens of each prompt were left out
    states: Tensor  # [N, L, D]: the text encoder's last layer, what cross-attention reads
    pooled: Tensor | None = None  # [N, P]: a summary that SDXL and Flux read as well


@dataclass(frozen=True)
class Trace:
    """One picture and all that led to it: S steps, C latent channels, tensors float32 and on the CPU."""

    prompt: str
    negative_prompt: str
    seed: int
    guidance: float  # 1 is off
    sampler: str
    steps: int
    tokens: list[str]  # L token strings, padding included
    tokens_cut: int  # tokens of the prompt beyond the tokenizer's length, which the model never saw
    input_ids: Tensor  # [L] int64
    text_states: Tensor  # [L, D]
    timesteps: Tensor  # [S] int64, falling
    alpha_bar: Tensor  # [S] float64, at each timestep; of a flow: the signal's share of the variance
    xt: Tensor  # [S + 1, C, h, w]: xt[i] goes into step i, xt[S] is the finished latent
    eps: Tensor  # [S, C, h, w]: the network's guided answer at each step, read as noise
    x0: Tensor  # [S, C, h, w]: the same answer read as a clean latent
    seconds: float  # wall time, the batch's divided by its pictures
    image: np.ndarray  # [H, W, 3] uint8: xt[S] decoded


def fields(history, end: Tensor, text: Text, prompts, seeds, **shared) -> list[dict]:
    """A dict for each of N pictures, with what its Trace holds but for `image` and `seconds`.

    history: the sampler's steps, whose tensors are [N, ...]; end [N, ...]: the finished samples; shared: the fields that
    are the same for all.
    """
    rows = ([*(s.xt for s in history), end], [s.eps for s in history], [s.x0 for s in history])
    xt, eps, x0 = (torch.stack(parts, dim=1).cpu() for parts in rows)
    return [
        {
            "prompt": prompts[n],
            "seed": seeds[n],
            "tokens": text.tokens[n],
            "tokens_cut": text.cut[n],
            "input_ids": text.input_ids[n],
            "text_states": text.states[n].cpu(),
            "xt": xt[n],
            "eps": eps[n],
            "x0": x0[n],
            **shared,
        }
        for n in range(len(prompts))
    ]

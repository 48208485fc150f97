"""What a negative does, and when words are heard: runs that differ in one input, and how far apart they end."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from denoised.diffusion.guidance import guided
from denoised.pipeline import encode_prompts
from denoised.probes import runs


def apart(a, b) -> np.ndarray:
    """Root mean square difference of latents [N, C, h, w], one number a pair, [N]; latents have a spread of about 1."""
    return ((torch.as_tensor(a) - torch.as_tensor(b)) ** 2).mean((1, 2, 3)).sqrt().numpy()


def strangers(latents) -> float:
    """Mean of `apart` over all pairs of latents [N, C, h, w], N >= 2: how far other seeds are."""
    found = [apart(latents[i : i + 1], latents[j : j + 1])[0] for i in range(len(latents)) for j in range(i)]
    if not found:
        raise ValueError("Strangers are at least two latents.")
    return float(np.mean(found))


def redness(images) -> np.ndarray:
    """How red pictures uint8 [N, H, W, 3] are where they are drawn: red minus the mean of green and blue, -1..1, [N]."""
    x = np.asarray(images, np.float64) / 255
    drawn = x.min(-1) < 0.9
    excess = x[..., 0] - (x[..., 1] + x[..., 2]) / 2
    return (excess * drawn).sum((1, 2)) / np.maximum(drawn.sum((1, 2)), 1)


# --8<-- [start:weight]
@torch.no_grad()
def weight_of_negative(pipe, prompt: str, negative: str, xt: Tensor, t: int, s: float) -> tuple[float, float]:
    """(weight, rest): what exchanging the empty prompt for a negative does to one guided answer, as a multiple of the
    difference of the two answers by themselves (least squares), and the share of it that this does not explain."""

    def unet(xt, t, context):
        return pipe.unet(xt, t, encoder_hidden_states=context, return_dict=False)[0]

    words, no, nothing = (encode_prompts(pipe, [text]).states for text in (prompt, negative, ""))
    when = torch.tensor(t)
    moved = guided(unet, s, words, no)(xt, when) - guided(unet, s, words, nothing)(xt, when)
    way = unet(xt, when, no) - unet(xt, when, nothing)
    weight = float((moved * way).sum() / (way * way).sum())
    return weight, float((moved - weight * way).norm() / way.norm())
    # --8<-- [end:weight]


# --8<-- [start:silenced]
@torch.no_grad()
def silenced(pipe, prompts: Sequence[str], seeds: Sequence[int], *, steps: int, guidance: float, deaf) -> Tensor:
    """Finished latents [N, C, h, w] of runs in which the U-Net hears the empty prompt at the steps in `deaf`."""
    text = encode_prompts(pipe, prompts).states
    empty = encode_prompts(pipe, [""]).states.expand_as(text)

    def unet(xt, t, context):
        return pipe.unet(xt, t, encoder_hidden_states=context, return_dict=False)[0]

    hearing, timesteps = guided(unet, guidance, text, empty), runs.clock(pipe, steps)[0].tolist()

    def model(xt, t):
        return unet(xt, t, empty) if timesteps.index(int(t)) in deaf else hearing(xt, t)

    return runs.walk(pipe, model, runs.noise(pipe, seeds), steps)
    # --8<-- [end:silenced]

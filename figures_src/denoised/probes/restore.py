"""Spoiling latents on purpose, and what puts them right: the U-Net, or a linear map fitted for one kind of damage."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from denoised.diffusion import samplers, schedules
from denoised.diffusion.guidance import guided


def swap_blocks(x: Tensor, a: tuple[int, int], b: tuple[int, int], side: int) -> Tensor:
    """A copy of x [N, C, H, W] in which the square blocks with upper left corners a and b (row, column) changed places.

    Raises ValueError for blocks that overlap or stick out.
    """
    inside = all(0 <= r <= x.shape[-2] - side and 0 <= c <= x.shape[-1] - side for r, c in (a, b))
    if not inside or max(abs(a[0] - b[0]), abs(a[1] - b[1])) < side:
        raise ValueError(f"Blocks of {side} at {a} and {b} overlap or stick out of {tuple(x.shape[-2:])}.")
    (r, c), (s, d) = a, b
    out = x.clone()
    out[..., r : r + side, c : c + side] = x[..., s : s + side, d : d + side]
    out[..., s : s + side, d : d + side] = x[..., r : r + side, c : c + side]
    return out


# --8<-- [start:damage]
def blurred(latents: Tensor, spread: float) -> Tensor:
    """Gaussian blur of [N, C, h, w] with standard deviation `spread` in cells, borders repeated."""
    reach = max(1, round(3 * spread))
    x = torch.arange(-reach, reach + 1, dtype=latents.dtype)
    kernel = torch.exp(-(x**2) / (2 * spread**2))
    kernel = (kernel / kernel.sum()).reshape(1, 1, -1, 1).repeat(latents.shape[1], 1, 1, 1)
    padded = F.pad(latents, (reach,) * 4, mode="replicate")
    down = F.conv2d(padded, kernel, groups=latents.shape[1])
    return F.conv2d(down, kernel.transpose(2, 3), groups=latents.shape[1])
    # --8<-- [end:damage]


def fit_linear(spoilt: Tensor, clean: Tensor, reach: int = 2, ridge: float = 1e-3):
    """The best linear restorer of one kind of damage: a value from its neighbourhood in all channels (least squares).

    spoilt and clean [N, C, h, w]; returns a function on [M, C, h, w]. `reach` cells to each side are looked at.
    """
    side = 2 * reach + 1

    def rows(x):
        patches = F.unfold(F.pad(x.double(), (reach,) * 4, mode="replicate"), side)  # [N, C * side^2, h * w]
        flat = patches.transpose(1, 2).reshape(-1, patches.shape[1])
        return torch.cat([flat, torch.ones(len(flat), 1, dtype=flat.dtype)], 1)

    x = rows(spoilt)
    y = clean.double().permute(0, 2, 3, 1).reshape(-1, clean.shape[1])
    gram = x.T @ x
    matrix = torch.linalg.solve(gram + ridge * gram.diagonal().mean() * torch.eye(len(gram), dtype=gram.dtype), x.T @ y)

    def restore(z: Tensor) -> Tensor:
        n, c, h, w = z.shape
        return (rows(z) @ matrix).reshape(n, h, w, c).permute(0, 3, 1, 2).to(z.dtype)

    return restore


def scheduled(pipe) -> tuple[Tensor, str]:
    """The pipeline's table alpha_bar [T] float64 and what its U-Net predicts, in this project's words."""
    names = {"v_prediction": "v", "epsilon": "eps", "sample": "x0"}
    return pipe.scheduler.alphas_cumprod.double().cpu(), names[pipe.scheduler.config.prediction_type]


@torch.no_grad()
def one_look(pipe, xt: Tensor, t: int, states: Tensor) -> Tensor:
    """The U-Net's bet on the clean latent x0 [N, C, h, w], from xt at step t, without guidance."""
    alpha_bar, prediction = scheduled(pipe)
    answer = pipe.unet(xt, torch.tensor(t), encoder_hidden_states=states, return_dict=False)[0]
    return schedules.split(answer, xt, alpha_bar[t], prediction)[0]


@torch.no_grad()
def touch_up(pipe, latents: Tensor, prompts: Sequence[str], noise: Tensor, *, strength: float, steps: int,
             guidance: float) -> Tensor:  # fmt: skip
    """Image-to-image: noise latents [N, C, h, w] to `strength` (0..1) of the schedule, then denoise in `steps`."""
    from denoised.pipeline import encode_prompts

    alpha_bar, prediction = scheduled(pipe)
    timesteps = torch.linspace(round(strength * len(alpha_bar)) - 1, 0, steps + 1).round().long()[:-1]
    level = alpha_bar[timesteps[0]]
    xt = (level.sqrt() * latents + (1 - level).sqrt() * noise).to(latents.dtype)
    states, empty = encode_prompts(pipe, prompts).states, encode_prompts(pipe, [""]).states

    def unet(xt, t, context):
        return pipe.unet(xt, t, encoder_hidden_states=context, return_dict=False)[0]

    model = guided(unet, guidance, states, empty.expand_as(states))
    return samplers.ddim(model, xt, timesteps, alpha_bar, prediction=prediction)

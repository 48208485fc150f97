"""A low-rank adapter that teaches the U-Net one style more: lessons as the U-Net's own, on few pictures, minutes long."""

import copy
from dataclasses import dataclass

import torch

from denoised.diffusion import objectives
from denoised.models import adapter
from denoised.training.denoiser import DROPPED, alpha_bar, draw_t
from denoised.training.loop import rate_factor


@dataclass(frozen=True)
class Settings:
    """One run; `beside`: the share of ordinary icons with ordinary captions among the lessons."""

    rank: int = 4
    samples: int = 9_600
    batch: int = 16
    lr: float = 1e-3
    warmup: int = 800
    shift: float = 0.7
    beside: float = 0.0


# --8<-- [start:train]
def train(unet, niche, ordinary, empty, seed: int, settings: Settings) -> dict[str, torch.Tensor]:
    """The adapter's tensors, as `adapter.tensors` names them.

    `niche` and `ordinary` are (latents [N, 4, h, w], text states [N, L, D]); `empty` [L, D] stands in for some captions, so
    that guidance goes on working.
    """
    torch.manual_seed(seed)
    generator, table = torch.Generator().manual_seed(seed), alpha_bar()
    net = adapter.attach(copy.deepcopy(unet), settings.rank).to(memory_format=torch.channels_last)
    parameters = [p for p in net.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=settings.lr, weight_decay=0.0, betas=(0.9, 0.98), fused=True)
    steps, few = settings.samples // settings.batch, round(settings.beside * settings.batch)
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = settings.lr * rate_factor(step * settings.batch, step / steps, settings.warmup)
        some = [draw(niche, settings.batch - few, generator), draw(ordinary, few, generator)]
        x0, states = (torch.cat(parts).float() for parts in zip(*some, strict=True))
        states[torch.rand(len(states), generator=generator) < DROPPED] = empty.float()
        eps = torch.randn(x0.shape, generator=generator)
        t = draw_t(len(x0), settings.shift, generator)

        def answer(xt, t, states=states):
            return net(xt.contiguous(memory_format=torch.channels_last), t, states).sample

        with torch.autocast("cpu", torch.bfloat16):
            loss = objectives.diffusion_loss(answer, x0, eps, t, table).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    return {name: value.detach().clone() for name, value in adapter.tensors(net).items()}
    # --8<-- [end:train]


def draw(lessons, n: int, generator: torch.Generator):
    latents, states = lessons
    pick = torch.randint(len(latents), (n,), generator=generator)
    return latents[pick], states[pick]

"""Train the laboratory model and draw with it: everything in memory, minutes, the same seed the same model.

An experiment hands in latents and labels of its own choosing and gets a network back; what it varies is the data.
"""

from dataclasses import dataclass

import torch

from denoised.diffusion import guidance, objectives, samplers
from denoised.errors import DenoisedError
from denoised.models.laboratory import UNTOLD, LabNet
from denoised.training.denoiser import alpha_bar, draw_t
from denoised.training.loop import Ema, rate_factor


@dataclass(frozen=True)
class Settings:
    """One training run. `samples` are pictures seen, `told` is the chance that all labels of a picture are read; else
    each is left out by itself, so that guidance finds a model that was told nothing, and prompts may be partial."""

    samples: int = 240_000
    batch: int = 128
    lr: float = 2e-3
    warmup: int = 4_000
    ema: float = 0.999
    told: float = 0.8
    shift: float = 0.5


SETTINGS = Settings()


# --8<-- [start:train]
def train(latents, labels, sizes, seed: int, settings: Settings = SETTINGS, weight=None, progress=None, build=LabNet):
    """A network trained on scaled latents [N, 4, 8, 8] with labels int64 [N, K] (1 ... sizes[k], 0 = untold).

    weight: how often each of the N is drawn, [N], all alike if None. progress(samples) is called after every step.
    build(sizes) makes the network: LabNet, or LabSpeaker, which reads labels as a sentence. DenoisedError for labels that
    do not fit.
    """
    _check(latents, labels, sizes)
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    net, table = build(tuple(sizes)).to(memory_format=torch.channels_last), alpha_bar()
    parameters = list(net.parameters())
    optimizer = torch.optim.AdamW(parameters, lr=settings.lr, weight_decay=0.01, betas=(0.9, 0.98), fused=True)
    ema = Ema(parameters, settings.ema)
    weight = torch.ones(len(latents)) if weight is None else torch.as_tensor(weight, dtype=torch.float32)
    steps = settings.samples // settings.batch
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = settings.lr * rate_factor(step * settings.batch, step / steps, settings.warmup)
        pick = torch.multinomial(weight, settings.batch, replacement=True, generator=generator)
        told = hide(labels[pick], settings.told, generator)
        eps = torch.randn(len(pick), *latents.shape[1:], generator=generator)
        t = draw_t(len(pick), settings.shift, generator)
        loss = objectives.diffusion_loss(
            lambda xt, t, told=told: net(xt.contiguous(memory_format=torch.channels_last), t, told),
            latents[pick], eps, t, table,
        ).mean()  # fmt: skip
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        ema.update(step + 1)
        if progress:
            progress((step + 1) * settings.batch)
    ema.swap()
    return net.eval().requires_grad_(False)
    # --8<-- [end:train]


def hide(labels: torch.Tensor, told: float, generator: torch.Generator) -> torch.Tensor:
    """Labels [B, K] as the network gets to see them: with chance `told` all, with half of the rest none, else some."""
    n, k = labels.shape
    kind = torch.rand(n, 1, generator=generator)
    some = torch.rand(n, k, generator=generator) < 0.5
    keep = (kind < told) | ((kind >= told + (1 - told) / 2) & some)
    return torch.where(keep, labels, UNTOLD)


def draw(net, labels: torch.Tensor, seed: int, s: float = 2.0, steps: int = 25, batch: int = 128):
    """Scaled latents [N, 4, 8, 8] for labels [N, K]: DDIM with guidance s; picture i has its noise from (seed, i)."""
    table = alpha_bar()
    timesteps = torch.arange(len(table), 0, -len(table) / steps).round().long() - 1
    out = []
    for start in range(0, len(labels), batch):
        part = labels[start : start + batch]
        seeds = [torch.Generator().manual_seed(seed * 1_000_003 + start + i) for i in range(len(part))]
        noise = torch.stack([torch.randn(4, 8, 8, generator=g) for g in seeds])
        model = guidance.guided(net, s, part, torch.full_like(part, UNTOLD))
        out.append(samplers.ddim(model, noise, timesteps, table))
    return torch.cat(out)


def _check(latents, labels, sizes) -> None:
    if latents.ndim != 4 or latents.shape[1:] != (4, 8, 8):
        raise DenoisedError(f"The laboratory works on latents [N, 4, 8, 8], not {list(latents.shape)}.")
    if labels.shape != (len(latents), len(sizes)):
        raise DenoisedError(
            f"{len(latents)} latents with {len(sizes)} kinds of label need labels of shape "
            f"[{len(latents)}, {len(sizes)}], not {list(labels.shape)}."
        )
    if bool((labels < 0).any()) or bool((labels > torch.tensor(sizes)).any()):
        raise DenoisedError("A label lies outside of 0 (untold) to its size.")

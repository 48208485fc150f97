"""The same lessons for any small denoiser, by one of two paths from data to noise: diffusion (v-prediction) or a flow.

Beside `training.laboratory`, which knows diffusion only and by whose source the results of other studies are keyed.
"""

from collections.abc import Callable

import torch

from denoised.diffusion import guidance, objectives, samplers
from denoised.errors import DenoisedError
from denoised.models.laboratory import UNTOLD
from denoised.training.denoiser import alpha_bar, draw_t
from denoised.training.laboratory import Settings, hide
from denoised.training.loop import Ema, rate_factor

PATHS = ("diffusion", "flow")
CLOCK = 1000  # networks are told the time as 0 ... 1000 on either path


# --8<-- [start:loss]
def loss(path: str, net, x0, eps, told, settings: Settings, generator) -> torch.Tensor:
    """What a batch x0 [B, 4, 8, 8] with labels `told` [B, K] teaches, [B]. Data and noise are the same on both paths; how
    they are mixed, and what is asked for, is not."""
    if path == "flow":
        tau = objectives.sample_tau(len(x0), generator=generator)
        return objectives.flow_loss(lambda xt, tau: net(xt, CLOCK * tau, told), x0, eps, tau)
    t = draw_t(len(x0), settings.shift, generator)
    return objectives.diffusion_loss(lambda xt, t: net(xt, t, told), x0, eps, t, alpha_bar())
    # --8<-- [end:loss]


def train(net, path: str, latents, labels, seed: int, settings: Settings, marks, look: Callable) -> None:
    """Teaches `net` in place, and calls look(samples, net) with its averaged weights after each of `marks` samples.

    The last mark is the run's length; its rate cools down over the last quarter. DenoisedError for an unknown path.
    """
    if path not in PATHS:
        raise DenoisedError(f"There is no path '{path}' from data to noise; there are {' and '.join(PATHS)}.")
    generator = torch.Generator().manual_seed(seed)
    parameters = list(net.parameters())
    optimizer = torch.optim.AdamW(parameters, lr=settings.lr, weight_decay=0.01, betas=(0.9, 0.98), fused=True)
    ema, steps = Ema(parameters, settings.ema), marks[-1] // settings.batch
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = settings.lr * rate_factor(step * settings.batch, step / steps, settings.warmup)
        pick = torch.randint(len(latents), (settings.batch,), generator=generator)
        told = hide(labels[pick], settings.told, generator)
        eps = torch.randn(len(pick), *latents.shape[1:], generator=generator)
        value = loss(path, net, latents[pick], eps, told, settings, generator).mean()
        optimizer.zero_grad(set_to_none=True)
        value.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        ema.update(step + 1)
        if (step + 1) in [mark // settings.batch for mark in marks]:
            ema.swap()
            net.eval()
            look((step + 1) * settings.batch, net)
            net.train()
            ema.swap()


# --8<-- [start:draw]
@torch.no_grad()
def draw(net, path: str, labels: torch.Tensor, seed: int, s: float, steps: int, on_step=None) -> torch.Tensor:
    """Scaled latents [N, 4, 8, 8] for labels [N, K] with guidance s: by DDIM where the network learned diffusion, by
    Euler's strides where it learned a flow. Picture i has the same noise on both paths, from (seed, i)."""
    seeds = [torch.Generator().manual_seed(seed * 1_000_003 + i) for i in range(len(labels))]
    noise = torch.stack([torch.randn(4, 8, 8, generator=g) for g in seeds])
    if path == "flow":
        model = guidance.guided(lambda xt, tau, told: net(xt, CLOCK * tau, told).float(), s, labels, labels * UNTOLD)
        return samplers.euler(model, noise, samplers.uniform_taus(steps).float(), on_step=on_step)
    table = alpha_bar()
    timesteps = torch.arange(len(table), 0, -len(table) / steps).round().long() - 1
    return samplers.ddim(guidance.guided(net, s, labels, labels * UNTOLD), noise, timesteps, table, on_step=on_step)
    # --8<-- [end:draw]

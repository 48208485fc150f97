"""Tune a trained denoiser on its own drawings, after somebody has said which of them they like better.

Two roads: Diffusion-DPO compares two drawings of one wish (Wallace et al. 2023); fine-tuning on the picked ones goes on
with the ordinary loss, on what was liked alone.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from denoised.diffusion import objectives
from denoised.training.denoiser import alpha_bar, draw_t
from denoised.training.laboratory import hide


@dataclass(frozen=True)
class Settings:
    """`batch` drawings a step, for DPO in pairs. `beta` says how dearly it pays to leave the model that it started from."""

    batch: int = 64
    lr: float = 3e-4
    warmup: int = 10  # steps
    beta: float = 500.0
    told: float = 0.85  # chance that all labels are read, as in training
    shift: float = 0.5


# --8<-- [start:dpo]
def dpo_loss(net, reference, better, worse, labels, eps, t, table, beta: float) -> torch.Tensor:
    """-log sigmoid(beta * (how much the net has gained on `better` minus how much on `worse`)), [N] (Wallace et al. 2023,
    eq. 14): gained is by how much its error of denoising is below that of `reference`, the model before tuning.

    better, worse: drawings [N, 4, 8, 8] of one wish, labels [N, K]; both get the same noise eps [N, 4, 8, 8] at one t [N].
    The error is our training loss, the squared error of v with its weight, which stands for the paper's weighted
    squared error of eps; constants are part of beta.
    """
    pair = [torch.cat(two) for two in ((better, worse), (labels, labels), (eps, eps), (t, t))]

    def error(model):
        x0, told, noise, when = pair
        return objectives.diffusion_loss(lambda xt, t: model(xt, t, told), x0, noise, when, table)

    with torch.no_grad():
        before = error(reference)
    gained = before - error(net)
    on_better, on_worse = gained.chunk(2)
    return -F.logsigmoid(beta * (on_better - on_worse))
    # --8<-- [end:dpo]


def by_pairs(better, worse, labels, settings: Settings):
    """A loss for `tune`: DPO on pairs of drawings [N, 4, 8, 8] of labels [N, K]."""

    def loss(net, reference, generator, table):
        n = settings.batch // 2
        pick = torch.randint(len(better), (n,), generator=generator)
        eps, t = torch.randn(n, 4, 8, 8, generator=generator), draw_t(n, settings.shift, generator)
        return dpo_loss(net, reference, better[pick], worse[pick], labels[pick], eps, t, table, settings.beta).mean()

    return loss


def by_pictures(latents, labels, settings: Settings):
    """A loss for `tune`: the ordinary one, on latents [N, 4, 8, 8] of labels [N, K]."""

    def loss(net, reference, generator, table):
        pick = torch.randint(len(latents), (settings.batch,), generator=generator)
        told = hide(labels[pick], settings.told, generator)
        eps = torch.randn(settings.batch, 4, 8, 8, generator=generator)
        t = draw_t(settings.batch, settings.shift, generator)
        return objectives.diffusion_loss(lambda xt, t: net(xt, t, told), latents[pick], eps, t, table).mean()

    return loss


def tune(reference, loss, marks, seed: int, settings: Settings, look: Callable):
    """A copy of `reference` is tuned by `loss`; look(steps, net) is called at each of `marks`, steps in rising order."""
    net = copy.deepcopy(reference).requires_grad_(True)
    optimizer = torch.optim.AdamW(net.parameters(), lr=settings.lr, weight_decay=0.0, betas=(0.9, 0.98))
    generator, table = torch.Generator().manual_seed(seed), alpha_bar()
    for step in range(1, max(marks) + 1):
        for group in optimizer.param_groups:
            group["lr"] = settings.lr * min(1.0, step / settings.warmup)
        optimizer.zero_grad(set_to_none=True)
        loss(net, reference, generator, table).backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        if step in marks:
            look(step, net.eval())
            net.train()

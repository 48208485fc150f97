"""One small denoiser and one set of pictures, taught by several recipes that take turns at the same processor.

OURS is how this site's models are taught. STOCK is diffusers' example `train_text_to_image.py` with the values that it has
when nobody sets them: it encodes its pictures anew at each step, asks for the noise, at all times alike, tells the caption
always, and keeps no running average.
"""

import time
from dataclasses import dataclass, replace

import torch

from denoised.diffusion import guidance, objectives, samplers, schedules
from denoised.models.laboratory import UNTOLD
from denoised.training import denoiser, images, laboratory
from denoised.training.loop import Ema, rate_factor


# --8<-- [start:recipes]
@dataclass(frozen=True)
class Recipe:
    """`warmup` in samples; `cooldown`: over which last share of the time the rate comes down; `ema`: 0 = no average;
    `shift`: 1 = all times alike, less = more of the less noisy; `told`: how often all labels are read."""

    batch: int = 128
    lr: float = 2e-3
    warmup: int = 8_000
    cooldown: float = 0.25
    betas: tuple[float, float] = (0.9, 0.98)
    ema: float = 0.998
    prediction: str = "v"
    gamma: float | None = 5.0
    shift: float = 0.5
    told: float = 0.8
    encoded_once: bool = True


OURS = Recipe()
STOCK = Recipe(batch=16, lr=1e-4, cooldown=0, betas=(0.9, 0.999), ema=0, prediction="eps", gamma=None, shift=1, told=1,
               encoded_once=False)  # fmt: skip
RECIPES = {
    "ours": OURS,
    "stock": STOCK,
    "faster": replace(STOCK, batch=OURS.batch, lr=OURS.lr),  # the example with our batch and rate
    "noise": replace(OURS, prediction="eps", gamma=None, shift=1),  # ours, but asked for the noise, at all times alike
    "plain": replace(OURS, ema=0, cooldown=0),  # ours without an average and without a cooldown
    "anew": replace(OURS, encoded_once=False),  # ours, with pictures encoded at each step
}
# --8<-- [end:recipes]


def table(recipe: Recipe) -> torch.Tensor:
    """The schedule, [1000]: for v the one that ends in pure noise, for eps Stable Diffusion's own."""
    plain = schedules.alpha_bar_from_betas(schedules.scaled_linear_betas())
    return denoiser.alpha_bar() if recipe.prediction == "v" else plain


class Run:
    """A network in training by a recipe, for `limit` seconds of processor time in all.

    pictures uint8 [N, 3, 64, 64], labels int64 [N, K]. `spent` is what it has used so far, the encoding of its pictures
    and their labels included, and `samples` how many it has seen.
    """

    def __init__(self, recipe: Recipe, build, vae, pictures, labels, seed: int, limit: float):
        torch.manual_seed(seed)
        self.recipe, self.vae, self.pictures, self.labels, self.limit = recipe, vae, pictures, labels, limit
        self.net = build().to(memory_format=torch.channels_last)
        self.parameters = list(self.net.parameters())
        self.optimizer = torch.optim.AdamW(
            self.parameters, lr=recipe.lr, betas=recipe.betas, weight_decay=0.01, fused=True
        )
        self.ema = Ema(self.parameters, recipe.ema) if recipe.ema else None
        self.generator = torch.Generator().manual_seed(seed)
        self.table, self.steps, self.spent, self.latents = table(recipe), 0, 0.0, None
        if recipe.encoded_once:
            start = time.process_time()
            self.latents = denoiser.encode_all(vae, pictures)
            self.spent = time.process_time() - start

    @property
    def samples(self) -> int:
        return self.steps * self.recipe.batch

    def work(self, until: float) -> None:
        """Go on until it has spent `until` seconds."""
        while self.spent < until:
            start = time.process_time()
            self.step()
            self.spent += time.process_time() - start

    def step(self) -> None:
        recipe, generator = self.recipe, self.generator
        for group in self.optimizer.param_groups:
            factor = rate_factor(self.samples, self.spent / self.limit, recipe.warmup, recipe.cooldown)
            group["lr"] = recipe.lr * factor
        pick = torch.randint(len(self.pictures), (recipe.batch,), generator=generator)
        told = laboratory.hide(self.labels[pick], recipe.told, generator)
        x0 = self.latents[pick] if recipe.encoded_once else self.encode(self.pictures[pick])
        eps = torch.randn(x0.shape, generator=generator)
        t = denoiser.draw_t(len(pick), recipe.shift, generator)
        loss = objectives.diffusion_loss(
            lambda xt, t: self.net(xt.contiguous(memory_format=torch.channels_last), t, told),
            x0, eps, t, self.table, prediction=recipe.prediction, gamma=recipe.gamma,
        ).mean()  # fmt: skip
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        self.steps += 1
        if self.ema:
            self.ema.update(self.steps)

    @torch.no_grad()
    def encode(self, pictures):
        """A sample of the latent's distribution, as the example draws it, in the U-Net's scale."""
        with torch.autocast("cpu", torch.bfloat16):
            found = self.vae.encode(images.to_float(pictures)).latent_dist.sample(self.generator)
        return found.float() * self.vae.config.scaling_factor

    @torch.no_grad()
    def draw(self, labels, seed: int, s: float, steps: int):
        """Scaled latents [N, 4, 8, 8] for labels [N, K] by DDIM with guidance s, with the average where there is one;
        picture i has its noise from (seed, i)."""
        if self.ema:
            self.ema.swap()
        self.net.eval()
        seeds = [torch.Generator().manual_seed(seed * 1_000_003 + i) for i in range(len(labels))]
        noise = torch.stack([torch.randn(4, 8, 8, generator=g) for g in seeds])
        model = guidance.guided(self.net, s, labels, torch.full_like(labels, UNTOLD))
        times = schedules.trailing_timesteps(len(self.table), steps)
        drawn = samplers.ddim(model, noise, times, self.table, prediction=self.recipe.prediction)
        self.net.train()
        if self.ema:
            self.ema.swap()
        return drawn

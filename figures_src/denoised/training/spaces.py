"""One kind of U-Net, two spaces: it learns by diffusion to take noise out of pixels, or out of latents, for a prompt."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from denoised import paths
from denoised.diffusion import guidance, objectives, samplers, schedules
from denoised.models import unet
from denoised.training import denoiser, images, loop, store
from denoised.training.presets import Preset


@dataclass(frozen=True)
class Space:
    """What is denoised: samples of `channels` x `side` x `side`, by a U-Net with levels of these `widths`, of which the
    outer `plain` ones, where a sample is largest, have no attention. `shift` below 1 asks less often about the noisiest
    steps: what neighbours share survives more noise, and pixels share more than latents. `gamma` is min-SNR's: the last bit
    of noise is seen in pixels, while a decoder does not let it through."""

    channels: int
    side: int
    shift: float
    gamma: float | None
    widths: tuple[int, ...]
    plain: int
    clean: Callable  # denoiser.Cache -> clean samples [N, channels, side, side]

    def build(self):
        """A U-Net for samples of this space, 7.5 M parameters in either, which answers with v."""
        heads = tuple(max(1, width // 32) for width in self.widths)
        net = unet.build(self.widths, heads, sample_size=self.side, plain=self.plain, data=self.channels, groups=8)
        return net.to(memory_format=torch.channels_last)


def shrunk(cache: denoiser.Cache) -> Tensor:
    """The icons as pixels, float32 [N, 3, 32, 32] in [-1, 1], shrunk by area."""
    _, pictures = images.select(images.in_trunk)
    return torch.cat([images.to_float(F.avg_pool2d(part.float(), 4)) for part in pictures.split(512)])


SPACES = {
    "pixels": Space(3, 32, 1.0, None, (24, 48, 96, 160), 2, shrunk),
    "latents": Space(4, 8, 0.5, 5.0, (48, 96, 160), 1, lambda cache: cache.latents),  # of icons of 64 pixels
}


def answer(net, xt: Tensor, t: Tensor, states: Tensor) -> Tensor:
    """v [B, C, h, w], as a network sees it in xt at step t (0-dimensional or [B]), for text states [B, 32, 256]."""
    return net(xt.contiguous(memory_format=torch.channels_last), t, states).sample


# --8<-- [start:draw]
@torch.no_grad()
def draw(net, noise: Tensor, told: Tensor, untold: Tensor, s: float, steps: int) -> Tensor:
    """Clean samples, shape of `noise` [B, C, h, w], by DDIM in `steps` steps, with guidance s."""
    table = denoiser.alpha_bar()
    model = guidance.guided(lambda xt, t, states: answer(net, xt, t, states), s, told, untold)
    return samplers.ddim(model, noise, schedules.trailing_timesteps(len(table), steps), table, prediction="v")
    # --8<-- [end:draw]


def train_space(preset: Preset, **limits):
    """Returns (U-Net, report) for a preset whose extra["space"] is one of SPACES. In float32, which is the quicker
    one where a processor has no tiles for bf16 (the log has numbers)."""
    torch.manual_seed(preset.seed)
    space, table = SPACES[preset.extra["space"]], denoiser.alpha_bar()
    cache = denoiser.Cache(64)
    clean, net = space.clean(cache), space.build()
    weight = torch.tensor([denoiser.GROUP_WEIGHT.get(row.group, 1.0) for row in cache.rows])
    fixed = torch.Generator().manual_seed(11)
    probe = torch.randperm(len(clean), generator=fixed)[:256]
    probe_eps = torch.randn(clean[probe].shape, generator=fixed)
    probe_t = torch.randint(600, 900, (len(probe),), generator=fixed)

    def loss(states, x0, eps, t):
        return objectives.diffusion_loss(
            lambda xt, t: answer(net, xt, t, states), x0, eps, t, table, prediction="v", gamma=space.gamma
        )

    # --8<-- [start:loss]
    def loss_of(step, generator):
        pick = torch.multinomial(weight, preset.batch, replacement=True, generator=generator)
        wording = torch.randint(denoiser.WORDINGS, (preset.batch,), generator=generator)
        states = cache.states[pick, wording].float()
        states[torch.rand(preset.batch, generator=generator) < denoiser.DROPPED] = cache.empty.float()
        eps = torch.randn(clean[pick].shape, generator=generator)
        t = denoiser.draw_t(preset.batch, space.shift, generator)
        return loss(states, clean[pick], eps, t).mean(), {}
        # --8<-- [end:loss]

    def evaluate():
        """Caption-swap gap, as for the U-Net: loss with other icons' captions over loss with the right ones."""
        found = {}
        for name, order in (("right", probe), ("swapped", probe.roll(1))):
            parts = [
                loss(cache.states[order[part], 0].float(), clean[probe[part]], probe_eps[part], probe_t[part])
                for part in torch.arange(len(probe)).split(64)
            ]
            found[name] = torch.cat(parts).mean().item()
        store.save_model(net, paths.RUNS / preset.name / "ema", preset, {})
        sheet(net, space, cache, paths.RUNS / preset.name / "sheet.png")
        return {"gap": round(found["swapped"] / found["right"], 4), "probe_loss": round(found["right"], 5)}

    report = loop.train(preset, net, loss_of, evaluate, evaluate_every=25_600, **limits)
    report |= evaluate()
    store.save_model(net, paths.RUNS / preset.name / "ema", preset, report)
    return net, report


@torch.no_grad()
def sheet(net, space: Space, cache: denoiser.Cache, path, s: float = 3.0) -> None:
    """Draw `images.sheet_captions` with seeds 0, 1, 2, ... and save the contact sheet (2 rows of 8)."""
    states = denoiser.text_states(cache.encoder, cache.tokenizer, images.sheet_captions()).float()
    noise = noises(space, range(len(states)))
    x = draw(net, noise, states, cache.empty.float().expand_as(states), s, denoiser.SHEET_STEPS)
    if space.channels == 4:
        x = cache.vae.decode(x / cache.vae.config.scaling_factor).sample
    denoiser.save_sheet(x, path)


def noises(space: Space, seeds) -> Tensor:
    """Noise [N, C, side, side], each of a seed of its own."""
    shape = (1, space.channels, space.side, space.side)
    return torch.cat([torch.randn(shape, generator=torch.Generator().manual_seed(int(seed))) for seed in seeds])

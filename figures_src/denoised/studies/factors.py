"""How far may an autoencoder shrink? Tiny ones that differ in how many pixels share a cell of the code (its factor, f4, f8
or f16) and in how many numbers a cell has, trained on whole icons by pixels and KL alone.

    python scripts/lab_factors.py    # seven minutes on one core, resumable; writes factors.npz beside this file

Before this study there was one with strided layers and small windows, in which f16 did not gain by having sixteen times as
many numbers (15.2 dB instead of 15.8): such deep networks learn little in a minute, and what was measured was that. Here
all layers work at the code's own resolution, beside a straight way from pixels to code, as in a patch embedding.

Written down before the first run, but after a trial of half the length and one seed: with four numbers a cell each doubling
of the factor costs likeness, and the fine octaves first; as many numbers as f4 has give f8 and f16 likeness back, but not
all of it.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from denoised.studies import kl, losses, shelf

FILE = Path(__file__).with_suffix(".npz")


@dataclass(frozen=True)
class Settings:
    """The whole experiment; `kl` is the weight of the KL term as in `kl.Settings`."""

    sizes: tuple[tuple[int, int], ...] = ((4, 4), (8, 4), (16, 4), (8, 16), (16, 64))  # factor, numbers a cell
    seeds: tuple[int, ...] = (0, 1, 2)
    steps: int = 800
    batch: int = 16
    lr: float = 2e-3
    kl: float = 1.6e-5
    width: int = 128
    pictures: int = 4000  # icons of the training split, 64x64
    held_out: int = 128  # icons of held-out concepts
    shown: int = 6  # round trips that are kept of a size's first seed, evenly spaced


SETTINGS = Settings()


def key(settings: Settings = SETTINGS) -> str:
    """Short hash of the settings and of the source of all that computes the results."""
    return shelf.key(asdict(settings), build, train, measure, losses.detail, kl.psnr)


def load(path: Path = FILE, settings: Settings = SETTINGS) -> tuple[dict, dict[str, np.ndarray]]:
    """(facts, arrays) of the committed results: facts["sizes"]["8x4"] holds numbers, one dictionary a seed; arrays hold
    a few round trips of the first seed, uint8 [N, 64, 64, 3].

    Raises DenoisedError when the file is missing, damaged, or was made by other settings or other code.
    """
    return shelf.take(path, key(settings), "lab_factors")


# --8<-- [start:build]
def build(factor: int, channels: int, width: int = SETTINGS.width):
    """An autoencoder, [B, 3, H, W] <-> [B, channels, H / factor, W / factor]; returns (encoder, decoder). The encoder
    answers with means and log-variances. Every layer has the code's resolution; at first the blocks between do nothing."""
    from torch import nn

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            last = nn.Conv2d(width, width, 3, padding=1)
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)
            self.inner = nn.Sequential(nn.GroupNorm(8, width), nn.Conv2d(width, width, 3, padding=1), nn.SiLU(), last)

        def forward(self, x):
            return x + self.inner(x)

    pixels = 3 * factor**2
    down = [nn.PixelUnshuffle(factor), nn.Conv2d(pixels, width, 1), Block(), Block(), nn.Conv2d(width, 2 * channels, 1)]
    up = [nn.Conv2d(channels, width, 1), Block(), Block(), nn.Conv2d(width, pixels, 1), nn.PixelShuffle(factor)]
    return nn.Sequential(*down), nn.Sequential(*up)
    # --8<-- [end:build]


def train(size, seed: int, pictures, settings: Settings = SETTINGS):
    """One autoencoder of `size` (factor, numbers a cell), of `pictures` uint8 [N, 3, 64, 64]; a seed fixes first weights,
    order and all noise."""
    import torch

    torch.manual_seed(seed)
    encoder, decoder = build(*size, settings.width)
    generator = torch.Generator().manual_seed(seed)
    parameters = [*encoder.parameters(), *decoder.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=settings.lr)
    for step in range(settings.steps):
        x = pictures[torch.randint(len(pictures), (settings.batch,), generator=generator)].float() / 127.5 - 1
        with torch.autocast("cpu", torch.bfloat16):
            code = encoder(x).float()
        mean, log_variance = code.clamp(-30, 20).chunk(2, dim=1)
        with torch.autocast("cpu", torch.bfloat16):
            y = decoder(mean + (log_variance / 2).exp() * torch.randn(mean.shape, generator=generator)).float()
        spent = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum((1, 2, 3)).mean()
        loss = (y - x).abs().mean() + (y - x).square().mean() + settings.kl * spent
        for group in optimizer.param_groups:
            group["lr"] = settings.lr * min(1.0, (step + 1) / 30, 1.02 - step / settings.steps)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    return encoder.eval().requires_grad_(False), decoder.eval().requires_grad_(False)


def measure(encoder, decoder, held_out) -> tuple[dict, np.ndarray]:
    """(numbers, round trips uint8 [N, 64, 64, 3]) of one autoencoder on `held_out` uint8 [N, 3, 64, 64]."""
    x = held_out.float() / 127.5 - 1
    mean, _ = encoder(x).clamp(-30, 20).chunk(2, dim=1)
    y = decoder(mean)
    shown = kl._show(y)
    bands = losses.detail(shown, held_out.permute(0, 2, 3, 1).numpy())
    return {"psnr": kl.psnr(y, x)} | {f"band_{i}": float(share) for i, share in enumerate(bands)}, shown

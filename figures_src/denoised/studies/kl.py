"""What the KL term of a VAE does: tiny autoencoders that differ in nothing but its weight.

    python scripts/lab_kl.py        # about four minutes on one core; writes kl.npz beside this file

Pictures are 32x32, codes 4 channels of 4x4: the factor of 48 that the real model has. Each weight is trained with
three seeds; a seed fixes the first weights, the order of the pictures and all noise, so runs differ in one number.
"""

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from denoised.studies import shelf

FILE = Path(__file__).with_suffix(".npz")


@dataclass(frozen=True)
class Settings:
    """The whole experiment. `weights` multiply the KL divergence summed over a code (nats); 1.6e-5 puts on each value
    of this code of 64 what the real preset, 1e-6, puts on each of its 1,024."""

    weights: tuple[float, ...] = (0.0, 1.6e-5, 1e-3, 1e-2)
    seeds: tuple[int, ...] = (0, 1, 2)
    steps: int = 500
    batch: int = 32
    lr: float = 2e-3
    pictures: int = 4000  # icons of the training split, reduced to 32x32
    held_out: int = 128  # icons of held-out concepts
    samples: int = 512  # codes drawn from the prior
    twin_steps: int = 40  # length of the runs with right and with shuffled captions


SETTINGS = Settings()


def key(settings: Settings = SETTINGS) -> str:
    """Short hash of the settings and of the source of all that computes the results."""
    return shelf.key(asdict(settings), build, losses, train, psnr, distance, measure)


def load(path: Path = FILE, settings: Settings = SETTINGS) -> tuple[dict, dict[str, np.ndarray]]:
    """(numbers and settings, arrays) of the committed results.

    Raises DenoisedError when the file is missing, damaged, or was made by other settings or other code.
    """
    return shelf.take(path, key(settings), "lab_kl")


def build():
    """A convolutional autoencoder, [B, 3, 32, 32] in [-1, 1] <-> [B, 4, 4, 4]; returns (encoder, decoder)."""
    from torch import nn

    class Residual(nn.Module):
        def __init__(self, channels):
            super().__init__()
            self.inner = nn.Sequential(
                nn.GroupNorm(8, channels), nn.SiLU(), nn.Conv2d(channels, channels, 3, padding=1)
            )

        def forward(self, x):
            return x + self.inner(x)

    encoder = nn.Sequential(
        nn.PixelUnshuffle(2), nn.Conv2d(12, 24, 3, padding=1), Residual(24),
        nn.Conv2d(24, 48, 3, 2, 1), Residual(48), nn.Conv2d(48, 64, 3, 2, 1), Residual(64),
        nn.GroupNorm(8, 64), nn.SiLU(), nn.Conv2d(64, 8, 1),
    )  # fmt: skip
    decoder = nn.Sequential(
        nn.Conv2d(4, 64, 3, padding=1), Residual(64), nn.Upsample(scale_factor=2), nn.Conv2d(64, 48, 3, padding=1),
        Residual(48), nn.Upsample(scale_factor=2), nn.Conv2d(48, 24, 3, padding=1), Residual(24),
        nn.GroupNorm(8, 24), nn.SiLU(), nn.Conv2d(24, 12, 3, padding=1), nn.PixelShuffle(2),
    )  # fmt: skip
    return encoder, decoder


# --8<-- [start:loss]
def losses(x, encoder, decoder, noise):
    """Reconstruction error and KL divergence of a batch [B, 3, 32, 32] in [-1, 1], both scalars.

    The encoder answers with a mean and a log-variance for each value of the code; what is decoded is a sample of
    that normal distribution (Kingma & Welling 2013, eqs. 8-10).
    """
    mean, log_variance = encoder(x).clamp(-30, 20).chunk(2, dim=1)
    z = mean + (log_variance / 2).exp() * noise
    y = decoder(z)
    reconstruction = (y - x).abs().mean() + (y - x).square().mean()
    kl = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum((1, 2, 3)).mean()
    return reconstruction, kl
    # --8<-- [end:loss]


def train(weight: float, seed: int, pictures, steps: int, captions=None, settings: Settings = SETTINGS):
    """One autoencoder of `pictures` uint8 [N, 3, 32, 32]; `captions` are drawn along with them and never read."""
    import torch

    torch.manual_seed(seed)
    encoder, decoder = build()
    generator = torch.Generator().manual_seed(seed)
    parameters = [*encoder.parameters(), *decoder.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=settings.lr)
    for step in range(steps):
        pick = torch.randint(len(pictures), (settings.batch,), generator=generator)
        x = pictures[pick].float() / 127.5 - 1
        _unread = None if captions is None else [captions[int(i)] for i in pick]
        noise = torch.randn(settings.batch, 4, 4, 4, generator=generator)
        reconstruction, kl = losses(x, encoder, decoder, noise)
        for group in optimizer.param_groups:
            group["lr"] = settings.lr * min(1.0, (step + 1) / 30, 1.02 - step / steps)
        optimizer.zero_grad(set_to_none=True)
        (reconstruction + weight * kl).backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    return encoder.eval().requires_grad_(False), decoder.eval().requires_grad_(False)


def fingerprint(*models) -> str:
    """Hash of all weights, bit for bit."""
    digest = hashlib.sha256()
    for model in models:
        for value in model.state_dict().values():
            digest.update(value.numpy().tobytes())
    return digest.hexdigest()


def psnr(y, x) -> float:
    """Mean PSNR (dB) of pictures in [-1, 1], clipped as for a screen."""
    error = ((y.clamp(-1, 1) - x) / 2).square().mean((1, 2, 3)).clamp_min(1e-10)
    return float((-10 * error.log10()).mean())


def distance(a, b) -> float:
    """Fréchet distance of two sets of pictures by the mean and covariance of their 4x4 colour mosaics."""
    import torch
    import torch.nn.functional as F

    rows = [F.avg_pool2d(x.clamp(-1, 1), 8).flatten(1).double() for x in (a, b)]
    means, covariances = [r.mean(0) for r in rows], [torch.cov(r.T) for r in rows]
    cross = torch.linalg.eigvals(covariances[0] @ covariances[1]).real.clamp_min(0).sqrt().sum()
    traces = sum(c.diagonal().sum() for c in covariances)
    return float((means[0] - means[1]).square().sum() + traces - 2 * cross)


def measure(encoder, decoder, seed: int, held_out, settings: Settings = SETTINGS) -> tuple[dict, dict]:
    """(numbers, arrays) of one trained autoencoder on `held_out` uint8 [N, 3, 32, 32]."""
    import torch

    generator = torch.Generator().manual_seed(10_000 + seed)
    x = held_out.float() / 127.5 - 1
    mean, log_variance = encoder(x).clamp(-30, 20).chunk(2, dim=1)
    spread, scale = (log_variance / 2).exp(), mean.std()
    noise = torch.randn(mean.shape, generator=generator)
    prior = torch.randn(settings.samples, 4, 4, 4, generator=generator)
    centre, width = mean.mean(0), mean.std(0)
    fitted = decoder(centre + width * prior)
    standard, y = decoder(prior), decoder(mean)
    middle = decoder((mean[:-1] + mean[1:]) / 2)
    kl = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance)
    numbers = {
        "psnr": psnr(y, x),
        "psnr_sampled": psnr(decoder(mean + spread * noise), x),
        "psnr_shaken": psnr(decoder(mean + 0.5 * scale * noise), x),
        "kl_per_value": float(kl.mean()),
        "latent_std": float(scale),
        "posterior_std": float(spread.mean()),
        "relative_spread": float(spread.mean() / scale),
        "prior_distance": distance(standard, x),
        "fitted_distance": distance(fitted, x),
    }
    arrays = {"mean": mean.numpy(), "reconstruction": _show(y[:8]), "prior": _show(standard[:8]),
              "fitted": _show(fitted[:8]), "middle": _show(middle[:8])}  # fmt: skip
    return numbers, arrays


def _show(y) -> np.ndarray:
    """[N, 3, 32, 32] in [-1, 1] to uint8 [N, 32, 32, 3]."""
    return ((y.clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()

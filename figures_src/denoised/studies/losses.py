"""What each part of an autoencoder's loss is for: tiny autoencoders, one change each.

    python scripts/lab_losses.py    # half an hour on one core, resumable; writes losses.npz beside this file

They learn from windows of 32x32 pixels in icons of 64x64, and are measured on whole icons of unseen things. The whole
loss has the four parts of a latent diffusion model's (Rombach et al. 2022, appendix G): pixels, features of a network
that knows pictures, an adversary that has to tell rebuilt from real, and the KL term. Each recipe leaves out one,
and the last one two, features and adversary.

Written down before the first run: without pixels the likeness falls; without features and without the adversary detail
falls; without the KL term, at so light a weight, codes grow and become points, and no picture shows it.

The first run took 300 steps of 16 icons shrunk to 32x32: at 14 to 19 dB all were blurs, and nothing of it was published.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from denoised.probes.metrics import LUMA
from denoised.probes.spectra import frequencies, power_spectrum
from denoised.studies import kl, shelf

FILE = Path(__file__).with_suffix(".npz")
NETWORKS = ("emoji-sd/vae",)  # whose first level sees the features
PARTS = ("pixels", "features", "adversary", "kl")


@dataclass(frozen=True)
class Settings:
    """The whole experiment; `strength` is each part's weight, that of the KL term as in `kl.Settings`."""

    strength: tuple[float, ...] = (1.0, 0.5, 0.05, 1.6e-5)
    recipes: tuple[str, ...] = ("all", "no pixels", "no features", "no adversary", "no kl", "plain")
    size: tuple[int, int] = (8, 4)  # factor (pixels a side that share a cell), numbers a cell
    seeds: tuple[int, ...] = (0, 1, 2)
    steps: int = 800
    warm: int = 150  # steps before the adversary joins: until then there is nothing worth judging
    batch: int = 64
    lr: float = 2e-3
    window: int = 32  # pixels
    pictures: int = 4000  # icons of the training split
    held_out: int = 128  # icons of held-out concepts
    shown: int = 6  # round trips that are kept of a recipe's first seed, evenly spaced


SETTINGS = Settings()


def key(settings: Settings = SETTINGS) -> str:
    """Short hash of the settings and of the source of all that computes the results."""
    return shelf.key(asdict(settings), Features, build, adversary, windows, train, detail, measure, kl.psnr)


def load(path: Path = FILE, settings: Settings = SETTINGS) -> tuple[dict, dict[str, np.ndarray]]:
    """(facts, arrays) of the committed results: facts["recipes"][name] holds numbers, one dictionary a seed; arrays hold a
    few round trips of the first seed, uint8 [N, 64, 64, 3].

    Raises DenoisedError when the file is missing, damaged, or was made by other settings or other code.
    """
    return shelf.take(path, key(settings), "lab_losses")


def strengths(recipe: str, settings: Settings = SETTINGS) -> dict[str, float]:
    """Weight of each part for "all", "no pixels", ... and for "plain", which is pixels and KL alone."""
    off = ("features", "adversary") if recipe == "plain" else (recipe.removeprefix("no "),)
    return {part: 0.0 if part in off else weight for part, weight in zip(PARTS, settings.strength, strict=True)}


class Features:
    """Pictures as a network sees them that knows icons: the first level of the shipped autoencoder's encoder, each place's
    features of length one. [B, 3, H, W] in [-1, 1] to a list of [B, C, h, w]; the distance is a mean square."""

    def __init__(self, vae):
        self.encoder = vae.encoder

    def __call__(self, x):
        import torch.nn.functional as F

        found, x = [], self.encoder.conv_in(x)
        for block in self.encoder.down_blocks[:1]:
            x = block(x)
            found.append(F.normalize(x, dim=1))
        return found

    # --8<-- [start:features]
    def distance(self, y, x):
        """Squared distance of two batches by their features (Zhang et al. 2018, eq. 1, all weights one)."""
        return sum((a - b).square().sum(1).mean() for a, b in zip(self(y), self(x), strict=True))
        # --8<-- [end:features]


def build(factor: int, channels: int):
    """A convolutional autoencoder, [B, 3, H, W] <-> [B, channels, H / factor, W / factor], for factors 4, 8 and 16;
    returns (encoder, decoder). The encoder answers with means and log-variances."""
    from torch import nn

    class Residual(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.inner = nn.Sequential(nn.GroupNorm(8, width), nn.SiLU(), nn.Conv2d(width, width, 3, padding=1))

        def forward(self, x):
            return x + self.inner(x)

    widths = [24, 48, 64, 64][: {4: 2, 8: 3, 16: 4}[factor]]
    down = [nn.PixelUnshuffle(2), nn.Conv2d(12, widths[0], 3, padding=1), Residual(widths[0])]
    for a, b in zip(widths, widths[1:], strict=False):
        down += [nn.Conv2d(a, b, 3, 2, 1), Residual(b)]
    top = widths[-1]
    down += [nn.GroupNorm(8, top), nn.SiLU(), nn.Conv2d(top, 2 * channels, 1)]
    up = [nn.Conv2d(channels, top, 3, padding=1), Residual(top)]
    for a, b in zip(widths[::-1], widths[-2::-1], strict=False):
        up += [nn.Upsample(scale_factor=2), nn.Conv2d(a, b, 3, padding=1), Residual(b)]
    up += [nn.GroupNorm(8, 24), nn.SiLU(), nn.Conv2d(24, 12, 3, padding=1), nn.PixelShuffle(2)]
    return nn.Sequential(*down), nn.Sequential(*up)


def adversary():
    """A critic of patches, [B, 3, H, W] to [B, 1, H / 4, W / 4]: large where it believes in a real picture."""
    from torch import nn

    return nn.Sequential(
        nn.Conv2d(3, 24, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(24, 48, 4, 2, 1), nn.GroupNorm(8, 48), nn.LeakyReLU(0.2),
        nn.Conv2d(48, 1, 3, padding=1),
    )  # fmt: skip


def windows(pictures, count: int, side: int, generator):
    """`count` windows of `pictures` uint8 [N, 3, H, W] as floats from -1 to 1, [count, 3, side, side]; of two for each,
    the one that is less blank."""
    import torch

    pick = torch.randint(len(pictures), (count,), generator=generator)
    places = torch.randint(pictures.shape[-1] - side + 1, (2, 2, count), generator=generator)
    row, column = (places[:, axis, :, None] + torch.arange(side) for axis in (0, 1))
    found = pictures[pick[:, None, None], :, row[..., :, None], column[..., None, :]].movedim(-1, 2).float() / 127.5 - 1
    spread = found.std(dim=(2, 3, 4))
    return torch.where((spread[0] >= spread[1])[:, None, None, None], found[0], found[1])


def train(weights: dict[str, float], seed: int, pictures, see, size, settings: Settings = SETTINGS):
    """One autoencoder of `size` (factor, numbers a cell), of windows of `pictures` uint8 [N, 3, 64, 64]; a seed fixes first
    weights, order and all noise."""
    import torch
    import torch.nn.functional as F

    torch.manual_seed(seed)
    encoder, decoder = build(*size)
    critic = adversary()
    generator = torch.Generator().manual_seed(seed)
    parameters = [*encoder.parameters(), *decoder.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=settings.lr)
    against = torch.optim.Adam(critic.parameters(), lr=1e-3, betas=(0.5, 0.9))
    for step in range(settings.steps):
        x = windows(pictures, settings.batch, settings.window, generator)
        with torch.autocast("cpu", torch.bfloat16):
            code = encoder(x).float()
        mean, log_variance = code.clamp(-30, 20).chunk(2, dim=1)
        with torch.autocast("cpu", torch.bfloat16):
            y = decoder(mean + (log_variance / 2).exp() * torch.randn(mean.shape, generator=generator)).float()
        loss = weights["kl"] * 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum((1, 2, 3)).mean()
        if weights["pixels"]:
            loss = loss + weights["pixels"] * ((y - x).abs().mean() + (y - x).square().mean())
        if weights["features"]:
            with torch.autocast("cpu", torch.bfloat16):
                loss = loss + weights["features"] * see.distance(y, x)
        if weights["adversary"] and step >= settings.warm:
            loss = loss - weights["adversary"] * critic(y).mean()
        for group in optimizer.param_groups:
            group["lr"] = settings.lr * min(1.0, (step + 1) / 30, 1.02 - step / settings.steps)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        if weights["adversary"] and step >= settings.warm // 2:  # hinge loss; it may practise before it counts
            against.zero_grad(set_to_none=True)
            (F.relu(1 - critic(x)).mean() + F.relu(1 + critic(y.detach())).mean()).backward()
            against.step()
    return encoder.eval().requires_grad_(False), decoder.eval().requires_grad_(False)


def detail(made, real) -> np.ndarray:
    """Energy of `made` over that of `real`, uint8 [N, H, W, 3] in brightness, in four octaves from coarse to fine, and
    so that what is blurred is below 1. [4]."""
    f = frequencies(*real.shape[1:3])
    edges = (0.02, 0.0625, 0.125, 0.25, 1.0)  # cycles a pixel; the last also holds the diagonals
    spectra = [power_spectrum(pictures @ LUMA).sum(0) for pictures in (made, real)]
    bands = [(f >= low) & (f < high) for low, high in zip(edges, edges[1:], strict=False)]
    return np.array([spectra[0][band].sum() / spectra[1][band].sum() for band in bands])


def measure(encoder, decoder, held_out, see) -> tuple[dict, np.ndarray]:
    """(numbers, round trips uint8 [N, 64, 64, 3]) of one autoencoder on `held_out` uint8 [N, 3, 64, 64]."""
    x = held_out.float() / 127.5 - 1
    mean, log_variance = encoder(x).clamp(-30, 20).chunk(2, dim=1)
    y = decoder(mean)
    shown, colour = kl._show(y), (y.clamp(-1, 1) - x).mean((2, 3)).abs().mean() / 2
    numbers = {
        "psnr": kl.psnr(y, x),
        "features": float(see.distance(y.clamp(-1, 1), x)),
        "colour": float(colour),
        "spread": float((log_variance / 2).exp().mean() / mean.std()),
        "latent_std": float(mean.std()),
    }
    bands = detail(shown, held_out.permute(0, 2, 3, 1).numpy())
    return numbers | {f"band_{i}": float(share) for i, share in enumerate(bands)}, shown

"""A decoder that paints in steps: one network as an ordinary decoder, as a diffusion model and as a consistency model.

    python scripts/lab_repaint.py        # half an hour on one core, resumable; writes repaint.npz beside this file

All three see the same latents of the shipped encoder and the same pictures, and have the same layers. `plain` learns to
paint at once from nothing but noise, by squared error, as ordinary decoders do. `diffusion` learns to take noise out of a
picture at every strength, looking at the latent (flow matching, Lipman et al. 2023). `consistency` goes on from there:
wherever it is put down on a way that diffusion takes from noise to picture, it has to bet on that way's end (Song et al.
2023, definition 1), which it is shown.

Written down before the first run. Likeness (PSNR): plain is ahead of both others by half a decibel or more. Fine detail
(energy at a quarter of a cycle a pixel and above, 1 = as in the icons): plain has less than diffusion in 16 steps, which
is nearer to 1. Consistency in two steps keeps at least half of what diffusion in 16 has more than plain. Whether a judge
tells more or fewer of the pictures, and where the shipped and the tiny decoder stand, is left open.

A first consistency model had learned from its own bets on less noisy copies (easy consistency tuning, Geng et al. 2024).
In 32,000 windows, what noise it left behind became its own next lesson: 14 dB, and five times too much detail. With its
weights eased and a smaller rate it came to 17.5 dB. Being shown the ends of whole ways took its place.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from denoised.models import repaint as nets
from denoised.probes import judge, metrics
from denoised.studies import shelf
from denoised.training import tiny_decoder
from denoised.training.loop import Ema, rate_factor

FILE = Path(__file__).with_suffix(".npz")
NETWORKS = ("emoji-sd/vae", "decoders/tiny-balanced", "judge")  # that had a part in the results
KINDS = ("plain", "diffusion", "consistency")
KEPT = ("plain-1", "diffusion-16", "consistency-2")  # whose pictures are kept


@dataclass(frozen=True)
class Settings:
    """`samples` windows of each kind; those of consistency come after those of diffusion."""

    seeds: tuple[int, ...] = (0, 1)
    samples: tuple[int, ...] = (80_000, 80_000, 32_000)
    batch: int = 32
    lr: tuple[float, ...] = (2e-3, 2e-3, 5e-4)
    ema: float = 0.995
    icons: int = 3000  # of the training split
    unseen: int = 240  # icons of things that no generator has seen
    steps: tuple[int, ...] = (1, 2, 4, 16)
    ways: int = 2048  # of diffusion, in the last of `steps`, that consistency learns from
    shown: int = 4


SETTINGS = Settings()


def key(settings: Settings = SETTINGS) -> str:
    """Short hash of the settings and of the source of all that computes the results."""
    return shelf.key(
        asdict(settings), nets, loss, train, numbers, tiny_decoder.windows, Ema, rate_factor, ways, apart, judge.kid
    )


def load(path: Path = FILE, settings: Settings = SETTINGS) -> tuple[dict, dict[str, np.ndarray]]:
    """(facts, arrays) of the committed results. facts["kinds"]["diffusion-4"] is a list with the `numbers` of each seed,
    facts["others"]["shipped"] those of a decoder that is not trained here; arrays hold a few pictures of KEPT and of the
    others, uint8 [N, 128, 128, 3].

    Raises DenoisedError when the file is missing, damaged, or was made by other settings or other code.
    """
    return shelf.take(path, key(settings), "lab_repaint")


# --8<-- [start:loss]
def loss(kind: str, net, x, z, generator, stations=None):
    """The lesson of one batch of pictures x [B, 3, H, W] with latents z [B, 4, H / 8, W / 8]; for consistency x is the end
    of a way of diffusion and `stations` [B, steps, 3, H, W] all that came before."""
    if kind == "consistency":
        at = torch.randint(stations.shape[1], (len(x),), generator=generator)
        t = 1 - at / stations.shape[1]
        return (nets.bet(net, stations[torch.arange(len(x)), at], t, z) - x).square().mean()
    noise = torch.randn(x.shape, generator=generator)
    if kind == "plain":
        return (nets.bet(net, noise, torch.ones(len(x)), z) - x).square().mean()
    t = torch.rand(len(x), generator=generator)
    s = t[:, None, None, None]
    return (net((1 - s) * x + s * noise, t, z) - (noise - x)).square().mean()
    # --8<-- [end:loss]


@torch.no_grad()
def ways(net, z, pictures, seed: int, settings: Settings = SETTINGS):
    """(latents [N, 4, 8, 8], stations [N, steps + 1, 3, 64, 64] in half precision) of N = settings.ways ways of a diffusion
    model over windows of the training pictures."""
    generator, some, found = torch.Generator().manual_seed(5000 + seed), [], []
    for _ in range(settings.ways // settings.batch):
        latents, x = tiny_decoder.windows(z, pictures, settings.batch, generator)
        noise = torch.randn(x.shape, generator=generator)
        with torch.autocast("cpu", torch.bfloat16):
            found.append(torch.stack(nets.path(net, latents, noise, settings.steps[-1]), 1).half())
        some.append(latents)
    return torch.cat(some), torch.cat(found)


def train(kind: str, net, z, pictures, seed: int, settings: Settings = SETTINGS):
    """Teach `net`, in place, from windows of latents z [N, 4, 16, 16] and pictures uint8 [N, 3, 128, 128]; for consistency
    it is a diffusion model, and learns from its own ways. It is left with its averaged weights."""
    which = KINDS.index(kind)
    total = settings.samples[which]
    shown = ways(net, z, pictures, seed, settings) if kind == "consistency" else None
    generator = torch.Generator().manual_seed(1000 * which + seed)
    optimizer = torch.optim.AdamW(net.parameters(), lr=settings.lr[which], betas=(0.9, 0.98), weight_decay=0.0)
    ema = Ema(net.parameters(), settings.ema)
    for step in range(total // settings.batch):
        done = step * settings.batch
        for group in optimizer.param_groups:
            group["lr"] = settings.lr[which] * rate_factor(done, done / total, 2_000)
        if shown:
            pick = torch.randint(len(shown[0]), (settings.batch,), generator=generator)
            some, stations = shown[0][pick], shown[1][pick].float()
            x, stations = stations[:, -1], stations[:, :-1]
        else:
            (some, x), stations = tiny_decoder.windows(z, pictures, settings.batch, generator), None
        with torch.autocast("cpu", torch.bfloat16):
            value = loss(kind, net, x, some, generator, stations)
        optimizer.zero_grad(set_to_none=True)
        value.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        ema.update(step + 1)
    ema.swap()
    return net


def apart(real: np.ndarray, other: np.ndarray, halves: int = 60) -> float:
    """KID, by features [N, D], of half of the icons from pictures of the other half, mean over random halves: a picture and
    its own icon never meet."""
    rng, half, values = np.random.default_rng(0), len(real) // 2, []
    for _ in range(halves):
        order = rng.permutation(len(real))
        values.append(judge.kid(real[order[:half]], other[order[half : 2 * half]], size=half, subsets=1)[0])
    return float(np.mean(values))


def numbers(made: np.ndarray, real: np.ndarray, alpha: np.ndarray) -> dict[str, float]:
    """Of pictures uint8 [N, H, W, 3]: likeness in dB inside the icons, and fine detail, 1 = as in the icons."""
    return {
        "psnr": float(metrics.psnr(made, real, alpha).mean()),
        "detail": float(np.nanmedian(metrics.high_frequency_ratio(made, real))),
    }

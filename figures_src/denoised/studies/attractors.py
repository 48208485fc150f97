"""Does an autoencoder remember the pictures it was trained on? Tiny ones, trained on 4, 64 and 4,000 icons.

    python scripts/lab_attractors.py        # about four minutes on one core; writes attractors.npz beside this file

A picture is encoded and decoded, the result is encoded and decoded again, and so on. Where such an *orbit* ends is what
the network holds without any help from outside (Radhakrishnan, Belkin & Uhler 2020). Networks, pictures and codes are
those of the study of the KL term, without that term and without noise: runs differ in how many icons they were fed.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from denoised.studies import kl, shelf

FILE = Path(__file__).with_suffix(".npz")


@dataclass(frozen=True)
class Settings:
    """The whole experiment. An orbit *lands* on a picture if after `cycles` round trips it is within `landed_db` of it;
    independent icons are about 10 dB apart, and 25 dB is the likeness of a good round trip."""

    archives: tuple[int, ...] = (4, 64, 4000)  # icons to train on
    steps: tuple[int, ...] = (2000, 1500, 600)
    batches: tuple[int, ...] = (4, 16, 32)
    seeds: tuple[int, ...] = (0, 1, 2)
    lr: float = 2e-3
    held_out: int = 128  # icons of held-out concepts
    starts: int = 128  # random codes that orbits start from
    cycles: int = 100
    landed_db: float = 25.0
    shown: tuple[int, ...] = (1, 10, 100)  # round trips after which pictures are kept


SETTINGS = Settings()


def key(settings: Settings = SETTINGS) -> str:
    """Short hash of the settings and of the source of all that computes the results."""
    return shelf.key(asdict(settings), kl.build, train, orbit, nearest, measure)


def load(path: Path = FILE, settings: Settings = SETTINGS) -> tuple[dict, dict[str, np.ndarray]]:
    """(numbers, arrays) of the committed results, in the form that `kl.load` has.

    Raises DenoisedError when the file is missing, damaged, or was made by other settings or other code.
    """
    return shelf.take(path, key(settings), "lab_attractors")


def train(count: int, seed: int, pictures, settings: Settings = SETTINGS):
    """An autoencoder of the first `count` of `pictures` uint8 [N, 3, 32, 32]; returns (encoder, decoder)."""
    import torch

    which = settings.archives.index(count)
    steps, batch = settings.steps[which], settings.batches[which]
    torch.manual_seed(seed)
    encoder, decoder = kl.build()
    generator = torch.Generator().manual_seed(seed)
    parameters = [*encoder.parameters(), *decoder.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=settings.lr)
    for step in range(steps):
        pick = torch.randperm(count, generator=generator)[:batch]
        x = pictures[pick].float() / 127.5 - 1
        y = decoder(encoder(x)[:, :4])
        for group in optimizer.param_groups:
            group["lr"] = settings.lr * min(1.0, (step + 1) / 30, 1.02 - step / steps)
        optimizer.zero_grad(set_to_none=True)
        ((y - x).abs().mean() + (y - x).square().mean()).backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    return encoder.eval().requires_grad_(False), decoder.eval().requires_grad_(False)


# --8<-- [start:orbit]
def orbit(x, encoder, decoder, cycles: int):
    """Yield pictures [N, 3, 32, 32] after 1, 2, ... `cycles` round trips, clipped as for a screen each time."""
    for _ in range(cycles):
        x = decoder(encoder(x)[:, :4]).clamp(-1, 1)
        yield x
    # --8<-- [end:orbit]


def nearest(x, archive):
    """For pictures [N, 3, 32, 32] in [-1, 1]: PSNR (dB) to the likest of `archive` [M, 3, 32, 32], and its index."""
    import torch

    error = torch.cdist(x.flatten(1).double(), archive.flatten(1).double()).square() / (4 * x[0].numel())
    least, index = error.min(1)
    return -10 * least.clamp_min(1e-10).log10(), index


def measure(encoder, decoder, seed: int, known, held_out, settings: Settings = SETTINGS) -> tuple[dict, dict]:
    """(numbers, arrays) of one autoencoder: `known` are its own training pictures, both uint8 [N, 3, 32, 32].

    Orbits start at random codes with the known codes' mean and spread, and at held-out pictures.
    """
    import torch

    generator = torch.Generator().manual_seed(20_000 + seed)
    known, x = known.float() / 127.5 - 1, held_out.float() / 127.5 - 1
    codes = encoder(known[:512])[:, :4]
    noise = torch.randn(settings.starts, *codes.shape[1:], generator=generator)
    dreams = decoder(codes.mean(0) + codes.std() * noise).clamp(-1, 1)

    def psnr(y, truth):
        return -10 * ((y - truth) / 2).square().mean((1, 2, 3)).clamp_min(1e-10).log10()

    back = decoder(encoder(x)[:, :4]).clamp(-1, 1)
    to_known, _ = nearest(back, known)
    numbers = {
        "psnr_known": float(psnr(decoder(encoder(known[:512])[:, :4]).clamp(-1, 1), known[:512]).mean()),
        "psnr_held_out": float(psnr(back, x).mean()),
        "returns_known": float((to_known > psnr(back, x)).float().mean()),
        "recall_db": float(nearest(x, known)[0].mean()),
    }
    arrays = {}
    for name, start in (("codes", dreams), ("held_out", x)):
        kept, last, some = [], start, start[:8]
        for cycle, now in enumerate(orbit(start, encoder, decoder, settings.cycles), 1):
            if cycle in settings.shown:
                kept.append(kl._show(now[:8]))
            last, before = now, last
        to_known, which = nearest(last, known)
        to_unseen, _ = nearest(last, x)
        numbers |= {
            f"landed_{name}": float((to_known >= settings.landed_db).float().mean()),
            f"landed_unseen_{name}": float((to_unseen >= settings.landed_db).float().mean()),
            f"ends_db_{name}": float(to_known.mean()),
            f"still_db_{name}": float(psnr(last, before).clamp_max(60).mean()),
            f"places_{name}": len(set(which[to_known >= settings.landed_db].tolist())),
        }
        arrays |= {f"{name}_start": kl._show(some), f"{name}_orbit": np.stack(kept, 1),
                   f"{name}_nearest": kl._show(known[which[:8]])}  # fmt: skip
    return numbers, arrays

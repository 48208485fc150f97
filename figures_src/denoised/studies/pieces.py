"""Pictures told token by token, beside pictures denoised: two ways to draw, at the scale of the laboratory.

    nice python scripts/lab_pieces.py     # some fifteen minutes on one core; writes pieces.npz beside this file

A tokenizer (Mentzer et al. 2023) turns icons of 64 px into 8 x 8 tokens; a Transformer of a million parameters learns to
tell them one after the other, given concept and style (the way of LlamaGen, Sun et al. 2024). The laboratory's denoiser
learns from the same icons, on the shipped autoencoder's latents, for about as long as the Transformer. Of each concept one
style is held out: both are asked for icons that they have seen and for pairs that they have not.

Controls: real icons, and real icons through the tokenizer, read by the same judge; drawings scored against another
concept's name; how near real icons of the held-out pairs lie to the nearest one that was learnt from.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from denoised.models import fsq, laboratory, sequences
from denoised.studies import shelf

FILE = Path(__file__).with_suffix(".npz")
NETWORKS = ("emoji-sd/vae", "judge")
CONCEPTS = (
    "banana", "bird", "blossom", "bomb", "cactus", "candle", "christmas-tree", "crown", "doughnut", "fire", "green-apple",
    "key", "light-bulb", "mushroom", "penguin", "rainbow", "red-heart", "rocket", "sailboat", "skull", "snowflake",
    "strawberry", "tulip", "whale",
)  # fmt: skip
WAYS = ("told", "denoised")


@dataclass(frozen=True)
class Settings:
    """The whole study. Samples are pictures seen in training. One tokenizer, of the first seed, serves all seeds of the
    Transformer."""

    seeds: tuple[int, ...] = (0, 1, 2)
    tokenizer: int = 8_000
    teller: int = 5_500
    denoiser: int = 20_000
    batch: int = 32
    lr: float = 2e-3
    lr_teller: float = 1.5e-3
    warmup: int = 20  # steps
    places: int = 8  # of each picture where a token is exchanged
    told: float = 0.9  # how often the Transformer gets to read its labels; as often as not it is guided without
    guidance: float = 2.0
    steps: int = 16  # of denoising
    asked: int = 4  # drawings of each concept in styles that were seen, and of each held-out pair
    shown: int = 8  # drawings of each kind that are kept
    film: tuple[str, ...] = ("rocket", "green-apple", "penguin")
    film_style: str = "noto"
    looks: int = 17  # pictures of a film: nothing yet, then every fourth token, every step of denoising


SETTINGS = Settings()


def key(settings: Settings = SETTINGS) -> str:
    """Short hash of the settings and of the source of all that computes the results."""
    made_by = chosen, train_tokenizer, train_teller, half_told, fsq, laboratory, sequences
    return shelf.key([asdict(settings), CONCEPTS], *made_by)


def load(path: Path = FILE, settings: Settings = SETTINGS) -> tuple[dict, dict[str, np.ndarray]]:
    """(facts, arrays) of the committed results. "film_tokens" [films, 64]; "film_told", "film_denoised" uint8 [films,
    looks, 64, 64, 3] of the first seed; "sheet_<way>" and "sheet_real" uint8 [pictures, 64, 64, 3]."""
    return shelf.take(path, key(settings), "lab_pieces")


def chosen(rows, settings: Settings = SETTINGS) -> tuple[list[int], list[int]]:
    """(places in `rows` to learn from, places held out): icons without skin tone of the training split; of each concept
    one style, drawn by lot but never that of the film, is held out."""
    rng, learnt, held = np.random.default_rng(5), [], []
    for concept in CONCEPTS:
        some = [
            i for i, row in enumerate(rows) if row.concept == concept and row.split == "train" and row.tone == "none"
        ]
        out = int(rng.choice([i for i in some if rows[i].style != settings.film_style]))
        held.append(out)
        learnt += [i for i in some if i != out]
    return learnt, held


def train_tokenizer(pictures, seed: int, settings: Settings = SETTINGS):
    """A Tokenizer that has learnt to give back pictures float32 [N, 3, 64, 64] in [-1, 1]."""
    import torch

    from denoised.training.loop import rate_factor

    torch.manual_seed(seed)
    net = fsq.Tokenizer().to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(net.parameters(), lr=settings.lr, weight_decay=0.01, betas=(0.9, 0.98))
    generator, steps = torch.Generator().manual_seed(seed), settings.tokenizer // settings.batch
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = settings.lr * rate_factor(step, step / steps, settings.warmup)
        x = pictures[torch.randint(len(pictures), (settings.batch,), generator=generator)]
        x = x.contiguous(memory_format=torch.channels_last)
        off = net(x) - x
        loss = off.abs().mean() + off.square().mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
    return net.eval().requires_grad_(False)


def train_teller(tokens, labels, sizes, seed: int, settings: Settings = SETTINGS):
    """(a Teller that has learnt tokens int64 [N, 64] with labels [N, K], its loss in bits a token at the end)."""
    import torch
    import torch.nn.functional as F

    from denoised.training.loop import rate_factor

    torch.manual_seed(seed)
    net = fsq.Teller(tuple(sizes)).train()
    optimizer = torch.optim.AdamW(net.parameters(), lr=settings.lr_teller, weight_decay=0.05, betas=(0.9, 0.98))
    generator, steps, losses = torch.Generator().manual_seed(seed), settings.teller // settings.batch, []
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = settings.lr_teller * rate_factor(step, step / steps, settings.warmup)
        pick = torch.randint(len(tokens), (settings.batch,), generator=generator)
        logits = net(half_told(labels[pick], settings.told, generator), tokens[pick][:, :-1])
        loss = F.cross_entropy(logits.flatten(0, 1), tokens[pick].flatten())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        losses.append(float(loss.detach()) / np.log(2))
    return net.eval().requires_grad_(False), float(np.mean(losses[-20:]))


def half_told(labels, told: float, generator):
    """Labels [B, K], all of them or, with the chance 1 - told, none."""
    import torch

    keep = torch.rand(len(labels), 1, generator=generator) < told
    return torch.where(keep, labels, fsq.UNTOLD)


def bits(net, tokens, labels) -> float:
    """Mean bits that a Teller needs for a token of these pictures."""
    import torch
    import torch.nn.functional as F

    with torch.no_grad():
        return float(F.cross_entropy(net(labels, tokens[:, :-1]).flatten(0, 1), tokens.flatten()) / np.log(2))

"""Who is asked? A small mixture of experts that names the groups of icons: which expert gets which group, nobody having
told it, against a net that does as much work for each picture, and against experts that are handed pictures by lot.

    nice python scripts/lab_experts.py     # a few minutes on one core; writes experts.npz beside this file

Icons at 16 x 16 pixels; learnt from the training split, asked about pairs of style and concept that were held out. Arms:
"experts" (the picture chooses one of eight), "lot" (as many experts, each picture sent to one by lot, always the same),
"dense" (one net of an expert's size: as much work for a picture), "large" (one net of all experts' size), "unbalanced"
(chosen, but without the loss that keeps all experts busy).

Written down before the first run, for what the page says: experts *know groups* if in every seed expert and group share
more information than in 95 % of shufflings; choosing *helps* if the interval of 95 % (icons and seeds drawn anew) of
"experts" less "dense", and of "experts" less "lot", lies above zero.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from denoised.models import experts
from denoised.studies import shelf
from denoised.studies.labels import CLASSES, shared

FILE = Path(__file__).with_suffix(".npz")
ARMS = {"experts": ("learned", 1), "lot": ("lot", 1), "dense": ("dense", 1), "large": ("dense", 8),
        "unbalanced": ("learned", 1)}  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """The whole study."""

    seeds: tuple[int, ...] = (0, 1, 2)
    experts: int = 8
    width: int = 96
    hidden: int = 48  # of one expert
    rounds: int = 24  # through all icons
    batch: int = 128
    lr: float = 2e-3
    decay: float = 0.05
    balance: float = 0.02
    shuffles: int = 200
    shown: int = 6  # icons of each expert on the sheet


SETTINGS = Settings()


def key(settings: Settings = SETTINGS) -> str:
    """Short hash of the settings and of the source of all that computes the results."""
    return shelf.key([asdict(settings), ARMS, CLASSES], learnt, asked, train, answers, shared, experts)


def load(path: Path = FILE, settings: Settings = SETTINGS) -> tuple[dict, dict[str, np.ndarray]]:
    """(facts, arrays) of the committed results. "right_<arm>" uint8 [seeds, icons]; "expert_<arm>" uint8 [seeds, icons];
    "group" uint8 [icons]; "shared", "null" [seeds, (shuffles)]; "sheet" uint8 [experts, icons, 32, 32, 3]."""
    return shelf.take(path, key(settings), "lab_experts")


def learnt(row) -> bool:
    return row.split == "train" and row.tone == "none" and row.group in CLASSES


def asked(row) -> bool:
    return row.split == "pair" and row.tone == "none" and row.group in CLASSES


def train(arm: str, pictures, groups, lots, seed: int, settings: Settings = SETTINGS):
    """A Sorter that has learnt the groups int64 [N] of pictures float32 [N, 3, 16, 16]; lots int64 [N]."""
    import torch
    import torch.nn.functional as F

    routing, times = ARMS[arm]
    torch.manual_seed(seed)
    net = experts.Sorter(len(CLASSES), settings.width, settings.hidden * times, settings.experts, routing).train()
    optimizer = torch.optim.AdamW(net.parameters(), lr=settings.lr, weight_decay=settings.decay)
    generator, total = torch.Generator().manual_seed(seed), settings.rounds * (len(pictures) // settings.batch)
    step = 0
    for _ in range(settings.rounds):
        for pick in torch.randperm(len(pictures), generator=generator).split(settings.batch):
            if len(pick) < settings.batch:
                continue
            optimizer.param_groups[0]["lr"] = settings.lr * (1 - step / total)
            logits, _, balance = net(pictures[pick], lots[pick])
            loss = F.cross_entropy(logits, groups[pick])
            if arm == "experts":
                loss = loss + settings.balance * balance
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            step += 1
    return net.eval().requires_grad_(False)


def answers(net, pictures, lots) -> tuple[np.ndarray, np.ndarray]:
    """(group that is named, expert that was asked) of each picture."""
    logits, chosen, _ = net(pictures, lots)
    return logits.argmax(-1).numpy(), chosen.numpy()

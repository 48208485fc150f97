"""The rater: a small network that says how surely a latent shows the thing that was asked for.

It plays the part of the people who give thumbs up. It looks at latents, and is another network than the judge with other
training, so that the judge, who takes no part in any tuning, can say whether pleasing the rater made drawings better.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn


@dataclass(frozen=True)
class Training:
    steps: int = 1000
    batch: int = 128
    lr: float = 2e-3
    noise: float = 0.3  # up to this much is added, since what generators draw is never clean
    width: int = 32


class Rater(nn.Module):
    """Latents [B, 4, 8, 8] -> logits [B, concepts]."""

    def __init__(self, concepts: int, width: int = 32):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(4, width, 3, padding=1), nn.GELU(),
            nn.Conv2d(width, width, 3, padding=1), nn.GELU(),
            nn.Conv2d(width, 2 * width, 3, stride=2, padding=1), nn.GELU(),
            nn.Dropout2d(0.1), nn.Flatten(), nn.Linear(2 * width * 16, 256), nn.GELU(),
            nn.Dropout(0.3), nn.Linear(256, concepts),
        )  # fmt: skip

    def forward(self, latents):
        return self.net(latents)


def train(latents, concepts, count: int, seed: int, settings: Training) -> Rater:
    """A rater that has learned from real icons: scaled latents [N, 4, 8, 8] and the number of each one's concept [N]."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    net = Rater(count, settings.width)
    optimizer = torch.optim.AdamW(net.parameters(), lr=settings.lr, weight_decay=0.1)
    for step in range(settings.steps):
        for group in optimizer.param_groups:
            group["lr"] = settings.lr * min(1, (step + 1) / 50) * (1 - step / settings.steps)
        pick = torch.randint(len(latents), (settings.batch,), generator=generator)
        x = jolt(latents[pick], generator)
        grain = torch.rand(len(x), 1, 1, 1, generator=generator) * settings.noise
        x = x + grain * torch.randn(x.shape, generator=generator)
        loss = F.cross_entropy(net(x), concepts[pick], label_smoothing=0.1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net.eval().requires_grad_(False)


def jolt(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Each latent [B, 4, 8, 8] moved by up to a cell (8 pixels) either way; the border is repeated."""
    n, _, side, _ = x.shape
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
    down, across = torch.randint(0, 3, (2, n, 1, 1), generator=generator)
    rows, columns = torch.arange(side)[None, :, None] + down, torch.arange(side)[None, None] + across
    return padded.permute(0, 2, 3, 1)[torch.arange(n)[:, None, None], rows, columns].permute(0, 3, 1, 2)


@torch.no_grad()
def sure(net: Rater, latents, asked, batch: int = 512) -> torch.Tensor:
    """log P(the asked concept), [N], among all that it knows. asked: int64 [N]."""
    logits = torch.cat([net(part) for part in latents.split(batch)])
    return F.log_softmax(logits, 1).gather(1, asked[:, None])[:, 0]

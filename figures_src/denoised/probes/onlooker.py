"""The onlooker: a small network that says what stands where in a scene of two things, from its latent.

It learns from scenes of its own, of all pairs and both orders, and has an answer for what is no scene. Its mistakes are
measured on scenes that nobody has learned from, and stand beside everything that it says.
"""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from denoised.data.scenes import THINGS, Scene

NOTHING = 0  # the answer of each head to what is no scene
STACKED, LEFT_IN_FRONT, RIGHT_IN_FRONT = 1, 2, 3
HEADS = (4, len(THINGS) + 1, len(THINGS) + 1)  # how they stand; which thing is above, or left; which below, or right


@dataclass(frozen=True)
class Training:
    scenes: int = 8000
    steps: int = 2400
    batch: int = 128
    blends: int = 24  # two scenes mixed, more of them in each batch: not a scene
    lr: float = 2e-3
    noise: float = 0.3  # up to this much is added, since what generators draw is never clean
    width: int = 64


class Onlooker(nn.Module):
    """Latents [B, 4, 8, 8] -> logits [B, sum(HEADS)]; `features` are [B, 192]."""

    def __init__(self, width: int = 64):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(4, width, 3, padding=1), nn.GELU(),
            nn.Conv2d(width, width, 3, padding=1), nn.GELU(),
            nn.Conv2d(width, 2 * width, 3, stride=2, padding=1), nn.GELU(),
            nn.Dropout2d(0.1), nn.Flatten(), nn.Linear(2 * width * 16, 192), nn.GELU(),
        )  # fmt: skip
        self.heads = nn.Sequential(nn.Dropout(0.2), nn.Linear(192, sum(HEADS)))

    def forward(self, latents):
        return self.heads(self.features(latents))


def truth(some: list[Scene]) -> torch.Tensor:
    """What an onlooker should say of real scenes, int64 [N, 3]: how they stand, and who is at each place."""
    rows = []
    for scene in some:
        swapped = scene.kind == 1 and scene.at[0][0] > scene.at[1][0]
        how = STACKED if scene.kind == 0 else RIGHT_IN_FRONT if swapped else LEFT_IN_FRONT
        a, b = (scene.second, scene.first) if swapped else (scene.first, scene.second)
        rows.append((how, a + 1, b + 1))
    return torch.tensor(rows)


def train(latents, said, seed: int, settings: Training) -> Onlooker:
    """An onlooker that has learned from scenes' latents [N, 4, 8, 8] and what is `truth` of them [N, 3]."""
    torch.manual_seed(seed)
    net = Onlooker(settings.width)
    optimizer = torch.optim.AdamW(net.parameters(), lr=settings.lr, weight_decay=0.05)
    for step in range(settings.steps):
        for group in optimizer.param_groups:
            group["lr"] = settings.lr * min(1, (step + 1) / 50) * (1 - step / settings.steps)
        pick, other = torch.randint(len(latents), (settings.batch,)), torch.randint(len(latents), (settings.blends,))
        share = torch.rand(settings.blends, 1, 1, 1) * 0.3 + 0.35
        x = latents[pick]
        x = torch.cat([x, x[: settings.blends] * share + latents[other] * (1 - share)])
        x = x + torch.randn_like(x) * torch.rand(len(x), 1, 1, 1) * settings.noise
        wanted = torch.cat([said[pick], torch.full((settings.blends, 3), NOTHING)])
        loss = sum(F.cross_entropy(part, wanted[:, i]) for i, part in enumerate(net(x).split(HEADS, 1)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net.eval().requires_grad_(False)


# --8<-- [start:read]
@torch.no_grad()
def read(net: Onlooker, latents, batch: int = 512) -> np.ndarray:
    """What it sees, int [N, 3]: kind of scene (place in KINDS), first thing and second thing; -1 where it sees none."""
    rows = []
    for part in latents.split(batch):
        how, a, b = (head.argmax(1) for head in net(part).split(HEADS, 1))
        swapped = how == RIGHT_IN_FRONT  # then the first thing, which is in front, is the one at the right
        kind = torch.where(how == NOTHING, -1, torch.where(how == STACKED, 0, 1))
        rows.append(torch.stack([kind, torch.where(swapped, b, a) - 1, torch.where(swapped, a, b) - 1], 1))
    return torch.cat(rows).numpy()
    # --8<-- [end:read]


@torch.no_grad()
def features(net: Onlooker, latents, batch: int = 512) -> np.ndarray:
    """[N, 192]: what distances between sets of scenes are measured on."""
    return torch.cat([net.features(part) for part in latents.split(batch)]).double().numpy()

"""A mixture of experts: one layer of which each picture uses a single part, chosen by the picture itself (Shazeer et al.
2017; one expert at a time and the balance loss as in Fedus et al. 2021, eq. 1 to 6)."""

import torch
import torch.nn.functional as F
from torch import nn

ROUTINGS = ("learned", "lot", "dense")


# --8<-- [start:experts]
class Experts(nn.Module):
    """x [B, width] -> (y [B, width], which expert each went to [B], balance loss).

    routing: "learned" by a softmax over experts, of which the best works and is weighed with its chance; "lot", where
    `lots` [B] says which expert, whatever is in x; "dense", a single expert for all.
    """

    def __init__(self, width: int, hidden: int, experts: int, routing: str):
        super().__init__()
        self.routing, self.count = routing, 1 if routing == "dense" else experts
        self.router = nn.Linear(width, self.count, bias=False)
        self.experts = nn.ModuleList(
            nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width)) for _ in range(self.count)
        )

    def forward(self, x: torch.Tensor, lots: torch.Tensor):
        chances = F.softmax(self.router(x), -1)
        chosen = chances.argmax(-1) if self.routing == "learned" else lots % self.count
        y = torch.zeros_like(x)
        for i, expert in enumerate(self.experts):
            here = torch.nonzero(chosen == i)[:, 0]
            if len(here):
                weight = chances[here, i : i + 1] if self.routing == "learned" else 1.0
                y = y.index_add(0, here, weight * expert(x[here]))
        share = F.one_hot(chosen, self.count).float().mean(0)
        return y, chosen, self.count * (share * chances.mean(0)).sum()

    # --8<-- [end:experts]


class Sorter(nn.Module):
    """Pictures [B, 3, 16, 16] in [-1, 1] -> (logits [B, classes], which expert [B], balance loss)."""

    def __init__(self, classes: int, width: int, hidden: int, experts: int, routing: str):
        super().__init__()
        self.enter = nn.Sequential(nn.Flatten(), nn.Linear(768, width), nn.LayerNorm(width))
        self.experts = Experts(width, hidden, experts, routing)
        self.leave = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, classes))

    def forward(self, pictures: torch.Tensor, lots: torch.Tensor):
        x = self.enter(pictures)
        y, chosen, balance = self.experts(x, lots)
        return self.leave(x + y), chosen, balance

"""A small residual CNN (He et al. 2016, pre-activation): the eyes of CLIP, of the judge and of the critic."""

import torch
from torch import nn


class Block(nn.Module):
    """x [B, cin, H, W] -> [B, cout, H, W]; the residual branch starts as nothing."""

    def __init__(self, cin: int, cout: int):
        super().__init__()
        self.body = nn.Sequential(
            nn.GroupNorm(8, cin), nn.SiLU(), nn.Conv2d(cin, cout, 3, padding=1),
            nn.GroupNorm(8, cout), nn.SiLU(), nn.Conv2d(cout, cout, 3, padding=1),
        )  # fmt: skip
        nn.init.zeros_(self.body[-1].weight)
        nn.init.zeros_(self.body[-1].bias)
        self.skip = nn.Conv2d(cin, cout, 1) if cin != cout else nn.Identity()

    def forward(self, x):
        return self.skip(x) + self.body(x)


class ResNet(nn.Module):
    """Pictures [B, 3, 64, 64] in [-1, 1] -> features [B, channels[-1]], the mean over positions of the last map.

    The stem goes from 64 to 16 positions a side: flat art loses little and two thirds of the time are saved.
    """

    def __init__(self, channels=(64, 128, 256), blocks=(2, 2, 2), dropout: float = 0.0):
        super().__init__()
        self.width = channels[-1]
        self.stem = nn.Sequential(
            nn.Conv2d(3, 32, 3, stride=2, padding=1), nn.GroupNorm(8, 32), nn.SiLU(),
            nn.Conv2d(32, channels[0], 3, stride=2, padding=1),
        )  # fmt: skip
        stages, cin = [], channels[0]
        for level, (width, n) in enumerate(zip(channels, blocks, strict=True)):
            stage = [nn.AvgPool2d(2)] if level else []
            for _ in range(n):
                stage.append(Block(cin, width))
                cin = width
            stages.append(nn.Sequential(*stage))
        self.stages = nn.ModuleList(stages)
        self.out = nn.Sequential(nn.GroupNorm(8, cin), nn.SiLU())
        self.dropout = nn.Dropout(dropout)

    def maps(self, pictures: torch.Tensor) -> list[torch.Tensor]:
        """The feature map after each stage: [B, C, 16, 16], [B, 2C, 8, 8], [B, 4C, 4, 4] for 64 px pictures."""
        x, found = self.stem(pictures), []
        for stage in self.stages:
            x = stage(x)
            found.append(x)
        return found

    def forward(self, pictures):
        return self.dropout(self.out(self.maps(pictures)[-1]).mean((2, 3)))

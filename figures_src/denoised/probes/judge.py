"""Scores by the judge, an observer that no generator was trained with: what is drawn, how varied, how new.

Pictures are uint8 [N, H, W, 3] (H = W = 64 or 128), features float32 [N, D] from the judge's last layer.
"""

from dataclasses import dataclass

import numpy as np
import torch

from denoised.models.judge import JudgeNet, to_input


@dataclass(frozen=True)
class Share:
    """hits of n, with Wilson's 95 % interval (Wilson 1927): share, low and high in [0, 1]."""

    hits: int
    n: int

    @property
    def share(self) -> float:
        return self.hits / self.n

    @property
    def interval(self) -> tuple[float, float]:
        z, p, n = 1.959964, self.share, self.n
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return float(max(0.0, middle - half)), float(min(1.0, middle + half))


@torch.no_grad()
def look(net: JudgeNet, pictures, batch: int = 256) -> dict[str, np.ndarray]:
    """{"features": [N, D]} and per head its logits: "concept" [N, 1618], "style", "colour", "group"."""
    found: dict[str, list] = {}
    for i in range(0, len(pictures), batch):
        features = net.features(to_input(pictures[i : i + batch]))
        parts = {"features": features} | {head: layer(features) for head, layer in net.heads.items()}
        for name, value in parts.items():
            found.setdefault(name, []).append(value.numpy())
    return {name: np.concatenate(values) for name, values in found.items()}


def names(net: JudgeNet, seen: dict, head: str = "concept", k: int = 1) -> list[list[str]]:
    """The k best names of a head for each picture, best first."""
    best = np.argsort(-seen[head], axis=1)[:, :k]
    return [[net.classes[head][i] for i in row] for row in best]


def score(net: JudgeNet, seen: dict, wanted: dict[str, list[str]]) -> dict[str, Share]:
    """How often the judge names what was asked for: wanted = {"concept": [...], "style": [...]}, a name a picture.

    Returns {"top1", "top5"} for the concept and a Share for each other head. ValueError for a name it cannot know.
    """
    found = {}
    for head, asked in wanted.items():
        if strangers := sorted(set(asked) - set(net.classes[head])):
            raise ValueError(f"The judge knows no {head} '{strangers[0]}'.")
        if len(asked) != len(seen[head]):
            raise ValueError(f"There are {len(asked)} names for {len(seen[head])} pictures.")
        best = names(net, seen, head, 5)
        hits = [name in row[:1] for name, row in zip(asked, best, strict=True)]
        found["top1" if head == "concept" else head] = Share(sum(hits), len(hits))
        if head == "concept":
            found["top5"] = Share(sum(name in row for name, row in zip(asked, best, strict=True)), len(hits))
    return found


def kid(a: np.ndarray, b: np.ndarray, size: int = 200, subsets: int = 50, seed: int = 0) -> tuple[float, float]:
    """Kernel inception distance (Binkowski et al. 2018, eq. 4) of two sets of features: mean and standard deviation
    over random subsets. Unbiased squared MMD with the kernel (x.y / D + 1)^3: 0 for one distribution, may dip below.
    """
    size = min(size, len(a), len(b))
    if size < 2:
        raise ValueError("KID needs at least two pictures on each side.")
    rng, values = np.random.default_rng(seed), []
    for _ in range(subsets):
        x = a[rng.choice(len(a), size, replace=False)].astype(np.float64)
        y = b[rng.choice(len(b), size, replace=False)].astype(np.float64)
        xx, yy, xy = (((p @ q.T) / p.shape[1] + 1) ** 3 for p, q in ((x, x), (y, y), (x, y)))
        within = (xx.sum() - np.trace(xx) + yy.sum() - np.trace(yy)) / (size * (size - 1))
        values.append(within - 2 * xy.mean())
    return float(np.mean(values)), float(np.std(values))


def _unit(features: np.ndarray) -> np.ndarray:
    return features / np.linalg.norm(features, axis=1, keepdims=True).clip(1e-12)


def diversity(features: np.ndarray) -> float:
    """Mean cosine distance between all pairs of pictures [N, D], N >= 2: 0 if all are alike to the judge."""
    if len(features) < 2:
        raise ValueError("Diversity is of at least two pictures.")
    unit, n = _unit(features.astype(np.float64)), len(features)
    return float(1 - ((unit @ unit.T).sum() - n) / (n * (n - 1)))


def nearest(features: np.ndarray, among: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each of [N, D] the cosine distance to the nearest of [M, D], and which that is: ([N], [N])."""
    distance = 1 - _unit(features) @ _unit(among).T
    which = distance.argmin(1)
    return distance[np.arange(len(features)), which], which

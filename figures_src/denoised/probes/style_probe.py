"""Which style is it? A linear probe on simple statistics of texture, alike for latents and for pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.9, 0.97)


def statistics(x) -> np.ndarray:
    """Texture of x [N, C, H, W] in numbers that forget where things are: [N, F] float64.

    At full resolution, at half and at a quarter: channel covariances and mean sizes of the values and of their
    differences to the right and below (edges), and quantiles of all three. H and W must be at least 8.
    """
    x = np.asarray(x, dtype=np.float64)
    rows = []
    for scale in (1, 2, 4):
        x = x if scale == 1 else _halved(x)
        right, below = np.diff(x, axis=-1), np.diff(x, axis=-2)
        if scale < 4:
            rows += [_covariance(x), _covariance(right), _covariance(below)]
            rows += [x.mean((2, 3)), np.abs(right).mean((2, 3)), np.abs(below).mean((2, 3))]
        for values in (x, np.abs(right), np.abs(below)):
            flat = values.reshape(*values.shape[:2], -1)
            rows.append(np.quantile(flat, QUANTILES, axis=2).transpose(1, 2, 0).reshape(len(x), -1))
    return np.concatenate(rows, axis=1)


@dataclass(frozen=True)
class Probe:
    """A fitted probe: `names` in the order of its scores."""

    names: list[str]
    centre: np.ndarray  # [F]
    scale: np.ndarray  # [F]
    weights: np.ndarray  # [F + 1, K]

    def __call__(self, features: np.ndarray) -> list[str]:
        """The name for each row of features [N, F]."""
        return [self.names[k] for k in self.scores(features).argmax(1)]

    def scores(self, features: np.ndarray) -> np.ndarray:
        """[N, K]: near 1 for the name that fits, near 0 for the others."""
        return _rows(features, self.centre, self.scale) @ self.weights

    def accuracy(self, features: np.ndarray, truth: list[str]) -> float:
        """Share of rows named rightly."""
        return float(np.mean([a == b for a, b in zip(self(features), truth, strict=True)]))


def fit(features: np.ndarray, truth: list[str], ridge: float = 30.0) -> Probe:
    """One ridge regression a name, to 1 where it is true and 0 elsewhere, on standardized features [N, F]."""
    if len(features) != len(truth):
        raise ValueError(f"Give as many names as rows, not {len(truth)} for {len(features)}.")
    names = sorted(set(truth))
    centre, scale = features.mean(0), features.std(0) + 1e-9
    rows = _rows(features, centre, scale)
    target = np.array([[name == one for name in names] for one in truth], dtype=np.float64)
    penalty = ridge * np.eye(rows.shape[1])
    penalty[-1, -1] = 0  # the constant is free
    return Probe(names, centre, scale, np.linalg.solve(rows.T @ rows + penalty, rows.T @ target))


def _rows(features, centre, scale) -> np.ndarray:
    return np.concatenate([(features - centre) / scale, np.ones((len(features), 1))], axis=1)


def _covariance(x: np.ndarray) -> np.ndarray:
    """Channel covariances of [N, C, H, W], the upper triangle: roots of the diagonal, products beside it."""
    flat = x.reshape(*x.shape[:2], -1)
    flat = flat - flat.mean(2, keepdims=True)
    whole = flat @ flat.transpose(0, 2, 1) / flat.shape[2]
    i, j = np.triu_indices(x.shape[1])
    values = whole[:, i, j]
    return np.sign(values) * np.sqrt(np.abs(values))


def _halved(x: np.ndarray) -> np.ndarray:
    n, c, h, w = x.shape
    return x[..., : h // 2 * 2, : w // 2 * 2].reshape(n, c, h // 2, 2, w // 2, 2).mean((3, 5))

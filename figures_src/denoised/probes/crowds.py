"""How alike two crowds of pictures are, by their features [N, D]: distance, spread and coverage."""

import numpy as np


def frechet(a, b) -> float:
    """Fréchet distance of two Gaussians fitted to features (Heusel et al. 2017, eq. 6): 0 for equal means and spreads.

    The trace of the root of the product is the sum of the roots of its eigenvalues, which are real and not negative.
    """
    a, b = np.asarray(a, float), np.asarray(b, float)
    one, two = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    roots = np.sqrt(np.clip(np.linalg.eigvals(one @ two).real, 0, None)).sum()
    return float(((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(one) + np.trace(two) - 2 * roots)


def apart(a) -> float:
    """Mean distance of all pairs of a crowd."""
    d = distances(a, a)
    return float(d.sum() / (len(d) * (len(d) - 1)))


def coverage(made, real, k: int = 5) -> np.ndarray:
    """Whether each real one has something made no farther than its own k-th real neighbour, [N] of 0 and 1
    (Naeem et al. 2020, eq. 5)."""
    radius = np.sort(distances(real, real), 1)[:, k]
    return (distances(real, made).min(1) <= radius).astype(float)


def distances(a, b) -> np.ndarray:
    """Euclidean distances [len(a), len(b)]."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    square = (a * a).sum(1)[:, None] + (b * b).sum(1)[None] - 2 * a @ b.T
    return np.sqrt(np.clip(square, 0, None))

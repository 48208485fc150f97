"""How many numbers a cloud of points needs: by its neighbours' distances, and by its principal components."""

import numpy as np


def distances(x, y=None) -> np.ndarray:
    """Euclidean distances between the rows of x [N, ...] and of y [M, ...] (by default x), [N, M] float64."""
    x = _rows(x)
    y = x if y is None else _rows(y)
    if x.shape[1] != y.shape[1]:
        raise ValueError(f"Points of one space have as many numbers each, not {x.shape[1]} and {y.shape[1]}.")
    squares = (x**2).sum(1)[:, None] + (y**2).sum(1)[None] - 2 * x @ y.T
    return np.sqrt(np.maximum(squares, 0))


def two_nn(x) -> float:
    """Intrinsic dimension from each point's two nearest neighbours (Facco et al. 2017), x [N, ...].

    The ratio mu of the second distance to the first follows P(mu > m) = m^-d where the density is about even, so
    that N / sum(log mu) is the most likely d. Copies of a point are left out. With few points in many dimensions
    it comes out too low: hold it against a cloud of as many points whose dimension is known.
    """
    # a slope through points that are no copies; differences, since the matrix form loses digits near zero
    x = np.unique(_rows(x), axis=0)
    if len(x) < 3:
        raise ValueError(f"Two neighbours need at least three different points, not {len(x)}.")
    near = distances(x)
    np.fill_diagonal(near, np.inf)
    order = np.argpartition(near, 1, axis=1)[:, :2]
    first, second = np.sort(np.sqrt(((x[order] - x[:, None]) ** 2).sum(-1)), axis=1).T
    return float(len(x) / np.log(second / first).sum())


def components(x, share: float = 0.95) -> int:
    """Fewest principal components of x [N, ...] that hold `share` of its variance; at most N - 1."""
    if not 0 < share <= 1:
        raise ValueError(f"The share lies in (0, 1], not at {share}.")
    x = _rows(x)
    variances = np.linalg.svd(x - x.mean(0), compute_uv=False) ** 2
    return int(np.searchsorted(np.cumsum(variances) / variances.sum(), share - 1e-12) + 1)


def _rows(x) -> np.ndarray:
    x = np.asarray(x, dtype=np.float64)
    if x.ndim < 2 or not x.size or not np.isfinite(x).all():
        raise ValueError(f"Points are finite numbers of shape [N, ...], not {x.shape}.")
    return x.reshape(len(x), -1)

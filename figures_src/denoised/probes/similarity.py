"""Does being near mean being alike? Rank correlations, neighbours of one's own kind, triplets."""

import numpy as np


def ranks(values) -> np.ndarray:
    """Ranks from 0 of values [N]; equal values share the mean of theirs."""
    values = np.asarray(values, dtype=np.float64).ravel()
    _, where, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts + 1) / 2)[where.ravel()]


def spearman(a, b) -> float:
    """Correlation of ranks, -1..1 (Spearman 1904); 0 if one of both is constant."""
    a, b = ranks(a), ranks(b)
    if len(a) != len(b) or len(a) < 2:
        raise ValueError(f"Ranks are compared in pairs, at least two, not {len(a)} with {len(b)}.")
    a, b = a - a.mean(), b - b.mean()
    size = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / size) if size else 0.0


def jaccard(sets) -> np.ndarray:
    """Overlap of each pair of sets, their intersection over their union, [N, N]; two empty ones have none."""
    words = sorted(set().union(*sets))
    held = np.array([[word in one for word in words] for one in sets], dtype=np.float64).reshape(len(sets), -1)
    both = held @ held.T
    union = held.sum(1)[:, None] + held.sum(1)[None] - both
    return both / np.maximum(union, 1)


def precision_at(distance, kinds, k: int = 10, apart=None) -> float:
    """Share of each point's k nearest that are of its kind, averaged. distance [N, N], kinds [N].

    apart [N]: points with equal entries here are not looked at as neighbours (by default only the point itself),
    such as drawings of one and the same thing.
    """
    distance, kinds = np.array(distance, dtype=np.float64), np.asarray(kinds)
    apart = np.arange(len(kinds)) if apart is None else np.asarray(apart)
    distance[apart[:, None] == apart[None]] = np.inf
    nearest = np.argsort(distance, axis=1, kind="stable")[:, :k]
    if not np.isfinite(np.take_along_axis(distance, nearest, 1)).all():
        raise ValueError(f"Some point has fewer than {k} others to be compared with.")
    return float((kinds[nearest] == kinds[:, None]).mean())


def neighbours_kept(before, after, k: int = 10) -> float:
    """Share of each point's k nearest by one distance matrix [N, N] that are still among them by another."""
    kept = []
    for a, b in zip(np.array(before, dtype=np.float64), np.array(after, dtype=np.float64), strict=True):
        kept.append((set(np.argsort(a, kind="stable")[: k + 1]), set(np.argsort(b, kind="stable")[: k + 1])))
    return float(np.mean([(len(a & b - {i})) / k for i, (a, b) in enumerate(kept)]))


def ridge_scores(x, y, groups, strength: float = 1.0, folds: int = 5) -> np.ndarray:
    """Guesses [N, K] of y [N, K] by a linear map of x [N, ...], each from a fit that saw no point of its group.

    x is centred and divided by its overall size, so that `strength` (of the penalty, times the number of points)
    means the same in every space. Groups are dealt to `folds` folds in the order of their names.
    """
    x = np.asarray(x, dtype=np.float64).reshape(len(x), -1)
    y = np.asarray(y, dtype=np.float64).reshape(len(x), -1)
    names = sorted(set(groups))
    fold = np.array([names.index(one) % folds for one in groups])
    guess = np.zeros_like(y)
    for f in range(folds):
        test = fold == f
        if not test.any() or test.all():
            continue
        middle, mean = x[~test].mean(0), y[~test].mean(0)
        a = x[~test] - middle
        size = np.sqrt((a**2).sum(1).mean()) or 1.0
        kernel = (a / size) @ (a / size).T  # dual form: points are fewer than numbers
        weights = np.linalg.solve(kernel + strength * np.eye(len(a)), y[~test] - mean)
        guess[test] = ((x[test] - middle) / size) @ (a / size).T @ weights + mean
    return guess

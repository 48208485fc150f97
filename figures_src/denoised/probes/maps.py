"""Flat maps of points in many dimensions, and how far one can trust them.

All take points [N, D] and give [N, 2]. Written out here because a library for three short methods would be one more
thing to install; each is tested against a definition written another way.
"""

import numpy as np
import torch

from denoised.probes.dimension import distances


def pca(x) -> np.ndarray:
    """The two directions in which x [N, D] varies most, signs fixed so that the largest entry of each is positive."""
    x = np.asarray(x, dtype=np.float64)
    u, s, _ = np.linalg.svd(x - x.mean(0), full_matrices=False)
    places = u[:, :2] * s[:2]
    return places * np.sign(places[np.abs(places).argmax(0), [0, 1]])


def affinities(x, perplexity: float = 30.0) -> np.ndarray:
    """How much of its attention each point gives every other one, symmetric, sum 1, [N, N]: Gaussians whose width is such
    that each point has `perplexity` neighbours worth of entropy (van der Maaten & Hinton 2008, eq. 1)."""
    squares = distances(x) ** 2
    count = len(squares)
    if not 1 < perplexity < count - 1:
        raise ValueError(f"The perplexity of {count} points lies between 1 and {count - 1}, not at {perplexity}.")
    np.fill_diagonal(squares, np.inf)
    squares -= squares.min(1, keepdims=True)
    low, high = np.full(count, 1e-20), np.full(count, 1e20)  # of 1 / (2 sigma^2), by bisection of its logarithm
    for _ in range(100):
        beta = np.sqrt(low * high)
        p = np.exp(-squares * beta[:, None])
        p /= p.sum(1, keepdims=True)
        entropy = -(p * np.log(np.maximum(p, 1e-300))).sum(1)
        wide = entropy > np.log(perplexity)
        low, high = np.where(wide, beta, low), np.where(wide, high, beta)
    return (p + p.T) / (2 * count)


def divergence(p: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """Kullback-Leibler divergence of a map's affinities, by Student's t, from the points' [N, N] (ibid., eqs. 4, 5)."""
    heavy = 1 / (1 + torch.cdist(places, places, compute_mode="donot_use_mm_for_euclid_dist") ** 2)
    heavy = heavy * (1 - torch.eye(len(places), dtype=places.dtype))
    q = heavy / heavy.sum()
    return torch.special.xlogy(p, p).sum() - (p * torch.log(q.clamp(min=1e-12))).sum()


def tsne(x, perplexity: float = 30.0, rounds: int = 500, rate: float = 0.1) -> np.ndarray:
    """t-SNE from the points' own two main directions, all pairs, by Adam; affinities exaggerated in the first fifth."""
    p = torch.from_numpy(affinities(x, perplexity))
    start = pca(x)
    places = torch.from_numpy(start / start[:, 0].std() * 1e-2).requires_grad_(True)
    optimizer = torch.optim.Adam([places], lr=rate)
    for step in range(rounds):
        optimizer.zero_grad()
        divergence(p * (12 if step < rounds // 5 else 1), places).backward()
        optimizer.step()
    return places.detach().numpy()


def spectral(x, k: int = 15) -> np.ndarray:
    """Laplacian eigenmap (Belkin & Niyogi 2003) of the graph of each point's k nearest: where UMAP begins as well."""
    gap = distances(x)
    near = np.argsort(gap, axis=1, kind="stable")[:, 1 : k + 1]
    graph = np.zeros_like(gap)
    graph[np.arange(len(gap))[:, None], near] = 1
    graph = np.maximum(graph, graph.T)
    degree = graph.sum(1)
    scaled = graph / np.sqrt(np.outer(degree, degree))
    _, vectors = np.linalg.eigh(np.eye(len(gap)) - scaled)
    places = vectors[:, 1:3] / np.sqrt(degree)[:, None]  # the first is constant
    return places * np.sign(places[np.abs(places).argmax(0), [0, 1]])


def _rank(gap) -> np.ndarray:
    """Of each point's others, by nearness: 1 for the nearest; [N, N], 0 for the point itself."""
    gap = np.array(gap, dtype=np.float64)
    np.fill_diagonal(gap, -1)
    return np.argsort(np.argsort(gap, axis=1, kind="stable"), axis=1, kind="stable")


# --8<-- [start:trust]
def trustworthiness(points, places, k: int = 10) -> np.ndarray:
    """Whether neighbours on the map are neighbours at all (Venna & Kaski 2001), each point's share, [N], 1 is best.

    Intruders, near on the map and far in truth, cost as many ranks as they are too far. The mean over points is what
    scikit-learn calls trustworthiness.
    """
    truth, seen = _rank(distances(points)), _rank(distances(places))
    count = len(truth)
    if not 0 < k < count / 2:
        raise ValueError(f"Of {count} points, k lies between 1 and {(count - 1) // 2}, not at {k}.")
    intruder = (seen >= 1) & (seen <= k) & (truth > k)
    return 1 - np.where(intruder, truth - k, 0).sum(1) * 2 / (k * (2 * count - 3 * k - 1))
    # --8<-- [end:trust]


def continuity(points, places, k: int = 10) -> np.ndarray:
    """Whether true neighbours are still neighbours on the map: trustworthiness with both exchanged."""
    return trustworthiness(places, points, k)

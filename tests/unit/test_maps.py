"""Flat maps: each against a definition that is written another way, or a cloud whose map is known."""

import numpy as np
import pytest
import torch

from denoised.probes import maps

RNG = np.random.default_rng(4)


def by_definition(points, places, k):
    """Venna & Kaski's trustworthiness, loop by loop."""
    count, bad = len(points), 0
    for i in range(count):
        true = sorted((np.linalg.norm(points[i] - points[j]), j) for j in range(count) if j != i)
        seen = sorted((np.linalg.norm(places[i] - places[j]), j) for j in range(count) if j != i)
        ranks = {j: r for r, (_, j) in enumerate(true, 1)}
        bad += sum(max(0, ranks[j] - k) for _, j in seen[:k])
    return 1 - 2 * bad / (count * k * (2 * count - 3 * k - 1))


def test_trust_and_continuity_are_their_definitions():
    points, places = RNG.normal(size=(24, 5)), RNG.normal(size=(24, 2))
    assert maps.trustworthiness(points, places, 4).mean() == pytest.approx(by_definition(points, places, 4))
    assert maps.continuity(points, places, 4).mean() == pytest.approx(by_definition(places, points, 4))
    assert (maps.trustworthiness(points, 3 * points[:, ::-1], 4) == 1).all()  # mirrored and enlarged is the same map
    with pytest.raises(ValueError, match="24 points"):
        maps.trustworthiness(points, places, 12)


def test_two_dimensions_come_back_from_many():
    flat = RNG.normal(size=(80, 2)) * [3, 1]
    points = flat @ np.linalg.qr(RNG.normal(size=(20, 20)))[0][:2] + 5
    assert maps.trustworthiness(points, maps.pca(points)).min() == 1
    assert maps.trustworthiness(points, maps.tsne(points, 15, rounds=300)).mean() > 0.97


def test_affinities_have_the_perplexity_that_was_asked_for():
    points = RNG.normal(size=(60, 8)) * RNG.uniform(0.1, 5, (60, 1))
    p = maps.affinities(points, 10)
    assert p.sum() == pytest.approx(1) and np.allclose(p, p.T) and (np.diag(p) == 0).all()
    even = np.exp(2j * np.pi * np.arange(40) / 40)  # on a circle all points are alike, so rows are proper distributions
    rows = maps.affinities(np.stack([even.real, even.imag], 1), 10) * 40
    assert np.exp(-(rows * np.log(np.maximum(rows, 1e-300))).sum(1)) == pytest.approx(10, rel=1e-6)


def test_the_gradient_is_the_papers():
    p = torch.from_numpy(maps.affinities(RNG.normal(size=(15, 4)), 5))
    y = torch.from_numpy(RNG.normal(size=(15, 2))).requires_grad_(True)
    maps.divergence(p, y).backward()
    z = y.detach().numpy()
    heavy = 1 / (1 + ((z[:, None] - z[None]) ** 2).sum(-1))
    np.fill_diagonal(heavy, 0)
    weight = (p.numpy() - heavy / heavy.sum()) * heavy
    by_hand = 4 * (weight[..., None] * (z[:, None] - z[None])).sum(1)  # eq. 5 of van der Maaten & Hinton 2008
    np.testing.assert_allclose(y.grad.numpy(), by_hand, atol=1e-9)


@pytest.mark.parametrize("make", [maps.spectral, lambda x: maps.tsne(x, 10, rounds=250)])
def test_clumps_stay_apart(make):
    kinds = np.repeat([0, 1, 2], 20)
    points = RNG.normal(size=(60, 10)) + 5 * np.eye(10)[kinds] + RNG.normal(size=(60, 1)) * 0.5
    places = make(points)
    middles = np.array([places[kinds == k].mean(0) for k in range(3)])
    nearest = ((places[:, None] - middles) ** 2).sum(-1).argmin(1)
    assert (nearest == kinds).mean() > 0.95

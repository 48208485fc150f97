"""What the figures of the AI eye compute, held against cases whose answer is known."""

import numpy as np
import torch

from denoised.probes.crossed import crossed_ci
from denoised.studies import kana as study
from figures.eye import edges, field, kana, probes, shares, shift, thumbnails, unet_maps


def test_an_interval_of_equal_nets_holds_zero_and_of_better_ones_does_not():
    rng = np.random.default_rng(0)
    some = rng.integers(2, size=(3, 200))
    low, high = crossed_ci(some - some, np.random.default_rng(1), 300)
    assert low == high == 0
    low, high = crossed_ci(np.ones_like(some) - some, np.random.default_rng(1), 300)
    assert 0.35 < low < 0.5 < high < 0.65


def test_bootstrap_of_probes_surrounds_the_mean():
    right = np.random.default_rng(0).integers(2, size=(3, 4, 300)).astype(float)
    low, high = probes.bootstrap(right, np.random.default_rng(1), 300)
    assert (low < right.mean((0, 2))).all() and (right.mean((0, 2)) < high).all()


def test_scenes_are_what_they_are_called():
    assert edges.scene(0, None)[:, :16].max() == 0 and edges.scene(0, None)[:, 17:].min() == 1
    bar = edges.scene(0, 1)
    assert bar[:, 16].min() == 1 and bar.sum() == len(bar)
    np.testing.assert_allclose(edges.scene(90, 3), edges.scene(0, 3).T, atol=0.13)


def test_side_of_finds_the_smallest_square():
    weights = torch.zeros(32, 32)
    weights[3:8, 20:25] = 1
    assert field.side_of(weights, 1.0) == 5
    assert field.side_of(torch.ones(32, 32), 1.0) == 32
    weights[31, 0] = 0.5
    assert field.side_of(weights, 0.9) == 5


def test_relative_is_nothing_for_equal_maps():
    a = torch.arange(6.0).reshape(2, 3)
    assert shift.relative(a, a) == 0
    assert abs(shift.relative(a, a + 1) - 0.2) < 1e-6


def test_shares_of_known_layers():
    model = torch.nn.Sequential(torch.nn.Conv2d(1, 1, 3, bias=False), torch.nn.Conv2d(1, 1, 1, bias=False))
    assert shares.convolution_share(model) == (0.9, 10)
    assert [shares.told(v) for v in (0, 0.001, 0.5)] == ["none", "under 1%", "50%"]


def test_three_directions_hold_what_has_three():
    generator = torch.Generator().manual_seed(0)
    three, mixed = torch.randn(4, 3, 8, 8, generator=generator), torch.randn(3, 20, generator=generator)
    maps = torch.einsum("nkhw,kc->nchw", three, mixed)
    image, share = unet_maps.colours(maps)
    assert image.shape == (8, 8, 3) and share > 0.999
    assert np.array_equal(image, unet_maps.colours(maps)[0])


def test_differences_of_kana_surround_what_was_put_in():
    rng = np.random.default_rng(0)
    among = np.arange(60) < 20
    right = (rng.random((3, 4, 60)) < np.where(among, 0.6, 0.9)).astype(float)
    low, high = kana.difference(right, among, np.random.default_rng(1), 300)
    assert low < right[..., among].mean() - right[..., ~among].mean() < high < 0


def test_shares_of_a_pair_are_counted_by_hand():
    said = np.tile(np.arange(len(study.CHARACTERS)), (1, 4, 1))
    first, second = (study.CHARACTERS.index(c) for c in "へヘ")
    said[0, 0, first], said[0, 1, first], said[0, 2, second] = second, second, 0
    assert kana.shares(said, "へヘ") == (0.625, 0.25, 0.125)


def test_an_interval_by_clusters_is_wider_than_by_pictures():
    gap = np.repeat(np.random.default_rng(0).normal(size=(3, 10)), 8, axis=1)  # ten drawings, eight copies of each
    single = thumbnails.interval(gap, np.random.default_rng(1), resamples=400)
    grouped = thumbnails.interval(gap, np.random.default_rng(1), np.repeat(np.arange(10), 8), resamples=400)
    assert grouped[0] < single[0] < gap.mean() < single[1] < grouped[1]

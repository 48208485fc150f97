"""The instruments of the page on latent spaces, each against something worked out by hand or written another way."""

import numpy as np
import pytest
import torch

from denoised.pipeline import decode
from denoised.pixels import as_bytes
from denoised.probes import dimension, mosaic, paths, similarity

RNG = np.random.default_rng(0)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


# ------------------------------------------------ dimension
def test_distances_are_pythagoras():
    x, y = RNG.normal(size=(7, 2, 3)), RNG.normal(size=(4, 2, 3))
    by_hand = [[np.sqrt(sum((a - b) ** 2 for a, b in zip(p.ravel(), q.ravel(), strict=True))) for q in y] for p in x]
    np.testing.assert_allclose(dimension.distances(x, y), by_hand)
    np.testing.assert_allclose(np.diag(dimension.distances(x)), 0, atol=1e-6)
    with pytest.raises(ValueError, match="as many numbers"):
        dimension.distances(x, RNG.normal(size=(4, 5)))


@pytest.mark.parametrize("d", [1, 2, 5])
def test_two_nn_finds_the_dimension_of_an_even_cloud_that_is_folded_into_many(d):
    flat = RNG.uniform(size=(1500, d))
    turned = flat @ np.linalg.qr(RNG.normal(size=(40, 40)))[0][:d]
    assert dimension.two_nn(turned) == pytest.approx(d, rel=0.12)
    assert dimension.two_nn(np.concatenate([turned, turned[:300]])) == pytest.approx(d, rel=0.12)  # copies left out


def test_two_nn_is_too_low_for_few_points_in_many_dimensions():
    assert 20 < dimension.two_nn(RNG.normal(size=(200, 1000))) < 1000


def test_two_nn_by_a_loop():
    x = RNG.normal(size=(40, 3))
    total = 0.0
    for i in range(len(x)):
        near = sorted(float(np.linalg.norm(x[i] - x[j])) for j in range(len(x)) if j != i)
        total += np.log(near[1] / near[0])
    assert dimension.two_nn(x) == pytest.approx(len(x) / total)


def test_components_of_a_known_covariance():
    basis = np.linalg.qr(RNG.normal(size=(30, 30)))[0]
    x = RNG.normal(size=(5000, 30)) * np.sqrt([60, 30, 8, *[2 / 27] * 27]) @ basis
    assert dimension.components(x, 0.5) == 1
    assert dimension.components(x, 0.85) == 2
    assert dimension.components(x, 0.97) == 3
    values = np.sort(np.linalg.eigvalsh(np.cov(x.T)))[::-1]
    assert dimension.components(x, 0.99) == int(np.argmax(np.cumsum(values) / values.sum() >= 0.99)) + 1


# ------------------------------------------------ similarity
def test_ranks_share_ties_and_spearman_is_pearson_of_them():
    assert similarity.ranks([10, 20, 20, 5]).tolist() == [1, 2.5, 2.5, 0]
    a, b = RNG.integers(0, 9, 60), RNG.integers(0, 9, 60)
    stats = pytest.importorskip("scipy.stats")
    assert similarity.spearman(a, b) == pytest.approx(stats.spearmanr(a, b).statistic)
    assert similarity.spearman(a, np.exp(a)) == pytest.approx(1)
    assert similarity.spearman(a, np.ones(60)) == 0


def test_jaccard_by_sets():
    sets = [{"a", "b"}, {"b", "c", "d"}, set(), {"a", "b"}]
    for i, p in enumerate(sets):
        for j, q in enumerate(sets):
            expected = len(p & q) / len(p | q) if p | q else 0
            assert similarity.jaccard(sets)[i, j] == pytest.approx(expected)


def test_precision_counts_its_own_kind_and_leaves_out_what_is_the_same_thing():
    distance = np.abs(np.subtract.outer([0, 1, 2, 10, 11, 12], [0, 1, 2, 10, 11, 12])).astype(float)
    kinds = ["a", "a", "b", "b", "b", "b"]
    assert similarity.precision_at(distance, kinds, k=1) == pytest.approx(5 / 6)  # 2 is nearest to 1
    same = [0, 0, 1, 2, 3, 4]
    assert similarity.precision_at(distance, kinds, k=1, apart=same) == pytest.approx(3 / 6)
    with pytest.raises(ValueError, match="fewer than 5"):
        similarity.precision_at(distance, kinds, k=5, apart=same)


def test_neighbours_kept():
    distance = dimension.distances(RNG.normal(size=(30, 4)))
    assert similarity.neighbours_kept(distance, distance * 3, k=5) == 1
    other = dimension.distances(RNG.normal(size=(30, 4)))
    assert similarity.neighbours_kept(distance, other, k=5) < 0.5


def test_ridge_is_the_textbook_solution_and_never_sees_the_group():
    x, groups = RNG.normal(size=(60, 4)), [f"g{i % 6}" for i in range(60)]
    y = x @ np.array([[1.0], [2], [0], [-1]]) + 3
    guess = similarity.ridge_scores(x, y, groups, strength=1e-9, folds=3)
    np.testing.assert_allclose(guess, y, atol=1e-5)
    test = np.array([i % 6 % 3 == 0 for i in range(60)])
    a, mean = x[~test] - x[~test].mean(0), y[~test].mean(0)
    size = np.sqrt((a**2).sum(1).mean())
    beta = np.linalg.solve(a.T @ a / size**2 + 0.5 * np.eye(4), a.T @ (y[~test] - mean) / size)
    expected = (x[test] - x[~test].mean(0)) / size @ beta + mean
    np.testing.assert_allclose(similarity.ridge_scores(x, y, groups, 0.5, 3)[test], expected)
    secret = RNG.normal(size=(12, 1))  # one value a group, told by a mark of that group only: no way to guess it
    names = [f"g{i // 5:02}" for i in range(60)]
    marks = np.eye(12)[np.arange(60) // 5]
    guess = similarity.ridge_scores(marks, secret[np.arange(60) // 5], names, 1e-6, 12)
    assert np.corrcoef(guess.ravel(), secret[np.arange(60) // 5].ravel())[0, 1] < 0


# ------------------------------------------------ paths
def test_slerp_keeps_the_length_and_the_ends():
    a, b = torch.randn(2, 4, 16, 16, generator=generator(1))
    torch.testing.assert_close(paths.slerp(a, b, 0.0), a)
    torch.testing.assert_close(paths.slerp(a, b, 1.0), b)
    assert float(paths.slerp(a, b, 0.5).norm()) == pytest.approx(32, rel=0.06)
    assert float(paths.lerp(a, b, 0.5).norm()) == pytest.approx(32 / 2**0.5, rel=0.06)
    x, y = torch.tensor([1.0, 0]), torch.tensor([0.0, 1])
    third = paths.slerp(x, y, 1 / 3)
    torch.testing.assert_close(third, torch.tensor([3**0.5 / 2, 0.5]))
    torch.testing.assert_close(paths.slerp(x, 2 * x, 0.5), 1.5 * x)


def test_exposure_is_one_for_any_cross_fade_and_low_for_a_stranger():
    a, b, c = RNG.normal(size=(3, 8, 8))
    assert paths.exposure(0.3 * a + 0.7 * b + 2, a, b) == pytest.approx(1)
    assert paths.exposure(c, a, b) < 0.2
    halfway = paths.exposure(a + b + np.sqrt(2) * c, a, b)
    assert 0.3 < halfway < 0.7


def test_exposure_can_leave_out_what_all_share():
    a, b, c = np.random.default_rng(3).uniform(0, 200, (3, 20, 20, 3))
    for x in (a, b, c):
        x[:, 8:] = 255
    where = paths.drawn(a, b, c)
    assert where[:, :8].all() and not where[:, 8:].any()
    assert paths.exposure(c, a, b) > 0.4 > 0.1 > paths.exposure(c, a, b, where)
    assert paths.exposure((a + b) / 2, a, b, where) == pytest.approx(1)


def test_copies_of_a_text_laid_side_by_side_are_its_weights():
    a, b = torch.zeros(3, 2), torch.ones(3, 2)
    assert paths.side_by_side(a, b, 0.25).shape == (12, 2)
    assert paths.side_by_side(a, b, 0.25).mean() == 0.25 and paths.side_by_side(a, b, 1).min() == 1
    query, texts = torch.randn(1, 5, 2), torch.randn(1, 3, 2)
    once, twice = (torch.nn.functional.scaled_dot_product_attention(query, x, x) for x in (texts, texts.repeat(1, 4, 1)))
    torch.testing.assert_close(once, twice)


def test_strides_and_jump():
    assert paths.strides([[0, 0], [3, 4], [3, 4]]).tolist() == [5, 0]
    assert paths.jump(np.arange(5)[:, None]) == pytest.approx(1)
    assert paths.jump([[0.0], [0], [0], [1]]) == pytest.approx(3)


class Linear:
    """A decoder that is a matrix, so that its metric is known and a straight line is the shortest."""

    def __init__(self, matrix):
        self.matrix = matrix
        self.config = type("Config", (), {"scaling_factor": 1.0, "shift_factor": None})()
        self.device, self.dtype = torch.device("cpu"), torch.float32

    def decode(self, z):
        picture = z.flatten(1) @ self.matrix.T
        return type("Decoded", (), {"sample": picture.reshape(len(z), 3, 4, -1)})()


def test_stretch_is_the_jacobians_length():
    matrix = torch.randn(48, 8, generator=generator(2))
    directions = torch.randn(5, 2, 2, 2, generator=generator(3))
    found = paths.stretch(Linear(matrix), torch.randn(3, 2, 2, 2, generator=generator(4)), directions)
    unit = torch.nn.functional.normalize(directions.flatten(1), dim=1)
    expected = ((unit @ matrix.T) / 2).norm(dim=1)  # pictures are halved: -1..1 becomes 0..1
    torch.testing.assert_close(torch.from_numpy(found).float(), expected.expand(3, 5), rtol=1e-3, atol=1e-4)


def test_painted_pictures_are_decoded_ones_and_burnt_counts_what_is_clipped():
    matrix = torch.randn(48, 8, generator=generator(7))
    latents = torch.randn(9, 2, 2, 2, generator=generator(8))
    painted = paths.paint_all(Linear(matrix), latents)
    assert painted.shape == (9, 3, 4, 4)
    by_hand = (latents.flatten(1) @ matrix.T).reshape(9, 3, 4, 4) / 2 + 0.5
    torch.testing.assert_close(painted, by_hand)
    assert (as_bytes(painted) == decode(Linear(matrix), latents)).all()
    beyond = (by_hand < -0.05) | (by_hand > 1.05)
    assert 0 < beyond.sum() < beyond.numel()
    assert paths.burnt(painted) == pytest.approx(beyond.flatten(1).double().mean(1).numpy())


def test_nothing_is_shorter_than_straight_where_space_is_flat():
    matrix = torch.randn(48, 8, generator=generator(5))
    a, b = torch.randn(2, 2, 2, 2, generator=generator(6))
    way = paths.relax(Linear(matrix), a, b, rounds=5, rate=0.01)
    assert way["straight"] == pytest.approx(way["chord"], rel=1e-4)
    assert way["relaxed"] >= way["chord"] * (1 - 1e-5)


def test_a_bent_decoder_has_shorter_ways_than_the_straight_one():
    class Hill(Linear):
        def decode(self, z):
            flat = z.flatten(1)
            height = 3 * torch.exp(-4 * (flat**2).sum(1, keepdim=True))  # a hill in the middle of the way
            picture = torch.cat([flat, height.expand(-1, 40)], 1)
            return type("Decoded", (), {"sample": picture.reshape(len(z), 3, 4, 4)})()

    a, b = torch.full((2, 2, 2), -0.5), torch.full((2, 2, 2), 0.5)
    b[0, 0, 0] = a[0, 0, 0] = 0.05
    way = paths.relax(Hill(None), a, b, rounds=30, rate=0.05)
    assert way["relaxed"] < 0.8 * way["straight"]
    assert way["relaxed"] >= way["chord"]


# ------------------------------------------------ diffusion without a network
def test_best_guess_is_the_weighted_average_by_a_loop():
    pictures, xt, level = RNG.normal(size=(4, 1, 5, 5)), RNG.normal(size=(2, 1, 5, 5)), 0.6
    found = mosaic.best_guess(torch.from_numpy(xt), torch.from_numpy(pictures), level, window=3)
    for m in range(2):
        for i in range(5):
            for j in range(5):
                ys, xs = slice(max(0, i - 1), i + 2), slice(max(0, j - 1), j + 2)
                gaps = [((xt[m, 0, ys, xs] - level**0.5 * p[0, ys, xs]) ** 2).sum() for p in pictures]
                weights = np.exp(-(np.array(gaps) - min(gaps)) / (2 * (1 - level)))
                expected = (weights * pictures[:, 0, i, j]).sum() / weights.sum()
                assert float(found[m, 0, i, j]) == pytest.approx(expected)


def test_with_the_whole_picture_in_sight_training_pictures_come_back():
    pictures = torch.randn(5, 1, 6, 6, generator=generator(7))
    table = torch.linspace(0.999, 0.001, 100, dtype=torch.float64)
    timesteps = torch.arange(99, -1, -5)
    start = torch.randn(3, 1, 6, 6, generator=generator(8))
    made = mosaic.sample(pictures, start, timesteps, table, [None] * len(timesteps))
    gaps = torch.cdist(made.flatten(1), pictures.flatten(1)).min(1).values
    assert float(gaps.max()) < 0.3
    local = mosaic.sample(pictures, start, timesteps, table, [1] * len(timesteps))
    assert float(torch.cdist(local.flatten(1), pictures.flatten(1)).min(1).values.min()) > 1


def test_nearest_patch_finds_a_planted_copy():
    pool = torch.rand(6, 3, 8, 8, generator=generator(9))
    made = torch.rand(1, 3, 8, 8, generator=generator(10))
    made[0, :, :4, 4:] = pool[3, :, :4, 4:]
    gaps, which = mosaic.nearest_patch(made, pool, 4, stride=4)
    assert gaps.shape == (1, 4)
    assert float(gaps[0, 1]) == pytest.approx(0, abs=1e-3) and int(which[0, 1]) == 3
    assert float(gaps[0, 0]) > 0.1
    by_hand = ((made[0, :, :4, :4] - pool[:, :, :4, :4]) ** 2).flatten(1).mean(1).sqrt().min()
    assert float(gaps[0, 0]) == pytest.approx(float(by_hand), rel=1e-3)
    assert float(mosaic.busy(torch.ones(1, 3, 8, 8), 4).max()) == 0

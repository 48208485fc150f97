"""What "Words that go together" is measured with."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from denoised import measured
from denoised.measured import knows_together
from denoised.probes.similarity import spearman


def test_information_of_pairs_by_hand():
    sets = [{"sky", "cloud"}, {"sky", "cloud"}, {"sky"}, {"cat"}]
    (a, b, bits), *rest = knows_together.frequent(sets, 5)
    assert (a, b) == ("cloud", "sky") and not rest
    assert bits == pytest.approx(np.log2((2 / 4) / ((2 / 4) * (3 / 4))))


def test_a_lift_is_what_is_seen_against_the_usual():
    mass = np.array([[0.4, 0.1], [0.2, 0.1]])  # asked for a, for b: seen a, b
    value = knows_together.lifts(mass, [("a", "b", 0.0)], {"a": 0, "b": 1})[0]
    assert value == pytest.approx((np.log2(0.1 / 0.1) + np.log2(0.2 / 0.3)) / 2)


def test_rank_correlation_agrees_with_scipy():
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 9, 40), rng.random(40)
    assert spearman(x, y) == pytest.approx(spearmanr(x, y).statistic)


def test_results_are_whole():
    numbers, arrays = measured.load(knows_together)
    assert len(arrays["pmi"]) == len(arrays["lift"]) == len(arrays["strict"]) == numbers["count"] == knows_together.PAIRS

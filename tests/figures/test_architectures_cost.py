"""Small sums of the figures on cost, experts and tokens, held against cases whose answer is known."""

import numpy as np
import pytest

from denoised.benchmarks import architectures
from denoised.models import fsq
from denoised.models.sequences import KINDS
from figures.arch import decoding, experts, tokens


def test_the_dashed_line_goes_through_the_last_two_points():
    start, slope = decoding.line([1, 2, 4], [9.0, 5.0, 11.0])
    assert (start + 2 * slope, start + 4 * slope) == (5.0, 11.0)


def test_milliseconds_in_words():
    assert [decoding.spoken(ms) for ms in (0.1234, 9.87, 1234.5)] == ["0.12", "9.9", "1,234"]


def test_the_benchmark_says_that_only_the_cache_grows():
    written = architectures.load()["writing"]
    assert set(written) == set(KINDS)
    for kind, found in written.items():
        first, last = found["1024"][1], found["65536"][1]
        assert last == (64 * first if kind == "transformer" else first)


def test_a_lead_is_found_and_a_draw_is_none():
    rng = np.random.default_rng(1)
    coin = rng.integers(0, 2, (3, 400))
    better = coin.copy()
    better[:, :80] = 1
    mean, low, high = experts.lead(better, coin, rng)
    assert mean == pytest.approx((better - coin).mean()) and 0 < low < mean < high
    assert experts.lead(coin, coin, rng) == (0, 0, 0)


def test_tokens_to_come_are_empty_and_those_that_are_there_show_their_digits():
    ground = np.array([1, 2, 3], np.uint8)
    found = tokens.colours(np.arange(fsq.PLACES), 10, ground)
    assert (found.reshape(-1, 3)[10:] == ground).all() and not (found.reshape(-1, 3)[:10] == ground).all(1).any()
    last = tokens.colours(np.full(fsq.PLACES, fsq.WORDS - 1), fsq.PLACES, ground)
    assert (last == 240).all()


def test_hits_of_several_seeds_count_together():
    runs = [{"told": {"held": {"right": [10, 20]}}}, {"told": {"held": {"right": [15, 20]}}}]
    share, low, high, least, most = tokens.pooled(runs, ("told", "held"))
    assert (share, least, most) == (0.625, 0.5, 0.75) and low < share < high


def test_an_interval_draws_pictures_and_not_places():
    alike = np.repeat(np.linspace(0, 1, 24)[:, None], 8, 1)
    low, high = tokens.between(alike)
    assert high - low == pytest.approx(4 * alike[:, 0].std() / np.sqrt(24), rel=0.15)

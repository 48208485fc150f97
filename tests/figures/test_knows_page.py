"""What the page "AI knows nothing" is measured with: the reader of clocks, clusters, and the intervals."""

import numpy as np
import pytest
from skimage.draw import line
from skimage.metrics import variation_of_information

from denoised.errors import DenoisedError
from denoised.probes.crossed import crossed_ci
from denoised.studies import clock, labels
from figures.knows import clock as clock_figure
from figures.knows import clusters
from figures.knows import labels as labels_figure

SIDE = 64


def dial(k, reach=22, ink=30, face=230):
    """A clock uint8 [64, 64, 3] at the half hour k, drawn by an independent hand."""
    picture = np.full((SIDE, SIDE), face, np.uint8)
    for turns, length in ((k / 24, 0.6 * reach), ((k % 2) / 2, reach)):
        angle = 2 * np.pi * turns
        end = (round(32 - length * np.cos(angle)), round(32 + length * np.sin(angle)))
        for dy, dx in ((0, 0), (0, 1), (1, 0), (1, 1)):
            picture[line(32 + dy, 32 + dx, end[0] + dy, end[1] + dx)] = ink
    return np.repeat(picture[..., None], 3, 2)


def dials(**kwargs):
    return np.stack([dial(k, **kwargs) for k in range(24)])


def test_the_reader_reads_clocks_of_another_style():
    """Other lengths and other colours of hands and face."""
    asked, others = dials(reach=20, ink=200, face=60), [dials(reach=24), dials(reach=21, ink=90)]
    assert (clock.read(asked, asked, others) == np.arange(24)).mean() > 0.9


def test_the_reader_is_not_moved_by_another_picture_of_the_same_dial_without_hands():
    own = dials()
    assert np.linalg.norm(clock.hands(own, own), axis=1) == pytest.approx(1)
    empty = np.full((1, SIDE, SIDE, 3), 230, np.uint8)
    assert np.abs(clock.hands(empty, own)).max() <= 1


def test_grey_averages_squares():
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (2, 128, 128, 3), np.uint8)
    assert clock.grey(picture)[1, 3, 5] == pytest.approx(picture[1, 6:8, 10:12].mean() / 255)


def test_shared_information_agrees_with_another_implementation():
    """1 - (H(a|b) + H(b|a)) / (H(a) + H(b)), from scikit-image's variation of information (in bits)."""
    rng = np.random.default_rng(1)
    a = rng.integers(0, 5, 400)
    b = np.where(rng.random(400) < 0.6, a, rng.integers(0, 5, 400))
    either = sum(variation_of_information(a.reshape(20, 20), b.reshape(20, 20)))
    entropies = [-(p * np.log2(p)).sum() for p in (np.bincount(v) / 400 for v in (a, b))]
    assert labels.shared(a, b) == pytest.approx(1 - either / sum(entropies))
    assert labels.shared(a, a) == pytest.approx(1)
    assert labels.purity(a, a) == 1
    assert labels.purity(np.zeros(400, int), b) == pytest.approx(np.bincount(b).max() / 400)


def test_clusters_find_what_lies_apart():
    rng = np.random.default_rng(2)
    truth = np.repeat(np.arange(3), 40)
    found = labels.clusters(rng.normal(size=(120, 4)) + 12 * np.eye(4)[truth], 3, seed=0)[1]
    assert labels.shared(found, truth) == pytest.approx(1)


def test_fewer_labels_are_among_the_more():
    truth = np.random.default_rng(3).integers(0, len(labels.CLASSES), 500)
    few, many = (labels.drawn(truth, count, seed=4) for count in (2, 7))
    assert set(few) < set(many) and np.bincount(truth[few]).tolist() == [2] * len(labels.CLASSES)


def test_an_interval_over_times_is_wider_than_over_drawings():
    rng = np.random.default_rng(5)
    alike = [np.full(6, v) for v in rng.integers(0, 2, 20)]  # whole times are right or wrong
    mixed = [rng.integers(0, 2, 6) for _ in range(20)]
    low, high = clock_figure.interval(alike, np.random.default_rng(0))
    inner = clock_figure.interval(mixed, np.random.default_rng(0))
    assert high - low > 1.5 * (inner[1] - inner[0])


def test_rows_of_one_colour_and_group_are_told():
    one = np.broadcast_to(np.arange(3, dtype=np.uint8)[:, None, None, None, None], (3, 4, 2, 2, 3))
    assert clusters.colour_spread(one) == 0
    assert clusters.of_commonest(np.array([[1, 1, 1, 2], [0, 0, 3, 3]])) == pytest.approx(0.625)


def test_a_lead_of_nothing_has_zero_in_its_interval():
    rng = np.random.default_rng(6)
    low, high = crossed_ci(rng.choice([-1.0, 0.0, 1.0], (3, 200)), np.random.default_rng(0), 300)
    assert low < 0 < high


def test_results_are_whole():
    facts, arrays = clock.load()
    styles, seeds = (len(v) for v in (clock.SETTINGS.styles, clock.SETTINGS.seeds))
    assert arrays["said"].shape == (styles, 24, seeds) and arrays["real"].shape == (len(facts["real_styles"]), 24)
    facts, arrays = labels.load()
    for learner in labels_figure.LEARNERS:
        assert arrays[f"right_{learner}"].shape == (len(labels.SETTINGS.labels), seeds, facts["asked"])
    for study, script in ((clock, "lab_clock"), (labels, "lab_labels")):
        with pytest.raises(DenoisedError, match=script):
            study.load(settings=study.Settings(seeds=(7,)))

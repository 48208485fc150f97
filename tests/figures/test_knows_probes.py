"""What "Does it know an eye?" is measured with."""

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from denoised import measured
from denoised.measured import knows_probes
from figures.knows import probes


def record(label, keywords="", group="objects"):
    return {"label": label, "keywords": keywords, "group": group}


def test_facts_are_read_off_the_words():
    rows = [record("cat face", "animal|cat|face"), record("raised hand", "hand", "people-body"), record("red apple"),
            record("woman raising hand", "hand|woman", "people-body"), record("clock", "hand|time")]  # fmt: skip
    assert knows_probes.facts(rows).T.tolist() == [[1, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 0], [-1, 0, 0, 1], [0, 0, 0, 0]]


def test_auroc_agrees_with_the_rank_test_of_scipy():
    rng = np.random.default_rng(0)
    truth, scores = rng.random(80) < 0.3, rng.integers(0, 9, 80)  # ties
    expected = mannwhitneyu(scores[truth], scores[~truth]).statistic / (truth.sum() * (~truth).sum())
    assert knows_probes.auroc(scores, truth) == pytest.approx(expected)
    assert knows_probes.auroc(truth.astype(float), truth) == 1


def test_ridge_agrees_with_the_usual_equations():
    rng = np.random.default_rng(1)
    x, truth, known = rng.normal(size=(60, 5)), rng.random(60) < 0.5, np.arange(60) < 40
    z = (x - x[known].mean(0)) / (x[known].std(0) + 1e-6) / np.sqrt(5)
    penalty = knows_probes.RIDGE * (z[known] ** 2).sum() / 40
    y = truth[known] - truth[known].mean()
    weights = np.linalg.solve(z[known].T @ z[known] + penalty * np.eye(5), z[known].T @ y)
    assert knows_probes.scores(x, known, truth) == pytest.approx(z @ weights)


def test_all_styles_of_a_thing_are_on_one_side_and_keep_one_fact():
    rng = np.random.default_rng(2)
    kin = np.repeat([f"thing-{i}" for i in range(30)], 4)
    truth = np.repeat(np.arange(30) < 8, 4).astype(int)
    known, dealt = knows_probes.halves(kin, truth, rng), knows_probes.shuffled(kin, truth, rng)
    for name in set(kin):
        assert len(set(known[kin == name])) == len(set(dealt[kin == name])) == 1
    assert known[truth == 1].sum() == 16 and dealt.sum() == truth.sum() and (dealt != truth).any()


def test_intervals_of_splits_do_not_shrink_to_nothing():
    rng = np.random.default_rng(3)
    low, high = probes.interval(rng.normal(0.7, 0.05, 500))
    assert 0.15 < high - low < 0.25


def test_results_are_whole():
    numbers, arrays = measured.load(knows_probes)
    assert arrays["auroc"].shape == (len(probes.KEYS), len(probes.WORDS), numbers["splits"])
    assert tuple(probes.WORDS) == knows_probes.NETS

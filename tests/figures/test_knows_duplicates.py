"""What the figure of duplicates computes, held against cases whose answer is known."""

import numpy as np
import pytest
from scipy import stats

from denoised.studies import duplicates as study
from figures.knows import duplicates


def test_cells_are_those_of_the_icons_that_had_the_level():
    n = study.SETTINGS.each * len(study.SETTINGS.levels)
    some, seeds = np.arange(100, 100 + n), study.SETTINGS.seeds
    which = np.stack([np.where(study.counts(seed) == 1000, some, 0).repeat(2) for seed in seeds])
    near = np.stack([study.counts(seed).repeat(2) / 1000 for seed in seeds])
    arrays = {"some": some, "repeated_which_own": which, "repeated_near_own": near}
    for level in study.SETTINGS.levels:
        nearest, share = duplicates.cells(arrays, "own", level)
        assert nearest.shape == share.shape == (n, 2)
        assert (nearest == (level == 1000)).all() and share == pytest.approx(level / 1000)
    assert duplicates.cells(arrays, "own", None)[0].mean() == pytest.approx(1 / len(study.SETTINGS.levels))


def test_differences_of_pairs_have_students_interval():
    a, b = np.array([1.0, 2.0, 4.0, 3.0]), np.array([0.5, 1.0, 3.9, 1.0])
    mean, low, high = duplicates.paired(a, b)
    truth = stats.ttest_rel(a, b).confidence_interval()
    assert (mean, low, high) == pytest.approx(((a - b).mean(), truth.low, truth.high))

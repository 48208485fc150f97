"""What the figure of tilted data puts right, and what its study learns from, held against cases whose answer is known."""

import numpy as np
import pytest

from denoised.data import splits
from denoised.studies import tilt as study
from figures.knows import tilt


@pytest.mark.parametrize("true", [0.0, 0.3, 1.0])
def test_misreadings_are_put_right(true):
    first, other = 0.9, 0.3  # of drawings of the first kind and of the other one, what is read as the first
    read = true * first + (1 - true) * other
    assert tilt.put_right(read, first, other) == pytest.approx(true)


def test_a_share_is_never_less_than_none_or_more_than_all():
    assert tilt.put_right(0.2, 0.9, 0.3) == 0 and tilt.put_right(0.95, 0.9, 0.3) == 1


@pytest.mark.parametrize("axis", study.AXES)
def test_the_reader_and_the_model_learn_from_different_icons(axis):
    rows = [row for row in splits.load() if study.fits(row, axis)]
    own = {study.subject(row, axis) for row in rows if study.mine(row, axis)}
    others = {study.subject(row, axis) for row in rows if not study.mine(row, axis)}
    assert own and others and not own & others
    assert {row.split for row in rows} == {"train"}


@pytest.mark.parametrize("axis", study.AXES)
def test_each_subject_is_there_in_both_kinds(axis):
    rows = [row for row in splits.load() if study.fits(row, axis) and study.mine(row, axis)]
    chosen = [rows[i] for i in study.balanced(rows, axis)]
    kinds = {}
    for row in chosen:
        kinds.setdefault(study.subject(row, axis), set()).add(study.kind(row, axis))
    assert len(kinds) > 10 and all(found == set(study.AXES[axis]) for found in kinds.values())


def test_committed_results_are_those_of_this_study():
    facts, arrays = study.load()
    shares, seeds, strengths = len(study.SETTINGS.shares), len(study.SETTINGS.seeds), len(study.SETTINGS.strengths)
    for axis in study.AXES:
        assert arrays[f"score_{axis}"].shape == (shares, seeds, strengths, study.SETTINGS.asked)
        assert arrays[f"named_{axis}"].shape == (shares, seeds, strengths, 2, study.SETTINGS.named)
        hits = (arrays[f"real_{axis}"] > 0) == arrays[f"truth_{axis}"]
        assert np.mean(hits) == pytest.approx(facts[axis]["right"], abs=1e-6)

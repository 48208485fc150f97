"""The study of duplicates: who is repeated how often, what is asked, and what counts as a copy."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from denoised.data.catalogue import STYLES
from denoised.errors import DenoisedError
from denoised.studies import duplicates as study

S = study.SETTINGS


def icons(things=60):
    """Each thing in each style."""
    return [SimpleNamespace(concept=f"thing-{i}", style=style) for i in range(things) for style in STYLES]


def test_over_all_seeds_every_icon_has_every_level_once():
    table = np.stack([study.counts(seed) for seed in S.seeds])
    assert all(sorted(column) == sorted(S.levels) for column in table.T)
    assert all(np.bincount(np.searchsorted(S.levels, row)).tolist() == [S.each] * len(S.levels) for row in table)


def test_chosen_icons_are_spread_over_styles_and_have_no_near_copy():
    rows = icons()
    alone = np.arange(len(rows)) % 3 > 0
    some = study.chosen(rows, alone)
    assert len(some) == len(set(some)) == S.each * len(S.levels) and alone[some].all()
    assert len({rows[i].concept for i in some}) == len(some)
    assert set(np.unique([rows[i].style for i in some], return_counts=True)[1]) == {len(some) // len(STYLES)}


def test_prompts_are_about_what_they_say():
    rows = icons()
    concepts = sorted({row.concept for row in rows})
    said = study.told(rows, concepts)
    some = study.chosen(rows, np.ones(len(rows), bool))
    asked = study.questions(rows, said, some)
    own, thing, kin = (asked[kind].reshape(len(some), -1, 2) for kind in ("own", "thing", "kin"))
    for i, icon in enumerate(some):
        assert (own[i] == said[icon]).all() and (thing[i] == [said[icon, 0], 0]).all()
        assert (kin[i, :, 0] == said[icon, 0]).all() and (kin[i, :, 1] != said[icon, 1]).all()
    assert not set(asked["rest"][:, 0]) & set(said[some, 0]) and (asked["nothing"] == 0).all()
    assert set(asked["style"][:, 0]) == {0} and set(asked["style"][:, 1]) == set(said[:, 1])


def test_shorter_sees_the_rest_as_often_as_repeated_does():
    icons, extra = 8700, S.each * (sum(S.levels) - len(S.levels))
    often = S.training.samples / (icons + extra)
    assert study.budget("shorter", icons).samples / icons == pytest.approx(often, rel=1e-4)
    assert study.budget("once", icons) == study.budget("repeated", icons) == S.training


def test_nearness_is_that_of_all_distances():
    rng = np.random.default_rng(0)
    known, made = rng.normal(size=(80, 4, 2, 2)), rng.normal(size=(7, 4, 2, 2))
    made[0] = known[5] + 0.01  # a copy
    which, distance, near = study.nearness(made, known)
    full = np.sort(cdist(made.reshape(7, -1), known.reshape(80, -1)) / 4, 1)
    assert distance == pytest.approx(full[:, 0]) and near == pytest.approx(full[:, 0] / full[:, 1:51].mean(1))
    assert which[0] == 5 and near[0] < 0.05 < 0.5 < near[1:].min()
    which, distance, _ = study.nearness(known[:3], known, np.arange(3))
    assert (which != np.arange(3)).all() and (distance > 0).all()


def test_an_interval_of_icons_is_wider_than_one_of_draws():
    rng = np.random.default_rng(0)
    mixed, clear = np.tile([0, 1], (16, 8)), np.repeat([[0], [1]], 8, 0).repeat(16, 1)
    (share, low, high), (same, lower, higher) = study.found(mixed, rng), study.found(clear, rng)
    assert share == same == 0.5 and lower < low < 0.5 < high < higher
    assert study.found(np.zeros((16, 16)), rng)[:2] == (0, 0) and 0.1 < study.found(np.zeros((16, 16)), rng)[2] < 0.25


def test_results_are_of_this_study():
    facts, arrays = study.load()
    n = len(S.levels) * S.each
    assert len(facts["chosen"]) == len(arrays["some"]) == n and len(arrays["near_among"]) == facts["icons"]
    assert arrays["repeated_near_own"].shape == (len(S.seeds), n * S.own)
    assert all(len(arrays[f"{variant}_loss"]) == len(S.seeds) for variant in study.VARIANTS)
    with pytest.raises(DenoisedError, match="another version of the study"):
        study.load(settings=replace(S, own=3))

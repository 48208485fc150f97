"""What "Count the fingers" and "Two things in one sentence" are measured with."""

from types import SimpleNamespace

import numpy as np
import pytest

from denoised import measured
from denoised.measured import knows_hands, knows_two
from figures.knows import hands, two


def test_fingers_are_those_of_the_likeliest_gesture_whatever_else_is_likelier():
    names = ["pizza", *(concept for _, concept in knows_hands.GESTURES)]
    net = SimpleNamespace(classes={"concept": names})
    logits = np.zeros((2, len(names)))
    logits[:, 0] = 9  # a pizza, above all
    logits[0, names.index("victory-hand")] = 1
    logits[1, names.index("ok-hand")] = 1
    assert knows_hands.counted(net, logits).tolist() == [2, 3]


def test_chance_agrees_with_the_product_of_shares():
    rng = np.random.default_rng(0)
    asked, said = rng.choice([0, 1, 2], 300, p=[0.5, 0.3, 0.2]), rng.choice([0, 1, 2], 300, p=[0.2, 0.2, 0.6])
    expected = sum((asked == c).mean() * (said == c).mean() for c in (0, 1, 2))
    assert hands.by_chance(asked, said, 300) == pytest.approx(expected, abs=0.01)


def test_rows_of_the_table_are_shares():
    asked, said = np.array([0, 0, 5, 5, 5]), np.array([0, 1, 5, 5, 2])
    table = hands.table(asked, said)
    assert table[0].tolist() == [0.5, 0.5, 0, 0, 0] and table[4, 2] == pytest.approx(1 / 3) and table[1].sum() == 0


def test_a_colour_belongs_to_the_thing_that_is_drawn():
    one = ("apple", "book", "red", "blue", "red apple and blue book", 0)
    plain = ("apple", "book", None, None, "an apple on a book", 0)
    drawings, first = [one, one, one, one, plain], [True, True, False, True, True]
    found = two.whose(drawings, first, ["red", "blue", "blue", "green", "red"]).tolist()
    assert found == ["own", "other", "own", "none", ""]


def test_orders_and_colourings_are_balanced():
    drawings = [one for one in knows_two.asked() if one[2]]
    for k in (0, 1):
        named = [(one[k], one[2 + k]) for one in drawings]
        other = [(one[1 - k], one[3 - k]) for one in drawings]
        assert sorted(named) == sorted(other)


@pytest.mark.parametrize("study", [knows_hands, knows_two])
def test_results_are_whole(study):
    _, arrays = measured.load(study)
    asked = arrays["asked"] if study is knows_hands else knows_two.asked()
    assert len(arrays["said" if study is knows_hands else "colour"]) == len(asked)

"""Two judges before the same drawings: who is asked, how drawings fall into groups, whether what is committed is whole."""

import json

import numpy as np
import pytest

from denoised import paths
from denoised.studies import opinions as study
from figures.models import aims


@pytest.fixture(scope="module")
def results():
    return study.load()


def test_every_drawing_is_in_one_group():
    first, second = np.array([1, 1, 0, 0], bool), np.array([1, 0, 1, 0], bool)
    found = study.groups({f"top1_first_{study.BEST}": first, f"top1_second_{study.BEST}": second})
    assert [[name for name, here in found.items() if here[i]] for i in range(4)] == [
        ["both"], ["first"], ["second"], ["neither"]
    ]  # fmt: skip


def test_drawings_are_held_against_real_icons_of_the_same_things():
    """Cats: one of two real ones named, both drawings; dogs: both real ones, one of two drawings. No real cow."""
    drawn, asked = np.array([1, 1, 1, 0, 1], bool), ["cat", "cat", "dog", "dog", "cow"]
    real, things = np.array([1, 0, 1, 1, 0], bool), ["cat", "cat", "dog", "dog", "yak"]
    part, low, high = study.part_of_real(drawn, asked, real, things)
    assert part == pytest.approx((1 + 1 + 1 + 0) / (0.5 + 0.5 + 1 + 1))
    assert (low, high) == pytest.approx((1 / 2, 2 / 1)), "cats alone, or dogs alone"
    assert study.part_of_real(real, things, real, things)[0] == 1


def test_orders_and_expectations_follow_the_answers(results):
    """If the second judge says what the first one said, nothing moves; if it says the opposite, the order turns round."""
    facts, arrays = results
    kinds = [f"{field}_{{}}_{name}" for field in ("top1", "top5", "style") for name in (*study.RUNNERS, "real")]
    alike = study.numbers(facts, arrays | {kind.format("second"): arrays[kind.format("first")] for kind in kinds})
    assert alike["moved_most"] == 0 and alike["agreed_least"] == 1 and alike["same_order"] == 1
    turned = study.numbers(facts, arrays | {kind.format("second"): ~arrays[kind.format("first")] for kind in kinds})
    assert turned["agreed_most"] == 0 and turned["same_order"] == 0 and turned["moved_too_far"] > 0


@pytest.mark.parametrize("loss, reached, part, met", [
    (False, 80, 0.8, False), (False, 100, 1, True), (True, 200, 0.5, False), (True, 100, 1, True),
    (True, 0, aims.MOST, True), (True, -3, aims.MOST, True), (False, 1e6, aims.MOST, True),
])  # fmt: skip
def test_an_aim_is_a_least_or_for_a_loss_a_most(loss, reached, part, met):
    aim = aims.Aim("a measure", reached, 100, " %", loss=loss)
    assert (aim.part(aim.reached), aim.met) == (pytest.approx(part), met)


def test_what_is_committed_is_whole(results):
    facts, arrays = results
    drawings, real = len(facts["asked"]), len(facts["real"])
    for judge in study.JUDGES:
        for name in (*study.RUNNERS, "real"):
            found = {what: arrays[f"{what}_{judge}_{name}"] for what in ("top1", "top5", "style")}
            assert {len(right) for right in found.values()} == {real if name == "real" else drawings}
            assert not np.any(found["top1"] & ~found["top5"]), "the first is among five"
    for group, here in study.groups(arrays).items():
        assert here[arrays[f"shown_{group}"]].all() and len(arrays[f"z_{group}"]) == len(arrays[f"shown_{group}"])
    assert arrays["kept"].sum() > 50


def test_real_icons_are_named_as_the_judges_cards_say(results):
    """The same icons were looked at when each judge was trained, by other code and in another precision."""
    facts, arrays = results
    for judge, folder in study.JUDGES.items():
        card = json.loads((paths.WEIGHTS / folder / "card.json").read_text(encoding="utf-8"))
        assert len(facts["real"]) == card["tested_on"]
        for field in ("top1", "top5", "style"):
            assert 100 * arrays[f"{field}_{judge}_real"].mean() == pytest.approx(card["held_out"][field], abs=0.5)

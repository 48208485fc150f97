"""Two judges before the same drawings: who is asked, how drawings fall into groups, whether what is committed is whole."""

import json

import numpy as np
import pytest

from denoised import paths
from denoised.studies import opinions as study


@pytest.fixture(scope="module")
def results():
    return study.load()


def test_every_drawing_is_in_one_group():
    first, second = np.array([1, 1, 0, 0], bool), np.array([1, 0, 1, 0], bool)
    found = study.groups({f"top1_first_{study.BEST}": first, f"top1_second_{study.BEST}": second})
    assert [[name for name, here in found.items() if here[i]] for i in range(4)] == [
        ["both"], ["first"], ["second"], ["neither"]
    ]  # fmt: skip


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
    assert arrays["kept"].sum() > 50 and arrays["same_kept"].sum() > 50 and arrays["same_learned"].sum() > 50


def test_real_icons_are_named_as_the_judges_cards_say(results):
    """The same icons were looked at when each judge was trained, by other code and in another precision."""
    facts, arrays = results
    for judge, folder in study.JUDGES.items():
        card = json.loads((paths.WEIGHTS / folder / "card.json").read_text(encoding="utf-8"))
        assert len(facts["real"]) == card["tested_on"]
        for field in ("top1", "top5", "style"):
            assert 100 * arrays[f"{field}_{judge}_real"].mean() == pytest.approx(card["held_out"][field], abs=0.5)

"""Every question of the two texts is answered somewhere and every system is shown or cited, or stands in the list of
what is open: the lists of claims.yaml are walked against docs/series/answers.yaml."""

from pathlib import Path

import pytest
import yaml

from sitekit.bibliography import Bibliography

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
KINDS = {"at", "cites", "open"}


def read(name):
    return yaml.safe_load((DOCS / "series" / name).read_text(encoding="utf-8"))


CLAIMS, ANSWERS = read("claims.yaml"), read("answers.yaml")
SECTIONS = {section["id"]: section for section in CLAIMS["sections"]}
ASKS = [(section, answer) for section, answers in ANSWERS["asks"].items() for answer in answers]
PLACES = [answer for _, answer in ASKS] + list(ANSWERS["systems"].values())


@pytest.mark.parametrize("section", SECTIONS)
def test_every_question_of_a_section_stands_in_the_list_once(section):
    listed = [answer["ask"] for answer in ANSWERS["asks"].get(section, [])]
    assert listed == list(SECTIONS[section]["asks"])


def test_no_question_is_listed_that_no_section_asks():
    assert set(ANSWERS["asks"]) == set(SECTIONS)


def test_every_system_stands_in_the_list_once():
    assert list(ANSWERS["systems"]) == [system["name"] for system in CLAIMS["systems"]]


def test_a_question_has_a_place_or_is_open():
    for section, answer in ASKS:
        rest = set(answer) - {"ask"}
        assert rest in ({"at"}, {"open"}), f"{section}: {answer['ask']!r} has {rest or 'neither place nor reason'}"


def test_a_system_has_a_place_or_a_work_or_is_open():
    for name, found in ANSWERS["systems"].items():
        kinds = set(found)
        assert kinds and kinds <= KINDS, f"{name}: {kinds}"
        assert "open" not in kinds or kinds == {"open"}, f"{name} is both open and answered"
        assert all(str(value).strip() for value in found.values())


@pytest.mark.parametrize("section", SECTIONS)
def test_a_finished_section_has_no_open_question(section):
    """Finished: each of its claims has a verdict."""
    if all("verdict" in claim for claim in SECTIONS[section]["claims"]):
        left = [answer["ask"] for answer in ANSWERS["asks"][section] if "open" in answer]
        assert not left, f"{section} has all its verdicts, but does not answer: {left}"


def test_places_are_on_pages_and_works_are_in_the_bibliography():
    works = Bibliography.load(DOCS / "references.bib")
    for found in PLACES:
        if "at" in found:
            page, _, anchor = found["at"].partition("#")
            assert (DOCS / page).is_file() and anchor, found["at"]
        if "cites" in found:
            assert found["cites"] in works, found["cites"]

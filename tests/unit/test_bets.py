"""Questions that the page grades: what the macros hand to the page, what they refuse, and that every page asks some."""

import html
import json
import re

import pytest
from sitekit_helpers import ROOT, Project

from sitekit import bets
from sitekit.errors import SiteError
from sitekit.markup import UNKNOWN
from sitekit.pages import Pages, jinja_environment
from sitekit.prose_check import check_page

NUMBERS = {"vae/swap.more": 3.2, "vae/swap.less": 1.1, "vae/swap.name": "cat"}
SERIES = sorted(p for p in (ROOT / "docs" / "series").glob("*.md") if p.name != "claims.md")


def test_a_number_is_asked_for_as_prose_shows_it():
    asked = bets.guess(0.4549, ".0%")
    assert (asked["right"], asked["low"], asked["high"], asked["suffix"]) == (45, 0, 100, "%")
    assert (asked["spot"], asked["close"], asked["digits"]) == (5, 15, 0)
    assert bets.guess(-0.256, ".2f", "dB", low=-1, high=0)["right"] == -0.26
    assert bets.guess(50331648, ",", "bytes", low=100, high=1e9, factors=True)["right"] == 50331648
    assert bets.guess(7, unit="cells", low=0, high=16)["suffix"] == "\N{NO-BREAK SPACE}cells"


def test_how_near_is_near_comes_in_whole_steps_and_never_below_one():
    asked = bets.guess(0, low=0, high=4)
    assert (asked["spot"], asked["close"]) == (0, 1)
    asked = bets.guess(3.94, ".1f", low=1, high=10)
    assert (asked["spot"], asked["close"]) == (0.4, 1.3)
    asked = bets.guess(100, low=1, high=10000, close=10, factors=True)
    assert (asked["spot"], asked["close"]) == (2.2, 10)


def test_what_is_not_known_is_not_asked_and_was_reported_already():
    assert bets.guess(UNKNOWN, low=0, high=1) is None
    assert bets.guess(1, low=0, high=UNKNOWN) is None
    assert bets.bet_html(None) == ""


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"value": 300, "low": 0, "high": 256}, "the answer, 300, lies outside of 0 to 256"),
        ({"value": 3, "low": 5, "high": 5}, "low has to be less than high"),
        ({"value": 3}, "needs low and high, the ends of its scale; low is None"),
        ({"value": 3, "low": 0, "high": 9, "factors": True}, "cannot begin at 0"),
        ({"value": 3, "low": 0, "high": 9, "close": 0}, "close is 0"),
        ({"value": 3, "low": 1, "high": 9, "close": 1, "factors": True}, "a factor above 1"),
        ({"value": "cat", "low": 0, "high": 9}, "'cat' is none"),
        ({"value": True, "low": 0, "high": 9}, "True is none"),
        ({"value": float("nan"), "low": 0, "high": 9}, "nan is none"),
        ({"value": 3e-9, "low": 0, "high": 9}, "give a format"),
        ({"value": 3.2, "fmt": "d", "low": 0, "high": 9}, "format 'd' does not suit"),
    ],
)
def test_a_number_that_cannot_be_asked_for_is_one_sentence(given, said):
    with pytest.raises(SiteError, match=re.escape(said)):
        bets.guess(**given)


def test_the_right_answer_is_the_one_that_the_numbers_name():
    check = {"more": "vae/swap.more > 2", "not more": "vae/swap.more <= 2"}
    asked = bets.choose(NUMBERS.__getitem__, check)
    assert (asked["options"], asked["right"], asked["values"]) == (["more", "not more"], 0, None)
    assert bets.choose((NUMBERS | {"vae/swap.more": 1}).__getitem__, check)["right"] == 1
    both = {"the first": "vae/swap.more", "the second": "vae/swap.less"}
    asked = bets.choose(NUMBERS.__getitem__, smallest=both, fmt=".0f", unit="dB")
    assert (asked["right"], asked["values"]) == (1, ["3\N{NO-BREAK SPACE}dB", "1\N{NO-BREAK SPACE}dB"])
    assert bets.choose(NUMBERS.__getitem__, largest=both)["right"] == 0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"options": {"a": "vae/swap.more > 5", "b": "vae/swap.more < 0"}}, "none of 'a', 'b' is"),
        ({"options": {"a": "vae/swap.more > 1", "b": "vae/swap.more > 2"}}, "'a' and 'b' is"),
        ({"options": {"a": "1 > 0", "b": "vae/swap.more > 2"}}, "names no number of a figure"),
        ({"options": {"a": True, "b": "vae/swap.more > 2"}}, "True is no check"),
        ({"options": {"a": "vae/swap.more > 2"}}, "two answers or more"),
        ({"options": ["a", "b"]}, "two answers or more"),
        ({}, "two answers or more"),
        ({"largest": {"a": "vae/swap.more", "b": "vae/swap.more"}}, "'a' and 'b' is"),
        ({"largest": {"a": "vae/swap.more", "b": "vae/swap.name"}}, "'vae/swap.name' is 'cat'"),
    ],
)
def test_a_choice_that_cannot_be_asked_is_one_sentence(given, said):
    with pytest.raises(SiteError, match=re.escape(said)):
        bets.choose(NUMBERS.__getitem__, **given)


PAGE = """\
# Page

??? predict "How many?"

    {{ guess("vae/swap.psnr_self", ".1f", "dB", low=0, high=40) }}

    {{ num("vae/swap.psnr_self", ".1f") }} dB, since.

??? predict "Which?"

    {{ choose({"More <b> & less": "vae/swap.loss < 0", "None": "vae/swap.loss >= 0"}) }}

    Less.
"""
FAULTY = """\
# Page

{{ guess("vae/swap.psnr", low=0, high=40) }}
{{ guess("vae/swap.psnr_self", low=0, high=4) }}
{{ guess("vae/swap.psnr_self", lou=0) }}
{{ choose({"a": "vae/swop.loss > 0", "b": "vae/swap.loss < 0"}) }}
{{ choose({"a": "vae/swap.loss > 0", "b": "vae/swap.loss > 1"}) }}
"""


def test_mkdocs_puts_questions_into_folds_and_says_where_one_is_wrong(tmp_path):
    project = Project(tmp_path / "site", {"page.md": PAGE, "faulty.md": FAULTY})
    config = project.folder / "mkdocs.yml"
    config.write_text(config.read_text().replace("[attr_list,", "[pymdownx.details, pymdownx.superfences, attr_list,"))
    status, log, errors = project.build("--strict")
    assert status == 1
    page = "docs/faulty.md"
    for line, said in [
        (3, "figure 'vae/swap' has no number 'psnr'; did you mean 'psnr_self'?"),
        (4, "guess(): the answer, 28.1, lies outside of 0 to 4; choose low and high around it"),
        (5, "wrong arguments: guess() got an unexpected keyword argument 'lou'"),
        (6, "unknown figure 'vae/swop'; did you mean 'vae/swap'?"),
        (7, "choose(): exactly one answer has to be right, and by the figures' numbers none of 'a', 'b' is"),
    ]:
        assert any(error.startswith(f"{page}:{line}: {said}") for error in errors), (line, log)
    assert len(errors) == 5, log
    assert project.build()[0] == 0  # shown in place
    built = project.html("page")
    fold = r'<details class="predict">\s*<summary>.*?</summary>\s*<div class="dn-bet" hidden data-bet="(.*?)"></div>'
    folds = re.findall(fold, built)
    number, choice = (json.loads(html.unescape(fold)) for fold in folds)
    assert (number["kind"], number["right"]) == ("guess", 28.1)
    assert (choice["kind"], choice["options"], choice["right"]) == ("choose", ["More <b> & less", "None"], 0)


def test_numerals_in_answers_are_looked_at_and_ends_of_scales_are_not():
    page = """{{ guess("a/b.c", low=0, high=256) }}

{{ choose({"In 28 steps": "a/b.c > 9", "At " ~ numraw("a/b.d"): "a/b.c <= 9"}) }}"""
    assert [(p.line, p.message.split(" is ")[0]) for p in check_page(page, "x", "x", [])] == [(3, "'28'")]


@pytest.mark.parametrize("page", SERIES, ids=lambda page: page.stem)
def test_every_page_of_the_series_asks_three_that_it_grades(page):
    """And each stands first in its fold, where the page looks for it."""
    text = page.read_text(encoding="utf-8")
    calls = re.findall(r"\{\{ (?:guess|choose)\(", text)
    placed = re.findall(r'^\?\?\? predict "[^\n]+"\n\n    \{\{ (?:guess|choose)\(', text, re.M)
    assert len(calls) == len(placed) >= 3


def test_figures_know_the_pages_that_ask_for_their_numbers():
    uses = Pages(ROOT / "docs", jinja_environment({"j2_comment_start_string": "{##", "j2_comment_end_string": "##}"}))
    assert "series/tunnel.md" in uses.pages_of("figure", "tunnel/reach")
    assert "series/tunnel.md" in uses.using("choose")

"""Captions: worded in many ways, deterministic for a seed, true to the icon."""

import random
from collections import Counter

import pytest

from denoised.data import splits
from denoised.data.captions import STYLE_WORDS, caption, prompt
from denoised.data.catalogue import STYLES, Icon
from denoised.data.prompts import SHEET, SHEET_PROMPTS
from denoised.data.splits import Row

APPLE = Row("noto/red-apple", "noto", "red-apple", "red-apple", "red apple", "apple|fruit|red", "food-drink", "none",
            "none", colour="red", split="train")  # fmt: skip
HAND = Row("noto/waving-hand-dark", "noto", "waving-hand-dark", "waving-hand", "Waving Hand", "hello", "people-body",
           "dark", "none", colour="brown", split="train")  # fmt: skip
BOX = Row("openmoji/box", "openmoji", "box", "box", "box", "", "objects", "none", "none", colour="blue", split="train")


def wordings(row, count=400, **how):
    rng = random.Random(0)
    return [caption(row, rng, **how) for _ in range(count)]


def test_every_style_has_two_words_of_its_own():
    assert set(STYLE_WORDS) == set(STYLES)
    words = [word for pair in STYLE_WORDS.values() for word in pair]
    assert len(words) == len(set(words)) == 2 * len(STYLES)


def test_prompt_is_plain_and_names_thing_and_style():
    assert prompt(APPLE) == "red apple, noto style"
    assert prompt(HAND) == "waving hand, dark skin tone, noto style"


def test_the_same_seed_gives_the_same_captions():
    assert wordings(APPLE) == wordings(APPLE)
    assert len(set(wordings(APPLE))) > 25


def test_every_caption_names_the_thing_and_the_style():
    for text in wordings(APPLE):
        assert "apple" in text
        assert any(word in text for word in STYLE_WORDS["noto"])
    for text in wordings(APPLE, style=False):
        assert "apple" in text
        assert not any(word in text for word in STYLE_WORDS["noto"])


def test_skin_tones_are_said():
    assert all("dark skin tone" in text for text in wordings(HAND))


def test_short_captions_hold_the_name_only_and_rich_ones_more():
    for text in wordings(APPLE, rich=False):
        assert "fruit" not in text
    assert any("fruit" in text for text in wordings(APPLE, rich=True))
    rich = sum("fruit" in text or text.count(",") > 1 for text in wordings(APPLE, 2000))
    assert 400 < rich < 1200, "about half are rich, and some of those draw no such keyword"


def test_a_colour_is_added_only_to_a_name_without_one():
    assert any("blue box" in text for text in wordings(BOX, rich=True))
    assert not any("red red" in text for text in wordings(APPLE, rich=True))
    counts = Counter(text.count("red") for text in wordings(APPLE, rich=True))
    assert max(counts) == 1


def test_an_icon_without_a_measured_colour_works_too():
    plain = Icon(*(getattr(APPLE, name) for name in Icon.__dataclass_fields__))
    assert all("apple" in text for text in wordings(plain, rich=True))


@pytest.mark.parametrize("style", [True, False])
def test_real_rows_give_clean_captions(style):
    rng = random.Random(1)
    for row in splits.load()[::97]:
        text = caption(row, rng, style=style)
        assert text == text.strip()
        assert "{" not in text
        assert "|" not in text
        assert ", ," not in text


def test_the_sheet_asks_in_the_words_of_captions():
    rows = splits.load()
    labels = {row.label.lower() for row in rows}
    styles = {words[0] for words in STYLE_WORDS.values()}
    assert len(SHEET_PROMPTS) == len(set(SHEET_PROMPTS)) == 16
    assert all(style in styles for _, style in SHEET)
    assert sum(what not in labels for what, _ in SHEET) == 2, "the last two are of things in no set"

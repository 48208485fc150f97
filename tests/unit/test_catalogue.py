"""The catalogue joins eight sets with Unicode's tables: on a made-up installation, and on the real one."""

import json

import pytest

from denoised import paths
from denoised.data import catalogue as module
from denoised.data import splits
from denoised.data.catalogue import STYLES, TONES, catalogue, slug
from denoised.errors import DenoisedError

ENTRIES = [
    {"label": "red apple", "hexcode": "1F34E", "tags": ["apple", "fruit"], "group": 4},
    {"label": "waving hand", "hexcode": "1F44B", "tags": ["hello"], "group": 1, "skins": [
        {"label": "waving hand: light skin tone", "hexcode": "1F44B-1F3FB", "tone": 1},
        {"label": "waving hand: dark skin tone", "hexcode": "1F44B-1F3FF", "tone": 5}]},
    {"label": "couple", "hexcode": "1F46B", "group": 1, "skins": [
        {"label": "couple: light, dark", "hexcode": "1F46B-1F3FB-1F3FF", "tone": [1, 5]}]},
    {"label": "woman pilot", "hexcode": "1F469-200D-2708-FE0F", "gender": 0, "group": 1},
    {"label": "man pilot", "hexcode": "1F468-200D-2708-FE0F", "gender": 1, "group": 1},
    {"label": "prince", "hexcode": "1F934", "group": 1},
    {"label": "kiss: woman, man", "hexcode": "1F48F", "group": 1},
]  # fmt: skip
GROUPS = [{"order": 1, "key": "people-body"}, {"order": 4, "key": "food-drink"}]
ICONS = {
    "noto": {"red-apple": "1f34e", "waving-hand": "1f44b", "waving-hand-dark-skin-tone": "1f44b-1f3ff",
             "couple-mixed": "1f46b-1f3fb-1f3ff", "flag-for-nowhere": None, "prince": "1f934", "kiss": "1f48f"},
    "twemoji": {"woman-pilot": "1f469-200d-2708", "man-pilot": "1f468-200d-2708-fe0f"},
    "fxemoji": {"redapple": None, "waving-hand-tone3": None, "woman-of-mystery": None},
}  # fmt: skip


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """node_modules with three filled and five empty sets."""
    (tmp_path / "emojibase-data" / "en").mkdir(parents=True)
    (tmp_path / "emojibase-data" / "en" / "data.json").write_text(json.dumps(ENTRIES))
    (tmp_path / "emojibase-data" / "en" / "messages.json").write_text(json.dumps({"groups": GROUPS}))
    for style in STYLES:
        folder = tmp_path / "@iconify-json" / style
        folder.mkdir(parents=True)
        names = ICONS.get(style, {})
        (folder / "icons.json").write_text(json.dumps({"icons": {name: {"body": ""} for name in names}}))
        if any(names.values()):
            (folder / "chars.json").write_text(json.dumps({code: name for name, code in names.items() if code}))
    monkeypatch.setattr(paths, "NODE_MODULES", tmp_path)
    return tmp_path


@pytest.fixture
def found(installed):
    return {icon.id: icon for icon in catalogue()}


def test_every_icon_is_there_once_and_sorted(installed):
    icons = catalogue()
    assert [icon.id for icon in icons] == sorted({f"{s}/{name}" for s, names in ICONS.items() for name in names})


def test_a_set_s_own_code_gives_label_keywords_and_group(found):
    icon = found["noto/red-apple"]
    assert (icon.concept, icon.label) == ("red-apple", "red apple")
    assert (icon.keywords, icon.group) == ("apple|fruit", "food-drink")
    assert (icon.tone, icon.gender) == ("none", "none")


def test_a_name_without_hyphens_finds_the_same_thing(found):
    assert found["fxemoji/redapple"].concept == found["noto/red-apple"].concept


def test_tones_share_a_concept(found):
    dark, plain = found["noto/waving-hand-dark-skin-tone"], found["noto/waving-hand"]
    assert (dark.tone, dark.concept) == ("dark", plain.concept)
    assert plain.tone == "none"
    by_name = found["fxemoji/waving-hand-tone3"]
    assert (by_name.tone, by_name.concept) == ("medium", plain.concept)
    assert found["noto/couple-mixed"].tone == "mixed"


def test_genders_come_from_the_table_or_the_word(found):
    assert found["twemoji/woman-pilot"].gender == "woman", "FE0F does not count"
    assert found["twemoji/man-pilot"].gender == "man"
    assert found["noto/prince"].gender == "man"
    assert found["noto/kiss"].gender == "none", "both words are in it"
    assert found["fxemoji/woman-of-mystery"].gender == "woman"


def test_what_unicode_does_not_know(found):
    assert found["noto/flag-for-nowhere"].group == "flags"
    mystery = found["fxemoji/woman-of-mystery"]
    assert (mystery.group, mystery.concept, mystery.label) == ("extras", "woman-of-mystery", "woman of mystery")


@pytest.mark.parametrize(
    ("text", "expected"), [("Woman’s hat", "womans-hat"), ("Keycap: *", "keycap"), ("  A--b ", "a-b")]
)
def test_slug(text, expected):
    assert slug(text) == expected


@pytest.mark.parametrize("harm", ["gone", "cut"])
@pytest.mark.parametrize("part", ["emojibase-data/en/data.json", "@iconify-json/openmoji/icons.json"])
def test_a_missing_or_damaged_set_is_one_sentence(installed, harm, part):
    path = installed / part
    path.unlink() if harm == "gone" else path.write_text(path.read_text()[:-5] + "{{")
    with pytest.raises(DenoisedError) as error:
        catalogue()
    said = str(error.value)
    assert "npm ci" in said
    assert part.rpartition("/")[2] in said
    assert "\n" not in said


@pytest.mark.skipif(
    not (paths.NODE_MODULES / "emojibase-data").exists(), reason="the emoji sets are not installed: `make data` does it"
)
def test_the_installed_sets_are_those_of_the_committed_splits():
    icons, rows = catalogue(), splits.load()
    assert len(icons) > 20_000
    assert [vars(icon) for icon in icons] == [{k: v for k, v in vars(row).items() if k not in ("colour", "split")}
                                              for row in rows]  # fmt: skip
    assert {icon.style for icon in icons} == set(STYLES)
    assert {icon.tone for icon in icons} <= {*TONES, "mixed"}
    assert module.icon_set("noto")["icons"]

"""The splits do not leak: neither by name, nor by skin tone, nor by the pictures themselves."""

import gzip
from collections import Counter, defaultdict
from dataclasses import asdict

import numpy as np
import pytest

from denoised.data import icons, splits
from denoised.data.catalogue import Icon
from denoised.errors import DenoisedError

ROWS = splits.load()
BY_SPLIT = Counter(row.split for row in ROWS)
PLAIN = ("flags", "extras", "component")


def test_the_committed_file_is_whole():
    assert len(ROWS) == len({row.id for row in ROWS}) > 20_000
    assert set(BY_SPLIT) == set(splits.SPLITS)
    assert [row.id for row in ROWS] == sorted(row.id for row in ROWS)
    assert BY_SPLIT["train"] > 0.75 * len(ROWS)


def test_saving_what_was_loaded_gives_the_same_bytes(tmp_path):
    splits.save(ROWS, tmp_path / "again.csv.gz")
    assert splits.load(tmp_path / "again.csv.gz") == ROWS
    splits.save(ROWS, tmp_path / "twice.csv.gz")
    assert (tmp_path / "again.csv.gz").read_bytes() == (tmp_path / "twice.csv.gz").read_bytes()
    assert gzip.decompress((tmp_path / "again.csv.gz").read_bytes()) == gzip.decompress(splits.FILE.read_bytes())


def test_held_out_concepts_are_in_no_other_split():
    where = defaultdict(set)
    for row in ROWS:
        where[row.concept].add(row.split)
    for split in ("concept", "colour", "clock", "fingers"):
        for concept, found in where.items():
            if split in found:
                assert found <= {split, "twin"}, concept


def test_colours_clocks_and_fingers_are_held_out_in_every_style():
    for split, concepts in (("colour", splits.COLOUR_HELD_OUT), ("clock", splits.CLOCKS_HELD_OUT),
                            ("fingers", splits.FINGERS_HELD_OUT)):  # fmt: skip
        for concept in concepts:
            found = [row for row in ROWS if row.concept == concept]
            assert len({row.style for row in found}) >= 4, concept
            assert {row.split for row in found} <= {split, "twin"}


def test_the_parts_of_a_held_out_pair_are_known_apart():
    """A pair is withheld, not its parts: the style has training icons, the concept is trained in other styles."""
    train = defaultdict(set)
    for row in ROWS:
        if row.split == "train":
            train[row.concept].add(row.style)
    pairs = {(row.concept, row.style) for row in ROWS if row.split == "pair"}
    assert all(style not in train[concept] for concept, style in pairs)
    known = sum(bool(train[concept]) for concept, _ in pairs)
    assert known > 0.98 * len(pairs), f"{known} of {len(pairs)}"


def test_other_colours_of_held_out_objects_are_trained():
    trained = {row.concept for row in ROWS if row.split == "train"}
    assert {"red-heart", "purple-heart", "red-circle", "blue-square", "green-book"} <= trained


def test_skin_tones_of_a_drawing_stay_together():
    side = defaultdict(set)
    for row in ROWS:
        if row.split != "twin":
            side[row.concept, row.style].add(row.split)
    assert [key for key, found in side.items() if len(found) > 1] == []


def test_man_woman_and_person_stay_together_but_for_few():
    """A family whose members are drawn by too few sets is trained whole, so a sibling can be on the other side."""
    side = defaultdict(set)
    for row in ROWS:
        if row.split != "twin":
            side[splits.family(row.concept), row.style].add(row.split)
    assert sum(len(found) > 1 for found in side.values()) <= 3


def test_the_rule_gives_the_committed_split():
    """`assign` alone decides, apart from twins, which only pictures show."""
    styles_of = defaultdict(set)
    for row in ROWS:
        styles_of[row.concept].add(row.style)
    changed = [row.id for row in ROWS if row.split not in (splits.assign(row, styles_of), "twin")]
    assert changed == []


def test_a_share_depends_on_the_words_only():
    assert splits._share("concept", "pizza") == splits._share("concept", "pizza")
    assert splits._share("concept", "pizza") == pytest.approx(0.38297235, abs=1e-8), "other on another machine"
    values = [splits._share("pair", str(i)) for i in range(4000)]
    assert np.histogram(values, 10, (0, 1))[0].min() > 330


def test_generators_never_see_what_is_withheld():
    from denoised.training.images import in_trunk

    diet = [row for row in ROWS if in_trunk(row)]
    assert {row.split for row in diet} == {"train"}
    assert {row.tone for row in diet} == {"none"}
    assert not {row.group for row in diet} & set(PLAIN)
    assert 8_000 < len(diet) < 12_000


def picture(colour, share=1.0):
    """An icon whose visible square is one colour, uint8 [128, 128, 4]."""
    made = np.zeros((128, 128, 4), np.uint8)
    made[20:100, 20:100, 3] = 255
    made[20:100, 20:100, :3] = (30, 30, 30)
    rows = int(80 * share)
    made[20 : 20 + rows, 20:100, :3] = colour
    return made


@pytest.mark.parametrize(("rgb", "name"), [
    ((220, 30, 30), "red"), ((245, 140, 30), "orange"), ((250, 215, 40), "yellow"), ((40, 170, 60), "green"),
    ((40, 100, 220), "blue"), ((140, 60, 220), "purple"), ((240, 100, 190), "pink"), ((120, 70, 30), "brown"),
    ((150, 150, 150), "grey"), ((250, 250, 250), "white"), ((10, 10, 10), "black"),
])  # fmt: skip
def test_colours_are_named_as_people_do(rgb, name):
    assert splits.colour_name(picture(rgb)) == name


def test_an_outline_is_not_the_colour_and_nothing_has_none():
    assert splits.colour_name(picture((220, 30, 30), share=0.4)) == "red"
    assert splits.colour_name(picture((220, 30, 30), share=0.1)) == "black"
    assert splits.colour_name(np.zeros((128, 128, 4), np.uint8)) == "none"


def icon(style, concept, tone="none"):
    return Icon(f"{style}/{concept}-{tone}", style, concept, concept, concept, "", "objects", tone, "none")


def test_a_twin_of_a_held_out_picture_is_taken_out():
    names = ["blue-heart", "love"]
    made = [icon("noto", name) for name in names]
    same = np.stack([picture((40, 100, 220))] * 2)
    rows = splits.make(made, {"noto": same})
    assert [row.split for row in rows] == ["colour", "twin"]
    other = np.stack([picture((40, 100, 220)), picture((220, 30, 30))])
    assert [row.split for row in splits.make(made, {"noto": other})] == ["colour", "train"]


def cut(path):
    path.write_bytes(path.read_bytes()[:-2000])


def other_columns(path):
    path.write_bytes(gzip.compress(b"id,style\na,b\n"))


@pytest.mark.parametrize("harm", [cut, other_columns, lambda p: p.write_bytes(b""), lambda p: p.write_text("<p>404"),
                                  lambda p: p.unlink()])  # fmt: skip
def test_a_damaged_file_is_one_sentence(tmp_path, harm):
    path = tmp_path / "splits.csv.gz"
    path.write_bytes(splits.FILE.read_bytes())
    harm(path)
    with pytest.raises(DenoisedError) as error:
        splits.load(path)
    assert "git checkout" in str(error.value)
    assert "\n" not in str(error.value)


def test_no_picture_of_the_specimens_is_on_two_sides():
    """Near copies between specimens of training and held-out splits, in the same style, seen through small pictures."""
    from denoised.data import specimens

    found = specimens.load()
    small = found.images.reshape(-1, 32, 4, 32, 4, 3).mean((2, 4))
    train = [i for i, record in enumerate(found.records) if record["split"] == "train"]
    for i, record in enumerate(found.records):
        if record["split"] == "train":
            continue
        for j in train:
            if found.records[j]["style"] == record["style"]:
                assert np.abs(small[i] - small[j]).mean() > 1.0, (record["id"], found.records[j]["id"])


def test_fields_are_those_of_the_icons():
    assert set(asdict(ROWS[0])) == {*Icon.__dataclass_fields__, "colour", "split"}
    assert icons.SIZE == 128

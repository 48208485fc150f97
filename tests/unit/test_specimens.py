"""The shipped specimens: small, whole, described by the catalogue, and enough for the pages."""

import json
import shutil
from dataclasses import asdict

import numpy as np
import pytest

from denoised import paths
from denoised.data import specimens, splits
from denoised.data.catalogue import STYLES
from denoised.errors import DenoisedError

FOUND = specimens.load()


def test_the_sheet_is_small():
    size = sum(path.stat().st_size for path in paths.SPECIMENS.iterdir() if path.is_file())
    assert size <= specimens.LIMIT


def test_pictures_and_records_fit():
    count = len(FOUND.records)
    assert FOUND.images.shape == (count, 128, 128, 3)
    assert FOUND.alpha.shape == (count, 128, 128)
    assert (FOUND.alpha.max((1, 2)) > 200).all(), "a cell is empty, so pictures and records have slipped"
    assert (FOUND.images[FOUND.alpha == 0] == 255).all(), "the ground is white"


def test_records_are_rows_of_the_committed_splits():
    rows = {row.id: asdict(row) for row in splits.load()}
    assert [record for record in FOUND.records if rows[record["id"]] != record] == []
    assert len({record["id"] for record in FOUND.records}) == len(FOUND.records)


def test_each_picture_is_the_one_its_record_names():
    """The colour measured on the sheet is the colour that was measured on the rasterized icon."""
    rgba = np.dstack([FOUND.images.reshape(-1, 128, 3), FOUND.alpha.reshape(-1, 128)]).reshape(-1, 128, 128, 4)
    measured = [splits.colour_name(picture) for picture in rgba]
    agree = np.mean([a == record["colour"] for a, record in zip(measured, FOUND.records, strict=True)])
    assert agree > 0.97, agree


def test_nothing_of_the_judge_and_no_twin_is_shown():
    assert not {record["split"] for record in FOUND.records} & {"judge", "twin"}


def test_what_the_pages_need_is_there():
    for concept in specimens.CONCEPTS:
        assert FOUND.where(concept=concept), concept
    for style in STYLES:
        assert len(FOUND.where(style=style)) >= 20, style
    for split, least in (("concept", 100), ("pair", 60), ("clock", 4), ("train", 100)):
        assert len(FOUND.where(split=split)) >= least, split
    assert {record["tone"] for record in FOUND.records} >= {"none", "light", "dark"}


def test_one_finds_one():
    assert FOUND.one(style="noto", concept="cat-face").shape == (128, 128, 3)
    with pytest.raises(LookupError):
        FOUND.one(style="noto")
    with pytest.raises(LookupError):
        FOUND.one(style="noto", concept="no-such-thing")


def test_choosing_again_gives_the_shipped_specimens():
    rows = splits.load()
    assert [rows[i].id for i in specimens.choose(rows)] == [record["id"] for record in FOUND.records]


@pytest.mark.parametrize("name", ["sheet.webp", "index.json"])
@pytest.mark.parametrize("harm", ["gone", "cut", "empty"])
def test_damage_is_one_sentence(tmp_path, name, harm):
    folder = tmp_path / "specimens"
    shutil.copytree(paths.SPECIMENS, folder)
    path = folder / name
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:1000] if harm == "cut" else b"")
    with pytest.raises(DenoisedError) as error:
        specimens.load(folder)
    assert "git checkout" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_sheet_that_lacks_pictures_is_damaged(tmp_path):
    """An index longer than the sheet must not give fewer pictures than records."""
    folder = tmp_path / "specimens"
    shutil.copytree(paths.SPECIMENS, folder)
    (folder / "index.json").write_text(json.dumps(FOUND.records + FOUND.records[:60]))
    with pytest.raises(DenoisedError):
        specimens.load(folder)

"""Rasterizing: fitted, centred, on white; a killed run goes on and gives the same bytes."""

import json

import numpy as np
import pytest

from denoised import paths
from denoised.data import icons
from denoised.data.catalogue import STYLES, Icon
from denoised.errors import DenoisedError

SQUARE = '<rect x="0" y="0" width="{}" height="{}" fill="#ff0000"/>'


def test_on_white_composes_exactly():
    rgba = np.array([[[10, 20, 30, 255], [10, 20, 30, 0], [0, 0, 0, 128], [255, 0, 0, 64]]], np.uint8)
    expected = [[10, 20, 30], [255, 255, 255], [127, 127, 127], [255, 191, 191]]
    assert icons.on_white(rgba)[0].tolist() == expected
    assert icons.on_white(rgba).dtype == np.uint8


def test_a_square_icon_fills_the_canvas():
    made = icons.rasterize(SQUARE.format(32, 32), 32, 32)
    assert made.shape == (128, 128, 4)
    assert (made == [255, 0, 0, 255]).all()


@pytest.mark.parametrize(("width", "height"), [(32, 16), (16, 32)])
def test_others_are_fitted_and_centred(width, height):
    made = icons.rasterize(SQUARE.format(width, height), width, height)[..., 3] > 0
    rows, columns = np.flatnonzero(made.any(1)), np.flatnonzero(made.any(0))
    assert (len(rows), len(columns)) == (4 * height, 4 * width)
    assert rows[0] + rows[-1] == 127
    assert columns[0] + columns[-1] == 127


def test_an_offset_viewbox_is_respected():
    body = '<rect x="-8" y="4" width="16" height="16" fill="#00ff00"/>'
    assert (icons.rasterize(body, 16, 16, left=-8, top=4)[..., 3] == 255).all()


@pytest.fixture
def sets(tmp_path, monkeypatch):
    """Eight sets of four little icons, and a place to rasterize into."""
    listed = []
    for number, style in enumerate(STYLES):
        folder = tmp_path / "npm" / "@iconify-json" / style
        folder.mkdir(parents=True)
        bodies = {f"icon-{i}": {"body": SQUARE.format(4 + 2 * i, 16)} for i in range(4)}
        (folder / "icons.json").write_text(json.dumps({"icons": bodies, "width": 16, "height": 16}))
        listed += [Icon(f"{style}/{name}", style, name, name, name, "", "objects", "none", "none") for name in bodies]
        assert number < 8
    listed = sorted(listed, key=lambda item: item.id)
    monkeypatch.setattr(paths, "NODE_MODULES", tmp_path / "npm")
    monkeypatch.setattr(icons, "catalogue", lambda: listed)
    return tmp_path / "icons"


def test_everything_is_drawn_in_catalogue_order(sets):
    icons.rasterize_all(sets, workers=1)
    listed, pictures = icons.load(sets)
    assert [item.id for item in listed] == sorted(item.id for item in listed)
    assert set(pictures) == set(STYLES)
    for style in STYLES:
        assert pictures[style].shape == (4, 128, 128, 4)
        widths = [int((p[64, :, 3] > 127).sum()) for p in pictures[style]]
        assert widths == [32, 48, 64, 80]
    assert not list(sets.glob("*.part"))
    assert not list(sets.glob("*.done"))


def test_it_goes_to_the_place_where_training_looks(sets, monkeypatch):
    monkeypatch.setattr(paths, "DATA", sets.parent / "data")
    icons.rasterize_all(workers=1)
    assert len(icons.load()[0]) == 32


def test_whole_styles_are_not_drawn_again_and_a_started_one_goes_on(sets, monkeypatch):
    icons.rasterize_all(sets, workers=1)
    before = {path.name: path.read_bytes() for path in sets.glob("*.npy")}
    target = sets / "noto.npy"
    # What a kill after two rows leaves: the part file, with two good rows, and its counter.
    part = np.load(target)
    part[2:] = 7
    np.save(sets / "part.npy", part)
    (sets / "part.npy").rename(sets / "noto.npy.part")
    (sets / "noto.npy.done").write_text("2")
    target.unlink()
    drawn = []
    real = icons.rasterize
    monkeypatch.setattr(icons, "rasterize", lambda body, *size: drawn.append(body) or real(body, *size))
    names = [f"icon-{i}" for i in range(4)]
    icons._rasterize_style("noto", names, str(target))
    assert len(drawn) == 2, "only the rows that were missing"
    assert {path.name: path.read_bytes() for path in sets.glob("*.npy")} == before


def test_another_catalogue_throws_old_pictures_away(sets, monkeypatch):
    icons.rasterize_all(sets, workers=1)
    listed = icons.catalogue()[:-1]
    monkeypatch.setattr(icons, "catalogue", lambda: listed)
    icons.rasterize_all(sets, workers=1)
    found, pictures = icons.load(sets)
    assert len(found) == 31
    assert pictures[listed[-1].style].shape[0] == 3


def test_a_broken_icon_names_itself(sets):
    path = paths.NODE_MODULES / "@iconify-json" / "noto" / "icons.json"
    path.write_text(json.dumps({"icons": {"icon-0": {"body": "<rect"}}, "width": 16, "height": 16}))
    sets.mkdir()
    with pytest.raises(DenoisedError) as error:
        icons._rasterize_style("noto", ["icon-0"], str(sets / "noto.npy"))
    assert "noto/icon-0" in str(error.value)
    assert not (sets / "noto.npy").exists()


def test_missing_arrays_say_make_data(tmp_path):
    with pytest.raises(DenoisedError) as error:
        icons.load(tmp_path)
    assert "make data" in str(error.value)


def test_a_folder_that_cannot_be_written_is_a_sentence(sets):
    sets.write_text("a file is in the way")
    with pytest.raises(DenoisedError) as error:
        icons.rasterize_all(sets, workers=1)
    assert "cannot be written" in str(error.value)
    assert "\n" not in str(error.value)

"""Small pictures for cards: the upper edge of a figure, made when the site is."""

import pytest
from PIL import Image

from sitekit import thumbs


def drawn(path, size=(720, 1000)):
    whole = Image.new("RGBA", size, (0, 0, 0, 0))
    whole.paste((200, 30, 30), (100, 0, size[0], 200))
    whole.paste((30, 30, 200), (0, 600, *size))
    path.parent.mkdir(parents=True, exist_ok=True)
    whole.save(path, lossless=True)
    return path


@pytest.mark.parametrize("size", [(720, 1000), (720, 250), (1440, 400)])
def test_it_is_the_upper_edge_and_as_large_as_was_said(tmp_path, size):
    picture = drawn(tmp_path / "a.webp", size)
    (tmp_path / "small.webp").write_bytes(thumbs.small(picture))
    with Image.open(tmp_path / "small.webp") as small:
        said = thumbs.size_of({"width": size[0], "height": size[1]})
        assert small.size == (said["width"], said["height"]) and small.width == thumbs.WIDTH
        assert small.mode == "RGBA" and small.getpixel((10, 10))[3] < 20, "paper stays clear"
        red, _, blue, _ = small.getpixel((280, 10))
        assert red > 150 > 100 > blue, "its top is the figure's"
        assert small.height <= thumbs.WIDTH * thumbs.ASPECT
    assert thumbs.small(picture) == thumbs.small(picture), "and the same bytes each time"


def test_what_pages_ask_for_is_written_once_beside_the_figure(tmp_path):
    whole = drawn(tmp_path / "assets" / "x" / "a.light.webp")
    (tmp_path / "index.html").write_text(f'<img src="assets/x/{thumbs.name_of("a.light.webp")}" alt="">')
    (tmp_path / "page").mkdir()
    (tmp_path / "page" / "index.html").write_text('<img src="../assets/x/a.light.thumb.webp"><img src="gone.webp">')
    thumbs.write(tmp_path)
    assert sorted(file.name for file in whole.parent.iterdir()) == ["a.light.thumb.webp", "a.light.webp"]


def test_they_are_kept_until_the_figure_is_another(tmp_path, monkeypatch):
    site, kept = tmp_path / "site", tmp_path / "kept"
    whole = drawn(site / "a.webp")
    (site / "index.html").write_text('<img src="a.thumb.webp">')
    thumbs.write(site, kept)
    first = (site / "a.thumb.webp").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(thumbs, "small", None)  # would fail
        thumbs.write(site, kept)
    assert (site / "a.thumb.webp").read_bytes() == first and len(list(kept.iterdir())) == 1
    drawn(whole, (1440, 400))
    thumbs.write(site, kept)
    assert (site / "a.thumb.webp").read_bytes() != first


def test_drawings_stay_what_they_are():
    assert thumbs.name_of("arch/questions.light.narrow.svg") == "arch/questions.light.narrow.svg"
    assert thumbs.name_of("a.poster.png") == "a.poster.thumb.png"

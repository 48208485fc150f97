"""The palette reads, the fonts are ours, and the pages' colours are the figures' colours."""

import numpy as np
import pytest
from matplotlib import font_manager

from denoised.paths import ROOT
from plotting import layout, style
from plotting.encode import encode_figure

THEMES = list(style.THEMES.values())


def test_contrast_is_that_of_wcag():
    assert style.contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert style.contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_text_colours_read_on_the_page(theme):
    for name in ("ink", "muted", "accent"):
        assert style.contrast(getattr(theme, name), theme.paper) >= 4.5, name
        assert style.contrast(getattr(theme, name), theme.panel) >= 4.5, name
    for name in style.MEANINGS:
        assert style.contrast(theme.label(name), theme.paper) >= 4.5, name
        assert style.contrast(theme.label(name), theme.panel) >= 4.5, name
        assert style.contrast(getattr(theme, name), theme.paper) >= 3, f"{name} as a line"
    assert not style.check_palette()


def test_check_palette_can_fail(monkeypatch):
    monkeypatch.setattr(style.Theme, "label", lambda self, name: self.grid)
    assert "light latent" in style.check_palette()


def test_tokens_css_is_in_step_with_the_palette():
    path = ROOT / "docs" / "stylesheets" / "tokens.css"
    assert path.read_text(encoding="utf-8") == style.tokens_css(), "run `python -m plotting.style`"


def test_tokens_css_holds_every_colour_of_both_themes():
    css = style.tokens_css()
    light, dark = css.split('[data-md-color-scheme="slate"]')
    for name, (by_day, by_night) in style.PALETTE.items():
        assert f"--dn-{name}: {by_day};" in light
        assert f"--dn-{name}: {by_night};" in dark


def test_fonts_come_from_the_repository():
    with style.context(style.LIGHT):
        for family, weight, file in (
            ("Inter", 400, "Inter-Regular.ttf"),
            ("Inter", 600, "Inter-SemiBold.ttf"),
            ("JetBrains Mono", 400, "JetBrainsMono-Regular.ttf"),
        ):
            found = font_manager.findfont(font_manager.FontProperties(family=family, weight=weight))
            assert found == str(style.FONTS / file)
    for licence in ("Inter-OFL.txt", "JetBrainsMono-OFL.txt"):
        assert "SIL Open Font License" in (style.FONTS / licence).read_text()


def test_context_leaves_no_trace_and_ignores_the_persons_settings():
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    with mpl.rc_context({"font.size": 31}):
        with style.context(style.DARK):
            assert mpl.rcParams["font.size"] == style.TEXT
            assert mpl.rcParams["text.color"] == style.DARK.ink
        assert mpl.rcParams["font.size"] == 31
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("narrow, width", [(False, 720), (True, 360)])
def test_canvas_is_measured_in_css_pixels(narrow, width):
    with style.context(style.LIGHT):
        fig = style.new_figure(style.LIGHT, narrow)
        fig.area(40, 30, 200, 100, below=40)
        data, w, h = encode_figure(fig, "svg")
    assert (w, h) == (width, 170)
    assert f'width="{width}" height="170"'.encode() in data
    assert fig.narrow is narrow


def test_canvas_keeps_things_in_place_when_it_grows():
    with style.context(style.LIGHT):
        fig = style.new_figure(style.LIGHT, True)
        ax = fig.area(40, 30, 200, 100)
        note = fig.note(10, 12, "up here")

        def places():
            box = ax.get_window_extent()
            return [box.x0, fig.height - box.y1, box.width, box.height, fig.height * (1 - note.get_position()[1])]

        before = places()
        fig.note(10, 400, "down there")
        assert fig.height > 400
        assert places() == pytest.approx(before)
        assert before == pytest.approx([40, 30, 200, 100, 12])


def test_small_pictures_keep_their_pixels_exactly():
    rng = np.random.default_rng(0)
    tiny = rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)
    icon = rng.integers(0, 256, (128, 128, 3), dtype=np.uint8)
    with style.context(style.DARK):
        fig = style.new_figure(style.DARK, False)
        layout.picture(fig, tiny, 11, 7, 64, frame=False, radius=0)
        layout.picture(fig, icon, 101, 33, 64, frame=False, radius=0)
        fig.set_height(120)
        fig.set_dpi(style.DPI * layout.RASTER_SCALE)
        fig.canvas.draw()
        pixels = np.asarray(fig.canvas.buffer_rgba())
    big = np.repeat(np.repeat(tiny, 8, axis=0), 8, axis=1)
    np.testing.assert_array_equal(pixels[14 : 14 + 128, 22 : 22 + 128, :3], big)
    np.testing.assert_array_equal(pixels[66 : 66 + 128, 202 : 202 + 128, :3], icon)
    assert pixels[5, 5, 3] == 0, "the canvas is transparent"


def test_cells_snap_to_the_pictures_pixels_unless_that_wastes_room():
    fig = style.new_figure(style.LIGHT, False)
    assert layout.cell_size(fig, 8, gap=8, pixels=16) == 80  # room for 83: five pixels to a pixel
    assert layout.cell_size(fig, 8, gap=8, pixels=128) == 64  # one device pixel to a pixel
    assert layout.cell_size(fig, 6, gap=8, pixels=128) == 113  # 64 would waste too much


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_diverging_map_is_neutral_at_zero_and_even_handed(theme):
    low, zero, high = (theme.diverging(v)[:3] for v in (0.0, 0.5, 1.0))
    assert style.contrast(zero, theme.paper) < 1.15
    contrasts = [style.contrast(end, zero) for end in (low, high)]
    assert min(contrasts) > 6
    assert max(contrasts) / min(contrasts) < 1.35
    values = np.array([[-2.0, 0.0, 2.0]])
    mapped = layout.colour_map(values, theme)
    np.testing.assert_array_equal(mapped[0, 1], np.round(np.array(zero) * 255))


def test_label_ends_pushes_names_apart():
    with style.context(style.LIGHT):
        fig = style.new_figure(style.LIGHT, False)
        ax = fig.area(40, 30, 400, 200, below=40)
        for i, name in enumerate("abc"):
            ax.plot([0, 1], [0, 1 + 0.01 * i], label=name)
        ax.set_ylim(0, 1.1)
        notes = layout.label_ends(ax, {name: f"line {name}" for name in "abc"})
        fig.canvas.draw()
        heights = sorted(note.get_window_extent().y0 for note in notes)
    assert np.diff(heights).min() >= 16.9
    assert not layout.text_problems(fig)


def test_text_problems_sees_what_a_reader_would():
    with style.context(style.LIGHT):
        fig = style.new_figure(style.LIGHT, True, height=200)
        fig.note(10, 10, "fine")
        assert layout.text_problems(fig) == []
        fig.note(10, 40, "fine print", size=8)
        fig.note(330, 80, "over the edge")
        fig.note(20, 120, "on top")
        fig.note(30, 122, "of each other")
        found = layout.text_problems(fig)
    assert [sum(word in problem for problem in found) for word in ("under 11", "off the canvas", "overlap")] == [
        1,
        1,
        1,
    ]


def test_rasterize_lays_the_canvas_on_paper():
    with style.context(style.DARK):
        fig = style.new_figure(style.DARK, True, height=50)
        frame = layout.rasterize(fig, scale=2)
    assert frame.shape == (100, 720, 3)
    assert frame.dtype == np.uint8
    assert tuple(frame[0, 0]) == (0x14, 0x16, 0x1A)

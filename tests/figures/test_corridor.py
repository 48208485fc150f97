"""The tunnel as a piece of art: what is on its walls is what the run had, and the view is the geometry that is claimed."""

import numpy as np
import pytest
import torch

from denoised import paths
from denoised.pipeline import load
from figures.tunnel import corridor
from plotting.corridor import DEEP, FLOOR, SIDE, SKY, Sheet, View, paint
from plotting.style import DARK, LIGHT


@pytest.fixture(scope="module")
def pipe():
    return load(paths.WEIGHTS / "emoji-sd")


def test_tiles_lie_where_they_are_put():
    sheet = Sheet(2)
    sheet.tiles(1, FLOOR, SIDE // 2, np.array([[1.0, -1.0], [0.5, 0.0]]))
    assert sheet.value[DEEP + 1, FLOOR + 1] == 1 and sheet.value[DEEP + 1, FLOOR + SIDE // 2 - 1] == -1
    assert sheet.value[2 * DEEP - 1, FLOOR] == 0.5 and not sheet.value[:DEEP].any() and not sheet.value[:, SKY:].any()


def test_a_light_shines_where_it_hangs_and_a_star_only_in_the_sky():
    sheet = Sheet(2)
    sheet.light(150, FLOOR + 40, 8, 1.0)
    assert np.unravel_index(sheet.lamp.argmax(), sheet.lamp.shape) == (150, FLOOR + 40)
    sheet.light(3, SKY + 2, 3, 1.0, sign=-0.5)
    assert np.unravel_index(sheet.star.argmax(), sheet.star.shape) == (3, SKY + 2) and not sheet.star[:, :SKY].any()
    assert sheet.sign[3, SKY + 2] == -1


def test_each_side_of_the_view_looks_at_its_wall_and_a_step_is_a_shift():
    view = View(4, 200, 200, 100, horizon=0.5, fine=1)
    side = view.along // SIDE
    assert (side[100, 10], side[190, 100], side[100, 190], side[10, 100]) == (0, 1, 2, 3)
    left = view.along[[20, 180], 5]
    assert left[0] < left[1] < SIDE, "down the left wall"
    assert view.along[180, 195] < view.along[20, 195], "up the right one"
    assert view.end(4) == pytest.approx(1) and view.end(0) == pytest.approx(0.105)
    shrink = np.exp(-view.ratio)  # one slab further away is everything at this share of its distance
    near, far = np.interp([0.9, 0.9 * shrink], view.far[100, 100:], view.depth[100, 100:])
    assert far - near == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_the_picture_is_at_the_end_and_only_there(theme):
    sheet, red = Sheet(4), np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 255
    view = View(4, 160, 120, 80, horizon=0.5)
    seen = view(paint(sheet, theme), red, theme)
    assert seen.shape == (120, 160, 3)
    end = (np.abs(seen.astype(int) - red[0, 0]).max(-1) < 3).sum()
    assert end == pytest.approx((2 * 80 * view.end(0)) ** 2, rel=0.25)
    closer = view(paint(sheet, theme), red, theme, passed=3.9)
    assert (np.abs(closer.astype(int) - red[0, 0]).max(-1) < 3).mean() > 0.9


def test_shares_and_peaks_are_those_of_the_numbers():
    maps = torch.zeros(3, 2, 4, 4)
    maps[:, 0, 1, 2], maps[:, 1] = 5.0, 7.0  # a constant map shows nothing
    drawn = corridor.shares(maps)
    assert drawn[0, 0, 1, 2] == 1 and not drawn[:, 1].any() and np.abs(drawn).max() <= 1
    lamp = torch.ones(16)
    lamp[6] = 4.0
    row, column, times = corridor.peak(lamp)
    assert (row, column) == (1, 2) and times == pytest.approx(4 * 16 / 19)


def test_the_corridor_holds_the_run_it_was_built_from(pipe):
    maps, lamps, seen, _ = corridor.watch(pipe, 2)
    assert set(lamps) == {"down 2", "down 3", "middle", "up 1", "up 2"}
    sheet, n = corridor.build(maps, lamps, seen, pipe.scheduler.alphas_cumprod, pipe.unet)
    assert n["stars_first"] == pytest.approx(31.7, abs=6), "fresh noise exceeds one standard deviation so often"
    assert n["tiles"] == 2 * (2 * 256 + 2 * 64 + 2 * 16 + 4 * 16) and n["lamps"] == 10
    for wall in (0, 1, 2):
        assert np.abs(sheet.value[:, wall * SIDE : (wall + 1) * SIDE]).max() > 0.9

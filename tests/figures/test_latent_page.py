"""The measurements behind the page on latent spaces, each on cases whose answer is known."""

import numpy as np
import pytest

from denoised.measured import latent_clouds as clouds
from denoised.measured import latent_copies as copies
from denoised.measured import latent_imagery as imagery
from denoised.measured import latent_paradox as paradox
from denoised.measured import latent_weights as weights
from denoised.probes.crossed import variance_shares
from figures.latent import known, manifold, no_latent, sensitivity, sizes, steer, three_ways

RNG = np.random.default_rng(0)


def test_the_painter_leaves_alone_what_a_layer_does_not_cover():
    canvas = three_ways.painter()
    assert (canvas[0] == 255).all() and len(canvas) == 6
    covered = [(a != b).any(-1).mean() for a, b in zip(canvas, canvas[1:], strict=False)]
    assert all(0 < share < 0.5 for share in covered)


def test_the_renderer_writes_every_pixel_once():
    bands = three_ways.renderer(8)
    written = [(a != b).any(-1) for a, b in zip(bands, bands[1:], strict=False)]
    assert np.sum(written, axis=0).max() == 1
    assert three_ways.changed([[0.0, 0], [1, 0], [1, 1]]) == 0.5


def test_windows_are_odd_and_shrink():
    sides = no_latent.windows(20)
    assert len(sides) == 20 and all(s % 2 for s in sides)
    assert sides == sorted(sides, reverse=True) and sides[0] >= 2 * no_latent.SIDE - 1 and sides[-1] == 5


def test_a_counter_counts_and_leaves_no_trace():
    class Thing:
        def encode(self, x):
            return 2 * x

    thing = Thing()
    with sizes.Calls(thing, "encode") as calls:
        assert thing.encode(3) == 6 and thing.encode(4) == 8
    assert calls.times == 2 and "encode" not in vars(thing)


def test_reading_off_is_zero_for_the_average_and_one_for_the_truth():
    truth = RNG.normal(size=(50, 3))
    assert known.explained(truth, truth) == 1
    assert known.explained(truth, np.broadcast_to(truth.mean(0), truth.shape)) == pytest.approx(0)
    names = ["a"] * 30 + ["b"] * 20
    scores = np.array([[n == "a", n == "b"] for n in names], float)
    assert known.right(names, scores) == 1
    assert known.right(names, np.tile([1.0, 0.0], (50, 1))) == 0


def test_shares_of_variance_are_those_the_table_was_made_of():
    rows, columns = RNG.normal(size=(6, 1, 4000)), RNG.normal(size=(1, 8, 4000))
    by_row, by_column, rest = variance_shares(np.broadcast_to(rows, (6, 8, 4000)))
    assert (by_row, by_column, rest) == pytest.approx((1, 0, 0))
    by_row, by_column, rest = variance_shares(2 * rows + columns)
    assert by_row / by_column == pytest.approx(4 * (5 / 6) / (7 / 8), rel=0.1) and rest == pytest.approx(0)
    assert sum(variance_shares(RNG.normal(size=(3, 4, 50)))) == pytest.approx(1)


def test_own_mean_leaves_the_point_itself_out():
    apart = np.arange(4.0)[:, None, None] * 10 + RNG.normal(size=(4, 5, 3))
    assert clouds.own_mean(apart) == 1
    chance = np.mean([clouds.own_mean(RNG.normal(size=(4, 5, 30))) for _ in range(10)])
    assert chance < 0.45  # with itself included every point would be near its own mean


def test_variants_change_one_thing_each():
    text, *others = sensitivity.variants("red apple, noto style", "green apple, noto style")
    assert text == others[-1] == "red apple, noto style"
    assert others[:4] == [
        "red apple noto style", "noto style, red apple", "green apple, noto style", "red apple, openmoji style",
    ]  # fmt: skip
    assert len(others) + 1 == len(sensitivity.WAYS)


def test_every_choice_of_weights_is_on_the_grid_by_its_proportions():
    grid = steer.mixtures(3)
    assert len(grid) == len(set(grid)) == 20
    for a in range(3):
        for b in range(3):
            for c in range(3):
                found = steer.smallest((a, b, c))
                assert found in grid
                assert np.allclose(np.cross(found, (a, b, c)), 0)
    states = RNG.normal(size=(3, 4, 2))
    np.testing.assert_allclose(steer.mixed(states, (2, 1, 0), None), (2 * states[0] + states[1]) / 3)
    assert steer.mixed(states, (0, 0, 0), "empty") == "empty"


def test_redness_and_outline_of_painted_squares():
    white = np.full((1, 8, 8, 3), 255, np.uint8)
    red, green = white.copy(), white.copy()
    red[0, :4], green[0, 2:6] = (200, 20, 20), (20, 200, 20)
    assert weights.redness(red)[0] == 180 and weights.redness(green)[0] == -90 and weights.redness(white)[0] == 0
    assert weights.same_shape(red, green)[0] == pytest.approx(2 / 6)
    assert weights.same_shape(red, red)[0] == 1


def test_frequency_counts_only_icons_that_the_denoiser_was_shown():
    class Row:
        def __init__(self, split, keywords, tone="none", group="objects"):
            self.split, self.keywords, self.tone, self.group, self.concept = split, keywords, tone, group, "c"

    rows = [Row("train", "cat|face"), Row("train", "cat"), Row("judge", "cat"), Row("train", "cat", tone="dark")]
    rows.append(Row("train", "moon", group="flags"))
    records = [{"keywords": "cat"}, {"keywords": "cat|face"}, {"keywords": "moon"}]
    assert manifold.frequency(records, rows).tolist() == [2, 1.5, 0]


def test_shuffled_prompts_keep_their_letters_and_their_style():
    torch = pytest.importorskip("torch")
    made = paradox.shuffled("red apple, noto style", torch.Generator().manual_seed(1))
    thing, style = made.split(", ")
    assert style == "noto style" and sorted(thing) == sorted("red apple") and thing != "red apple"


def test_spread_is_none_for_one_place_a_row_and_one_where_rows_say_nothing():
    assert clouds.spread(np.broadcast_to(np.arange(4.0)[:, None, None], (4, 3, 2))) == 0
    assert clouds.spread(RNG.normal(size=(60, 6, 400))) == pytest.approx(1, abs=0.01)


def test_windows_show_the_whole_and_its_parts_unscaled():
    picture = RNG.integers(0, 256, (1, 128, 128, 3)).astype(np.uint8)
    seen = paradox.windows(picture)
    assert seen.shape == (1, 6, 64, 64, 3)
    assert (seen[0, 1] == picture[0, 32:96, :64]).all() and (seen[0, 5] == picture[0, 32:96, 32:96]).all()
    assert abs(seen[0, 0, 0, 0].astype(int) - picture[0, :2, :2].reshape(4, 3).mean(0)).max() <= 0.5
    a, b = np.zeros((128, 128, 3), np.uint8), np.full((128, 128, 3), 90, np.uint8)
    both = paradox.windows(paradox.beside(a, b)[None])[0]
    assert (both[1] == 0).all() and (both[2] == 90).all()  # each thing fills a window of its own


def test_rates_add_up_and_have_intervals():
    n = paradox.rates(np.array([0, 1, 1, 2]), "x")
    assert (n["x_both"], n["x_one"], n["x_neither"]) == (0.25, 0.5, 0.25)
    assert n["x_one_low"] < 0.5 < n["x_one_high"]


def test_a_request_is_obeyed_by_the_share_of_the_real_difference():
    real = np.array([10.0, 20, 30])
    assert imagery.obeyed(real, real / 2) == pytest.approx((0.5, 0.5, 0.5))
    share, low, high = imagery.obeyed(real, np.array([5.0, -5, 0]))
    assert share == 0 and low < 0 < high


def test_brightness_and_redness_are_those_of_what_is_drawn():
    picture = np.full((8, 8, 3), 255, np.uint8)
    assert imagery.brightness(picture) == 255 and imagery.redness(picture) == 0
    picture[:4] = (100, 60, 60)
    assert imagery.brightness(picture) == pytest.approx(0.299 * 100 + 0.701 * 60) and imagery.redness(picture) == 40


def test_the_interval_of_a_ratio_holds_it():
    a, b = RNG.uniform(1, 2, 50), RNG.uniform(1, 2, 60)
    low, high = copies.ratio_interval(a, b)
    assert low < np.median(a) / np.median(b) < high and high - low < 0.5


def test_the_plane_of_three_holds_their_mixtures_and_only_shadows_of_others():
    corners = RNG.normal(size=(3, 50))
    mixture = np.array([[0.2, 0.5, 0.3]]) @ corners
    places, held = steer.plane(corners, np.concatenate([corners, mixture, RNG.normal(size=(1, 50))]))
    np.testing.assert_allclose(places[3], np.array([0.2, 0.5, 0.3]) @ places[:3])
    np.testing.assert_allclose(held[:4], 1)
    assert held[4] < 0.5
    flat = np.linalg.norm(places[0] - places[1])
    assert flat == pytest.approx(np.linalg.norm(corners[0] - corners[1]))  # true distances between the three


def test_skin_is_where_two_tones_differ_and_its_colour_is_read_there():
    light = np.full((8, 8, 3), 255, np.uint8)
    light[2:6, 2:6] = (250, 220, 200)
    dark = light.copy()
    dark[2:6, 2:6] = (110, 80, 60)
    where = imagery.skin(light, dark)
    assert where.sum() == 16 and where[2:6, 2:6].all()
    assert imagery.colour(dark, where).tolist() == [110, 80, 60]
    share, low, high = imagery.ratio([2.0, 4], [1.0, 1])
    assert share == 3 and 2 <= low <= 3 <= high <= 4

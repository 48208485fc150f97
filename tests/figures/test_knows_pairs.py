"""What "Red apple, blue apple" is measured with: the reader of colours, and what is counted as chance."""

import numpy as np
import pytest
from skimage.draw import disk

from denoised import measured
from denoised.measured import knows_pairs
from figures.knows import pairs

PAINT = {"red": (220, 40, 40), "blue": (60, 120, 220), "green": (60, 170, 80), "purple": (140, 60, 190)}


def spot(colour, radius=30, ground=255, side=128):
    picture = np.full((side, side, 3), ground, np.uint8)
    picture[disk((64, 64), radius)] = colour
    return picture


@pytest.mark.parametrize("name", PAINT)
def test_the_colour_is_the_things_and_not_the_grounds(name):
    assert knows_pairs.drawn_colour(spot(PAINT[name], radius=12, ground=246)) == name


def test_white_inside_of_a_thing_counts_and_the_ground_does_not():
    picture = spot((60, 120, 220), radius=40)
    picture[disk((64, 64), 37)] = 255  # a white plate with a blue rim
    assert knows_pairs.drawn_colour(picture) == "white"


def test_an_empty_picture_has_no_colour():
    assert knows_pairs.drawn_colour(np.full((128, 128, 3), 255, np.uint8)) == "none"


def test_chance_counts_the_same_things_asked_for_in_other_colours():
    asked = knows_pairs.asked()
    arrays = {}
    for name, drawings in asked.items():
        arrays[f"right_{name}"] = np.ones(len(drawings), bool)
        arrays[f"colour_{name}"] = np.array([colour for _, colour, *_ in drawings])
    assert pairs.by_chance(arrays, asked).hits == 0
    arrays["colour_seen"] = np.array([{"heart": "blue"}.get(thing, "none") for thing, *_ in asked["seen"]])
    other = sum(thing == "heart" for thing, *_ in asked["seen"])
    assert pairs.by_chance(arrays, asked).hits == other


def test_results_are_whole():
    _, arrays = measured.load(knows_pairs)
    for name, drawings in knows_pairs.asked().items():
        assert len(arrays[f"right_{name}"]) == len(arrays[f"colour_{name}"]) == len(drawings)
        assert len(arrays[f"shown_{name}"]) == len(knows_pairs.SETS[name])

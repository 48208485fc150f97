"""The linear preview finds a colour map that is there, says how well it does, and reads tensors and arrays."""

import numpy as np
import pytest
import torch

from denoised.probes.latents import channel_images, fit_preview, shrink


def rng(seed=0):
    return np.random.default_rng(seed)


def painted(latents, matrix, patch=8):
    """Pictures whose patches have exactly the colours that a linear map gives to the latents."""
    colours = np.einsum("nchw,cd->nhwd", latents, matrix[:-1]) + matrix[-1]
    return np.repeat(np.repeat(np.round(colours), patch, 1), patch, 2).astype(np.uint8)


LATENTS = rng().uniform(-1, 1, (6, 4, 5, 5))
MATRIX = np.array([[20, -10, 5], [8, 25, -9], [-12, 3, 30], [4, 14, -7], [120, 130, 110]], float)
IMAGES = painted(LATENTS, MATRIX)


def test_finds_the_map_that_made_the_pictures():
    preview = fit_preview(LATENTS, IMAGES)
    np.testing.assert_allclose(preview.matrix, MATRIX, atol=0.3)  # the pictures are rounded to whole numbers
    assert preview.r2 > 0.999
    np.testing.assert_allclose(preview(LATENTS).astype(int), IMAGES[:, ::8, ::8], atol=1)


def test_is_the_normal_equations_on_noisy_pictures():
    images = rng(1).integers(0, 256, (6, 40, 40, 3), dtype=np.uint8)
    preview = fit_preview(LATENTS, images)
    rows = np.array([[*LATENTS[n, :, i, j], 1.0] for n in range(6) for i in range(5) for j in range(5)])
    patches = [
        images[n, 8 * i : 8 * i + 8, 8 * j : 8 * j + 8].reshape(-1, 3).mean(0)
        for n in range(6)
        for i in range(5)
        for j in range(5)
    ]
    expected = np.linalg.solve(rows.T @ rows, rows.T @ np.array(patches))
    np.testing.assert_allclose(preview.matrix, expected, atol=1e-8)
    assert 0 < preview.r2 < 0.2  # nothing to find, and it says so
    residual = np.array(patches) - rows @ expected
    spread = np.array(patches) - np.mean(patches, axis=0)
    assert preview.r2 == pytest.approx(1 - (residual**2).sum() / (spread**2).sum())


def test_score_on_other_pictures():
    preview = fit_preview(LATENTS, IMAGES)
    others = rng(5).uniform(-1, 1, (3, 4, 5, 5))
    assert preview.score(others, painted(others, MATRIX)) > 0.999
    assert preview.score(others, IMAGES[:3]) < 0.2
    assert preview.score(LATENTS, IMAGES) == pytest.approx(preview.r2)


def test_clips_instead_of_wrapping_and_takes_one_or_many_tensors_or_arrays():
    preview = fit_preview(LATENTS, IMAGES)
    strong = preview(100 * LATENTS)
    colours = np.einsum("nchw,cd->nhwd", 100 * LATENTS, preview.matrix[:-1]) + preview.matrix[-1]
    assert (colours < 0).any() and (colours > 255).any()
    np.testing.assert_array_equal(strong, np.round(colours.clip(0, 255)))
    assert strong.dtype == np.uint8
    np.testing.assert_array_equal(preview(torch.from_numpy(LATENTS)), preview(LATENTS))
    np.testing.assert_array_equal(preview(LATENTS[2]), preview(LATENTS)[2])


def test_shrink_is_the_mean_of_each_patch():
    image = np.zeros((1, 4, 6, 3), np.uint8)
    image[0, 2:, 4:] = [8, 80, 160]
    image[0, 3, 5] = 0
    small = shrink(image, (2, 3))
    assert small.shape == (1, 2, 3, 3)
    np.testing.assert_allclose(small[0, 1, 2], [6, 60, 120])
    assert small.sum() == 186


def test_channels_on_symmetric_scales():
    latents = np.zeros((2, 3, 2, 2))
    latents[0, 0], latents[1, 0, 0, 0], latents[1, 1] = 2.0, -4.0, 0.5
    values, limits = channel_images(latents)
    assert limits.tolist() == [4.0, 0.5, 0.0]
    assert values[1, 0, 0, 0] == -1 and values[0, 0, 0, 0] == 0.5 and (values[1, 1] == 1).all()
    assert (values[:, 2] == 0).all()  # a silent channel stays silent
    np.testing.assert_allclose(values * limits.reshape(1, 3, 1, 1), latents)
    same, _ = channel_images(torch.from_numpy(latents), limits=[1.0, 1.0, 1.0])
    assert same.min() == -1 and same[1, 1, 0, 0] == 0.5


PREVIEW = fit_preview(LATENTS, IMAGES)
WRONG = {
    "fewer pictures": lambda: fit_preview(LATENTS, IMAGES[:4]),
    "floats": lambda: fit_preview(LATENTS, IMAGES / 255),
    "no multiple": lambda: fit_preview(LATENTS, IMAGES[:, :39]),
    "too few cells": lambda: fit_preview(LATENTS[:1, :, :2, :2], IMAGES[:1, :16, :16]),
    "one colour": lambda: fit_preview(LATENTS, np.full_like(IMAGES, 7)),
    "other channels": lambda: PREVIEW(LATENTS[:, :3]),
    "nan": lambda: PREVIEW(LATENTS * np.nan),
    "flat latents": lambda: channel_images(LATENTS[0, 0]),
    "two limits for four": lambda: channel_images(LATENTS, limits=[1, 2]),
}


@pytest.mark.parametrize("call", WRONG.values(), ids=WRONG.keys())
def test_wrong_arguments_get_one_sentence(call):
    with pytest.raises(ValueError, match=r"^[^\n]+\.$"):
        call()

"""Metrics against scikit-image and numpy, and on drawings whose answer is known by construction."""

import colorsys

import numpy as np
import pytest
from skimage import metrics as sk

from denoised.probes import metrics as m
from denoised.probes import spectra


def noise(n=3, size=32, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, size, size, 3), dtype=np.uint8)


def shaky(images, by=20, seed=1):
    jitter = np.random.default_rng(seed).integers(-by, by + 1, images.shape)
    return np.clip(images.astype(int) + jitter, 0, 255).astype(np.uint8)


def disc(size=64, ring=0, fill=(240, 180, 40)):
    """A filled disc on white, its ring of so many pixels black."""
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    r = np.hypot(x, y)
    image = np.full((size, size, 3), 255, np.uint8)
    image[r <= 24] = (0, 0, 0)
    image[r <= 24 - ring] = fill
    return image, r <= 24


# ------------------------------------------------ psnr and ssim
@pytest.mark.parametrize("by", [1, 20, 120])
def test_psnr_and_ssim_are_scikit_images(by):
    a = noise()
    b = shaky(a, by)
    for n in range(len(a)):
        assert m.psnr(a, b)[n] == pytest.approx(sk.peak_signal_noise_ratio(a[n], b[n]), abs=1e-9)
        expected = sk.structural_similarity(
            a[n],
            b[n],
            channel_axis=-1,
            data_range=255,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
        assert m.ssim(a, b)[n] == pytest.approx(expected, abs=1e-9)


def test_ssim_on_a_drawing_that_is_not_square():
    a = disc()[0][None, :40]
    b = shaky(a, 40)
    expected = sk.structural_similarity(
        a[0], b[0], channel_axis=-1, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
    )
    assert m.ssim(a, b)[0] == pytest.approx(expected, abs=1e-9)


def test_equal_pictures():
    assert (m.psnr(noise(), noise()) == np.inf).all()
    np.testing.assert_allclose(m.ssim(noise(), noise()), 1)


def test_psnr_inside_a_mask_ignores_the_rest():
    a, b = np.full((2, 8, 8, 3), 100, np.uint8), np.full((2, 8, 8, 3), 100, np.uint8)
    b[:, :4] = 110  # wrong by 10 in the upper half
    upper = np.zeros((2, 8, 8), bool)
    upper[:, :4] = True
    np.testing.assert_allclose(m.psnr(a, b, upper), 10 * np.log10(255**2 / 100))
    assert (m.psnr(a, b, ~upper) == np.inf).all()
    np.testing.assert_allclose(m.psnr(a, b), 10 * np.log10(255**2 / 50))
    alpha = np.where(upper, 128, 127).astype(np.uint8)
    np.testing.assert_array_equal(m.psnr(a, b, alpha), m.psnr(a, b, upper))


# ------------------------------------------------ outline and saturation
def test_outline_tells_black_rings_from_none():
    plain, ringed, thick = (disc(ring=r)[0] for r in (0, 2, 5))
    assert m.outline(np.stack([plain, ringed, thick])).tolist() == [0.0, 1.0, 1.0]


def test_outline_of_half_a_ring_and_of_nothing():
    half = disc(ring=3)[0]
    half[:32] = disc()[0][:32]
    blank = np.full_like(half, 255)
    share, none = m.outline(np.stack([half, blank]))
    assert 0.4 < share < 0.8 and none == 0


def test_grey_outlines_are_not_black():
    drawn = disc(ring=3)[0]
    drawn[(drawn == 0).all(-1)] = 120
    assert m.outline(drawn[None])[0] == 0


def test_saturation_is_colorsys_inside_the_mask():
    image, inside = disc(fill=(240, 180, 40))
    expected = colorsys.rgb_to_hsv(240 / 255, 180 / 255, 40 / 255)[1]
    assert m.saturation(image[None], inside[None])[0] == pytest.approx(expected)
    assert m.saturation(image[None])[0] == pytest.approx(expected * inside.mean())
    every = noise(1)
    pixels = [colorsys.rgb_to_hsv(*(p / 255))[1] for p in every.reshape(-1, 3)]
    assert m.saturation(every)[0] == pytest.approx(np.mean(pixels))


# ------------------------------------------------ spectra
def sine(cycles, size=64, axis=1, height=None):
    y, x = np.mgrid[: height or size, :size]
    return np.sin(2 * np.pi * cycles * (x if axis else y) / size)


@pytest.mark.parametrize(("cycles", "axis"), [(1, 0), (5, 1), (17, 0), (31, 1)])
def test_a_sine_is_one_ring(cycles, axis):
    frequency, power = spectra.radial_power_spectrum(sine(cycles, axis=axis)[None, None])
    assert power.shape == (1, 1, 33) and frequency[cycles] == cycles / 64
    assert power[0, 0].argmax() == cycles
    others = np.delete(power[0, 0], cycles)
    assert others.max() < 1e-20
    entries = (np.rint(np.hypot(*np.meshgrid(np.fft.fftfreq(64) * 64, np.fft.fftfreq(64) * 64))) == cycles).sum()
    assert power[0, 0, cycles] * entries == pytest.approx(0.5)  # the mean square of a sine


def test_rings_are_numpys_averages():
    x = np.random.default_rng(0).normal(size=(2, 3, 16, 24))
    frequency, power = spectra.radial_power_spectrum(x)
    plain = np.abs(np.fft.fft2(x)) ** 2 / (16 * 24) ** 2
    radius = np.hypot(*np.meshgrid(np.fft.fftfreq(24), np.fft.fftfreq(16))) * 24
    for k in range(13):
        here = (radius >= k - 0.5) & (radius < k + 0.5)
        np.testing.assert_allclose(power[..., k], plain[..., here].mean(-1), rtol=1e-9)
    assert frequency[-1] == 0.5
    np.testing.assert_allclose(spectra.power_spectrum(x).sum((-2, -1)), (x**2).mean((-2, -1)))


def test_white_noise_is_flat_and_blur_is_not():
    x = np.random.default_rng(0).normal(size=(20, 4, 32, 32))
    _, flat = spectra.radial_power_spectrum(x)
    level = flat.mean((0, 1))[1:]
    assert level.max() / level.min() < 1.3
    blurred = (x + np.roll(x, 1, 2) + np.roll(x, 1, 3) + np.roll(x, (1, 1), (2, 3))) / 4
    _, falling = spectra.radial_power_spectrum(blurred)
    assert falling.mean((0, 1))[14] < 0.1 * falling.mean((0, 1))[2]
    assert (spectra.high_frequency_share(blurred) < spectra.high_frequency_share(x)).all()


def test_share_of_fine_detail():
    planes = np.stack([sine(3), sine(20), sine(3) + sine(20), sine(20) + 5, np.full((64, 64), 9.0)])
    share = spectra.high_frequency_share(planes)
    np.testing.assert_allclose(share, [0, 1, 0.5, 1, 0], atol=1e-9)  # brightness itself does not count


def test_ratio_of_fine_detail():
    real = np.clip(128 + 60 * sine(3) + 40 * sine(20), 0, 255)
    faded = np.clip(128 + 60 * sine(3) + 20 * sine(20), 0, 255)
    blurred = np.clip(128 + 60 * sine(3), 0, 255)
    a, b, c = (np.repeat(np.round(x)[None, ..., None], 3, -1).astype(np.uint8) for x in (real, faded, blurred))
    assert m.high_frequency_ratio(a, a)[0] == pytest.approx(1)
    assert m.high_frequency_ratio(b, a)[0] == pytest.approx(0.25, abs=0.01)
    assert m.high_frequency_ratio(c, a)[0] < 0.001
    assert np.isnan(m.high_frequency_ratio(a, np.full_like(a, 200)))[0]


# ------------------------------------------------ bootstrap
def test_bootstrap_of_many_values_is_the_normal_interval():
    values = np.random.default_rng(0).normal(10, 2, 400)
    low, high = m.bootstrap_ci(values, n=4000, seed=1)
    half = 1.96 * values.std(ddof=1) / 20
    assert low == pytest.approx(values.mean() - half, abs=0.03)
    assert high == pytest.approx(values.mean() + half, abs=0.03)


def test_bootstrap_repeats_with_its_seed_and_takes_other_statistics():
    values = [1.0, 2.0, 3.0, 4.0, 100.0]
    assert m.bootstrap_ci(values, seed=3) == m.bootstrap_ci(values, seed=3) != m.bootstrap_ci(values, seed=4)
    low, high = m.bootstrap_ci(values, statistic=np.median)
    assert low >= 1 and high <= 100
    assert m.bootstrap_ci([5.0]) == (5.0, 5.0)
    narrow, wide = m.bootstrap_ci(values, level=0.5), m.bootstrap_ci(values, level=0.99)
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


def test_bootstrap_covers_the_truth_about_as_often_as_it_says():
    hits = 0
    for seed in range(200):
        low, high = m.bootstrap_ci(np.random.default_rng(seed).normal(size=50), n=500, seed=seed)
        hits += low <= 0 <= high
    assert 0.88 < hits / 200 < 0.99


# ------------------------------------------------ wrong arguments
A = noise()
WRONG = {
    "two shapes": lambda: m.psnr(A, A[:2]),
    "floats": lambda: m.psnr(A / 255, A / 255),
    "one picture without N": lambda: m.saturation(A[0]),
    "empty mask": lambda: m.psnr(A, A, np.zeros(A.shape[:3], bool)),
    "mask of another size": lambda: m.saturation(A, np.ones((3, 8, 8), bool)),
    "too small for ssim": lambda: m.ssim(A[:, :8], A[:, :8]),
    "no values": lambda: m.bootstrap_ci([]),
    "nan": lambda: m.bootstrap_ci([1.0, float("nan")]),
    "level of one": lambda: m.bootstrap_ci([1.0, 2.0], level=1.0),
    "flat spectrum": lambda: spectra.radial_power_spectrum(np.zeros((4, 4))),
    "a line": lambda: spectra.power_spectrum(np.zeros(4)),
    "cutoff of zero": lambda: spectra.high_frequency_share(np.zeros((4, 4)), 0),
    "cutoff past the finest": lambda: m.high_frequency_ratio(A, A, 0.8),
}


@pytest.mark.parametrize("call", WRONG.values(), ids=WRONG.keys())
def test_wrong_arguments_get_one_sentence(call):
    with pytest.raises(ValueError, match=r"^[^\n]+\.$"):
        call()

"""The studies of an autoencoder's losses and of its factor: parts against their definitions, and what is committed."""

import numpy as np
import pytest
import torch

from denoised.studies import factors, losses


def test_each_recipe_leaves_out_one_part():
    whole = losses.strengths("all")
    assert all(whole.values())
    for name in losses.SETTINGS.recipes[1:5]:
        found = losses.strengths(name)
        assert [part for part in losses.PARTS if not found[part]] == [name.removeprefix("no ")]
        assert all(found[part] in (0, whole[part]) for part in losses.PARTS)
    assert [part for part, weight in losses.strengths("plain").items() if weight] == ["pixels", "kl"]


@pytest.mark.parametrize("factor, channels", [losses.SETTINGS.size, *factors.SETTINGS.sizes])
@pytest.mark.parametrize("study", [losses, factors])
def test_a_code_s_shape_is_what_its_size_says(study, factor, channels):
    encoder, decoder = study.build(factor, channels)
    code = encoder(torch.zeros(2, 3, 64, 64))
    assert code.shape == (2, 2 * channels, 64 // factor, 64 // factor)
    assert decoder(code[:, :channels]).shape == (2, 3, 64, 64)


def test_windows_are_parts_of_pictures_and_the_less_blank_ones():
    pictures = torch.full((3, 3, 64, 64), 255, dtype=torch.uint8)
    pictures[:, :, 20:44, 20:44] = torch.arange(3 * 24 * 24, dtype=torch.uint8).view(3, 24, 24)
    found = losses.windows(pictures, 64, 16, torch.Generator().manual_seed(0))
    assert found.shape == (64, 3, 16, 16)
    for window in found:
        places = [
            (k, i, j) for k in range(3) for i in range(49) for j in range(49)
            if torch.equal(pictures[k, :, i : i + 16, j : j + 16].float() / 127.5 - 1, window)
        ]  # fmt: skip
        assert places, "a window is cut out of a picture"
    blank = (found.std(dim=(1, 2, 3)) == 0).float().mean()
    share = np.mean([(i + 16 <= 20 or i >= 44 or j + 16 <= 20 or j >= 44) for i in range(49) for j in range(49)])
    assert blank < share, "of two the one that shows more"


def test_detail_is_the_energy_that_is_left():
    real = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3), dtype=np.uint8)
    np.testing.assert_allclose(losses.detail(real, real), 1)
    half = (128 + (real.astype(float) - 128) / 2).round().astype(np.uint8)
    np.testing.assert_allclose(losses.detail(half, real), 0.25, atol=0.01)
    coarse = real.reshape(8, 8, 4, 8, 4, 3).mean((2, 4)).repeat(4, 1).repeat(4, 2).astype(np.uint8)
    bands = losses.detail(coarse, real)
    assert bands[0] > 0.5 and bands[3] < 0.1


def test_a_training_follows_its_seed_and_lowers_its_loss():
    settings = losses.Settings(steps=12, warm=4, batch=8)
    pictures = (torch.rand(16, 3, 64, 64, generator=torch.Generator().manual_seed(1)) * 60).byte()

    class See:
        def distance(self, y, x):
            return (y - x).abs().mean()

    weights = losses.strengths("all")
    one, two, other = (losses.train(weights, seed, pictures, See(), (8, 4), settings) for seed in (0, 0, 1))
    state = [torch.cat([p.flatten() for p in (*a.parameters(), *b.parameters())]) for a, b in (one, two, other)]
    assert torch.equal(state[0], state[1]) and not torch.equal(state[0], state[2])
    fresh = losses.train(weights, 0, pictures, See(), (8, 4), losses.Settings(steps=1, warm=4, batch=8))
    learned, idle = (losses.measure(*some, pictures, See())[0]["psnr"] for some in (one, fresh))
    assert learned > idle


def test_a_straight_way_from_pixels_to_code_is_there_from_the_start():
    """As many numbers as pixels have, and blocks that do nothing yet: the first step can copy."""
    encoder, _ = factors.build(4, 4)
    x, y = torch.randn(2, 1, 3, 16, 16).unbind()
    both = encoder(x + y) + encoder(torch.zeros_like(x))
    torch.testing.assert_close(both, encoder(x) + encoder(y), rtol=1e-4, atol=1e-4)


def test_more_numbers_are_more_likeness_in_a_short_training():
    settings = factors.Settings(steps=60, batch=8)
    pictures = (torch.rand(16, 3, 16, 16, generator=torch.Generator().manual_seed(1)) * 255).byte()
    pictures = pictures.repeat_interleave(4, 2).repeat_interleave(4, 3)  # cells of 4 pixels
    found = [
        factors.measure(*factors.train(size, 0, pictures, settings), pictures)[0]["psnr"] for size in ((4, 4), (16, 4))
    ]
    assert found[0] > found[1] + 1


def test_what_is_committed_is_whole():
    facts, arrays = losses.load()
    settings = losses.SETTINGS
    assert set(facts["recipes"]) == set(settings.recipes)
    runs = [run for some in facts["recipes"].values() for run in some]
    assert len(runs) == len(settings.seeds) * len(settings.recipes)
    assert all(0 < run["psnr"] < 40 and 0 <= run["band_3"] < 2 for run in runs)
    assert arrays["original"].shape == arrays["all"].shape and len(arrays["all"]) >= settings.shown
    facts, arrays = factors.load()
    assert set(facts["sizes"]) == {f"{f}x{c}" for f, c in factors.SETTINGS.sizes}
    assert {len(some) for some in facts["sizes"].values()} == {len(factors.SETTINGS.seeds)}
    assert arrays["original"].shape == arrays["16x4"].shape and len(arrays["16x4"]) >= factors.SETTINGS.shown

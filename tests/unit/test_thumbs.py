"""The study of thumbnails: what is done to pictures, which part of a net is mended, and what is kept."""

import numpy as np
import pytest
import torch

from denoised.errors import DenoisedError
from denoised.studies import thumbs

CLASSES = {"group": list("abc"), "concept": list("vwxyz")}


def noise(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).integers(0, 256, shape)).byte()


def test_a_thumbnail_keeps_what_is_coarse_and_loses_what_is_fine():
    y, x = np.mgrid[:64, :64]
    board = torch.from_numpy(np.where((x + y) % 2, 255, 0)).byte().expand(1, 3, 64, 64)
    assert (thumbs.thumbnail(board, 16).float() - 127.5).abs().max() < 3, "squares of one pixel become grey"
    half = torch.from_numpy(np.where(x < 32, 0, 255)).byte().expand(1, 3, 64, 64)
    small = thumbs.thumbnail(half, 16)
    assert (small[..., :24] == 0).all() and (small[..., 40:] == 255).all() and small.shape == half.shape
    sharp = noise(2, 3, 64, 64)
    assert torch.equal(thumbs.thumbnail(sharp, 64), sharp)


@pytest.mark.parametrize("kind", ["fine", "coarse"])
def test_stripes_are_as_many_and_run_as_they_say(kind):
    low, high = getattr(thumbs.SETTINGS, kind)
    pictures, truth = thumbs.stripes(24, (low, high), 0)
    for picture, k in zip(pictures, truth, strict=True):
        grey = picture.astype(float).mean(0)
        power = np.abs(np.fft.fftshift(np.fft.fft2(grey - grey.mean())))
        if power.max() < 2 * np.sqrt(power.size) * 8:
            continue  # two colours of one brightness
        row, column = np.array(np.unravel_index(power.argmax(), power.shape)) - 32
        assert low - 1 <= np.hypot(row, column) <= high + 1
        gap = abs(np.degrees(np.arctan2(row, column)) % 180 - 22.5 * k)
        assert min(gap, 180 - gap) < 12


def test_thirds_share_nothing_and_leave_nothing_out():
    net = thumbs.build(CLASSES, 0)
    found = [id(p) for part in thumbs.PARTS for module in thumbs.third(net, part) for p in module.parameters()]
    assert len(found) == len(set(found)) and set(found) == {id(p) for p in net.parameters()}


def test_mending_touches_one_third_only():
    net = thumbs.build(CLASSES, 0).eval()
    pictures, labels = noise(20, 3, 64, 64), {"group": torch.arange(20) % 3, "concept": torch.arange(20) % 5}
    settings = thumbs.Settings(batch=4, mending_steps=2)
    for part in thumbs.PARTS:
        made = thumbs.mend(net, part, pictures, torch.ones(20, dtype=torch.bool), labels, 0, settings)
        for other in thumbs.PARTS:
            pairs = [
                (a, b)
                for m, n in zip(thumbs.third(net, other), thumbs.third(made, other), strict=True)
                for a, b in zip(m.state_dict().values(), n.state_dict().values(), strict=True)
            ]
            assert any(not torch.equal(a, b) for a, b in pairs) == (other == part)


def test_results_of_thumbnails_are_whole():
    facts, arrays = thumbs.load()
    seeds = len(thumbs.SETTINGS.seeds)
    for source in thumbs.SETTINGS.sources:
        assert arrays[f"group_{source}"].shape == (seeds, facts["test_icons"])
        assert arrays[f"probe_hand_{source}"].shape == (seeds, 8, len(arrays["drawing"]))
    assert {f"mended_{thumbs.SIDE}_{part}" for part in thumbs.PARTS} < set(arrays)
    with pytest.raises(DenoisedError, match="lab_thumbs"):
        thumbs.load(settings=thumbs.Settings(steps=3))

"""The studies of thumbnails and of kana: what is done to pictures, which part of a net is mended, and what is kept."""

import numpy as np
import pytest
import torch
from PIL import ImageFont

from denoised import paths
from denoised.errors import DenoisedError
from denoised.studies import kana, thumbs

CLASSES = {"group": list("abc"), "concept": list("vwxyz")}


def noise(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).integers(0, 256, shape)).byte()


# --- thumbnails


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


# --- kana


def test_characters_are_the_two_syllabaries_and_their_twins():
    assert len(kana.HIRAGANA) == len(kana.KATAKANA) == 46 and len(set(kana.CHARACTERS)) == len(kana.CHARACTERS)
    assert all("\u3041" <= c <= "\u3096" for c in kana.HIRAGANA) and all("\u30a1" <= c <= "\u30fa" for c in kana.KATAKANA)
    for pairs in kana.LOOKALIKES.values():
        assert all(c in kana.CHARACTERS for pair in pairs for c in pair)
    for pair in kana.LOOKALIKES["hiragana and katakana"]:
        assert ord(pair[1]) - ord(pair[0]) == 0x60, "the same syllable in both scripts"


def test_a_move_is_a_roll_into_white():
    pictures = noise(3, 40, 40)
    for side, (axis, sign) in enumerate(((1, -1), (2, 1), (1, 1), (2, -1))):
        made = kana.moved(pictures, 5, side)
        rolled = pictures.roll(5 * sign, axis)
        edge = slice(0, 5) if sign > 0 else slice(-5, None)
        rolled[(slice(None),) * axis + (edge,)] = 255
        assert torch.equal(made, rolled)
    assert torch.equal(kana.moved(pictures, 0, 2), pictures)


def test_a_drawn_character_stands_in_the_middle():
    font = ImageFont.truetype(next((paths.ROOT / "figures_src/plotting/fonts").rglob("*Inter*.ttf")), kana.SETTINGS.letter)
    page = kana.draw(font, "H")
    assert page.shape == (40, 40) and page.max() == 255 and page.min() < 60
    assert abs(np.flatnonzero(page.min(0) < 128).mean() - 19.5) < 1.5


def test_the_convolutional_net_does_not_mind_a_move_of_two_pools():
    net = kana.build("convolutional", 0).eval()
    page = torch.full((1, 40, 40), 255).byte()
    page[0, 14:26, 14:26] = noise(12, 12)
    with torch.no_grad():
        still, far, near = (net(1 - kana.moved(page, by, 1)[:, None].float() / 255) for by in (0, 4, 1))
    assert torch.allclose(still, far, atol=1e-5) and not torch.allclose(still, near, atol=1e-5)
    with torch.no_grad():
        dense = kana.build("dense", 0).eval()
        assert not torch.allclose(*(dense(1 - kana.moved(page, by, 1)[:, None].float() / 255) for by in (0, 4)), atol=1e-3)


def test_training_learns_and_is_the_same_twice():
    pictures, labels = noise(30, 40, 40), torch.arange(30) % 3
    settings = kana.Settings(steps=20, batch=16)
    for kind in kana.KINDS:
        said = []
        for _ in range(2):
            net = kana.build(kind, 1)
            kana.train(net, pictures, labels, 1, settings)
            said.append(kana.answers(net, pictures))
        assert said[0].shape == (9, 4, 30) and np.array_equal(*said)
        assert (said[0][0, 0] == labels.numpy()).mean() > 0.6
        assert (said[0][0] == said[0][0][0]).all(), "not moved is not moved, to whichever side"


def test_results_of_kana_are_whole():
    facts, arrays = kana.load()
    shape = (len(kana.SETTINGS.seeds), len(kana.SETTINGS.moves), 4, len(kana.UNSEEN), len(kana.CHARACTERS))
    assert all(arrays[f"said_{kind}"].shape == shape for kind in kana.KINDS) and set(facts["parameters"]) == set(kana.KINDS)
    with pytest.raises(DenoisedError, match="lab_kana"):
        kana.load(settings=kana.Settings(steps=3))

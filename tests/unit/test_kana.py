"""The study of kana: which characters, how they are drawn and moved, and what the two nets do with a move."""

import numpy as np
import pytest
import torch
from PIL import ImageFont

from denoised import paths
from denoised.errors import DenoisedError
from denoised.studies import kana


def noise(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).integers(0, 256, shape)).byte()


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
    settings = kana.Settings(steps=60, batch=16)
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

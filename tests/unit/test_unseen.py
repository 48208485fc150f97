"""Diets, tiny decoders and the instruments of the page on them, against cases whose answer is known."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from denoised import paths
from denoised.data import splits
from denoised.errors import DenoisedError
from denoised.measured import negatives_wrong_decoder as wrong_decoder
from denoised.models import tiny
from denoised.probes import logistic, lost
from denoised.studies import unseen
from denoised.training import diets
from denoised.training.tiny_decoder import windows
from figures.negatives import cards


@pytest.fixture(scope="module")
def rows():
    return splits.load()


def eaten(rows, name):
    return [rows[i] for i in diets.draw(rows, name, 480)]


def test_a_diet_holds_what_it_says_and_nothing_held_out(rows):
    for name in diets.DIETS:
        assert {row.split for row in eaten(rows, name)} == {"train"}
    women, men, light = (eaten(rows, name) for name in ("women", "men", "light"))
    assert {row.gender for row in women} == {"woman"} and {row.gender for row in men} == {"man"}
    assert not any("beard" in row.concept or "mage" in row.concept for row in women + men)
    assert not any(row.tone in ("dark", "medium-dark", "mixed") for row in light)
    assert all(diets.is_plant(row) for row in eaten(rows, "plants"))
    balanced = eaten(rows, "balanced")
    for kind in (diets.bearded, diets.woman, diets.man, diets.dark_skin, diets.is_plant):
        assert sum(map(kind, balanced)) >= 80
    assert len(balanced) == 480 and diets.draw(rows, "balanced", 480) == diets.draw(rows, "balanced", 480)
    with pytest.raises(DenoisedError, match="choose one of"):
        diets.draw(rows, "wolves", 480)


def test_pairs_differ_in_one_thing_only(rows):
    found = unseen.pairs(rows)
    assert len(found["beards"]) == 45
    for i, j in found["beards"]:
        assert rows[i].concept == f"{rows[j].concept}-beard"
        assert (rows[i].style, rows[i].tone) == (rows[j].style, rows[j].tone)
    for i, j in found["tones"]:
        assert (rows[i].tone, rows[j].tone) == ("dark", "light")
        assert (rows[i].style, rows[i].concept) == (rows[j].style, rows[j].concept)
        assert rows[i].split in unseen.HELD_OUT
    one = [rows[i] for i in unseen.singles(rows, diets.man, 50, 0)]
    assert len({(row.style, row.concept) for row in one}) == len(one) == 50
    assert {row.split for row in one} <= set(unseen.HELD_OUT)


def test_position_lies_on_the_way_and_only_where_there_is_one():
    start, end = np.zeros((1, 8, 8, 3), np.uint8), np.zeros((1, 8, 8, 3), np.uint8)
    end[:, 2:4, 2:4] = 200
    where = lost.region(start, end)
    assert where.sum() == 4
    for share in (0, 0.25, 1):
        y = (start + share * (end.astype(float) - start)).astype(np.uint8)
        y[:, 6:] = 255  # elsewhere, which does not count
        assert lost.position(y, start, end, where) == pytest.approx([share])
    with pytest.raises(ValueError, match="no way"):
        lost.position(start, start, start, where)


def test_blobs_have_no_detail_left():
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (2, 64, 64, 3)).astype(np.uint8)
    assert (lost.detail(noise) > 40).all() and (lost.detail(lost.blobs(noise)) < 3).all()
    flat = np.full((1, 32, 32, 3), 90, np.uint8)
    assert lost.detail(flat) == pytest.approx([0], abs=1e-9) and (lost.blobs(flat) == flat).all()


def test_logistic_regression_is_the_one_that_gradient_descent_finds():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(200, 3)) * (1, 5, 0.2) + 3
    y = x[:, 0] + rng.normal(size=200) > 3
    found = logistic.fit(x, y, penalty=0.1)
    w = torch.zeros(4, dtype=torch.float64, requires_grad=True)
    z = torch.tensor((x - x.mean(0)) / x.std(0))
    optimizer = torch.optim.LBFGS([w], max_iter=200, tolerance_grad=1e-10, line_search_fn="strong_wolfe")

    def loss():
        optimizer.zero_grad()
        score = z @ w[:3] + w[3]
        value = torch.nn.functional.binary_cross_entropy_with_logits(score, torch.tensor(y, dtype=torch.float64))
        value = value + 0.05 * w[:3].square().sum()
        value.backward()
        return value

    optimizer.step(loss)
    assert found.weight == pytest.approx(w[:3].detach().numpy(), abs=1e-3)
    assert found.bias == pytest.approx(w[3].item(), abs=1e-3)
    assert found.accuracy(x, y) > 0.7 and found.accuracy(x, ~y) == pytest.approx(1 - found.accuracy(x, y))
    with pytest.raises(ValueError, match="both"):
        logistic.fit(x, np.ones(200))


def test_windows_match_their_latents():
    z = torch.arange(256.0).reshape(1, 1, 16, 16)
    picture = z.repeat_interleave(8, 2).repeat_interleave(8, 3).to(torch.uint8).expand(1, 3, 128, 128)
    some, patches = windows(z, picture, 5, torch.Generator().manual_seed(0))
    assert some.shape == (5, 1, 8, 8) and patches.shape == (5, 3, 64, 64)
    back = ((patches[:, 0, ::8, ::8] + 1) * 127.5).round()
    torch.testing.assert_close(back, some[:, 0])


def test_the_tiny_decoder_is_small_loads_and_says_what_is_wrong(tmp_path):
    decoder = tiny.load(paths.WEIGHTS / "decoders" / "tiny-balanced" / "decoder.safetensors")
    z = torch.zeros(2, 4, 16, 16)
    pictures = tiny.decode(decoder, z)
    assert pictures.shape == (2, 128, 128, 3) and pictures.dtype == np.uint8
    convolution = torch.nn.Conv2d(4, 8, 3, padding=1, bias=False)
    assert tiny.multiply_adds(convolution, z[:1]) == 4 * 8 * 9 * 16 * 16
    with pytest.raises(DenoisedError, match="tiny-|decoder"):
        tiny.load(tmp_path / "decoder.safetensors")
    (tmp_path / "decoder.safetensors").write_bytes(b"no")
    with pytest.raises(DenoisedError):
        tiny.load(tmp_path / "decoder.safetensors")


def test_the_gap_is_a_difference_of_means_with_an_interval_around_it():
    rng = np.random.default_rng(2)
    a, b = rng.normal(2, 1, 300), rng.normal(0, 1, 200)
    middle, low, high = unseen.gap(a, b)
    assert middle == pytest.approx(a.mean() - b.mean()) and low < middle < high
    error = np.sqrt(a.var() / 300 + b.var() / 200)
    assert high - low == pytest.approx(2 * 1.96 * error, rel=0.1)


def test_committed_results_belong_to_this_code_and_these_weights(tmp_path):
    from denoised.studies import shelf

    facts, arrays = unseen.load()
    for name, digest in facts["weights"].items():
        assert shelf.weights_digest(paths.WEIGHTS / "decoders" / name) == digest
    assert {f"psnr_men_{diet}" for diet in ("balanced", "women")} <= set(arrays)
    with pytest.raises(DenoisedError, match="lab_unseen|restored|restore"):
        unseen.load(tmp_path / "unseen.npz")


def test_shares_of_variance_find_the_axis_that_matters():
    scores = np.zeros((3, 3, 2, 6))
    scores[:, :, 1] = 4
    assert wrong_decoder.share_of(scores, 2) == pytest.approx(1)
    assert wrong_decoder.share_of(scores, 0) == pytest.approx(0)


def test_cards_are_sorted_into_known_kinds(monkeypatch):
    found = cards.read()
    assert len(found) == len({name for name, _ in found}) and {advice for _, advice in found} <= set(cards.KINDS)
    monkeypatch.setattr(cards, "KINDS", {"silent": ""})
    with pytest.raises(DenoisedError, match="none of silent"):
        cards.read()


def test_beardless_words_are_whole_words():
    row = SimpleNamespace(concept="woman-imagining", gender="woman", tone="none")
    assert diets.woman(row)

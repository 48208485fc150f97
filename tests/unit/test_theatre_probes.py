"""The instruments of the page on the whole theatre, each against another implementation or a case with a known answer."""

import numpy as np
import pytest
import torch
from diffusers.models.attention_processor import Attention
from torch import nn

from denoised.probes import bands, style_probe
from denoised.probes.calls import Log
from denoised.probes.clip_merges import MERGES, WORDS
from denoised.probes.cross_attention import Maps, token_map, weights
from denoised.probes.operators import trace
from denoised.probes.tokens import border_hits, bpe, clip_pieces, pieces, plain, whole_share, words_of


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


# ------------------------------------------------ tokens
@pytest.fixture(scope="module")
def tokenizer():
    from transformers import CLIPTokenizer

    from denoised.paths import WEIGHTS

    return CLIPTokenizer.from_pretrained(WEIGHTS / "emoji-sd" / "tokenizer")


def test_our_byte_pairs_are_the_tokenizers(tokenizer):
    """The written-out algorithm on the shipped merges cuts words as the library's fast tokenizer does."""
    import json

    merges = [tuple(m) for m in json.loads(tokenizer.backend_tokenizer.to_str())["model"]["merges"]]
    for word in ("cat", "sunglasses", "cyberpunk", "whiskers", "unimaginable", "zorblax", "a"):
        assert bpe(word, merges) == pieces(tokenizer, word), word


def test_clips_own_vocabulary_on_the_articles_words():
    assert clip_pieces("cat") == ["cat</w>"]
    assert clip_pieces("whiskers") == ["whis", "kers</w>"]
    with pytest.raises(ValueError, match="covers"):
        clip_pieces("zeppelin")


def test_every_merge_of_the_extract_can_apply():
    for a, b in MERGES:
        assert any(a + b in word + "</w>" for word in WORDS)


def test_borders_are_counted_with_what_chance_would_hit():
    assert border_hits(["sun", "glasses</w>"], ("sun", "glasses")) == (1, 1, 1 / 9)
    assert border_hits(["su", "ng", "lasses</w>"], ("sun", "glasses")) == (0, 2, 2 / 9)
    with pytest.raises(ValueError, match="same word"):
        border_hits(["moon</w>"], ("sun",))


def test_words_and_shares():
    assert words_of(["Red Apple", "flag: Åland", "red heart"]) == ["apple", "heart", "red"]
    assert whole_share([["cat</w>"], ["pa", "int</w>"]]) == 0.5
    assert plain("cat</w>") == "cat"


# ------------------------------------------------ calls
def test_a_log_notes_order_shapes_and_files_and_then_stops(tmp_path):
    path = tmp_path / "page.txt"
    path.write_text("x")
    first, second, never = nn.Linear(3, 4), nn.Linear(4, 2), nn.Linear(2, 2)
    with Log({"first": first, "second": second, "never": never}) as log:
        second(first(torch.zeros(5, 3)))
        path.read_text()
    second(torch.zeros(1, 4))
    path.read_text()
    assert [(c.part, c.inputs["0"], c.output) for c in log.calls] == [
        ("first", (5, 3), (5, 4)),
        ("second", (5, 4), (5, 2)),
    ]
    assert (log.count("first"), log.count("never")) == (1, 0)
    assert log.files.count(str(path)) == 1


# ------------------------------------------------ operators
def test_operators_are_counted_and_waves_keep_their_shape():
    x = torch.randn(3, 8)
    seen = trace(lambda: (torch.fft.ifft(torch.fft.fft(x)), torch.sin(x[:2])))
    assert seen.fourier() == 2
    assert seen.waves == [(2, 8)]
    assert trace(lambda: x @ x.T).fourier() == 0
    assert trace(lambda: torch.fft.rfft2(x)).fourier() == 1
    assert trace(lambda: nn.Conv1d(8, 8, 1)(x[..., None])).family()["convolution"] == 1


# ------------------------------------------------ attention
@pytest.fixture
def attention():
    torch.manual_seed(0)
    return Attention(query_dim=16, cross_attention_dim=12, heads=4, dim_head=8).eval()


def test_the_weights_are_those_that_the_layer_uses(attention):
    """Mixing the values with the weights of each head must give the layer's own output."""
    states, text = torch.randn(2, 9, 16, generator=generator(1)), torch.randn(2, 5, 12, generator=generator(2))
    with torch.no_grad():
        q, k = attention.head_to_batch_dim(attention.to_q(states)), attention.head_to_batch_dim(attention.to_k(text))
        heads = attention.get_attention_scores(q, k).reshape(2, 4, 9, 5)
        torch.testing.assert_close(weights(attention, states, text), heads.mean(1))


def test_maps_are_square_add_up_to_one_and_leave_the_answer_alone():
    from diffusers import UNet2DConditionModel

    torch.manual_seed(0)
    unet = UNet2DConditionModel(
        sample_size=8, in_channels=4, out_channels=4, block_out_channels=(8, 16), layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=12, attention_head_dim=2, norm_num_groups=4,
    ).eval()  # fmt: skip
    x, text = torch.randn(2, 4, 8, 8), torch.randn(2, 5, 12)
    with torch.no_grad():
        plain_answer = unet(x, 3, encoder_hidden_states=text).sample
        with Maps(unet) as seen:
            watched = unet(x, 3, encoder_hidden_states=text).sample
    assert torch.equal(plain_answer, watched)
    assert seen.maps and all(m.shape == (2, 4, 4, 5) for m in seen.maps.values())
    torch.testing.assert_close(sum(token_map(seen.maps, [i], 4) for i in range(5)), torch.ones(2, 4, 4))
    with pytest.raises(ValueError, match="7 x 7"):
        token_map(seen.maps, [0], 7)


# ------------------------------------------------ bands
def test_bands_hold_all_but_the_mean():
    x = torch.randn(3, 4, 16, 16, generator=generator(3)).double()
    without_mean = x - x.mean((2, 3), keepdim=True)
    torch.testing.assert_close(bands.power(x).sum(1), without_mean.square().sum((1, 2, 3)))
    assert bands.masks(16, 16).sum(0).max() == 1


def test_a_wave_lies_in_its_band_and_agrees_with_itself_only():
    x = torch.arange(16.0).double()
    slow, fast = (torch.sin(2 * torch.pi * k * x / 16).expand(1, 1, 16, 16) for k in (1, 6))
    assert bands.power(slow)[0, 1:].sum() < 1e-6 < bands.power(slow)[0, 0]
    assert bands.power(fast)[0, :2].sum() < 1e-6 < bands.power(fast)[0, 2]
    assert bands.correlation(slow + fast, slow - fast)[0].tolist() == pytest.approx([1, 0, -1], abs=1e-4)


def test_white_noise_has_one_power_in_all_bands():
    x = torch.randn(200, 4, 16, 16, generator=generator(4))
    cells = bands.masks(16, 16).sum((1, 2)) * 4
    assert (bands.power(x).mean(0) / cells).tolist() == pytest.approx([1, 1, 1], abs=0.05)


# ------------------------------------------------ style
def test_the_probe_is_ridge_regression():
    """Ridge is least squares with one more row for each weight, sqrt(ridge) on its diagonal and 0 as its target."""
    rng = np.random.default_rng(0)
    features, truth = rng.normal(size=(60, 5)), [("a", "b", "c")[k % 3] for k in range(60)]
    probe = style_probe.fit(features, truth, ridge=2.0)
    rows = np.column_stack([(features - features.mean(0)) / features.std(0), np.ones(60)])
    more = np.column_stack([2**0.5 * np.eye(5), np.zeros(5)])  # none for the constant
    target = np.array([[name == t for name in "abc"] for t in truth], float)
    weights, *_ = np.linalg.lstsq(np.concatenate([rows, more]), np.concatenate([target, np.zeros((5, 3))]), rcond=None)
    np.testing.assert_allclose(probe.scores(features), rows @ weights, atol=1e-6)


def test_the_probe_tells_stripes_from_noise_wherever_they_stand():
    rng = np.random.default_rng(1)
    stripes = np.sin(np.arange(16) * 2.1)[None, None, None] * np.ones((40, 3, 16, 1)) * rng.normal(size=(40, 3, 1, 1))
    noise = rng.normal(size=(40, 3, 16, 16)) * rng.normal(size=(40, 3, 1, 1))
    x, names = np.concatenate([stripes, noise]), ["stripes"] * 40 + ["noise"] * 40
    probe = style_probe.fit(style_probe.statistics(x[::2]), names[::2])
    assert probe.accuracy(style_probe.statistics(np.roll(x[1::2], 3, axis=3)), names[1::2]) > 0.9
    with pytest.raises(ValueError, match="as many names"):
        style_probe.fit(np.zeros((3, 2)), ["a"])

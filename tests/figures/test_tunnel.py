"""The measurements behind the page on the tunnel, each on cases whose answer is known."""

import numpy as np
import pytest
import torch

from denoised import paths
from denoised.measured import tunnel_caption as caption
from denoised.measured import tunnel_swap as swap
from denoised.pipeline import encode_prompts, load
from denoised.probes import bands as probe
from denoised.probes.features import count_skips, ring, telling
from denoised.probes.flow import Step, steps
from figures.tunnel import (
    bands,
    beacons,
    border,
    clock,
    entrances,
    levels,
    order,
    reach,
    reads,
    skips,
    slices,
    spectra,
    words,
)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def wave(cycles, size=16):
    """A plane wave of so many cycles across, [1, 1, size, size]."""
    return torch.cos(2 * torch.pi * cycles * torch.arange(size) / size).expand(1, 1, size, size)


@pytest.fixture(scope="module")
def pipe():
    return load(paths.WEIGHTS / "emoji-sd")


# ------------------------------------------------ slices and bands
def test_explained_is_one_zero_or_less():
    truth = np.random.default_rng(0).random((2, 4, 4, 3))
    mean = np.broadcast_to(truth.mean((0, 1, 2)), truth.shape)
    assert slices.explained(truth, truth) == 1
    assert slices.explained(mean, truth) == pytest.approx(0, abs=1e-12)
    assert slices.explained(2 * mean - truth, truth) == pytest.approx(-3)


def test_quarters_find_where_the_change_is():
    change = torch.zeros(2, 3, 8, 8)
    change[0, :, 5:, :2] = 1.0  # lower left
    change[1] = 1.0
    shares = slices.quarters(change)
    torch.testing.assert_close(shares, torch.tensor([[0, 0, 1, 0], [0.25, 0.25, 0.25, 0.25]]))


@pytest.mark.parametrize(
    ("curve", "step"),
    [([0.95, 0.99, 1.0], 1), ([0.5, 0.8, 1.0], 2.5), ([0.95, 0.8, 1.0], 2.5), ([0.5, 0.6, 0.7], 4)],
)
def test_a_band_is_settled_when_it_stays_settled(curve, step):
    assert bands.passes(np.array(curve), 0.9) == pytest.approx(step)


# ------------------------------------------------ the prompt exchanged, two doors
def test_what_survives_is_told_band_by_band():
    first, second = wave(1) + wave(6), -wave(1) - wave(6)
    left = swap.survived(wave(1) - wave(6), first, second)  # the coarse wave of the first, the fine one of the second
    assert left[0, 0] == pytest.approx(1, abs=1e-6) and left[0, 2] == pytest.approx(0, abs=1e-6)
    three_quarters = 0.75 * first + 0.25 * second
    assert swap.survived(three_quarters, first, second)[0, 2] == pytest.approx(0.75)


@pytest.mark.parametrize(("curve", "step"), [([0, 0.25, 0.75, 1], 3), ([0, 1, 1, 1], 1), ([0, 0.1, 0.2, 0.3], 10)])
def test_half_lies_on_the_straight_line(curve, step):
    assert swap.half([0, 2, 4, 10], curve) == pytest.approx(step)


def test_between_is_the_place_on_the_way():
    a, b = torch.randn(3, 4, 8, 8, generator=generator()), torch.randn(3, 4, 8, 8, generator=generator(1))
    share = torch.tensor([0.0, 0.3, 1.2])
    got = entrances.between(a + share[:, None, None, None] * (b - a), a, b)
    torch.testing.assert_close(got, share, atol=1e-5, rtol=0)
    aside = torch.randn(a.shape, generator=generator(2))  # what is not on the way does not count
    aside -= entrances.between(a + aside, a, b)[:, None, None, None] * (b - a)
    torch.testing.assert_close(entrances.between(a + aside, a, b), torch.zeros(3), atol=1e-5, rtol=0)


# ------------------------------------------------ how far, how much, where
def test_reach_counts_cells_and_what_is_near():
    change = torch.full((1, 16, 16), 1e-4)
    change[0, 7, 7], change[0, 0, 0] = 1.0, 0.5
    assert reach.reached(change).tolist() == [2]
    assert float(reach.near(change, 7, 7)) == pytest.approx(0.8, abs=1e-3)


def test_reading_is_a_ridge_and_is_scored_on_what_it_has_not_seen():
    rng = np.random.default_rng(0)
    features, weights = rng.normal(size=(600, 5)), rng.normal(size=(5, 2))
    wanted = features @ weights + 3
    assert reads.read(features, wanted, 400) > 0.99
    assert reads.read(features, rng.normal(size=(600, 2)), 400) < 0.05
    unlike = wanted.copy()
    unlike[400:] = rng.normal(size=(200, 2))  # knowing the answers of the fit is no help
    assert reads.read(features, unlike, 400) < 0.2


def test_targets_are_those_of_their_cell():
    images = np.full((1, 128, 128, 3), 255, np.uint8)
    images[0, :, 64:] = 0
    alpha = np.zeros((1, 128, 128), bool)
    alpha[0, :8, :8] = True
    wanted = reads.targets(images, alpha, torch.zeros(1, 4, 16, 16), 16)
    assert wanted["inside"].reshape(16, 16)[0, 0] == 1 and wanted["inside"].sum() == 1
    edges = wanted["edges"].reshape(16, 16)
    assert set(np.flatnonzero(edges[3])) == {7, 8}, "only the two cells beside the border are edgy"
    assert wanted["colour"].reshape(16, 16, 3)[0, 15].tolist() == [0, 0, 0]


def test_telling_maps_vary_and_differ():
    maps = 0.01 * torch.randn(5, 4, 8, 8, generator=generator())
    pattern, other = torch.randn(2, 8, 8, generator=generator(1))
    maps[:, 1] += pattern
    maps[:, 2] += 0.9 * pattern  # the same once more
    maps[:, 3] += 5 + 0.5 * other  # varies less than it is
    assert telling(maps, 2)[0] == 1 and 2 not in telling(maps, 3)


def test_places_share_out_all_operations_but_the_clocks(pipe):
    spent, total = levels.costs(pipe.unet, encode_prompts(pipe, ["a"]).states)
    assert all(spent.values())
    assert 0.97 * total < sum(spent.values()) < total


def test_skips_are_counted_with_their_sizes(pipe):
    sizes = skips.source(pipe)
    assert len(sizes) == count_skips(pipe.unet)
    assert sizes[0][0] == pipe.unet.config.sample_size and sizes[-1][1] == pipe.unet.config.block_out_channels[-1]


# ------------------------------------------------ the score of one call
def test_each_step_has_its_lane_and_voice():
    picture = Step("conv_in", "convolution", (1, 48, 16, 16), False)
    tokens = Step("mid_block.attentions.0.attn1", "attention", (1, 64, 192), False)
    clock = Step("time_embedding.linear_1", "linear", (1, 192), False)
    text = Step("add_embedding.proj", "linear", (1, 64, 192), False)
    assert [order.lane(step) for step in (picture, tokens, clock, text)] == [16, 8, 0, 0]
    assert order.voice(Step("norm", "norm", (1, 4), False)) == "quiet"


def test_a_network_that_looks_at_gradients_would_be_caught(pipe):
    assert order.largest_difference(pipe, 1) == 0

    def peek(module, args, output):
        return output + 0.1 if torch.is_grad_enabled() else output

    handle = pipe.unet.conv_out.register_forward_hook(peek)
    try:
        assert order.largest_difference(pipe, 1) > 1e-3
    finally:
        handle.remove()
    assert not any(p.requires_grad for p in pipe.unet.parameters())


def test_attention_weights_handed_on_would_be_seen():
    """The same rule that the figure uses, on a module that does hand its weights on."""

    class Leaky(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = torch.nn.Identity()

        def forward(self, x):
            return self.inner((x @ x.transpose(1, 2)).softmax(-1))

    leaky = Leaky()
    found = steps(leaky, lambda: leaky(torch.randn(1, 64, 8, generator=generator())))
    assert order.weights_among(found, cells={64}, words=77) == 1
    assert order.weights_among([Step("x", "linear", (1, 64, 192), False)], cells={64}, words=77) == 0


# ------------------------------------------------ lamps and captions
def test_the_brightest_window_is_found():
    one = torch.zeros(8, 8)
    one[2:6, 3:7] = 1
    assert words.brightest(one) == (2, 3)
    inside = words.window(2, 3, 16, 2)
    assert inside.sum() == 64 and inside[4, 6] and not inside[3, 6]
    assert words.window(4, 4, 4, 0.5).sum() == 4


def test_silence_falls_on_the_word_in_its_region_only():
    found = words.silences([(0, 0), (4, 4)], [[2], [3, 4]], length=6)
    fine, coarse = found[64], found[16]
    assert fine[0, :, 2].sum() == 16 and fine[0].sum() == 16 and fine[0, 0, 2] and not fine[0, 63, 2]
    assert fine[1, 63, 3] and fine[1, 63, 4] and fine[1].sum() == 32
    assert coarse[0].sum() == 4 and coarse[1, 15, 3]


def test_ranks_are_places_in_the_list():
    latents = torch.randn(20, 4, 8, 8, generator=generator())
    made = latents[[4, 9]] + 0.01 * torch.randn(2, 4, 8, 8, generator=generator(1))
    assert caption.ranks(made, latents, [4, 9]).tolist() == [1, 1]
    opposite = 2 * latents.mean(0) - latents[[4]]
    assert caption.ranks(opposite, latents, [4]).tolist() == [20]


def test_bands_of_the_probe_meet_the_waves_they_are_named_after():
    for cycles, band in ((1, 0), (3, 1), (6, 2)):
        assert int(probe.power(wave(cycles))[0].argmax()) == band


# ------------------------------------------------ clock, border, spectra
def test_likeness_is_the_cosine_and_halves_are_where_it_falls():
    rows = np.array([[1.0, 0], [1, 1], [0, 2], [-1, 0]])
    np.testing.assert_allclose(clock.likeness(rows, 0), [1, 2**-0.5, 0, -1], atol=1e-12)
    assert clock.halves(np.array([0.1, 0.6, 1.0, 0.7, 0.2, 0.1]), 2) == (2, 2)
    assert clock.halves(np.array([0.9, 1.0, 0.9]), 1) == (1, 1), "never under one half: up to the ends"


def test_the_clock_is_diffusers_own(pipe):
    """The formula on the page, against the layer."""
    half = pipe.unet.time_proj.num_channels // 2
    angles = 700 * 10000.0 ** (-torch.arange(half) / half)
    expected = torch.cat([angles.cos(), angles.sin()])
    torch.testing.assert_close(pipe.unet.time_proj(torch.tensor([700]))[0], expected, atol=1e-3, rtol=0)


def test_following_is_nought_when_it_stays_and_one_when_it_moves():
    before = torch.randn(3, 4, 16, 16, generator=generator())
    torch.testing.assert_close(border.followed(before, before), torch.zeros(3))
    torch.testing.assert_close(border.followed(border.moved(before), before), torch.ones(3))


def test_paper_is_white():
    images = np.full((1, 4, 4, 3), 255, np.uint8)
    images[0, 0], images[0, 1, 0] = 0, (255, 255, 0)
    assert border.paper(images) == pytest.approx(11 / 16)


def test_a_ring_has_no_places_and_the_border_comes_back(pipe):
    text = encode_prompts(pipe, ["red heart, twemoji style"]).states
    x = torch.randn(1, 4, 16, 16, generator=generator())

    @torch.no_grad()
    def call(x):
        return pipe.unet(x, 600, encoder_hidden_states=text, return_dict=False)[0]

    plain = call(x)
    assert not torch.allclose(call(x.roll(8, -1)), plain.roll(8, -1), atol=1e-2)
    with ring(pipe.unet):
        torch.testing.assert_close(call(x.roll(8, -1)), call(x).roll(8, -1), atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(call(x), plain, atol=0, rtol=0)


def test_spectra_are_flat_for_noise_and_find_a_slope():
    white = spectra.spectrum(torch.randn(200, 4, 16, 16, generator=generator()))
    assert abs(spectra.slope(white)) < 0.05
    assert spectra.slope(np.arange(1, 9) ** -2.0) == pytest.approx(-2)
    assert int(np.argmax(spectra.spectrum(wave(3)))) == 2, "three waves across"


# ------------------------------------------------ beacons
def test_evenness_is_one_for_all_alike_and_nought_for_one():
    stats = pytest.importorskip("scipy.stats")
    assert beacons.evenness(np.full(8, 3.0)) == pytest.approx(1)
    assert beacons.evenness(np.eye(8)[2]) == pytest.approx(0, abs=1e-9)
    some = np.random.default_rng(0).random((5, 8))
    np.testing.assert_allclose(beacons.evenness(some), stats.entropy(some, axis=1) / np.log(8))


def test_the_thing_is_what_is_not_white():
    image = np.full((1, 128, 128, 3), 255, np.uint8)
    image[0, :16, :32] = (255, 0, 0)
    mask = beacons.covered(image)
    assert mask[0, 0, :2].tolist() == [1, 1] and mask.sum() == 2


def test_agreement_is_pearsons():
    stats = pytest.importorskip("scipy.stats")
    a, b = np.random.default_rng(0).random((2, 3, 8, 8))
    expected = [stats.pearsonr(x.ravel(), y.ravel()).statistic for x, y in zip(a, b, strict=True)]
    np.testing.assert_allclose(beacons.agreement(a, b), expected)
    assert beacons.agreement(np.ones((1, 8, 8)), b[:1]) == 0


def test_a_full_picture_costs_more_than_a_table(pipe):
    by_decoder, by_map = slices.costs(pipe, torch.zeros(1, 4, 16, 16), 15)
    assert by_map == 2 * 15 * 256 and by_decoder > 1e6 * by_map / 100


def test_attention_is_split_by_what_its_tokens_are():
    """Two prompts of two words and one; what stands behind them is padding, what a network is not given is not counted."""
    from denoised.trace import Text
    from figures.tunnel import joint

    rows = [["<|startoftext|>", "red</w>", "apple</w>", "<|endoftext|>", "<|endoftext|>"],
            ["<|startoftext|>", "cat</w>", "<|endoftext|>", "<|endoftext|>", "<|endoftext|>"]]  # fmt: skip
    text = Text(torch.zeros(2, 5, dtype=torch.long), rows, [0, 0], torch.zeros(2, 5, 8))
    given = torch.tensor([[0.1, 0.2, 0.3, 0.4], [0.2, 0.3, 0.4, 0.1]])  # of the first four tokens
    found = joint.split(given, text)
    assert found == pytest.approx({"start": 0.15, "words": 0.4, "padding": 0.45})

"""The measurements behind the page on the whole theatre, each on cases whose answer is known."""

import numpy as np
import pytest
import torch
from torch import nn

from denoised.measured import theatre_decode as decode
from denoised.measured import theatre_sunglasses as sunglasses
from denoised.probes import cross_attention, features, pointing
from denoised.probes.calls import Call, Log
from denoised.studies import blurred
from figures.theatre import bypass, film, log, needs, performances, purge, stage, text, waves, words


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_kolmogorovs_test_is_scipys():
    stats = pytest.importorskip("scipy.stats")
    for x in (torch.randn(1024, generator=generator()), torch.rand(1024, generator=generator(1)) * 3 - 1.5):
        gap, p = stage.kolmogorov(x)
        expected = stats.kstest(x.numpy(), "norm")
        assert gap == pytest.approx(expected.statistic, abs=1e-6)
        assert p == pytest.approx(expected.pvalue, abs=0.02)


def test_neighbours_of_noise_are_strangers_and_of_a_ramp_are_not():
    assert abs(stage.neighbours(torch.randn(4, 16, 16, generator=generator()))) < 0.1
    assert stage.neighbours(torch.linspace(0, 1, 16).expand(4, 16, 16)) > 0.9


def test_a_scrambled_model_is_another_and_the_first_stays():
    model = nn.Conv2d(4, 4, 3)
    before = model.weight.clone()
    other = stage.scramble(model, generator())
    assert torch.equal(model.weight, before) and not torch.equal(other.weight, before)


def test_one_vector_in_every_place():
    states, last = torch.randn(2, 5, 3), torch.tensor([2, 4])
    end, mean = text.pooled(states, last, "end"), text.pooled(states, last, "mean")
    assert torch.equal(end[0, 4], states[0, 2]) and torch.equal(end[1, 0], states[1, 4])
    torch.testing.assert_close(mean[0, 0], states[0, :3].mean(0))
    assert end.shape == mean.shape == states.shape


def test_changes_are_those_to_the_bet_before():
    bets = np.zeros((3, 4, 4, 3), np.uint8)
    bets[2] = 255
    assert film.changes(bets).mean((1, 2)).tolist() == [1, 0, 1], "the first is compared with white paper"


def test_sprites_are_filled_up_with_blanks():
    frames = np.stack([np.full((2, 2, 3), i + 1, np.uint8) for i in range(7)])
    sheet = performances.sprite(frames)
    assert sheet.shape == (4, 12, 3)
    assert sheet[::2, ::2, 0].ravel().tolist() == [1, 2, 3, 4, 5, 6, 7, 0, 0, 0, 0, 0]


def test_diagonal_detail_of_noise_is_its_spread():
    noise = 0.3 * torch.randn(20, 4, 16, 16, generator=generator())
    assert needs.diagonal(noise) == pytest.approx(0.3, rel=0.03)
    assert needs.diagonal(torch.ones(1, 4, 16, 16)) == 0


def test_a_map_points_at_its_half():
    own, other = torch.ones(4, 4), torch.ones(4, 4)
    own[:, :2] = 3
    assert pointing.points_right(own, other, on_left=True) and not pointing.points_right(own, other, on_left=False)


def test_a_scene_keeps_its_icons_on_their_sides():
    left, right = np.zeros((128, 128, 3), np.uint8), np.full((128, 128, 3), 90, np.uint8)
    sheet = pointing.scene(left, right)
    assert sheet[40:90, 2:60].max() == 0 and (sheet[40:90, 66:126] == 90).all() and (sheet[:30] == 255).all()
    assert pointing.scene(left, right, paper=7)[0, 0, 0] == 7


def test_a_map_finds_what_it_marks_and_the_centre_is_the_centre():
    mask = torch.zeros(8, 8)
    mask[2:5, 1:4] = 1
    assert cross_attention.finds(mask + 0.1, mask) == 1 and cross_attention.finds(-mask, mask) == 0
    assert cross_attention.finds(torch.ones(8, 8), mask) == 0.5
    assert sorted(cross_attention.centre(8).flatten().topk(4).indices.tolist()) == [27, 28, 35, 36]
    alpha = np.zeros((1, 128, 128), np.uint8)
    alpha[:, :8] = 255
    assert cross_attention.covered(alpha, 8)[0, 0].tolist() == [0.5] * 8


def test_layers_have_names_for_people():
    assert pointing.short("mid_block.attentions.0.transformer_blocks.0.attn2") == "middle"
    assert pointing.short("down_blocks.1.attentions.0.transformer_blocks.0.attn2") == "down 1"
    assert pointing.short("up_blocks.1.attentions.2.transformer_blocks.0.attn2") == "up 1, 3"


def test_a_bypassed_block_hands_on_what_it_got():
    from diffusers.models.resnet import ResnetBlock2D

    block, x = ResnetBlock2D(in_channels=8, temb_channels=None, groups=4), torch.randn(1, 8, 4, 4)
    with torch.no_grad():
        whole = block(x, None)
        with bypass.bypassed([block]):
            assert torch.equal(block(x, None), x)
        assert torch.equal(block(x, None), whole)


def test_wiener_is_best_on_what_it_was_fitted_to():
    """On Gaussian samples with a known spectrum no scaling of all frequencies alike does better."""
    shape = torch.fft.fft2(torch.randn(400, 1, 8, 8, generator=generator()), norm="ortho")
    far = torch.fft.fftfreq(8)[:, None] ** 2 + torch.fft.fftfreq(8)[None] ** 2
    clean = torch.fft.ifft2(shape / (0.05 + far), norm="ortho").real / 8 + 1
    level = 0.4
    xt = level**0.5 * clean + (1 - level) ** 0.5 * torch.randn(clean.shape, generator=generator(1))
    error = (waves.Wiener(clean)(xt, level) - clean).square().mean()
    scaled = min(float((s * xt - clean).square().mean()) for s in np.linspace(0, 2, 41))
    assert error < 0.9 * scaled


def test_place_is_read_where_it_is_and_not_from_noise():
    rows = torch.linspace(-1, 1, 8)[:, None].expand(8, 8)
    grid = torch.stack([rows, rows.T]).expand(6, 2, 8, 8) + 0.01 * torch.randn(6, 2, 8, 8, generator=generator())
    assert waves.position_r2(grid) > 0.99
    assert waves.position_r2(torch.randn(12, 2, 8, 8, generator=generator(1))) < 0.05


def test_on_a_ring_convolution_knows_no_place():
    torch.manual_seed(0)
    net, x = nn.Sequential(nn.Conv2d(1, 3, 3, padding=1), nn.Conv2d(3, 1, 3, padding=1)), torch.randn(1, 1, 8, 8)
    with torch.no_grad():
        plain = net(x)
        with features.ring(net):
            torch.testing.assert_close(net(x.roll(3, -1)), net(x).roll(3, -1))
        torch.testing.assert_close(net(x), plain)


def test_silence_is_zeros_and_ends():
    net, x = nn.Sequential(nn.Linear(2, 2)), torch.ones(1, 2)
    with features.without(net, ["0"]):
        assert net(x).abs().sum() == 0
    assert net(x).abs().sum() > 0


@pytest.mark.parametrize(("curve", "step"), [([0.1, 0.95, 0.8, 0.95], 4), ([1, 1], 1), ([0.1, 0.2], 3)])
def test_settled_means_from_then_on(curve, step):
    assert purge.first_above(curve, 0.9) == step


def test_glasses_cover_the_cells_that_are_compared():
    icon = np.full((128, 128, 3), 255, np.uint8)
    changed = (sunglasses.with_glasses(icon) != icon).any(-1)
    cells = torch.from_numpy(changed.reshape(16, 8, 16, 8).any((1, 3)))
    compared = sunglasses.under_glasses()
    assert (cells & compared).sum() >= 0.95 * compared.sum()  # but for a rounded corner


def test_painted_lenses_are_counted_and_nothing_else():
    icon = np.full((128, 128, 3), 255, np.uint8)
    elsewhere = icon.copy()
    elsewhere[100:] = 0
    both = sunglasses.painted(np.stack([sunglasses.with_glasses(icon), icon, elsewhere]))
    assert both[0] > 0.9 and both[1] == both[2] == 0


@pytest.mark.parametrize("width", decode.WIDTHS)
def test_strokes_are_as_wide_as_said(width):
    image, inside = decode.strokes(width, 0)
    assert inside.sum(0).max() == width
    assert decode.recall(image, inside) == 1 and decode.recall(255 - image, inside) == 0


def test_the_account_is_checked_against_the_log():
    class Waves:
        waves = [(1, 24)]

        def fourier(self):
            return 0

    class Pipe:
        tokenizer = object()

    states, latent = (1, 32, 256), (1, 4, 16, 16)
    told = Log({})
    told.calls += [
        Call("text encoder", {"0": (1, 32)}, states),
        Call("U-Net", {"0": latent, "encoder_hidden_states": states}, latent),
        Call("VAE decoder", {"0": latent}, (1, 3, 128, 128)),
    ]
    assert [holds for _, holds in log.account(Pipe(), told, Waves())] == [False] * 4 + [True, True, False, False]
    told.files.append("sheet.webp")
    told.calls.insert(1, Call("VAE encoder", {"0": states}, latent))
    assert [holds for _, holds in log.account(Pipe(), told, Waves())][:4] == [False, True, True, True]


def test_blurring_keeps_the_colour_and_takes_the_detail():
    stripes = torch.zeros(1, 3, 32, 32, dtype=torch.uint8)
    stripes[..., ::2] = 200
    soft = blurred.blur(stripes)
    assert soft.shape == stripes.shape and soft.float().std() < 3
    assert float(soft.float().mean()) == pytest.approx(100, abs=1)


def test_a_word_is_taken_out_with_its_space():
    assert words.without("smiling face with sunglasses, noto style", "sunglasses") == "smiling face with, noto style"
    assert words.without("face", "smiling") == "face" and words.without("smiling face", "smiling") == "face"


def test_padding_is_gathered_and_packed_in_the_order_that_the_widget_reads():
    torch.manual_seed(0)
    maps = [torch.rand(2, heads, side, side, 6).softmax(-1) for heads, side in ((2, 4), (3, 2))]
    layers = [words.gathered(one, 2) for one in maps]
    assert layers[0].shape == (2, 2, 4, 4, 4)
    torch.testing.assert_close(layers[0].sum(2), torch.ones(2, 2, 4, 4))
    torch.testing.assert_close(layers[1][:, :, 3], maps[1][..., 3:].sum(-1))
    packed = np.frombuffer(words.packed(layers), np.uint8)
    tokens, sizes = 4, [4 * 2 * 16, 4 * 3 * 4]
    step, layer, token, head, cell = 1, 1, 2, 1, 3
    at = step * sum(sizes) + sizes[0] + (token * 3 + head) * 4 + cell
    assert len(packed) == 2 * sum(sizes) and tokens == layers[1].shape[2]
    assert packed[at] == round(255 * float(layers[layer][step, head, token].flatten()[cell]) ** 0.5)

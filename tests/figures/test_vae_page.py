"""What the VAE's figures compute, held against cases whose answer is known."""

import json

import numpy as np
import pytest
import torch

from denoised.data import photos
from denoised.errors import DenoisedError
from denoised.lab import Lab
from denoised.measured import vae_colour as colour
from denoised.measured import vae_compression as compression
from denoised.measured import vae_spectra as spectra
from denoised.probes.crossed import variance_shares
from denoised.studies import kl
from figures.vae import bands, cost, finetune, swap


def noise(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


# --- the study of the KL term


def test_kl_results_belong_to_this_code():
    facts, arrays = kl.load()
    assert facts["key"] == kl.key()
    assert set(facts["runs"]) == {f"{w:g}" for w in kl.SETTINGS.weights}
    assert all(len(runs) == len(kl.SETTINGS.seeds) for runs in facts["runs"].values())
    assert arrays["original"].shape == arrays["prior_0"].shape


def test_kl_results_of_other_settings_are_refused():
    with pytest.raises(DenoisedError, match="another version of the study"):
        kl.load(settings=kl.Settings(steps=7))


def test_kl_damaged_results_are_told(tmp_path):
    path = tmp_path / "kl.npz"
    path.write_bytes(kl.FILE.read_bytes()[:1000])
    with pytest.raises(DenoisedError, match="cannot be read"):
        kl.load(path)


def test_kl_loss_is_the_divergence_of_normals():
    """Against torch.distributions, with an encoder that answers with fixed clouds."""
    mean, log_variance = torch.randn(2, 5, 4, 4, 4, generator=torch.Generator().manual_seed(0))
    clouds = torch.distributions.Normal(mean, (log_variance / 2).exp())
    standard = torch.distributions.Normal(torch.zeros_like(mean), torch.ones_like(mean))
    expected = torch.distributions.kl_divergence(clouds, standard).sum((1, 2, 3)).mean()
    x = torch.zeros(5, 3, 32, 32)
    _, found = kl.losses(x, lambda _: torch.cat([mean, log_variance], 1), lambda z: x, torch.zeros_like(mean))
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)


def test_kl_training_reads_pictures_weight_and_seed_only():
    pictures = torch.from_numpy(noise(40, 3, 32, 32))
    words = [str(i) for i in range(40)]

    def run(weight=1e-3, seed=0, some=pictures, captions=None):
        return kl.fingerprint(*kl.train(weight, seed, some, 2, captions))

    first = run(captions=words)
    assert run(captions=words[::-1]) == first
    assert run(weight=1e-1) != first
    assert run(seed=1) != first
    assert run(some=pictures.flip(0)) != first


def test_distance_is_zero_for_the_same_pictures_and_grows_with_a_shift():
    x = torch.rand(300, 3, 32, 32, generator=torch.Generator().manual_seed(0)) - 0.5
    assert kl.distance(x, x) == pytest.approx(0, abs=1e-6)
    # a shift of all 48 mosaic values by 0.3 has squared length 48 * 0.09
    assert kl.distance(x, x + 0.3) == pytest.approx(48 * 0.09, rel=1e-4)


# --- figures


def test_zip_gives_every_byte_back():
    import zlib

    data = noise(5000).tobytes() + bytes(5000)
    assert zlib.decompress(compression.zipped(data), -15) == data
    assert len(compression.zipped(bytes(5000))) < 50


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_equal_size_is_kept_and_used(kind):
    picture = photos.load()
    small, large = (compression.at_most(picture, kind, budget) for budget in (1500, 6000))
    assert small[0] <= 1500 and 1500 < large[0] <= 6000
    error = [np.square(p.astype(float) - picture).mean() for _, p in (small, large)]
    assert error[1] < error[0]


def test_rounding_errs_by_half_a_level_and_clips():
    z = torch.linspace(-3.9, 3.9, 1001)
    for bits in (3, 8):
        found, codes = compression.rounded(z, bits)
        assert (found - z).abs().max() <= compression.RANGE / (2**bits - 1) + 1e-6
        assert int(codes.max()) <= 2**bits - 1
    assert compression.rounded(torch.tensor([9.0]), 8)[0].item() == compression.RANGE


def test_variance_goes_where_it_belongs():
    latents, decoders = noise(4, 1, 8, 8, 3).astype(float), noise(1, 3, 8, 8, 3, seed=1).astype(float)
    everywhere = np.ones((4, 3, 8, 8, 3))
    assert variance_shares(latents * everywhere) == pytest.approx([1, 0, 0])
    assert variance_shares(decoders * everywhere) == pytest.approx([0, 1, 0])
    latent, decoder, both = variance_shares(latents + decoders)
    assert both == pytest.approx(0, abs=1e-12) and latent > 0.2 and decoder > 0.2
    assert sum(variance_shares(noise(4, 3, 8, 8, 3))) == pytest.approx(1)
    assert variance_shares(noise(40, 30, 4, 4, 3))[2] > 0.9  # pictures that have nothing in common


def test_bands_of_equal_and_of_smoothed_pictures():
    real = photos.load()[None]
    energy, match = bands.bands(real, real)
    assert energy == pytest.approx(np.ones(4)) and match == pytest.approx(np.ones(4))
    smooth = real.astype(float)
    smooth = sum(np.roll(smooth, (i, j), (1, 2)) for i in (-1, 0, 1) for j in (-1, 0, 1)) / 9
    energy, match = bands.bands(smooth.astype(np.uint8), real)
    assert energy[0] > 0.95 and energy[3] < 0.4 and energy[3] < energy[1]
    _, match = bands.bands(noise(1, 128, 128, 3), real)
    assert np.abs(match[2:]).max() < 0.1


def test_operations_scale_as_they_must():
    """Without attention a picture of four times the pixels costs four times as much; a network with attention, more."""
    config = json.loads((Lab("x/y", weights=("emoji-sd/vae",)).weight("emoji-sd/vae") / "config.json").read_text())
    small, large = cost.vae_flops(config, 64), cost.vae_flops(config, 128)
    assert large == tuple(4 * value for value in small)
    unet = {"block_out_channels": (32, 64), "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
            "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"), "layers_per_block": 1, "cross_attention_dim": 16,
            "attention_head_dim": 4}  # fmt: skip
    (near, parameters), (far, same) = (cost.unet_flops(unet, 4, side, 8) for side in (16, 32))
    assert same == parameters
    assert far > 4 * near


def test_blur_keeps_the_mean_and_takes_the_fine():
    flat = torch.full((1, 4, 16, 16), 0.7)
    assert torch.allclose(spectra.blurred(flat), flat, atol=1e-6)
    rough = torch.randn(2, 4, 16, 16, generator=torch.Generator().manual_seed(0))
    before, after = (spectra.fine_power(z.numpy(), 0.25) for z in (rough, spectra.blurred(rough)))
    assert after < 0.2 * before


def test_contrast_and_change():
    grey, board = np.full((1, 8, 8, 3), 90, np.uint8), np.zeros((1, 8, 8, 3), np.uint8)
    board[:, ::2] = 255
    alpha = np.full((1, 8, 8), 255, np.uint8)
    assert colour.contrast(grey, alpha) == pytest.approx([0], abs=1e-9)
    assert colour.contrast(board, alpha) == pytest.approx([0.5])
    assert colour.change(np.array([0.3, 0.3]), np.array([0.6, 0.6])) == pytest.approx(-0.5)


def test_swap_hands_the_widget_all_it_needs():
    lab = Lab("vae/swap", weights=swap.WEIGHTS, data=swap.DATA, smoke=True)
    output = swap.make(lab, smoke=True)
    data, sheet = output.data, output.files["sheet.webp"]
    names = [d["id"] for d in data["decoders"]]
    assert sheet.shape == (len(data["pictures"]) * data["size"], (1 + len(names)) * data["size"], 3)
    originals = sheet[:, : data["size"]].reshape(-1, data["size"], data["size"], 3)
    assert (originals == swap.cast_images(lab.specimens())).all()
    for picture in data["pictures"]:
        assert set(picture["decoders"]) == set(names)
        assert len(picture["between"]) == 6
        assert all(v > 5 for v in picture["between"].values())


def test_card_without_its_facts_is_refused():
    with pytest.raises(DenoisedError, match="does not say 'seconds'"):
        finetune.field({"samples": 3}, "seconds", "the decoder noto")


# --- the photograph


def test_photo_is_there_in_both_sizes_and_has_its_licence():
    small, large = photos.load(size=128), photos.load(size=256)
    mean = large.reshape(128, 2, 128, 2, 3).mean((1, 3))
    assert np.abs(mean - small).max() <= 0.5
    licences = (photos.FOLDER / "LICENSES.md").read_text(encoding="utf-8")
    assert all(path.name in licences for path in photos.FOLDER.glob("*.png"))
    assert "CC0" in licences


def test_missing_photo_is_told():
    with pytest.raises(DenoisedError, match="cannot be read"):
        photos.load("nobody")

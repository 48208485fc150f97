"""Weights on disk: saved whole with their card, laid over, refused; and the table of presets that cards are of."""

import errno
import json
from dataclasses import FrozenInstanceError, asdict

import pytest
import torch
from diffusers import AutoencoderKL
from safetensors.torch import load_file

from denoised import paths
from denoised.errors import DenoisedError
from denoised.training import images, store
from denoised.training.presets import PRESETS, Preset, preset

TOY = Preset("toy", "vae", samples=200, batch=4, lr=1e-2, warmup=20, weight_decay=0.1)


def sentence(error) -> str:
    text = str(error.value)
    assert "\n" not in text
    assert text.endswith(".")
    return text


def test_presets_are_a_table():
    kinds = {"vae", "decoder", "tiny", "tiny-vae", "clip", "judge", "unet", "dit", "small", "space", "tokenizer", "teller",
             "student", "small-student"}  # fmt: skip
    order = list(PRESETS)
    for name, item in PRESETS.items():
        assert name == item.name
        assert item.kind in kinds
        assert item.samples > item.warmup >= 0
        assert 0 < item.ema < 1
        assert json.loads(json.dumps(asdict(item))) == asdict(item), "a preset is saved as JSON beside its weights"
        if start := item.extra.get("start") or item.extra.get("tokenizer"):
            assert order.index(start) < order.index(name), "in order, the earlier stage is trained first"
    with pytest.raises(FrozenInstanceError):
        item.lr = 1.0
    with pytest.raises(DenoisedError) as error:
        preset("unett")
    assert "unet-64px" in sentence(error)


def small_vae():
    torch.manual_seed(0)
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
        block_out_channels=(8, 8), norm_num_groups=4, latent_channels=4, sample_size=16,
    )  # fmt: skip


def test_a_saved_model_has_its_card_and_loads(tmp_path):
    vae = small_vae()
    folder = store.save_model(vae, tmp_path / "vae", TOY, {"samples": 200, "seconds": 1.5, "curve": []})
    assert next(vae.parameters()).dtype == torch.float32, "saving must not turn the model in training to half"
    assert {value.dtype for value in load_file(folder / "diffusion_pytorch_model.safetensors").values()} == {
        torch.float16
    }
    card = store.read_card(folder)
    assert card["preset"] == asdict(TOY)
    assert card["data"] == images.data_hash()
    assert card["samples"] == 200
    assert "CC-BY-SA-4.0" in card["licence"]
    again = store.load_vae(folder)  # diffusers now remembers the folder, which must not be saved
    store.save_model(again, folder, TOY, {})
    assert str(tmp_path) not in (folder / "config.json").read_text()
    assert (folder / "diffusion_pytorch_model.safetensors").stat().st_mode & 0o777 == 0o644
    assert torch.allclose(
        next(store.load_vae(folder).parameters()), next(vae.parameters()), atol=1e-3
    )
    assert [path.name for path in tmp_path.iterdir()] == ["vae"]


def test_a_text_encoder_loads_in_the_type_of_the_other_parts(tmp_path):
    from transformers import CLIPTextModel

    from denoised.models.clip import build_text

    folder = store.save_model(build_text(50, width=16, layers=1, heads=2), tmp_path / "text", TOY, {})
    assert next(CLIPTextModel.from_pretrained(folder).parameters()).dtype == torch.float32
    assert {value.dtype for value in load_file(folder / "model.safetensors").values()} == {torch.float16}


def test_a_failed_save_leaves_the_old_weights(tmp_path):
    vae = small_vae()
    folder = store.save_model(vae, tmp_path / "vae", TOY, {"round": 1})
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    class Broken(torch.nn.Linear):
        def save_pretrained(self, where, **_):
            (where / "half.safetensors").write_bytes(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        store.save_model(Broken(1, 1), folder, TOY, {"round": 2})
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    store.save_model(vae, folder, TOY, {"round": 3})
    assert store.read_card(folder)["round"] == 3
    assert [path.name for path in tmp_path.iterdir()] == ["vae"]


def test_a_decoder_is_laid_over_and_a_foreign_one_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "WEIGHTS", tmp_path)
    vae, tuned = small_vae(), small_vae()
    with torch.no_grad():
        for parameter in tuned.decoder.parameters():
            parameter.add_(1)
    store.save_decoder(tuned, "noto", TOY, {})
    encoder = [p.clone() for p in vae.encoder.parameters()]
    store.load_decoder(vae, "noto")
    assert torch.allclose(vae.decoder.conv_in.weight, tuned.decoder.conv_in.weight, atol=2e-3)
    assert all(torch.equal(a, b) for a, b in zip(encoder, vae.encoder.parameters(), strict=True))
    with pytest.raises(DenoisedError) as error:
        store.load_decoder(vae, "openmoji")
    assert "decoder-openmoji" in sentence(error)
    store.save_tensors(torch.nn.Linear(2, 2), tmp_path / "decoders" / "noto" / "decoder.safetensors")
    with pytest.raises(DenoisedError) as error:
        store.load_decoder(vae, "noto")
    assert "does not fit" in sentence(error)


def test_a_missing_card_is_a_sentence(tmp_path):
    with pytest.raises(DenoisedError) as error:
        store.read_card(tmp_path)
    assert "card.json" in sentence(error)

"""What is shipped loads with the stock library, is small, is safe to open, and says how it was made."""

import copy
import hashlib
import json
import math

import numpy as np
import pytest
import torch

from denoised import paths
from denoised.training import images, store
from denoised.training.presets import PRESETS

FOLDERS = [
    store.SD + "/vae",
    store.SD + "/text_encoder",
    store.SD + "/unet",
    "decoders/openmoji",
    "decoders/noto",
    "decoders/twemoji",
    "tiny-vae",
    "student",
    "dit/transformer",
    "small",
]
LIMIT = 150_000_000  # bytes, of everything: the pipeline, its decoders, the judge, what pages train beside them
MODEL_LIMIT = 80_000_000  # bytes, of the pipeline and its decoders: what a reader of the first pages needs


@pytest.fixture(scope="module", params=FOLDERS)
def card(request):
    return json.loads((paths.WEIGHTS / request.param / "card.json").read_text(encoding="utf-8"))


def stages(card):
    """A card and those of the runs that it went on from."""
    earlier = card.get("encoder") or card.get("start")
    return [*(stages(earlier) if earlier else []), card]


@pytest.fixture(scope="module")
def pipeline():
    from diffusers import StableDiffusionPipeline

    pipe = StableDiffusionPipeline.from_pretrained(paths.WEIGHTS / store.SD)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def test_every_folder_with_weights_is_known():
    found = {path.parent.relative_to(paths.WEIGHTS).as_posix() for path in paths.WEIGHTS.rglob("*.safetensors")}
    assert found >= set(FOLDERS)
    assert all((paths.WEIGHTS / folder / "card.json").is_file() for folder in found), "weights without a card"


def test_weights_are_small():
    sizes = {path: path.stat().st_size for path in paths.WEIGHTS.rglob("*") if path.is_file()}
    assert 10_000_000 < sum(sizes.values()) <= LIMIT, f"{sum(sizes.values()):,} bytes"


def test_the_model_itself_is_smaller_still():
    folders = (store.SD, "decoders")
    sizes = [path.stat().st_size for name in folders for path in (paths.WEIGHTS / name).rglob("*") if path.is_file()]
    assert 10_000_000 < sum(sizes) <= MODEL_LIMIT, f"{sum(sizes):,} bytes"


def test_nothing_is_shipped_twice():
    """No two files of weights, and no two tensors in them of more than a thousand numbers, are the same."""
    from safetensors.torch import load_file

    seen = {}
    for path in sorted(paths.WEIGHTS.rglob("*.safetensors")):
        for name, value in load_file(path).items():
            if value.numel() > 1000:
                where = f"{path.parent.relative_to(paths.WEIGHTS)}: {name}"
                content = hashlib.sha256(value.contiguous().numpy().tobytes()).hexdigest()
                assert content not in seen, f"{where} is {seen[content]}"
                seen[content] = where


def test_only_safetensors_and_text():
    endings = {path.suffix for path in paths.WEIGHTS.rglob("*") if path.is_file()}
    assert endings <= {".safetensors", ".json", ".txt", ".md"}, "other formats can run code when they are opened"


def test_weights_are_in_half_precision_and_finite():
    from safetensors.torch import load_file

    from denoised import rounding

    for path in paths.WEIGHTS.rglob("*.safetensors"):
        for name, value in load_file(path).items():
            if value.is_floating_point():
                kept = torch.float32 if name.endswith(rounding.SCALE) else torch.float16  # one scale a row costs nothing
                assert value.dtype == kept, f"{path.parent.name}: {name}"
                assert torch.isfinite(value).all(), f"{path.parent.name}: {name}"


def test_the_stock_pipeline_loads_and_draws(pipeline):
    made = pipeline(
        "red apple, noto style", num_inference_steps=2, guidance_scale=3, output_type="np",
        generator=torch.Generator().manual_seed(0),
    ).images[0]  # fmt: skip
    assert made.shape == (128, 128, 3)
    assert np.isfinite(made).all()
    assert made.std() > 0.01, "one plain colour"


def test_the_scheduler_is_the_one_of_training(pipeline):
    from denoised.training.denoiser import alpha_bar

    config = pipeline.scheduler.config
    assert (config.prediction_type, config.timestep_spacing) == ("v_prediction", "trailing")
    assert config.clip_sample is False
    assert torch.allclose(pipeline.scheduler.alphas_cumprod.double(), alpha_bar().double(), atol=1e-6)


def test_the_tokenizer_fits_the_text_encoder(pipeline):
    assert len(pipeline.tokenizer) == pipeline.text_encoder.config.vocab_size
    assert pipeline.tokenizer.model_max_length == pipeline.text_encoder.config.max_position_embeddings
    text = "red apple, noto style"
    again = pipeline.tokenizer.decode(pipeline.tokenizer(text).input_ids, skip_special_tokens=True)
    assert again.replace(" ,", ",").strip() == text


def test_latents_are_centred_and_of_unit_spread(pipeline):
    from denoised.data import specimens
    from denoised.pipeline import encode

    found = specimens.load()
    train = found.where(split="train", tone="none")[::4]
    latents = encode(pipeline.vae, found.images[train])
    assert latents.std().item() == pytest.approx(1.0, abs=0.25)
    assert latents.mean((0, 2, 3)).abs().max() < 0.35


def test_the_vae_is_faithful_on_held_out_icons(pipeline):
    from denoised.data import specimens
    from denoised.pipeline import decode, encode

    found = specimens.load()
    held = found.images[found.where(split="concept")][:48]
    made = decode(pipeline.vae, encode(pipeline.vae, held))
    error = ((held.astype(float) - made) / 255) ** 2
    assert (-10 * np.log10(error.mean((1, 2, 3)))).mean() >= 25, "the bar is 25 dB"


def test_the_student_was_taught_by_the_u_net_that_is_shipped(pipeline):
    """An adapter is an addition to certain weights, and means nothing beside others."""
    from denoised.models import adapter

    cards = [store.read_card(paths.WEIGHTS / name) for name in ("student", store.SD + "/unet")]
    assert cards[0]["teacher"]["sha256"] == cards[1]["sha256"], "train it again: python scripts/train.py student"
    factors = adapter.load(paths.WEIGHTS / "student")
    assert len(adapter.merge(copy.deepcopy(pipeline.unet), factors).state_dict()) > len(factors) > 100


def test_the_small_transformer_was_taught_by_the_large_one_that_is_shipped():
    cards = [store.read_card(paths.WEIGHTS / name) for name in ("small", "dit/transformer")]
    assert cards[0]["teacher"]["sha256"] == cards[1]["sha256"], "train it again: python scripts/train.py small-student"


def test_cards_say_how_it_was_made(card):
    assert "CC-BY-SA-4.0" in card["licence"]
    assert card["torch"]
    for run in stages(card):
        assert run["preset"]["name"] in PRESETS
        assert run["seconds"] > 0
        assert run["samples"] > 0


def test_cards_are_of_finished_runs(card):
    assert not card.get("interim"), "interim weights: train them, or fetch those of the repository"
    assert card["finished"] is True


def test_cards_have_a_curve_that_improves(card):
    for run in stages(card):
        if not run["curve"] and run["preset"]["kind"] == "decoder":  # minutes long: the two ends are its curve
            assert run["psnr_after"] > run["psnr_before"]
            continue
        losses = [point["loss"] for point in run["curve"]]
        assert losses, run["preset"]["name"]
        assert all(math.isfinite(loss) for loss in losses)
        samples = [point["samples"] for point in run["curve"]]
        rest = samples[-1] - (samples[-2] if len(samples) > 1 else 0)
        if rest < samples[0] / 4:  # the last point is the mean over a handful of batches: noise
            losses = losses[:-1]
        assert len(losses) == 1 or losses[-1] < losses[0]
        assert samples == sorted(samples)
        assert samples[-1] <= run["samples"]


def test_cards_are_of_the_present_data(card):
    assert card["data"] == images.data_hash(), "the splits have changed since these weights were trained"

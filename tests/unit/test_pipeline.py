"""The project's loop against the stock pipeline, on a tiny one with random weights, saved and loaded here."""

import json
import shutil

import numpy as np
import pytest
import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    DDPMScheduler,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from safetensors.torch import load_file, save_file
from tokenizers.pre_tokenizers import ByteLevel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from denoised import pipeline
from denoised.errors import DenoisedError

CLOSE = {"atol": 1e-5, "rtol": 1e-5}
LENGTH = 24  # tokens
UNET = "unet/diffusion_pytorch_model.safetensors"
SCHEDULE = {
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "prediction_type": "v_prediction",
    "timestep_spacing": "trailing",
    "rescale_betas_zero_snr": True,
    "clip_sample": False,
    "steps_offset": 1,
}


def tiny_tokenizer(folder):
    letters = sorted(ByteLevel.alphabet())
    merges = ["c a", "ca t</w>", "r e", "re d</w>"]
    words = [*letters, *(x + "</w>" for x in letters), *(m.replace(" ", "") for m in merges)]
    words += ["<|startoftext|>", "<|endoftext|>"]
    folder.mkdir()
    (folder / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n")
    return CLIPTokenizer.from_pretrained(folder, model_max_length=LENGTH)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("tiny")
    torch.manual_seed(0)
    tokenizer = tiny_tokenizer(place / "tokenizer_files")
    text = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=LENGTH,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    vae = AutoencoderKL(
        block_out_channels=(8, 16, 16, 16),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
        norm_num_groups=4,
        latent_channels=4,
        mid_block_add_attention=False,
        scaling_factor=0.7,
        sample_size=128,
    )
    unet = UNet2DConditionModel(
        sample_size=16,
        block_out_channels=(16, 32),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        layers_per_block=1,
        cross_attention_dim=32,
        attention_head_dim=2,
        norm_num_groups=8,
        addition_embed_type="text",
        addition_embed_type_num_heads=4,
    )
    StableDiffusionPipeline(
        vae=vae,
        text_encoder=CLIPTextModel(text),
        tokenizer=tokenizer,
        unet=unet,
        scheduler=DDIMScheduler(**SCHEDULE),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(place / "model")
    return place / "model"


@pytest.fixture(scope="module")
def pipe(folder):
    return pipeline.load(folder)


def stock(pipe, prompt, seed, steps, guidance, negative_prompt=None, **more):
    """Latents before every step and after the last one, and the picture, from diffusers' own loop."""
    seen = []

    def note(_pipe, _i, _t, tensors):
        seen.append(tensors["latents"].clone())
        return {}

    picture = pipe(
        prompt,
        negative_prompt=negative_prompt,
        num_inference_steps=steps,
        guidance_scale=guidance,
        generator=torch.Generator().manual_seed(seed),
        callback_on_step_end=note,
        output_type="np",
        **more,
    ).images[0]
    return torch.cat(seen), picture


# ------------------------------------------------ the same latents
@pytest.mark.parametrize("steps", [1, 5, 25])
@pytest.mark.parametrize(("guidance", "negative"), [(1.0, ""), (3.0, ""), (5.0, "red red")])
def test_latents_and_picture_are_the_stock_pipelines(pipe, steps, guidance, negative):
    trace = pipeline.generate(
        pipe, "a red cat", seed=7, steps=steps, guidance=guidance, negative_prompt=negative
    )
    latents, picture = stock(pipe, "a red cat", 7, steps, guidance, negative)
    torch.testing.assert_close(trace.xt[1:], latents, **CLOSE)
    assert np.abs(trace.image.astype(int) - np.round(picture * 255).astype(int)).max() <= 1


def test_the_answer_depends_on_prompt_seed_guidance_and_negative_prompt(pipe):
    """Without this the equality above could hold for a network that listens to nothing."""
    base = {"prompt": "a red cat", "seed": 1, "steps": 4, "guidance": 3.0, "negative_prompt": ""}
    first = pipeline.generate(pipe, **base).xt[-1]
    for change in ({"prompt": "dog"}, {"seed": 2}, {"guidance": 6.0}, {"negative_prompt": "dog"}):
        other = pipeline.generate(pipe, **{**base, **change}).xt[-1]
        assert (first - other).abs().max() > 1e-3, change
    assert torch.equal(first, pipeline.generate(pipe, **base).xt[-1])


def test_ddpm_is_the_stock_pipeline_with_its_scheduler_exchanged(pipe):
    other = StableDiffusionPipeline(**{**pipe.components, "scheduler": DDPMScheduler(**SCHEDULE)})
    other.set_progress_bar_config(disable=True)
    trace = pipeline.generate(pipe, "cat", seed=3, steps=10, guidance=2.0, sampler="ddpm")
    latents, _ = stock(other, "cat", 3, 10, 2.0)
    torch.testing.assert_close(trace.xt[1:], latents, **CLOSE)


def test_guidance_only_inside_its_interval(pipe):
    off, on = (pipeline.generate(pipe, "cat", steps=5, guidance=s).xt for s in (1.0, 4.0))
    never = pipeline.generate(pipe, "cat", steps=5, guidance=4.0, interval=(0, 1)).xt
    always = pipeline.generate(pipe, "cat", steps=5, guidance=4.0, interval=(0, 999)).xt
    torch.testing.assert_close(never, off, **CLOSE)
    torch.testing.assert_close(always, on, **CLOSE)
    assert (on[-1] - off[-1]).abs().max() > 1e-3


# ------------------------------------------------ the trace
def test_trace_is_whole_and_consistent(pipe):
    t = pipeline.generate(pipe, "a red cat", seed=7, steps=5, guidance=3.0)
    assert (t.prompt, t.seed, t.guidance, t.sampler, t.steps) == ("a red cat", 7, 3.0, "ddim", 5)
    assert t.timesteps.tolist() == [999, 799, 599, 399, 199]
    assert t.alpha_bar[0] == 0 and (t.alpha_bar.diff() > 0).all()
    assert t.xt.shape == (6, 4, 16, 16) and t.eps.shape == t.x0.shape == (5, 4, 16, 16)
    assert t.image.shape == (128, 128, 3) and t.image.dtype == np.uint8
    assert t.text_states.shape == (LENGTH, 32) and t.input_ids.shape == (LENGTH,)
    assert t.tokens[:5] == ["<|startoftext|>", "a</w>", "red</w>", "cat</w>", "<|endoftext|>"]
    assert t.tokens_cut == 0 and t.seconds > 0
    wide = t.alpha_bar.reshape(-1, 1, 1, 1).float()
    torch.testing.assert_close(wide.sqrt() * t.x0 + (1 - wide).sqrt() * t.eps, t.xt[:-1], **CLOSE)
    torch.testing.assert_close(t.x0[-1], t.xt[-1], **CLOSE)
    start = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(7))[0]
    torch.testing.assert_close(t.xt[0], start, atol=0, rtol=0)


def test_a_very_long_prompt_is_cut_and_says_so(pipe):
    prompt = "red cat " * 1250
    assert len(prompt) == 10_000
    t = pipeline.generate(pipe, prompt, steps=1)
    assert len(t.tokens) == LENGTH and t.prompt == prompt
    assert t.tokens_cut == 2500 + 2 - LENGTH  # two words a repeat, start and end
    latents, _ = stock(pipe, prompt, 0, 1, 3.0)
    torch.testing.assert_close(t.xt[1:], latents, **CLOSE)


@pytest.mark.parametrize("prompt", ["", "  ", "猫 🐱 é"])
def test_unusual_prompts(pipe, prompt):
    t = pipeline.generate(pipe, prompt, steps=2)
    assert t.xt.isfinite().all() and t.tokens_cut == 0
    latents, _ = stock(pipe, prompt, 0, 2, 3.0)
    torch.testing.assert_close(t.xt[1:], latents, **CLOSE)


def test_without_a_prompt_guidance_changes_nothing(pipe):
    a, b = (pipeline.generate(pipe, "", steps=3, guidance=s).xt for s in (1.0, 8.0))
    torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("sampler", ["ddim", "ddpm"])
def test_a_batch_is_its_pictures_one_by_one(pipe, sampler):
    prompts, seeds = ["cat", "red", "a red cat"], [3, 1, 2]
    batch = pipeline.generate_batch(pipe, prompts, seeds, steps=4, sampler=sampler, batch=2)
    assert [(t.prompt, t.seed) for t in batch] == list(zip(prompts, seeds, strict=True))
    for t in batch:
        alone = pipeline.generate(pipe, t.prompt, seed=t.seed, steps=4, sampler=sampler)
        torch.testing.assert_close(t.xt, alone.xt, atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(t.text_states, alone.text_states, **CLOSE)
        assert t.tokens == alone.tokens and torch.equal(t.input_ids, alone.input_ids)
        assert np.abs(t.image.astype(int) - alone.image.astype(int)).max() <= 1


def test_other_sizes(pipe):
    assert pipeline.generate(pipe, "cat", steps=1, height=64).image.shape == (64, 64, 3)


# ------------------------------------------------ the VAE boundary
def test_decode_is_the_stock_pipelines_and_batches_do_not_matter(pipe):
    latents = torch.randn(5, 4, 4, 4, generator=torch.Generator().manual_seed(0))
    pictures = pipeline.decode(pipe.vae, latents, batch=2)
    assert pictures.shape == (5, 32, 32, 3) and pictures.dtype == np.uint8
    with torch.no_grad():
        decoded = pipe.vae.decode(latents / pipe.vae.config.scaling_factor, return_dict=False)[0]
    theirs = np.array(pipe.image_processor.postprocess(decoded, output_type="np"))
    assert np.abs(pictures.astype(int) - np.round(theirs * 255).astype(int)).max() <= 1


def test_encode_is_scaled_once(pipe):
    images = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    latents = pipeline.encode(pipe.vae, images, batch=2)
    x = pipe.image_processor.preprocess(images.astype(np.float32) / 255)
    with torch.no_grad():
        theirs = pipe.vae.encode(x).latent_dist.mean * 0.7
    torch.testing.assert_close(latents, theirs, **CLOSE)


@pytest.mark.parametrize(
    "call",
    [
        lambda p: pipeline.generate(p, "cat", sampler="euler"),
        lambda p: pipeline.generate(p, "cat", steps=0),
        lambda p: pipeline.generate(p, "cat", steps=1001),
        lambda p: pipeline.generate(p, "cat", height=100),
        lambda p: pipeline.generate(p, "cat", guidance=float("nan")),
        lambda p: pipeline.generate_batch(p, ["cat", "dog"], [1]),
        lambda p: pipeline.decode(p.vae, torch.full((1, 4, 4, 4), float("nan"))),
        lambda p: pipeline.encode(p.vae, np.zeros((1, 3, 32, 32), np.float32)),
    ],
)
def test_wrong_arguments_get_one_sentence(pipe, call):
    with pytest.raises(ValueError, match=r"^\w[^\n]*\.$"):
        call(pipe)


# ------------------------------------------------ loading
def test_loaded_ready_for_use(pipe):
    assert pipe.unet.dtype == pipe.vae.dtype == pipe.text_encoder.dtype == torch.float32
    assert not (pipe.unet.training or pipe.vae.training or pipe.text_encoder.training)
    assert pipe.safety_checker is None


def test_half_precision_files_load_as_float32(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "half")
    weights = load_file(copy / UNET)
    save_file({k: v.half() for k, v in weights.items()}, copy / UNET, metadata={"format": "pt"})
    assert pipeline.load(copy).unet.dtype == torch.float32


def drop_one(file):
    weights = load_file(file)
    del weights[sorted(weights)[-1]]
    save_file(weights, file, metadata={"format": "pt"})


def poison(file):
    weights = load_file(file)
    next(iter(weights.values())).fill_(float("nan"))
    save_file(weights, file, metadata={"format": "pt"})


def pickle_it(file):
    torch.save(load_file(file), file.with_suffix(".bin"))
    file.unlink()


TEXT, VAE = "text_encoder/model.safetensors", "vae/diffusion_pytorch_model.safetensors"
DAMAGE = {
    "cut short": (UNET, lambda f: f.write_bytes(f.read_bytes()[: f.stat().st_size // 2]), UNET),
    "empty": (VAE, lambda f: f.write_bytes(b""), VAE),
    "gone": (TEXT, lambda f: f.unlink(), "text_encoder has no weights"),
    "text encoder lacks a weight": (TEXT, drop_one, "lacks 1 of its weights"),
    "vae lacks a weight": (VAE, drop_one, "lacks 1 of its weights"),
    "unet lacks a weight": (UNET, drop_one, "lacks 1 of its weights"),
    "not a number": (UNET, poison, "NaN"),
    "pickled unet": (UNET, pickle_it, "pickled"),
    "pickled text encoder": (TEXT, pickle_it, "pickled"),
    "config broken": ("unet/config.json", lambda f: f.write_text("{"), "config"),
    "index broken": ("model_index.json", lambda f: f.write_text("{"), "damaged"),
    "index gone": ("model_index.json", lambda f: f.unlink(), "no model"),
    "tokenizer broken": ("tokenizer/tokenizer.json", lambda f: f.write_text("{"), "damaged"),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_a_damaged_folder_gets_one_clear_sentence(folder, tmp_path, case):
    file, damage, word = DAMAGE[case]
    copy = shutil.copytree(folder, tmp_path / "copy")
    damage(copy / file)
    with pytest.raises(DenoisedError) as caught:
        pipeline.load(copy)
    sentence = str(caught.value)
    assert word in sentence and str(tmp_path) in sentence
    assert "\n" not in sentence and sentence.endswith(".")


def test_loading_is_quiet_and_leaves_the_libraries_as_they_were(folder, tmp_path, capfd, recwarn):
    import transformers.utils.logging as log

    copy = shutil.copytree(folder, tmp_path / "copy")
    config = copy / "scheduler" / "scheduler_config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"steps_offset": 0}))  # diffusers warns of 0
    before = log.get_verbosity(), log.is_progress_bar_enabled()
    pipeline.load(copy)
    assert capfd.readouterr() == ("", "")
    assert [str(w.message) for w in recwarn] == []
    assert (log.get_verbosity(), log.is_progress_bar_enabled()) == before


def test_a_missing_folder(tmp_path):
    with pytest.raises(DenoisedError, match="no model in .*nowhere.*make train"):
        pipeline.load(tmp_path / "nowhere")

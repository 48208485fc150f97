"""Pipelines of the classes and file layouts of real checkpoints, with tiny random weights, saved to disk."""

import json

import torch
from diffusers import (
    AutoencoderKL,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    FluxPipeline,
    FluxTransformer2DModel,
    PNDMScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from tokenizers.pre_tokenizers import ByteLevel
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    T5Config,
    T5EncoderModel,
    T5TokenizerFast,
)

LENGTH = 24  # tokens
BETAS = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}


def clip_tokenizer(folder):
    letters = sorted(ByteLevel.alphabet())
    words = [*letters, *(x + "</w>" for x in letters), "ca", "cat</w>", "<|startoftext|>", "<|endoftext|>"]
    folder.mkdir(parents=True)
    (folder / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\nc a\nca t</w>\n")
    return CLIPTokenizer.from_pretrained(folder, model_max_length=LENGTH)


def clip(tokenizer, width, kind=CLIPTextModel):
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        projection_dim=width,
        max_position_embeddings=LENGTH,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return kind(config)


def autoencoder(channels=4, **more):
    return AutoencoderKL(
        block_out_channels=(8, 8, 16, 16),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
        norm_num_groups=4,
        latent_channels=channels,
        sample_size=64,
        **more,
    )


def unet(width, **more):
    return UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(16, 32),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        layers_per_block=1,
        cross_attention_dim=width,
        attention_head_dim=2,
        norm_num_groups=8,
        **more,
    )


def stable(folder, prediction="epsilon"):
    """Stable Diffusion 1.5 and, with v-prediction, 2.1."""
    tokenizer = clip_tokenizer(folder / "files")
    return StableDiffusionPipeline(
        vae=autoencoder(),
        text_encoder=clip(tokenizer, 32),
        tokenizer=tokenizer,
        unet=unet(32),
        scheduler=PNDMScheduler(**BETAS, prediction_type=prediction, skip_prk_steps=True, steps_offset=1),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def stable_xl(folder):
    tokenizer = clip_tokenizer(folder / "files")
    return StableDiffusionXLPipeline(
        vae=autoencoder(force_upcast=True, scaling_factor=0.13025),
        text_encoder=clip(tokenizer, 32),
        text_encoder_2=clip(tokenizer, 32, CLIPTextModelWithProjection),
        tokenizer=tokenizer,
        tokenizer_2=clip_tokenizer(folder / "files_2"),
        unet=unet(
            64,
            addition_embed_type="text_time",
            addition_time_embed_dim=8,
            projection_class_embeddings_input_dim=32 + 6 * 8,
        ),
        scheduler=EulerDiscreteScheduler(**BETAS, steps_offset=1, timestep_spacing="leading"),
    )


def flux(folder, guidance=False):
    tokenizer = clip_tokenizer(folder / "files")
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0), ("▁cat", -1.0)]
    pieces += [(letter, -3.0) for letter in "abcdefghijklmnopqrstuvwxyz,"]
    t5 = T5TokenizerFast(vocab=pieces, extra_ids=0, model_max_length=32)
    return FluxPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(shift=1.0, use_dynamic_shifting=guidance),
        vae=autoencoder(
            16, scaling_factor=0.3611, shift_factor=0.1159, use_quant_conv=False, use_post_quant_conv=False
        ),
        text_encoder=clip(tokenizer, 16),
        tokenizer=tokenizer,
        text_encoder_2=T5EncoderModel(
            T5Config(vocab_size=len(t5), d_model=32, d_kv=8, d_ff=37, num_layers=2, num_heads=4)
        ),
        tokenizer_2=t5,
        transformer=FluxTransformer2DModel(
            patch_size=1,
            in_channels=64,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=32,
            pooled_projection_dim=16,
            axes_dims_rope=(4, 4, 8),
            guidance_embeds=guidance,
        ),
    )


KINDS = {"sd15": stable, "sd21": lambda folder: stable(folder, "v_prediction"), "sdxl": stable_xl, "flux": flux}


def save(name, folder, models, half=False):
    """Save the pipeline of a profile to models/<name>, in the layout of its checkpoint; `half` as fetched."""
    torch.manual_seed(0)
    pipe = KINDS[name](folder / name)
    if half:
        pipe.to(torch.float16).save_pretrained(models / name, variant="fp16")
    else:
        pipe.save_pretrained(models / name)

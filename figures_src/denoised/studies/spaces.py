"""Pixels, latents or tokens? Three networks of about one size that learned to draw the same icons for the same words, each
for about as many seconds of one core, before the judge.

    python scripts/lab_spaces.py        # some minutes on one core, resumable; writes spaces.npz beside this file

One U-Net takes the noise out of pixels (32 x 32), one out of latents (8 x 8, of icons of 64 pixels); a Transformer tells
the tokens of icons of 64 pixels one after the other. What the latents' autoencoder and the tokenizer took before is not
counted. Captions are those of `fewsteps`; the judge looks at 64 pixels, so that what was drawn smaller is enlarged.
Controls: real icons that nobody learned from, not the judge either, as they come through each of the three ways, and
untouched. The judge knows what that autoencoder makes of icons from its own training. The trained networks themselves are
not shipped. `python scripts/train.py pixels latents tokenizer teller` makes them again.

Written down before the first run. Diffusion needs no latent space: of what was drawn in pixels the judge has the right
thing among its first five for at least 15 %, where chance is a third of one per cent. After as many seconds, latents are
ahead of pixels by at least five points, and denoised latents ahead of told tokens by at least five points. The detour
through 32 pixels costs real icons fewer points than pixels are behind, so that it does not explain them.

Networks and batches were changed after that, when drawings in pixels had been looked at (docs/contributing/log.md), and
before the judge saw any. So pixels had more of our care than the others.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from denoised.data.captions import prompt
from denoised.diffusion import guidance, samplers, schedules
from denoised.models import fsq, teller, unet
from denoised.studies import fewsteps, judged, shelf
from denoised.training import denoiser, spaces, tokens
from denoised.training.presets import PRESETS

FILE = Path(__file__).with_suffix(".npz")
NETWORKS = ("emoji-sd/text_encoder", "emoji-sd/vae", "judge")  # that are shipped and had a part in the results
WAYS = ("pixels", "latents", "told")
PRESET_OF = {"pixels": "pixels", "latents": "latents", "told": "teller"}
ALLOWED = {"alone": 0.15, "ahead": 0.05}  # what was written down beforehand


@dataclass(frozen=True)
class Settings:
    """How each is asked to draw. Guidance on logits is not guidance on noise: the teller has its own."""

    steps: int = 25
    guidance: float = 3.0
    guidance_told: float = 2.0
    batch: int = 50
    shown: int = 8  # of the prompts that every sheet of this site begins with


SETTINGS = Settings()


def key(settings: Settings = SETTINGS) -> str:
    """Short hash of the settings, of the presets and of the source of all that computes the results."""
    trained = [asdict(PRESETS[name]) for name in (*spaces.SPACES, "tokenizer", "teller")]
    shapes = {name: [space.channels, space.side, space.widths, space.plain] for name, space in spaces.SPACES.items()}
    return shelf.key(
        [asdict(settings), asdict(fewsteps.SETTINGS), trained, shapes], judged.wanted, fewsteps.wanted, prompt,
        spaces.Space, unet.build, spaces.answer, spaces.draw, spaces.noises, denoiser.alpha_bar,
        schedules.trailing_timesteps, guidance.guided, samplers.ddim, fsq.quantize, fsq.to_tokens,
        fsq.to_digits, fsq.Tokenizer, teller.Teller, tokens.tokens_of, denoiser.encode_all, enlarged,
    )  # fmt: skip


def enlarged(pictures: np.ndarray) -> np.ndarray:
    """Pictures uint8 [N, H, W, 3] as the judge wants them, at least 64 pixels wide: bicubic, as programs enlarge."""
    import torch
    import torch.nn.functional as F

    if pictures.shape[1] >= 64:
        return pictures
    x = torch.from_numpy(pictures).permute(0, 3, 1, 2).float()
    x = F.interpolate(x, size=64, mode="bicubic", align_corners=False, antialias=True)
    return x.round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).numpy()


def load(path: Path = FILE) -> tuple[dict, dict[str, np.ndarray]]:
    """(facts, arrays) of the committed results. For each of WAYS, for real icons as they come through it ("real_<way>")
    and untouched ("real_whole"): "top1_<name>", "top5_<name>" and "style_<name>" [N] say whether the judge names thing and
    style; "kept" [N] marks captions of icons that nobody learned from. "shown_<way>" uint8 [shown, side, side, 3] are
    drawings for the first of SHEET_PROMPTS. facts["trained"]: of each preset its lessons, seconds of one core, parameters
    and the hash of its file."""
    return shelf.take(path, key(), "lab_spaces")

"""A U-Net or a transformer, a diffusion or a flow: all four pairings, at equal parameters, on the same lessons. Which of
the two words on the cover makes a difference?

    python scripts/lab_pairings.py        # half an hour on one core, resumable; writes pairings.npz beside this file

Written down before the first run. All four learn to draw: of each pairing's drawings (guidance 2, after all samples) the
judge names at least half as many rightly as of the real icons. Within a path, U-Net and transformer start from the same
noise and end nearer to each other than either ends from other noise for the same wish: the distance is below 0.9 of that.
Which network is ahead after how many samples, and what the path does, is left open.
"""

from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import torch

from denoised.models import laboratory as nets
from denoised.studies import feedback, shelf
from denoised.training import laboratory, pairings

FILE = Path(__file__).with_suffix(".npz")
NETWORKS = ("emoji-sd/vae", "judge")  # that had a part in the results
# A token for each 2x2 latent pixels, as in Stable Diffusion 3 and Flux; as wide and as deep as gives it LabNet's size.
NETS = {"unet": nets.LabNet, "dit": partial(nets.LabSpeaker, width=96, depth=5, patch=2)}
PAIRS = tuple((net, path) for path in pairings.PATHS for net in NETS)


@dataclass(frozen=True)
class Settings:
    """`marks`: after how many samples a model is looked at, the last being all. `asked` wishes for each of the things,
    without a word about style, each with noise of its own that is the same for every model."""

    concepts: int = 24  # of feedback's groups, drawn by feedback's `least` sets or more
    seeds: tuple[int, ...] = (0, 1, 2)
    training: laboratory.Settings = field(default=laboratory.Settings(lr=2e-3, warmup=8_000, ema=0.998))
    marks: tuple[int, ...] = (15_360, 30_720, 61_440)
    strengths: tuple[float, ...] = (1.0, 2.0)
    steps: int = 16
    asked: int = 10
    shown: int = 8  # drawings kept of each pairing's first seed, at the last strength
    film: int = 2  # of these, with the bets of all steps


SETTINGS = Settings()


def key(settings: Settings = SETTINGS) -> str:
    """Short hash of the settings and of the source of all that computes the results."""
    sizes = {name: str(getattr(net, "keywords", {})) for name, net in NETS.items()}
    return shelf.key(
        [asdict(settings), sizes], nets.LabNet, nets.LabSpeaker, nets._Block, laboratory.hide, pairings,
        feedback.chosen, feedback.captions, feedback.wishes, apart,
    )  # fmt: skip


def load(path: Path = FILE, settings: Settings = SETTINGS) -> tuple[dict, dict[str, np.ndarray]]:
    """(facts, arrays) of the committed results. For each of PAIRS, "right_<net>_<path>" [seeds, marks, strengths, wishes]
    says whether the judge, choosing among the things, names the right one, "z_..." [shown, 4, 8, 8] are latents and
    "bets_..." [film, steps, 4, 8, 8] those on the way; "real_right" [icons]; "apart_<pairs>" [things] are `apart`."""
    return shelf.take(path, key(settings), "lab_pairings")


# --8<-- [start:apart]
def apart(a: torch.Tensor, b: torch.Tensor, things: int) -> np.ndarray:
    """How far two models' latents [wishes, ...] of the same noise are from each other, over how far they are with noise of
    another wish for the same thing: 0 = the same drawing, 1 = the noise does not count. [things]; wish i is for thing
    i % things."""
    a, b = (z.flatten(1).unflatten(0, (-1, things)) for z in (a, b))  # [times, things, values]
    same = (a - b).square().mean(-1).sqrt().mean(0)
    other = torch.stack([(a - b.roll(k, 0)).square().mean(-1).sqrt() for k in range(1, len(a))]).mean((0, 1))
    return (same / other).double().numpy()
    # --8<-- [end:apart]

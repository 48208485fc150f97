"""What more lessons buy, and more parameters: a large and a small transformer before the judge, in mid-training.

    python scripts/lab_scaling.py        # ten minutes on one core, resumable; writes scaling.npz beside this file

Both learn the same flow on the same small pictures (the first stage: latents of 8x8, at a constant rate), and both are
looked at as running averages that were kept after certain numbers of lessons: no rate was lowered for any of them. Captions
are those of `fewsteps`, each drawn once in 25 equal strides with guidance; the judge looks at 64 px anyway. The averages
themselves are not shipped. `python scripts/train.py dit-64px small-64px` makes them again (presets: `keep`).

Written down before the first run. The share of drawings whose thing the judge has among its first five rises with each
doubling of the lessons, for both. The large one's last doubling still brings at least three points, so that it is not
done; the small one's brings fewer points than the large one's. After as many lessons the large one is ahead, by at least
five points after 102,400 of them.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from denoised.data.captions import prompt
from denoised.diffusion import guidance, samplers
from denoised.models import dit, small
from denoised.studies import fewsteps, judged, shelf
from denoised.training import transformer

FILE = Path(__file__).with_suffix(".npz")
NETWORKS = ("emoji-sd/text_encoder", "emoji-sd/vae", "judge")  # that are shipped and had a part in the results
KEPT = {"dit": (51_200, 102_400, 256_000), "small": (25_600, 51_200, 102_400, 204_800, 307_200)}  # lessons


@dataclass(frozen=True)
class Settings:
    """How each is asked to draw."""

    steps: int = 25
    guidance: float = 3.0
    batch: int = 50


SETTINGS = Settings()


def key(settings: Settings = SETTINGS) -> str:
    """Short hash of the settings and of the source of all that computes the results."""
    return shelf.key(
        [asdict(settings), asdict(fewsteps.SETTINGS), KEPT], judged.wanted, fewsteps.wanted, prompt, dit.told, dit.velocity,
        small.velocity, transformer.draw, guidance.guided, samplers.euler, draw,
    )  # fmt: skip


def load(path: Path = FILE) -> tuple[dict, dict[str, np.ndarray]]:
    """(facts, arrays) of the committed results. For each of KEPT: "top1_<net>_<lessons>", "top5_..." and "style_..." [N]
    say whether the judge names thing and style; "kept" [N] marks captions of icons that neither learned from.
    facts["parameters"], and facts["averages"], the hash of each average, by name."""
    return shelf.take(path, key(), "lab_scaling")


def draw(net, velocity, told, untold, settings: Settings = SETTINGS):
    """Finished latents [N, 4, 8, 8] for N `told` captions, from the noise of seeds 0, 1, 2, ..."""
    import torch

    done = []
    for part in torch.arange(len(told)).split(settings.batch):
        noise = torch.cat([torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(int(i))) for i in part])
        empty = untold.expand(len(part), -1, -1)
        done.append(transformer.draw(net, noise, told[part], empty, settings.guidance, settings.steps, velocity))
    return torch.cat(done)

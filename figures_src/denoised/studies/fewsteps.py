"""Few steps: the U-Net as it is, and with the adapter that was taught to draw in four, before a judge.

    python scripts/lab_fewsteps.py        # ten minutes on one core, resumable; writes fewsteps.npz beside this file

Every runner draws the same captions from the same noise. The yardstick is the U-Net in 25 steps with guidance, which asks
the network fifty times a picture; the adapter in four steps without guidance asks it four times.

Written down before the first run. The judge has the right thing among its first five for the adapter's four steps at most
five points less often than for the yardstick, and more often than for the U-Net's own four calls (four steps without
guidance), by at least ten points. The adapter's finished latents are nearer to the yardstick's than those of the U-Net's
own four steps with guidance. In one step it is worse than in four. Guided on top of what it learned, its colours are more
saturated, and the judge has the right thing less often.
"""

import random
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from denoised.data.captions import prompt
from denoised.studies import evenings, judged, shelf

FILE = Path(__file__).with_suffix(".npz")
NETWORKS = ("emoji-sd/text_encoder", "emoji-sd/unet", "emoji-sd/vae", "student", "judge")  # that had a part in the results


class Asked:
    """Whoever draws in `steps` steps with `guidance`, where 1 is none."""

    @property
    def calls(self) -> int:
        """How often a picture asks the network."""
        return self.steps * (1 if self.guidance == 1 else 2)


@dataclass(frozen=True)
class Runner(Asked):
    """Who draws, and how: a class of diffusers' schedulers by its first letters, whether the adapter is laid on."""

    scheduler: str
    steps: int
    guidance: float
    adapter: bool = False


RUNNERS = {
    "unet-25": Runner("DDIM", 25, 3.0),
    "unet-4": Runner("DDIM", 4, 3.0),
    "unipc-4": Runner("UniPCMultistep", 4, 3.0),
    "unet-2": Runner("DDIM", 2, 3.0),
    "unet-4-plain": Runner("DDIM", 4, 1.0),
    **{f"adapter-{steps}": Runner("DDIM", steps, 1.0, True) for steps in (1, 2, 4, 8)},
    "adapter-4-loud": Runner("DDIM", 4, 5.0, True),  # guidance on top of the guidance that was learned
}
FULL, TAUGHT, BARE = "unet-25", "adapter-4", "unet-4-plain"  # the yardstick, the adapter's own way, and without it


@dataclass(frozen=True)
class Settings:
    """`learned` captions by lot of icons that the model was trained on, and all that were kept from it, as in `judged`."""

    learned: int = 305
    seed: int = 1
    shown: int = 8


SETTINGS = Settings()


def key(settings: Settings = SETTINGS) -> str:
    """Short hash of the settings and of the source of all that computes the results."""
    runners = {name: asdict(runner) for name, runner in RUNNERS.items()}
    return shelf.key([asdict(settings), runners], evenings.play, judged.wanted, prompt, wanted, scheduler)


def load(path: Path = FILE, settings: Settings = SETTINGS) -> tuple[dict, dict[str, np.ndarray]]:
    """(facts, arrays) of the committed results. For each of RUNNERS: "top1_<name>" and "top5_<name>" [N] say whether the
    judge names the thing, "far_<name>" [N] how far the finished latent is from the yardstick's, where 1 is another
    drawing, "saturation_<name>" [N] how strong the picture's colours are, "z_<name>" [shown, 4, h, w] are latents of the
    captions "shown", the first whose thing the judge names in the yardstick's drawing. "kept" [N] marks captions of icons
    that the model was not trained on."""
    return shelf.take(path, key(settings), "lab_fewsteps")


def wanted(held_out, rows, known: set[str], settings: Settings = SETTINGS):
    """The icons whose captions are drawn, learned ones first."""
    kept = judged.wanted(held_out, rows, known)["kept"]
    fit = [row for row in rows if row.split == "train" and row.tone == "none" and row.concept in known]
    pool = [row for row in fit if row.group not in judged.NO_PEOPLE_OF]
    return [*random.Random(settings.seed).sample(pool, settings.learned), *kept]


def scheduler(config, runner: Runner):
    """The stock scheduler of a runner, on a model's own schedule."""
    import diffusers

    return getattr(diffusers, f"{runner.scheduler}Scheduler").from_config(config)


def yardstick(full: torch.Tensor) -> float:
    """Root mean square distance of latents [N, ...] from those of other captions and seeds."""
    return float((full - full.roll(1, 0)).square().flatten(1).mean(1).sqrt().mean())

"""What the running average of the weights (EMA) is worth, before and after the learning rate is let down.

    python scripts/lab_averages.py        # twelve minutes on one core, resumable; writes averages.npz beside this file

Laboratory models learn to draw things. At three moments each draws the same wishes from the same noise with its weights as
they are ("raw") and with two running averages of them, a short one and a long one: half-way and just before the cooldown,
when the rate is at its full height, and at the end of it.

Written down before the first run. At full rate, averages draw better: of the drawings by the long one the judge names at
least three points more than of those by the raw weights, seeds together. After the cooldown they differ by less than three
points. And the error of the network follows: lower with averages at full rate, by more than after the cooldown.

A first run had averages of 50 and 200 steps, which in 480 steps were one and the same: a young average is kept shorter than
the training is old. It has been done again with 5 and 20.
"""

from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch

from denoised.diffusion import objectives
from denoised.models import laboratory as nets
from denoised.studies import feedback, shelf
from denoised.training import laboratory
from denoised.training.denoiser import alpha_bar
from denoised.training.loop import Ema, rate_factor

FILE = Path(__file__).with_suffix(".npz")
NETWORKS = ("emoji-sd/vae", "judge")  # that had a part in the results


@dataclass(frozen=True)
class Settings:
    """`marks`: after how many samples a model is looked at; the rate comes down over the last quarter of them."""

    concepts: int = 24  # of feedback's groups, drawn by feedback's `least` sets or more
    seeds: tuple[int, ...] = (0, 1, 2)
    training: laboratory.Settings = field(default=laboratory.Settings(samples=61_440, lr=2e-3, warmup=8_000))
    marks: tuple[int, ...] = (30_720, 46_080, 61_440)
    decays: tuple[float, ...] = (0.8, 0.95)  # of the averages, a step: about 5 and 20 steps long
    guidance: float = 2.0
    steps: int = 16
    asked: int = 10  # wishes for each thing
    probes: int = 512  # icons whose noise the error is taken of
    shown: int = 6


SETTINGS = Settings()


def key(settings: Settings = SETTINGS) -> str:
    """Short hash of the settings and of the source of all that computes the results."""
    return shelf.key(
        asdict(settings), nets.LabNet, laboratory, watched, error, Ema, rate_factor,
        feedback.chosen, feedback.captions, feedback.wishes,
    )  # fmt: skip


def load(path: Path = FILE, settings: Settings = SETTINGS) -> tuple[dict, dict[str, np.ndarray]]:
    """(facts, arrays) of the committed results: "right" [seeds, marks, weights, wishes] says whether the judge, choosing
    among the things, names the right one, weights being raw and then one for each of `decays`; "error" [seeds, marks,
    weights] is the network's; "real_right" [icons]; "z" [marks, weights, shown, 4, 8, 8] are latents of the first seed.
    """
    return shelf.take(path, key(settings), "lab_averages")


# --8<-- [start:watched]
def watched(latents, labels, sizes, seed: int, settings: Settings, look) -> None:
    """Train a laboratory model; look(mark, weights, net) is called at each mark with the raw weights in the network
    (weights = 0) and with each running average of them (1, 2, ...)."""
    net, averages = None, []

    def build(sizes):
        nonlocal net, averages
        net = nets.LabNet(sizes)
        averages = [Ema(net.parameters(), decay, every=1) for decay in settings.decays]
        return net

    def progress(samples: int) -> None:
        for average in averages:
            average.update(samples // settings.training.batch)
        if samples not in settings.marks:
            return
        net.eval()
        look(samples, 0, net)
        for i, average in enumerate(averages):
            average.swap()
            look(samples, i + 1, net)
            average.swap()
        net.train()

    laboratory.train(latents, labels, sizes, seed, settings.training, progress=progress, build=build)
    # --8<-- [end:watched]


@torch.no_grad()
def error(net, latents, labels) -> float:
    """The network's mean squared error on latents [N, 4, 8, 8] under fixed noise of many strengths, all labels told."""
    generator = torch.Generator().manual_seed(5)
    eps = torch.randn(latents.shape, generator=generator)
    t = torch.randint(50, 950, (len(latents),), generator=generator)
    table, found = alpha_bar(), []
    for part in torch.arange(len(latents)).split(128):
        found.append(objectives.diffusion_loss(
            lambda xt, t, part=part: net(xt, t, labels[part]), latents[part], eps[part], t[part], table, gamma=None
        ))  # fmt: skip
    return float(torch.cat(found).mean())

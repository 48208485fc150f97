"""The small transformer before a judge: a fifth of the large one's size, taught by it to draw in four steps, unguided.

    python scripts/lab_small.py        # ten minutes on one core, resumable; writes small.npz beside this file

Captions and noise are those of `fewsteps` and `denoisers`. The yardstick is its teacher's own way: eight steps of
DPM-Solver++ with guidance, which ask a network five times as large sixteen times; the small one is asked four times, by
DDIM.

Written down before the first run, while it was still being trained. Of its drawings in four steps the judge has the right
thing among its first five at most fifteen points less often than of its teacher's; the bar that we were set is five, and
we do not expect to meet it with a fifth of the parameters. In one step it is worse than in four by at least five points;
eight steps, for which it had no lessons, gain it less than five. Guided on top of what it learned it is right less often.
Its finished latents are nearer to its teacher's than those of other captions are, by at least half.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from denoised.data.captions import prompt
from denoised.diffusion import bridge
from denoised.models import dit
from denoised.models import small as small_model
from denoised.studies import evenings, fewsteps, judged, shelf

FILE = Path(__file__).with_suffix(".npz")
NETWORKS = ("emoji-sd/text_encoder", "emoji-sd/vae", "dit/transformer", "small", "judge")  # that had a part in the results


@dataclass(frozen=True)
class Runner(fewsteps.Asked):
    """Who draws, in how many steps, how guided, and by which of diffusers' schedulers, by its first letters."""

    net: str
    steps: int
    guidance: float
    scheduler: str = "DDIM"


RUNNERS = {
    "dit-8": Runner("dit", 8, 3.0, "DPMSolverMultistep"),  # as it drew the pictures that the small one learned from
    **{f"small-{steps}": Runner("small", steps, 1.0) for steps in (4, 2, 1, 8)},
    "small-4-loud": Runner("small", 4, 3.0),  # guidance on top of the guidance that was learned
}
TEACHER, TAUGHT = "dit-8", "small-4"
ALLOWED, BAR = 15, 5  # points of the judge's first five behind its teacher: what we allowed beforehand, and were set


def key(settings=fewsteps.SETTINGS) -> str:
    """Short hash of the settings and of the source of all that computes the results."""
    runners = {name: asdict(runner) for name, runner in RUNNERS.items()}
    return shelf.key(
        [asdict(settings), runners], evenings.play, judged.wanted, fewsteps.wanted, fewsteps.scheduler, prompt, bridge,
        dit.told, dit.velocity, dit.AsUNet, dit.WithEnd, small_model.velocity,
    )  # fmt: skip


def load(path: Path = FILE) -> tuple[dict, dict[str, np.ndarray]]:
    """(facts, arrays) of the committed results. For each of RUNNERS: "top1_<name>", "top5_<name>", "style_<name>" [N] say
    whether the judge names the thing and the style, "z_<name>" [shown, 4, h, w] are latents of the captions "shown", the
    first whose thing the judge names in the teacher's drawing. "far_<name>" [N] is how far the finished latent is from the
    teacher's, where 1 is another drawing; "kept" [N] marks captions of icons that nobody was trained on."""
    return shelf.take(path, key(), "lab_small")

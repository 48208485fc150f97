"""Two denoisers of one size before a judge: the U-Net, which learned a diffusion, and a transformer that learned a flow.

    python scripts/lab_denoisers.py        # half an hour on one core, resumable; writes denoisers.npz beside this file

Both read the same text states and draw the same captions (those of `fewsteps`) from the same noise into the same latents.

Written down before the first run, while the transformer was still being trained, on fewer lessons than the U-Net had. In 25
steps with guidance the judge has the right thing among its first five for at most five points fewer of the transformer's
drawings than of the U-Net's. From the same noise the two draw more alike than with the noise of others: their latents'
distance is below 0.9 of that between different drawings. In four steps the transformer loses less than the U-Net does, as
is said of flows. Whether its steps are those of the diffusion's clock or equal strides of the flow makes less than three
points of difference in 25 steps.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from denoised.data.captions import prompt
from denoised.diffusion import bridge
from denoised.models import dit
from denoised.studies import evenings, fewsteps, judged, shelf

FILE = Path(__file__).with_suffix(".npz")
NETWORKS = ("emoji-sd/text_encoder", "emoji-sd/unet", "emoji-sd/vae", "dit/transformer", "judge")  # that had a part


@dataclass(frozen=True)
class Runner(fewsteps.Asked):
    """Who draws, in how many steps, how guided; `even`: in equal strides of the flow, not at the diffusion's times."""

    net: str
    steps: int
    guidance: float = 3.0
    even: bool = False


RUNNERS = {
    **{f"{net}-{steps}": Runner(net, steps) for steps in (25, 8, 4) for net in ("unet", "dit")},
    "unet-25-plain": Runner("unet", 25, 1.0),
    "dit-25-plain": Runner("dit", 25, 1.0),
    "dit-25-even": Runner("dit", 25, even=True),
    "dit-4-even": Runner("dit", 4, even=True),
}
PAIR = ("unet-25", "dit-25")


def key(settings=fewsteps.SETTINGS) -> str:
    """Short hash of the settings and of the source of all that computes the results."""
    runners = {name: asdict(runner) for name, runner in RUNNERS.items()}
    return shelf.key(
        [asdict(settings), runners], evenings.play, judged.wanted, fewsteps.wanted, prompt, bridge, dit.told,
        dit.velocity, dit.AsUNet, dit.WithEnd, even_strides,
    )  # fmt: skip


def load(path: Path = FILE) -> tuple[dict, dict[str, np.ndarray]]:
    """(facts, arrays) of the committed results. For each of RUNNERS: "top1_<name>", "top5_<name>", "style_<name>" [N] say
    whether the judge names the thing and the style, "z_<name>" [shown, 4, h, w] are latents of the captions "shown", the
    first whose thing the judge names in both of PAIR. "apart" [N] is how far PAIR's latents of a caption are from each
    other, where 1 is another drawing; "kept" [N] marks captions of icons that neither was trained on."""
    return shelf.take(path, key(), "lab_denoisers")


def even_strides(net, states, empty, seeds, steps: int, guidance: float):
    """Finished latents [N, 4, h, w] by Euler's equal strides along the flow; noise as in `evenings.play`."""
    import torch

    from denoised.diffusion import samplers
    from denoised.diffusion.guidance import guided

    blank = torch.empty(len(seeds), 4, dit.SIDE, dit.SIDE)
    noise = samplers.noise_like(blank, [torch.Generator().manual_seed(seed) for seed in seeds])
    model = guided(lambda xt, tau, context: dit.velocity(net, xt, tau, context), guidance, states, empty)
    with torch.no_grad():
        return samplers.euler(model, noise, samplers.uniform_taus(steps).float())

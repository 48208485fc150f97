"""What tunnel/swap measures: how much of a first prompt survives in the finished latent, band by band, when the prompt is
exchanged at step k."""

import numpy as np
import torch

from denoised import pipeline
from denoised.probes import bands, runs
from denoised.probes.runs import noise, prompted, walk

FIGURE = "tunnel/swap"
WEIGHTS = ("emoji-sd",)
DATA = ()
SOURCES = (pipeline, bands, runs)

PAIRS = (  # first prompt, second prompt
    ("cat face, noto style", "red apple, noto style"),
    ("pizza, twemoji style", "red heart, twemoji style"),
    ("house, noto style", "rocket, noto style"),
    ("octopus, twemoji style", "tiger face, twemoji style"),
)
SEED = 21
STEPS = 10
AT = (0, 1, 2, 3, 4, 5, 7, 10)  # steps made with the first prompt
SHOWN = 2  # pairs in the picture
GUIDANCE = 3.0


def survived(x, first, second):
    """How much of the first prompt is left in x, band by band: 1 = as with the first alone, 0 = as with the second.
    Each [N, C, h, w]; -> [N, 3], coarse to fine. It is x's place on the straight way between the two."""
    rings = bands.masks(*x.shape[-2:])
    way, here = (torch.fft.fft2(one.double(), norm="ortho") for one in (first - second, x - second))
    rows = []
    for ring in rings:
        p, q = way[..., ring].flatten(1), here[..., ring].flatten(1)
        rows.append((p.conj() * q).real.sum(1) / p.abs().square().sum(1))
    return torch.stack(rows, 1)


def half(at, curve):
    """After how many steps a rising curve passes one half, between two points on a straight line; the last `at` if
    it never does."""
    for i in range(1, len(at)):
        if curve[i] >= 0.5:
            low, high = curve[i - 1], curve[i]
            return float(at[i - 1] + (at[i] - at[i - 1]) * (0.5 - low) / (high - low)) if high > low else float(at[i])
    return float(at[-1])


@torch.no_grad()
def measure(lab, smoke=False):
    """(numbers, arrays): steps with the first prompt, what is left of it [steps, pairs, bands], and latents
    [steps, SHOWN, C, h, w] of the first pairs."""
    pipe = lab.pipeline()
    pairs, steps, at = (PAIRS[:1], 2, (0, 1, 2)) if smoke else (PAIRS, STEPS, AT)
    one, two = (prompted(pipe, [pair[k] for pair in pairs], GUIDANCE) for k in (0, 1))
    start = noise(pipe, [SEED + k for k in range(len(pairs))])
    seen: list = []
    end = walk(pipe, one, start, steps, seen=seen)
    path = [*(step.xt for step in seen), end]
    ends = {k: walk(pipe, two, path[k], steps, start=k) for k in at}
    left = torch.stack([survived(ends[k], ends[at[-1]], ends[0]) for k in at]).numpy()  # [K, N, 3]
    curves = left.mean(1)
    coarse, fine = curves[:, 0], curves[:, 2]
    halves = {band: half(at, curves[:, j]) for j, band in enumerate(bands.NAMES)}
    early = min(range(len(at)), key=lambda i: abs(at[i] - steps / 3))
    n = {
        "pairs": len(pairs), "steps": steps, "guidance": GUIDANCE,
        **{f"half_{band}": value for band, value in halves.items()},
        **{f"half_{band}_percent": 100 * value / steps for band, value in halves.items()},
        "third_step": at[early], "third_coarse": 100 * float(coarse[early]), "third_fine": 100 * float(fine[early]),
        "middle_coarse": 100 * float(np.interp(steps / 2, at, coarse)),
        "middle_fine": 100 * float(np.interp(steps / 2, at, fine)),
        "first_step_coarse": 100 * float(np.interp(1, at, coarse)), "coarse_wavelength": 8,
    }  # fmt: skip
    n["coarse_first"] = int(halves["coarse"] < halves["fine"])
    return n, {"at": np.array(at), "left": left, "shown": torch.stack([ends[k][:SHOWN] for k in at]).numpy()}

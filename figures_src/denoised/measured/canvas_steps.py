"""What canvas/steps measures: how far fewer steps and another sampler end from DDIM's result of all steps."""

from types import SimpleNamespace

import numpy as np
import torch

from denoised import pipeline
from denoised.diffusion import guidance, samplers, schedules
from denoised.studies import shelf, thousand

FIGURE = "canvas/steps"
WEIGHTS = ("emoji-sd",)
DATA = ()
SOURCES = (pipeline, guidance, samplers, schedules, thousand)

FULL, GUIDANCE = thousand.SETTINGS.steps, thousand.SETTINGS.guidance
COUNTS = {"ddim": (1, 2, 5, 10, 20, 50, 100), "ddpm": (1, 2, 5, 10, 20, 50)}
COMPARED = 50  # the customary number that the ledger holds against all steps


def counts(smoke):
    """Per sampler, with how many steps it runs."""
    return {name: (1, 2) if smoke else some for name, some in COUNTS.items()}


def distance(some, reference, scale):
    """Root mean square distance of finished latents, as a share of `scale`, mean over runs."""
    pairs = zip(some, reference, strict=True)
    return float(np.mean([(a.xt[-1] - b.xt[-1]).square().mean().sqrt() / scale for a, b in pairs]))


def kept(lab):
    """Where the small model's runs of all steps ended: they take minutes, so they are read from the results of a script."""
    facts, arrays = thousand.load()
    shelf.expect(facts, lab, thousand.NETWORKS, "lab_thousand")
    return [SimpleNamespace(xt=z[None]) for z in torch.from_numpy(arrays["latents"])]


def measure(lab, smoke=False):
    """(numbers, arrays): the first prompt's finished latents, after all steps ("full") and per sampler and number of
    steps ("ddim", "ddpm": [counts, C, h, w])."""
    pipe = lab.pipeline()
    number, full = (1, 4) if smoke else (len(thousand.SETTINGS.prompts), FULL)

    def run(sampler, steps, shift=0):
        return thousand.run(pipe, sampler, steps, count=number, shift=shift)

    reference = run("ddim", full) if smoke or not lab.profile.trained_here else kept(lab)
    made = {name: {steps: run(name, steps) for steps in some} for name, some in counts(smoke).items()}
    other = run("ddim", 2 if smoke else 20, shift=100)
    scale = distance(other, reference, 1)  # the yardstick: what another seed does to the same prompt
    far = {
        name: {steps: distance(traces, reference, scale) for steps, traces in some.items()}
        for name, some in made.items()
    }
    near = [steps for steps, value in far["ddim"].items() if value < 0.25]
    n = {
        "full": full,
        "prompts": number,
        "guidance": GUIDANCE,
        "most": max(far["ddim"]),
        "other_seed": scale,
        "quarter_steps": near[0] if near else full,
        "quarter_reached": int(bool(near)),
        "compared": COMPARED,
        **{f"{name}_{steps}": value for name, some in far.items() for steps, value in some.items()},
    }
    ends = {name: torch.stack([traces[0].xt[-1] for traces in some.values()]).numpy() for name, some in made.items()}
    return n, ends | {"full": reference[0].xt[-1].numpy()}

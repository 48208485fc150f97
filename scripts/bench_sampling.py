#!/usr/bin/env python3
"""Time whole pictures, from words to pixels: the stock pipeline as it comes (50 steps with guidance), fewer steps of other
samplers, the four-step adapter with either decoder, the transformer, and the small one with the quick decoder. All run turn
by turn in one run; the ratio is to the first. Seconds depend on the machine and on what else it does, so no figure shows
them; models/fewsteps and models/small count calls and what they bring.

    python scripts/bench_sampling.py [--threads 1] [--repeats 5] [--batch 4]
"""

import argparse
import copy
import statistics
import sys
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

import diffusers
import torch

from denoised import loading, paths
from denoised.errors import DenoisedError
from denoised.models import adapter, dit, small, tiny_vae
from studying import run_script, turn_by_turn

PROMPT = "tiger face, noto style"


def pipelines():
    """{name: (pipeline, steps, guidance)}, the stock pipeline first."""
    stock = loading.load(paths.WEIGHTS / "emoji-sd")
    found = {"stock, DDIM": (stock, 50, 3.0), "DDIM": (stock, 25, 3.0)}
    for name in ("DPMSolverMultistep", "UniPCMultistep", "EulerDiscrete"):
        line = getattr(diffusers, f"{name}Scheduler").from_config(stock.scheduler.config)
        found[name] = (_with(stock, scheduler=line), 10, 3.0)
    quick = _with(stock, unet=adapter.merge(copy.deepcopy(stock.unet), adapter.load(paths.WEIGHTS / "student")))
    soon = tiny_vae.load(paths.WEIGHTS / "tiny-vae")
    large = dit.put_into(_with(stock), paths.WEIGHTS / "dit")
    least = small.put_into(_with(stock, vae=soon), paths.WEIGHTS / "small")
    return found | {
        "adapter": (quick, 4, 1.0), "adapter, quick decoder": (_with(quick, vae=soon), 4, 1.0),
        "transformer": (large, 8, 3.0), "small, quick decoder": (least, 4, 1.0),
    }  # fmt: skip


def _with(pipe, **parts):
    """A pipeline of the same parts, but for these."""
    other = diffusers.StableDiffusionPipeline(**{**pipe.components, **parts}, requires_safety_checker=False)
    other.set_progress_bar_config(disable=True)
    return other


@torch.no_grad()
def draw(pipe, steps: int, guidance: float, batch: int) -> None:
    pipe([PROMPT] * batch, num_inference_steps=steps, guidance_scale=guidance, output_type="np")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--batch", type=int, default=4)
    options = parser.parse_args()
    if min(options.threads, options.repeats, options.batch) < 1:
        raise DenoisedError("Threads, repeats and batch are at least 1.")
    torch.set_num_threads(options.threads)
    runners = pipelines()
    calls = {name: partial(draw, *runner, options.batch) for name, runner in runners.items()}
    times = turn_by_turn(calls, options.repeats)
    first = times[next(iter(times))]
    print(f"{options.threads} threads, {options.batch} pictures a call, median of {options.repeats}:")
    for name, (_, steps, guidance) in runners.items():
        ratio = statistics.median(a / b for a, b in zip(first, times[name], strict=True))
        speed = options.batch / statistics.median(times[name])
        print(f"  {name:22} {steps:3} steps, guidance {guidance:g}: {speed:6.2f} pictures/s, {ratio:5.1f} times the first")


if __name__ == "__main__":
    run_script(main)

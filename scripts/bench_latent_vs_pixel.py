#!/usr/bin/env python3
"""Time one denoising step on latents and on pixels, the same U-Net in both, and one decoding. Seconds depend on the
machine and on what else it does, so no figure shows them; figure vae/cost counts operations instead.

    python scripts/bench_latent_vs_pixel.py [--threads 2] [--repeats 5]
"""

import argparse
import json
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel

from denoised import paths
from denoised.errors import DenoisedError
from studying import run_script


def config(part: str) -> dict:
    path = paths.WEIGHTS / "emoji-sd" / part / "config.json"
    if not path.is_file():
        raise DenoisedError(f"There is no {path}: restore it from git or run `make train`.")
    return json.loads(path.read_text(encoding="utf-8"))


def median_seconds(call, repeats: int) -> float:
    """Median of `repeats` runs after one that is not counted."""
    times = []
    with torch.no_grad():
        call()
        for _ in range(repeats):
            start = time.perf_counter()
            call()
            times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    found = {}
    for name, channels, side in (("latent", 4, 16), ("pixel", 3, 128)):
        settings = {**config("unet"), "in_channels": channels, "out_channels": channels, "sample_size": side}
        unet = UNet2DConditionModel.from_config(settings).eval()
        x, t = torch.randn(1, channels, side, side), torch.tensor([500])
        words = torch.randn(1, 20, settings["cross_attention_dim"])
        call = lambda: unet(x, t, encoder_hidden_states=words)  # noqa: E731, B023
        found[name] = median_seconds(call, options.repeats)
    vae = AutoencoderKL.from_config(config("vae")).eval()
    z = torch.randn(1, 4, 16, 16)
    found["decode"] = median_seconds(lambda: vae.decode(z), options.repeats)
    print(f"{options.threads} threads, median of {options.repeats}:")
    for name, seconds in found.items():
        print(f"  {name:7} {1000 * seconds:9.1f} ms")
    print(f"  a step on pixels takes {found['pixel'] / found['latent']:.1f} times as long as one on latents")


if __name__ == "__main__":
    run_script(main)

#!/usr/bin/env python3
"""Time small decoders against the shipped one on the same latents, and all in ONNX Runtime as a browser has them (one
picture a call), turn by turn in one run, and print ratios. Seconds depend on the machine and on what else it does, so no
figure shows them; figures vae/quick and bias/tiny count operations instead.

    python scripts/bench_tiny_decoder.py [--threads 1] [--repeats 15] [--batch 1]
"""

import argparse
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

import torch

from denoised import export, paths
from denoised.errors import DenoisedError
from denoised.models import tiny, tiny_vae
from denoised.training import store
from studying import run_script, turn_by_turn


def onnx(graph: bytes, latent, threads: int, times: int):
    """A call that paints `times` pictures by a graph, one after the other."""
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads, settings.log_severity_level = threads, 3
    session = onnxruntime.InferenceSession(graph, settings, providers=["CPUExecutionProvider"])
    return lambda: [session.run(None, {"latent": latent}) for _ in range(times)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--batch", type=int, default=1)
    options = parser.parse_args()
    if min(options.threads, options.repeats, options.batch) < 1:
        raise DenoisedError("Threads, repeats and batch are at least 1.")
    torch.set_num_threads(options.threads)
    vae = store.load_vae().eval()
    quick = tiny_vae.load(paths.WEIGHTS / "tiny-vae")
    tiniest = tiny.load(paths.WEIGHTS / "decoders" / "tiny-balanced" / "decoder.safetensors")
    z = torch.randn(options.batch, 4, 16, 16, generator=torch.Generator().manual_seed(0))
    calls = {"shipped": lambda: vae.decode(z), "quick": lambda: quick.decode(z), "tiniest": lambda: tiniest(z)}
    for name, decoder in (("shipped, ONNX", vae), ("quick, ONNX", quick), ("tiniest, ONNX", tiniest)):
        calls[name] = onnx(export.graph(export.decoder(decoder, z[:1])), z[:1].numpy(), options.threads, options.batch)
    with torch.no_grad():
        times = turn_by_turn(calls, options.repeats)
    print(f"{options.threads} threads, {options.batch} pictures, median of {options.repeats}; ratios to the shipped one:")
    for name, some in times.items():
        ratio = statistics.median(a / b for a, b in zip(times["shipped"], some, strict=True))
        print(f"  {name:14} {1000 * statistics.median(some):9.1f} ms, {ratio:.1f} times as fast")


if __name__ == "__main__":
    run_script(main)

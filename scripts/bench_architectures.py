#!/usr/bin/env python3
"""Time one 3x3 convolution by four tools, and small sequence models in training and in writing, on one thread.

    python scripts/bench_architectures.py      three minutes; writes figures_src/denoised/benchmarks/architectures.json

Everything that is compared is measured in turns within the same run, in processor time of this process, and the median is
kept, so that other work on the machine disturbs both sides alike. The numbers are those of one machine; only their ratios
are used.
"""

import json
import platform
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

import numpy as np
import torch

from denoised.benchmarks import architectures
from denoised.models import scan, sequences
from denoised.probes import by_hand, writing

SIDE, ROUNDS = 128, 15
LENGTHS = (32, 128, 512, 2048, 8192)
KINDS = ("rnn", "lstm", "gru", "gru_loop", "cnn", "transformer", "rwkv", "mamba")
LOOPS, LONGEST_LOOP = ("gru_loop", "rwkv"), 2048  # run by Python, step by step: no longer than this
CONTEXTS = (1024, 2048, 4096, 8192, 16384, 32768, 65536)
STEPS = 4  # tokens that are written between two looks at the clock


def turns(work: dict, rounds: int) -> dict:
    """Median processor seconds of each function, all measured in turns, after one call of each to warm up."""
    seconds = {name: [] for name in work}
    for call in work.values():
        call()
    for _ in range(rounds):
        for name, call in work.items():
            start = time.process_time_ns()
            call()
            seconds[name].append((time.process_time_ns() - start) / 1e9)
    return {name: statistics.median(some) for name, some in seconds.items()}


def often(call, times: int):
    """A function that does `call` several times, for work that is shorter than the clock is fine."""

    def repeated():
        for _ in range(times):
            call()

    return repeated


def convolution() -> dict:
    image = np.random.default_rng(0).random((SIDE, SIDE))
    kernel = np.random.default_rng(1).random((3, 3))
    rows, small = image.tolist(), kernel.tolist()
    pixels, weights = torch.tensor(image), torch.tensor(kernel)
    many = {"python": 1, "numpy": 20, "scipy": 20, "torch": 100}
    found = turns({
        "python": lambda: by_hand.convolve_loops(rows, small),
        "numpy": often(lambda: by_hand.convolve_numpy(image, kernel), many["numpy"]),
        "scipy": often(lambda: by_hand.convolve_scipy(image, kernel), many["scipy"]),
        "torch": often(lambda: by_hand.convolve_torch(pixels, weights), many["torch"]),
    }, ROUNDS)  # fmt: skip
    return {tool: seconds / many[tool] for tool, seconds in found.items()}


def reading() -> dict:
    """Seconds of one training pass (there and back) over one sequence, by kind and length."""
    from denoised.probes.forms import gru_by_hand

    found = {}
    for length in LENGTHS:
        tokens = torch.randint(48, (1, length), generator=torch.Generator().manual_seed(0))
        work = {}
        for kind in KINDS:
            if kind in LOOPS and length > LONGEST_LOOP:
                continue
            model = sequences.build("gru" if kind == "gru_loop" else kind, 48, 0).train()

            def once(model=model, kind=kind, tokens=tokens):
                if kind == "gru_loop":
                    out = gru_by_hand(model.body.inner, model.embed(tokens))
                else:
                    out = model(tokens)
                out.square().mean().backward()

            work[kind] = once
        with scan.quick_scan():
            for kind, seconds in turns(work, 5 if length < 8192 else 3).items():
                found.setdefault(kind, {})[str(length)] = seconds
    return found


def written() -> dict:
    """{kind: {context: [seconds to write one token after it, bytes kept]}}. All but the Transformer have really read
    that many tokens; the Transformer's cache is filled."""
    found, at = {kind: {} for kind in sequences.KINDS}, 0
    writers = {kind: writing.Writer(kind) for kind in sequences.KINDS}
    some = torch.Generator().manual_seed(0)
    for context in CONTEXTS:
        work = {}
        for kind, writer in writers.items():
            if kind == "transformer":
                writer.fill(context)
            elif kind == "mamba":  # cannot go on but step by step; reads all of it in one pass again
                writer.kept = None
                writer.read(torch.randn(1, context, writer.width, generator=some))
            else:
                for start in range(at, context, 1024):
                    writer.read(torch.randn(1, min(1024, context - start), writer.width, generator=some))
            token = torch.randn(1, 1, writer.width, generator=some)
            work[kind] = often(lambda writer=writer, token=token: writer.step(token), STEPS)
            found[kind][str(context)] = [0.0, writer.bytes()]
        at = context
        for kind, seconds in turns(work, ROUNDS).items():
            found[kind][str(context)][0] = seconds / STEPS
    return found


def main() -> int:
    torch.set_num_threads(1)
    model = [line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
             if line.startswith("model name")] if Path("/proc/cpuinfo").exists() else []  # fmt: skip
    facts = {"machine": model[0] if model else platform.processor() or platform.machine(), "threads": 1,
             "torch": torch.__version__, "numpy": np.__version__, "side": SIDE, "convolution": convolution(),
             "reading": reading(), "writing": written()}  # fmt: skip
    architectures.FILE.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(facts, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())

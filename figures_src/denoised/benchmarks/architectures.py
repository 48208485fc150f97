"""Times of one run of `scripts/bench_architectures.py`, with the machine's description."""

from pathlib import Path

from denoised.benchmarks import reading

FILE = Path(__file__).with_suffix(".json")


def load() -> dict:
    """{"machine", "torch", "convolution": {tool: seconds}, "reading": {kind: {length: seconds}},
    "writing": {kind: {context: [seconds, bytes]}}}. DenoisedError where it was never measured or is damaged."""
    return reading.load(FILE, "bench_architectures", {"machine", "convolution", "reading", "writing"}.issubset)

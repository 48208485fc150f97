"""Five runs in which nothing had changed and eight in which something was planted:
`scripts/bench_drift.py --json figures_src/denoised/benchmarks/drift.json` writes it."""

from pathlib import Path

from denoised.benchmarks import reading

FILE = Path(__file__).with_name("drift.json")


def load() -> dict:
    """{"quiet": [{"condition", "figures", "alarms": [ids], "seconds"}], "planted": [{"plant", "figure", "caught",
    "seconds"}]}. DenoisedError where it was never measured or lacks a part."""
    return reading.load(FILE, "bench_drift", _whole)


def _whole(result: dict) -> bool:
    parts = (("quiet", {"condition", "figures", "alarms"}), ("planted", {"plant", "figure", "caught"}))
    return all(result[name] and all(keys <= run.keys() for run in result[name]) for name, keys in parts)

"""Five runs in which nothing had changed and eight in which something was planted:
`scripts/bench_drift.py --json figures_src/denoised/benchmarks/drift.json` writes it."""

from pathlib import Path

from denoised.benchmarks import reading

FILE = Path(__file__).with_name("drift.json")


def load() -> dict:
    """{"quiet": [{"condition", "figures", "alarms": [ids], "seconds"}], "planted": [{"plant", "figure", "caught",
    "seconds"}]}. DenoisedError where it was never measured or lacks a part."""
    result = reading.load(FILE, "bench_drift")
    try:
        whole = all({"condition", "figures", "alarms"} <= run.keys() for run in result["quiet"]) and all(
            {"plant", "figure", "caught"} <= run.keys() for run in result["planted"]
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise reading.damaged(FILE, "bench_drift") from error
    if not whole or not result["quiet"] or not result["planted"]:
        raise reading.damaged(FILE, "bench_drift")
    return result

"""What more machines bring: `scripts/bench_cluster.py --json figures_src/denoised/benchmarks/machines.json` writes it."""

from pathlib import Path

from denoised.benchmarks import reading

FILE = Path(__file__).with_name("machines.json")


def load() -> dict:
    """{"tasks", "wait" (seconds that a task waits), "cores", "busy", "runs": [{"workers", "seconds", "speed_up",
    "overhead_ms_per_task"}]}, the first run with the fewest workers. DenoisedError where it was never measured or lacks
    a part."""
    result = reading.load(FILE, "bench_cluster", _whole)
    return result | {"runs": sorted(result["runs"], key=lambda run: run["workers"])}


def _whole(result: dict) -> bool:
    measured = {"workers", "seconds", "speed_up", "overhead_ms_per_task"}
    return (
        {"tasks", "wait", "cores", "busy"} <= result.keys()
        and len(result["runs"]) > 1
        and all(measured <= run.keys() for run in result["runs"])
    )

"""What more machines bring: `scripts/bench_cluster.py --json figures_src/denoised/benchmarks/machines.json` writes it."""

from pathlib import Path

from denoised.benchmarks import reading

FILE = Path(__file__).with_name("machines.json")


def load() -> dict:
    """{"tasks", "wait" (seconds that a task waits), "cores", "busy", "runs": [{"workers", "seconds", "speed_up",
    "overhead_ms_per_task"}]}, the first run with the fewest workers. DenoisedError where it was never measured or lacks
    a part."""
    result = reading.load(FILE, "bench_cluster")
    try:
        result["runs"].sort(key=lambda run: run["workers"])
        whole = len(result["runs"]) > 1 and {"tasks", "wait", "cores", "busy"} <= result.keys()
    except (KeyError, TypeError, AttributeError) as error:
        raise reading.damaged(FILE, "bench_cluster") from error
    if not whole:
        raise reading.damaged(FILE, "bench_cluster")
    return result

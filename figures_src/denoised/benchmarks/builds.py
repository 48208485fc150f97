"""The comparison of builds: `scripts/bench_build.py --json figures_src/denoised/benchmarks/builds.json` writes the data."""

from pathlib import Path

from denoised.benchmarks import reading
from denoised.errors import DenoisedError

FILE = Path(__file__).with_name("builds.json")
SCENARIOS = ("cold", "nothing", "one_figure", "one_module", "prose", "new_dates")
TOOLS = ("denoised", "sphinx-gallery", "mkdocs-jupyter", "jupyter-cache")


def load() -> dict:
    """The result: {"runs": {"8": {tool: {scenario: {"seconds", "executed", "needless", "stale", "missing", ...}}}},
    "versions", "cores", "others": share of the machine that others took, "busy": whether that marks the times}.
    DenoisedError where it was never measured or lacks a part."""
    return reading.load(FILE, "bench_build", _whole)


def _whole(result: dict) -> bool:
    if not (result["runs"] and all(scenario in run[tool] for run in result["runs"].values() for tool in TOOLS
                                   for scenario in SCENARIOS)):  # fmt: skip
        raise DenoisedError(f"{FILE.name} lacks a scenario; scripts/bench_build.py writes all of them.")
    return True

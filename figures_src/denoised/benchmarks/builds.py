"""The comparison of builds: `scripts/bench_build.py --json figures_src/denoised/benchmarks/builds.json` writes the data."""

import json
from pathlib import Path

from denoised.errors import DenoisedError

FILE = Path(__file__).with_name("builds.json")
SCENARIOS = ("cold", "nothing", "one_figure", "one_module", "prose", "new_dates")
TOOLS = ("denoised", "sphinx-gallery", "mkdocs-jupyter", "jupyter-cache")


def load() -> dict:
    """The result: {"runs": {"8": {tool: {scenario: {"seconds", "executed", "needless", "stale", "missing", ...}}}},
    "versions", "cores", "others": share of the machine that others took, "busy": whether that marks the times}.
    DenoisedError where it was never measured or lacks a part."""
    try:
        result = json.loads(FILE.read_text(encoding="utf-8"))
        whole = result["runs"] and all(scenario in run[tool] for run in result["runs"].values() for tool in TOOLS
                                       for scenario in SCENARIOS)  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DenoisedError(f"{FILE.name} is missing or damaged; scripts/bench_build.py writes it.") from error
    if not whole:
        raise DenoisedError(f"{FILE.name} lacks a scenario; scripts/bench_build.py writes all of them.")
    return result

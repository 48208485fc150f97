#!/usr/bin/env python3
"""The same plots under four builds: how long each takes, and who shows a stale picture or runs what need not be run.

    python scripts/bench_build.py                       8, then 100 figures; about half an hour
    python scripts/bench_build.py --figures 8 --json figures_src/denoised/benchmarks/builds.json

The builds take turns, so that what else the machine does meets all of them. Peers are installed into a virtual
environment of their own, in ~/.cache/denoised/peers (--peers elsewhere), with the versions that the result notes.
What else the machine did is measured: if others took more than a tenth of it, the times are marked.
"""

import argparse
import datetime
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import bench_peers
import bench_project
from bench_peers import MODULES, Tool, edit

PACKAGES = ("sphinx-gallery", "mkdocs-jupyter", "myst-nb", "jupyter-cache", "mkdocs-material", "sphinx", "joblib")
PLAIN = ("ipykernel", "matplotlib", "numpy", "pillow")
QUIET = 0.1  # of the machine may be taken by others before times are marked
SCENARIOS = ("cold", "nothing", "one_figure", "one_module", "prose", "new_dates")


def peers(folder: Path) -> str:
    """The Python of the peers' environment, made where it is not there."""
    python = folder / "bin" / "python"
    lock = bench_project.ROOT / "requirements.lock"  # plots and pages cost the same on all sides
    pinned = [line.split()[0] for line in lock.read_text().splitlines() if line and line[0] not in "# "]
    same = [pin for pin in pinned if pin.partition("==")[0] in (*PLAIN, "mkdocs", "mkdocs-material")]
    wanted = [*same, *PACKAGES, *PLAIN]
    stamp = folder / "installed"
    if not stamp.exists() or stamp.read_text().split() != wanted:
        print(f"Installing the peers into {folder}", file=sys.stderr, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *wanted], check=True)
        stamp.write_text(" ".join(wanted))
    return str(python)


def versions(python: str) -> dict[str, str]:
    ask = f"import importlib.metadata as m, json; print(json.dumps({{n: m.version(n) for n in {PACKAGES}}}))"
    return json.loads(subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True).stdout)


def busy_seconds() -> float:
    """Seconds of processor time that everything together has taken since the machine started."""
    fields = [int(part) for part in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    user, nice, system, _, _, irq, softirq, _ = fields
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def own_seconds() -> float:
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_CHILDREN, resource.RUSAGE_SELF))


def run(tool: Tool) -> tuple[float, Counter]:
    """Build; (seconds, {figure: executions})."""
    log = Path(tool.environment()["BENCH_LOG"])
    log.write_text("")
    started = time.monotonic()
    done = subprocess.run(tool.command(), cwd=tool.root, env=tool.environment(), capture_output=True, text=True)
    seconds = time.monotonic() - started
    if done.returncode:
        raise SystemExit(f"error: {tool.name} failed:\n{(done.stdout + done.stderr)[-3000:]}")
    return seconds, Counter(int(line) for line in log.read_text().split())


class Site:
    """One tool's project, and what its pages should show by now."""

    def __init__(self, tool: Tool, figures: int):
        self.tool, self.figures = tool, figures
        self.script, self.library = [0] * figures, [0] * MODULES
        self.prose = [bench_peers.prose(i) for i in range(figures)]
        tool.lay(figures)

    def change(self, scenario: str) -> set[int]:
        """Do what the scenario is about; returns the figures that have to be drawn for it."""
        if scenario == "cold":
            return set(range(self.figures))
        if scenario == "one_figure":
            edit(self.tool.source(0), f"SCRIPT = {self.script[0]}", f"SCRIPT = {self.script[0] + 1}")
            self.script[0] += 1
            return {0}
        if scenario == "one_module":
            path = self.tool.root / self.tool.library_folder / "denoised" / "curves" / "m1.py"
            edit(path, f"VERSION = {self.library[1]}", f"VERSION = {self.library[1] + 1}")
            self.library[1] += 1
            return {i for i in range(self.figures) if i % MODULES == 1}
        if scenario == "prose":
            new = self.prose[2].replace("version 0", "version 1")
            edit(self.tool.prose_file(2), self.prose[2], new)
            self.prose[2] = new
        if scenario == "new_dates":
            self.clone()
        return set()

    def clone(self) -> None:
        """As on a build server: everything copied to where it was, caches included, and the sources younger than all
        that was made from them."""
        root = self.tool.root
        old = root.with_name(root.name + ".old")
        root.rename(old)
        shutil.copytree(old, root, symlinks=True, copy_function=shutil.copyfile)
        shutil.rmtree(old)
        sources = [self.tool.source(i) for i in range(self.figures)] + [
            *(root / self.tool.library_folder).rglob("*.py")
        ]
        for path in sources:
            os.utime(path)

    def measure(self, scenario: str) -> dict:
        wanted = self.change(scenario)
        cpu, own = busy_seconds(), own_seconds()
        seconds, executed = run(self.tool)
        others = (busy_seconds() - cpu - (own_seconds() - own)) / seconds / (os.cpu_count() or 1)
        states = [self.tool.state(i) for i in range(self.figures)]
        meant = [(self.script[i], self.library[i % MODULES], self.prose[i]) for i in range(self.figures)]
        return {
            "seconds": seconds,
            "others": max(0.0, others),
            "executed": sum(executed.values()),
            "needless": sum(executed.values()) - len(wanted & set(executed)),
            "missing": sum(state[0] < 0 or not state[2] for state in states),
            "stale": sum(s != m and s[0] >= 0 and bool(s[2]) for s, m in zip(states, meant, strict=True)),
        }


def compare(root: Path, figures: int, python: str, repeats: int) -> dict:
    sites = [Site(tool, figures) for tool in bench_peers.tools(root, python)]
    results: dict[str, dict] = {site.tool.name: {} for site in sites}
    for scenario in SCENARIOS:
        for turn in range(repeats if scenario == "nothing" else 1):
            for site in sites if turn % 2 == 0 else sites[::-1]:
                result = site.measure(scenario)
                before = results[site.tool.name].get(scenario)
                if before:  # nothing changed, again: the time is the median, the rest adds up
                    result["all_seconds"] = [*before["all_seconds"], result["seconds"]]
                    result |= {key: before[key] + result[key] for key in ("executed", "needless")}
                    result |= {key: max(before[key], result[key]) for key in ("stale", "missing", "others")}
                    result["seconds"] = sorted(result["all_seconds"])[len(result["all_seconds"]) // 2]
                else:
                    result["all_seconds"] = [result["seconds"]]
                results[site.tool.name][scenario] = result
                print(
                    f"{figures:4} figures  {scenario:<11} {site.tool.name:<15} {result['all_seconds'][-1]:7.2f} s  "
                    f"{result['executed']:4} executed, {result['needless']} needless, {result['stale']} stale, "
                    f"{result['missing']} missing  (others {result['others']:.0%})",
                    flush=True,
                )
    return results


def ratios(results: dict) -> None:
    for scenario in SCENARIOS:
        ours = results["denoised"][scenario]["seconds"]
        peer, best = min(
            ((name, found[scenario]["seconds"]) for name, found in results.items() if name != "denoised"),
            key=lambda pair: pair[1],
        )
        print(f"{scenario:<11} {ours:7.2f} s here, {best:7.2f} s the fastest peer ({peer}): ratio {ours / best:.2f}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--figures", type=int, nargs="+", default=[8, 100])
    parser.add_argument("--repeats", type=int, default=3, help="how often nothing is changed")
    parser.add_argument("--peers", type=Path, default=Path.home() / ".cache" / "denoised" / "peers")
    parser.add_argument("--json", type=Path, help="write the result there, too")
    options = parser.parse_args()
    if min(options.figures) < 3:
        raise SystemExit("error: the scenarios need at least 3 figures.")
    python = peers(options.peers)
    result = {
        "date": datetime.date.today().isoformat(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load": bench_project.load(),
        "versions": versions(python),
        "runs": {},
    }
    for figures in options.figures:
        with tempfile.TemporaryDirectory() as folder:
            result["runs"][str(figures)] = compare(Path(folder), figures, python, options.repeats)
        ratios(result["runs"][str(figures)])
        shares = [
            found["others"] for tool in result["runs"].values() for run in tool.values() for found in run.values()
        ]
        result["others"] = sum(shares) / len(shares)
        result["busy"] = result["others"] > QUIET
        if options.json:
            options.json.parent.mkdir(parents=True, exist_ok=True)
            options.json.write_text(json.dumps(result, indent=1) + "\n")
    if result["busy"]:
        print(
            f"Others took {result['others']:.0%} of the machine meanwhile: compare these times with each other only.",
            file=sys.stderr,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())

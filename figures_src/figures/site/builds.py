"""The same plots under four builds: seconds after each kind of change, and whether every page then shows what its
sources say without running more than it had to. Measured by scripts/bench_build.py, in turns.
"""

from denoised.benchmarks import builds
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ()
DATA = ()
TITLE = "Four builds of the same plots"

WORDS = {
    "cold": "from nothing",
    "nothing": "nothing changed",
    "one_figure": "one figure changed",
    "one_module": "one library module changed",
    "prose": "a sentence changed",
    "new_dates": "a fresh copy, all dates new",
}
FAULTS = ("missing", "stale", "needless")
SAID = {"missing": "missing", "stale": "stale", "needless": "run for nothing"}


def verdict(found):
    """What a build did wrong, in words; "" if nothing."""
    return ", ".join(f"{found[fault]} {SAID[fault]}" for fault in FAULTS if found[fault])


def make(lab, smoke=False):
    result = builds.load()
    sizes = sorted(result["runs"], key=int)
    size = sizes[-1]
    run = result["runs"][size]
    numbers = {"figures": int(size), "cores": result["cores"], "others_share": result["others"],
               "busy": int(result["busy"])}  # fmt: skip
    for tool in builds.TOOLS:
        short = tool.replace("-", "_")
        for fault in FAULTS:
            # A stale picture stays so: counted once. A run for nothing is a run each time.
            count = sum if fault == "needless" else max
            numbers[f"{short}_{fault}"] = count(run[tool][scenario][fault] for scenario in builds.SCENARIOS)
        for scenario in builds.SCENARIOS:
            numbers[f"{short}_{scenario}_seconds"] = run[tool][scenario]["seconds"]
            numbers[f"{short}_{scenario}_executed"] = run[tool][scenario]["executed"]
    for scenario in builds.SCENARIOS:
        best = min(run[tool][scenario]["seconds"] for tool in builds.TOOLS[1:])
        numbers[f"{scenario}_to_best_peer"] = run["denoised"][scenario]["seconds"] / best

    def panel(fig, theme, scenario, x, y, width):
        fig.note(x, y, WORDS[scenario], "ink", 13, weight=600)
        most = max(run[tool][scenario]["seconds"] for tool in builds.TOOLS)
        y += 22
        for tool in builds.TOOLS:
            found = run[tool][scenario]
            fault = verdict(found)
            fig.note(x, y + 8, tool, "ink", 12, va="center")
            ax = fig.area(x + 104, y, width - 104 - 44, 16, grid="")
            ax.set_axis_off()
            ax.set(xlim=(0, most), ylim=(-0.5, 0.5))
            ax.barh(
                [0], [found["seconds"]], height=0.75, color=theme.colour("ink" if tool == "denoised" else "noise")
            )
            fig.note(x + width, y + 8, f"{found['seconds']:.1f} s", "ink", 12, ha="right", va="center")
            y += 18
            fig.note(x + 104, y + 6, fault or "all right", "prediction" if fault else "muted", 11, va="center")
            y += 18
        return y + 10

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        if narrow:
            y = 0
            for scenario in builds.SCENARIOS:
                y = panel(fig, theme, scenario, 0, y, fig.width)
            fig.set_height(y - 10)
            return fig
        width = (fig.width - 40) / 2
        y = 0
        for left, right in zip(builds.SCENARIOS[::2], builds.SCENARIOS[1::2], strict=True):
            panel(fig, theme, left, 0, y, width)
            y = panel(fig, theme, right, width + 40, y, width)
        fig.set_height(y - 10)
        return fig

    def sums(tool):
        short = tool.replace("-", "_")
        return ", ".join(f"{numbers[f'{short}_{fault}']} {SAID[fault]}" for fault in FAULTS)

    wrong = "; ".join(f"{tool} {sums(tool)}" for tool in builds.TOOLS)

    def fastest(scenario):
        found = min((run[tool][scenario] for tool in builds.TOOLS[1:]), key=lambda one: one["seconds"])
        return f"{found['seconds']:.1f} s" + (", with stale pictures" if found["stale"] else "")

    times = "; ".join(
        f"{WORDS[scenario]} {run['denoised'][scenario]['seconds']:.1f} s, fastest peer {fastest(scenario)}"
        for scenario in builds.SCENARIOS
    )
    busy = (
        f" Others took {result['others']:.0%} of the machine meanwhile, so that times compare with each other only."
        if result["busy"]
        else ""
    )
    return Output(
        alt=f"Bars: seconds of four builds of {size} plots after six kinds of change. {times}. Over all six: {wrong}.",
        caption=(
            f"**Who shows what the sources say, and who runs too much.** {size} plots under this project's "
            f"build and three others, on {result['cores']} cores, taking turns. Each picture carries in its colour which "
            f"state of its sources drew it; that is read from the built pages. Over all six builds: {wrong}. Once stale, a "
            f"picture stays so in the builds after.{busy}"
        ),
        numbers=numbers,
        draw=draw,
        format="svg",
    )

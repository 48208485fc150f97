"""What more machines bring: tasks that only wait, as for a GPU far away, on one worker and on several, through the whole
build graph. Measured by scripts/bench_cluster.py.
"""

from denoised.benchmarks import machines
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ()
DATA = ()
TITLE = "One worker and several"


def make(lab, smoke=False):
    result = machines.load()
    runs, work = result["runs"], result["tasks"] * result["wait"]
    n = {"tasks": result["tasks"], "wait": result["wait"], "cores": result["cores"], "busy": int(result["busy"])}
    for run in runs:
        count = run["workers"]
        n |= {f"seconds_{count}": run["seconds"], f"speed_up_{count}": run["speed_up"],
              f"overhead_ms_{count}": run["overhead_ms_per_task"]}  # fmt: skip
    first, most = runs[0]["workers"], runs[-1]["workers"]
    n |= {"first": first, "most": most, "first_overhead_ms": n[f"overhead_ms_{first}"], "speed_up": n[f"speed_up_{most}"],
          "overhead_ms": n[f"overhead_ms_{most}"]}  # fmt: skip
    longest = max(run["seconds"] for run in runs)

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        left, right = 92, 150 if narrow else 210
        y = 0
        for run in runs:
            count = run["workers"]
            fig.note(0, y + 14, f"{count} worker{'s' if count > 1 else ''}", "ink", 13, va="center", weight=600)
            ax = fig.area(left, y, fig.width - left - right, 28, grid="")
            ax.set_axis_off()
            ax.set(xlim=(0, longest), ylim=(-0.5, 0.5))
            ax.barh([0], [run["seconds"]], height=0.9, color=theme.colour("latent"))
            ax.plot([work / count] * 2, [-0.5, 0.5], color=theme.ink, linewidth=2)
            words = f"{run['seconds']:.0f} s" + (f", {run['speed_up']:.2f} times" if run is not runs[0] else "")
            fig.note(fig.width, y + 14, words, "ink", 13, ha="right", va="center")
            y += 44
        fig.note(left, y - 4, "line: if nothing but waiting took time", "muted", 12)
        fig.set_height(y + 18)
        return fig

    said = "; ".join(
        f"{run['workers']} worker{'s' if run['workers'] > 1 else ''} {run['seconds']:.0f} s, "
        f"{run['overhead_ms_per_task']:.0f} ms a task beside the waiting"
        for run in runs
    )
    busy = " The machine was busy meanwhile, so that these times say little." if result["busy"] else ""
    return Output(
        alt=(
            f"Bars: {result['tasks']} tasks that each wait {result['wait']:g} s. {said}. With {most} workers it is "
            f"{n['speed_up']:.2f} times as quick."
        ),
        caption=(
            f"**{most} workers are {n['speed_up']:.2f} times as quick as one.** {result['tasks']} tasks of "
            f"{result['wait']:g} s that only wait, built on a cluster whose scheduler and workers share this one machine "
            f"of {result['cores']} cores. In workers' time a task costs {n['first_overhead_ms']:.0f} ms "
            f"beside its waiting where there {'is one of them' if first == 1 else f'are {first}'} and "
            f"{n['overhead_ms']:.0f} ms where there are {most}; Python's start and the build's own work are in it.{busy}"
        ),
        numbers=n,
        draw=draw,
        format="svg",
    )

"""Does `make check` raise false alarms, and does it see what was planted? Measured by scripts/bench_drift.py."""

from denoised.benchmarks import drift
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ()
DATA = ()
TITLE = "False alarms and planted changes"


def make(lab, smoke=False):
    result = drift.load()
    quiet, planted = result["quiet"], result["planted"]
    alarms = sum(len(run["alarms"]) for run in quiet)
    caught = sum(run["caught"] for run in planted)
    n = {"runs": len(quiet), "figures": sum(run["figures"] for run in quiet), "alarms": alarms,
         "planted": len(planted), "caught": caught}  # fmt: skip

    def rows(fig, x, y, width, title, lines):
        fig.note(x, y, title, "ink", 13, weight=600)
        y += 26
        for words, state, good in lines:
            fig.note(x, y, words, "ink", 12)
            fig.note(x + width, y, state, "image" if good else "prediction", 12, ha="right", weight=600)
            y += 22
        return y + 14

    still = [
        (run["condition"], f"{len(run['alarms'])} of {run['figures']}", not run["alarms"]) for run in quiet
    ]
    moved = [(run["plant"], "seen" if run["caught"] else "not seen", run["caught"]) for run in planted]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        width = fig.width if narrow else (fig.width - 50) / 2
        end = rows(fig, 0, 0, width, "Nothing changed: alarms", still)
        if narrow:
            end = rows(fig, 0, end + 6, width, "One thing changed", moved)
        else:
            end = max(end, rows(fig, width + 50, 0, width, "One thing changed", moved))
        fig.set_height(end - 10)
        return fig

    return Output(
        alt=(
            f"Two lists. In {len(quiet)} runs in which nothing had changed, over {n['figures']} renderings, there were "
            f"{alarms} alarms. Of {len(planted)} changes that were planted {caught} were seen."
        ),
        caption=(
            f"**{alarms} false alarms, {caught} of {len(planted)} plants seen.** Left: each run renders another tenth of "
            f"the figures, under another condition that must not matter. Right: in a copy of the repository one thing was "
            f"changed, and a figure that depends on it was checked."
        ),
        numbers=n,
        draw=draw,
        format="svg",
    )

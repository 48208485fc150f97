#!/usr/bin/env python3
"""Is what is published what this code gives? Renders figures again, aside, and compares numbers, words and pixels.

    python scripts/check_drift.py                       every figure against docs/assets/figures/<profile>
    python scripts/check_drift.py vae/swap data/edges   these
    python scripts/check_drift.py --tenth               a tenth, another one each day (--tenth 3: the third)
    python scripts/check_drift.py --before A --after B  two folders that are rendered already

Nothing that is there is touched. A table on the terminal, and build/check/report.html with every changed figure before,
after and as a difference. Status 1 if a figure has drifted or fails. What counts as drift: figures_src/tasks/drift.py.
"""

import argparse
import datetime
import os
import shutil
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "figures_src"))

from denoised.errors import DenoisedError  # noqa: E402
from tasks import causes, crew, drift, drift_report, hashes, plan, pool, targets  # noqa: E402
from tasks.sentences import sentence  # noqa: E402

WORDS = {"same": "as it was", "drift": "DRIFT", "failed": "FAILED", "new": "new", "gone": "gone"}


def chosen(options) -> list[str]:
    """Ids to look at: those named, a tenth, or all."""
    known = targets.figure_ids()
    for figure_id in options.ids:
        if figure_id not in known:
            import difflib

            close = difflib.get_close_matches(figure_id, known, n=1)
            raise DenoisedError(
                f"There is no figure {figure_id!r}" + (f"; did you mean {close[0]!r}?" if close else ".")
            )
    if options.ids:
        return list(options.ids)
    if options.tenth is not None:
        if not 0 <= options.tenth <= 10:
            raise DenoisedError(f"--tenth {options.tenth}: the tenths are 1 to 10.")
        turn = (options.tenth or datetime.date.today().toordinal()) % 10
        return known[turn::10]
    return known


def rendered(ids: list[str], out: Path):
    """Render each figure below `out` and yield (id, None or the sentence why it failed), as they are done."""
    own = threading.local()
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)

    def render(figure_id: str) -> str | None:
        if not hasattr(own, "worker"):
            own.worker = pool.hire(plan.PROFILE, threads=max(1, (os.cpu_count() or 1) // crew.jobs()))
        try:
            own.worker.render(figure_id, out, targets.Figure(figure_id, plan.PROFILE).key())
        except DenoisedError as error:
            return str(error)
        return None

    executor = ThreadPoolExecutor(crew.jobs())
    try:
        yield from zip(ids, executor.map(render, ids), strict=True)
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
        pool.stop_all()


def check_one(figure_id: str, old: Path, new: Path, before: dict, after: dict) -> drift_report.Row:
    if figure_id not in before or figure_id not in after:
        if figure_id in after:
            return drift_report.Row(figure_id, "new", "is not among the present figures: `make figures` makes it")
        return drift_report.Row(figure_id, "gone", "is not in the new rendering")
    section = Path(figure_id).parent
    found = drift.compare(before[figure_id], after[figure_id], old / section, new / section)
    if not found:
        return drift_report.Row(figure_id, "same")
    figure = targets.Figure(figure_id, plan.PROFILE)
    kind, why = causes.cause(figure, before[figure_id], after[figure_id])
    return drift_report.Row(figure_id, "drift", summary(found), tuple(found), kind, why)


def summary(found: list) -> str:
    counts = {}
    for one in found:
        counts[one.kind] = counts.get(one.kind, 0) + 1
    counted = ", ".join(
        f"{n} {kind}{'s' if n > 1 and kind not in ('words', 'data') else ''}" for kind, n in counts.items()
    )
    return f"{counted}; {found[0].name}: {found[0].words}"


def say(row: drift_report.Row) -> None:
    print(f"  {row.figure_id:<28} {WORDS[row.state]:<10} {row.words}".rstrip(), flush=True)
    if row.why:
        print(f"  {'':<28} {'':<10} because: {row.why}", flush=True)


def check(options) -> int:
    started = time.monotonic()
    old = options.before or targets.FIGURES / plan.PROFILE
    before = drift.manifests(old)
    if not before:
        raise DenoisedError(f"There are no figures in {old} to compare with; `make figures` makes them.")
    rows = []
    if options.after:
        new = options.after
        after = drift.manifests(new)
        if not after:
            raise DenoisedError(f"There are no figures in {new}.")
        ids = chosen(options) if options.ids or options.tenth is not None else sorted(before.keys() | after.keys())
        for figure_id in ids:
            rows.append(check_one(figure_id, old, new, before, after))
            say(rows[-1])
    else:
        new = options.out / "figures" / plan.PROFILE
        for figure_id, problem in rendered(chosen(options), new.parent):
            if problem:
                rows.append(drift_report.Row(figure_id, "failed", problem))
            else:
                made = drift.manifests(new / Path(figure_id).parent)
                rows.append(check_one(figure_id, old, new, before, made))
            say(rows[-1])
    hashes.save()
    bad = [row for row in rows if row.state != "same"]
    if options.same_sources:
        bad = [row for row in bad if row.state == "failed" or row.cause in (causes.NOTHING, causes.DEPENDENCY)]
    report = options.out / "report.html"
    drift_report.write(report, rows, time.monotonic() - started)
    tolerance = (
        f"numbers {drift.RELATIVE:.0%} or {drift.ABSOLUTE:g}, pixels {drift.SHARE:.1%} beyond {drift.LEVELS} levels"
    )
    same = sum(row.state == "same" for row in rows)
    print(
        f"{same} of {len(rows)} figures are as they were (tolerances: {tolerance}; {time.monotonic() - started:.0f} s)."
    )
    if explained := len(rows) - same - len(bad):
        print(f"{explained} others come from other sources, which --same-sources leaves out of the verdict.")
    print(f"The report: {os.path.relpath(report)}")
    return 1 if bad else 0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ids", nargs="*", help="figures; all if left out")
    parser.add_argument("--tenth", nargs="?", const=0, type=int, help="a tenth of all figures, by the day")
    parser.add_argument("--before", type=Path, help="what to compare with (docs/assets/figures/<profile>)")
    parser.add_argument("--after", type=Path, help="figures that are rendered already; nothing is rendered then")
    parser.add_argument("--out", type=Path, default=hashes.BUILD / "check", help="for renderings and report")
    parser.add_argument("--same-sources", action="store_true", help="a change that our code explains is no alarm")
    try:
        return check(parser.parse_args(arguments))
    except DenoisedError as error:
        print(f"error: {error}", file=sys.stderr)
    except OSError as error:
        print(f"error: {sentence(error)}", file=sys.stderr)
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    return 1


if __name__ == "__main__":
    sys.exit(main())

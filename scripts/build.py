#!/usr/bin/env python3
"""Build the site, or a part of it. Makes only what is not whole yet, resumes after a kill, never trusts a date.

    python scripts/build.py                     everything, then site/
    python scripts/build.py figures             every figure
    python scripts/build.py figures vae/swap    these figures
    python scripts/build.py vendor | notebooks | data | weights
    python scripts/build.py figures --weights FOLDER    with a family that train.py --data made
"""

import argparse
import contextlib
import fcntl
import io
import os
import sqlite3
import sys
import time
from pathlib import Path

WEIGHTS = argparse.ArgumentParser(add_help=False)
WEIGHTS.add_argument("--weights", metavar="FOLDER", help="render with a family of your own (as profile `own`)")
if __name__ == "__main__" and (own := WEIGHTS.parse_known_args()[0].weights):
    # before the packages are loaded: they ask the environment where weights lie
    os.environ.update(DENOISED_PROFILE="own", DENOISED_OWN=os.path.abspath(own))

ROOT = Path(__file__).resolve().parents[1]
sys.dont_write_bytecode = True  # a full disk can leave half a .pyc behind, which Python trips over for ever after
sys.path.insert(0, str(ROOT / "figures_src"))  # this checkout's packages, whatever else is installed

from denoised.errors import DenoisedError  # noqa: E402
from tasks import crew, hashes, plan, readings, recipes, targets  # noqa: E402
from tasks.sentences import foreseen, sentence, together  # noqa: E402


@contextlib.contextmanager
def build_lock():
    """One build at a time: a second one waits, and says so."""
    hashes.BUILD.mkdir(parents=True, exist_ok=True)
    file = os.open(hashes.BUILD / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(file, 32, 0).decode(errors="replace").strip() or "unknown"
            notice = f"Another build (process {owner}) is running here; waiting for it to end."
            print(notice, file=sys.stderr, flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        yield file
    finally:
        os.close(file)


def run_pytask() -> list[tuple[str, BaseException]]:
    """Run what is not whole. Returns (task, error) of each that failed; what depends on a failure is left out."""
    import pytask
    from _pytask.console import console

    console.file = said = io.StringIO()  # our lines are enough; the reports come back in the session
    session = pytask.build(
        paths=[ROOT / "figures_src" / "tasks"],
        config=ROOT / "pyproject.toml",
        capture="no",
        show_errors_immediately=False,
        verbose=0,
        force=plan.COMMAND in ("data", "weights"),
    )
    failures = []
    for report in [*session.collection_reports, *session.execution_reports]:
        if report.outcome.name == "FAIL" and report.exc_info:
            if isinstance(report.exc_info[1], KeyboardInterrupt):
                raise KeyboardInterrupt
            name = getattr(getattr(report, "task", None), "name", None) or "collecting the tasks"
            failures.append((name.rpartition("[")[2].rstrip("]"), report.exc_info[1]))
    if session.exit_code != 0 and not failures:  # pytask itself did not even begin
        probe_records()
        print(said.getvalue(), file=sys.stderr)
        failures.append(("pytask", DenoisedError(f"pytask stopped with {session.exit_code!r}.")))
    return failures


def probe_records() -> None:
    """Raise the OSError that kept pytask from its records: no room for a megabyte, or something in their place."""
    for folder in (hashes.BUILD, ROOT / ".pytask"):
        folder.mkdir(exist_ok=True)
        probe = folder / "probe"
        try:
            probe.write_bytes(bytes(1 << 20))
        finally:
            probe.unlink(missing_ok=True)
    if (ROOT / "pytask.lock").exists():
        (ROOT / "pytask.lock").read_bytes()


def explain(failures: list[tuple[str, BaseException]]) -> None:
    """One line a cause; a traceback only for what nobody foresaw."""
    import traceback

    sentences = []
    for name, error in failures:
        cause = error
        while cause.__cause__ is not None and not isinstance(cause, (DenoisedError, OSError)):
            cause = cause.__cause__
        if not foreseen(cause):
            traceback.print_exception(cause, limit=-6)
            print(f"error: {name}: {sentence(cause)}", file=sys.stderr)
        else:
            sentences.append(sentence(cause))
    for said in together(sentences):
        print(f"error: {said}", file=sys.stderr)


def check_ids(ids: list[str]) -> None:
    known = targets.figure_ids()
    for figure_id in ids:
        if figure_id not in known:
            import difflib

            close = difflib.get_close_matches(figure_id, known, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"there are {len(known)}: {', '.join(known[:8])} ..."
            raise DenoisedError(f"There is no figure {figure_id!r}; {hint}")


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, parents=[WEIGHTS]
    )
    commands = ("site", "figures", "vendor", "notebooks", "data", "weights")
    parser.add_argument("command", nargs="?", default="site", choices=commands)
    parser.add_argument("ids", nargs="*", help="figures (<section>/<name>), or what to train")
    parser.add_argument("--force", action="store_true", help="make the figures again even if they are whole")
    return parser.parse_intermixed_args(arguments)  # options may stand among the ids


def last_line(started: float) -> str:
    seconds = time.monotonic() - started
    if plan.COMMAND == "site":
        where = os.path.relpath(targets.SITE)
        serve = f"make serve, or python3 -m http.server -d {where}"
        return f"The site is in {where}/ ({seconds:.1f} s). To look at it: {serve}"
    return f"{plan.COMMAND}: done ({seconds:.1f} s)."


def build(options: argparse.Namespace) -> int:
    started = time.monotonic()
    plan.COMMAND, plan.IDS = options.command, tuple(options.ids)
    if plan.PROFILE != "tiny":
        from denoised import profiles

        profiles.get(plan.PROFILE).require()
    if options.command == "figures":
        check_ids(options.ids)
    elif options.ids and options.command != "weights":
        raise DenoisedError(f"`{options.command}` takes no names; names go with `figures`.")
    with build_lock() as lock:
        plan.LOCK_FILE = lock
        if options.force:
            for figure in plan.figures():
                figure.manifest_path.unlink(missing_ok=True)
        everything = options.command in ("site", "figures") and not options.ids
        asked = plan.all_targets()  # none for data and weights, which run each time
        plan.WHOLE = frozenset(target.name for target in asked if target.known_whole())  # without pytask
        if options.command in ("data", "weights") or len(plan.WHOLE) < len(asked):
            recipes.sweep()
            if everything:
                for path in recipes.orphans(plan.PROFILE, plan.figures()):
                    path.unlink(missing_ok=True)
            try:
                crew.ready()
                failures = run_pytask()
            finally:
                crew.end()
            hashes.save()
            if failures:
                explain(failures)
                made = "The site was not built. " if options.command == "site" else ""
                left = "task" if len(failures) == 1 else "tasks"
                print(f"{made}{len(failures)} {left} failed; everything else is made and kept.", file=sys.stderr)
                return 1
        hashes.save()
        readings.save()
    print(last_line(started))
    return 0


def main(arguments: list[str] | None = None) -> int:
    try:
        return build(parse(arguments))
    except DenoisedError as error:
        print(f"error: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("Stopped. The same command goes on where this one ended.", file=sys.stderr)
        return 130
    except OSError as error:
        if not foreseen(error):
            raise
        print(f"error: {sentence(error)}", file=sys.stderr)
    except sqlite3.OperationalError as error:  # pytask's own records
        if "full" not in str(error) and "disk" not in str(error):
            raise
        print(f"error: {sentence(OSError(28, ''))}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())

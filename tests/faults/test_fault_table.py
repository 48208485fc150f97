"""Everything that may go wrong around a build, one line each: what is done to it, and the sentence that it must say.

Every case starts from a project that was built and in which two of three figures have to be made again. The build must
end with status 1 and one sentence; make what the fault does not touch; leave the published site and what it could not
make as they were; and, once the fault is gone, make just what is missing. Faults inside of figures, weights and a full
disk are in test_build_faults.py, kills and builds that meet in tests/build/test_kill.py.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from miniature_project import IDS, obey_permissions

FIRST, SECOND, THIRD = IDS
STALE = {FIRST, SECOND}  # what the edit of the hammer, which precedes every fault, makes the build make again


@dataclass(frozen=True)
class Fault:
    name: str
    said: str  # a pattern
    harm: Callable  # takes the project, may return what takes the harm back; otherwise the files are put back
    unmade: frozenset[str] = frozenset()  # figures that cannot be made as long as it lasts


def a_file(name):
    """A file lies where a folder has to be."""

    def harm(mini):
        remove(mini.path(name))
        mini.path(name).write_bytes(b"in the way")

    return harm


def a_folder(name):
    """A folder with something in it lies where a file has to be."""

    def harm(mini):
        remove(mini.path(name))
        mini.path(name).mkdir()
        (mini.path(name) / "something").write_text("in the way")

    return harm


def content(name, new):
    """A file has another content: bytes, or a function of what it was."""

    def harm(mini):
        path = mini.path(name)
        path.write_bytes(new(path.read_bytes()) if callable(new) else new)

    return harm


def gone(*names):
    def harm(mini):
        for name in names:
            remove(mini.path(name))

    return harm


def figure(body, name=FIRST):
    """A figure does this before it returns."""
    return lambda mini: mini.edit(f"figures_src/figures/{name}.py", "    return", f"    {body}\n    return")


def read_only(name):
    """A folder and all in it, by permissions, which bind the build even where root runs the tests."""

    def harm(mini):
        if subprocess.run(["true"], preexec_fn=may_bind).returncode:
            pytest.skip("permissions do not bind root here, and it cannot give that up")
        mini.bound = True
        modes = {path: path.stat().st_mode for path in (mini.path(name), *mini.path(name).rglob("*"))}
        for path, mode in modes.items():
            path.chmod(mode & 0o555)
        return lambda: [path.chmod(mode) for path, mode in modes.items()]

    return harm


def may_bind():
    try:
        obey_permissions()
    except OSError:
        os._exit(1)


def read_only_disk(name):
    """A folder on a disk that is mounted for reading only, where this may be tried."""

    def harm(mini):
        folder = mini.path(name)
        if os.geteuid() != 0 or subprocess.run(["mount", "--bind", folder, folder], capture_output=True).returncode:
            pytest.skip("no right to mount a folder here")
        back = lambda: subprocess.run(["umount", folder], check=True)  # noqa: E731
        if subprocess.run(["mount", "-o", "remount,ro,bind", folder], capture_output=True).returncode:
            back()
            pytest.skip("no right to mount a folder here")
        return back

    return harm


def remove(path):
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def half(data):
    return data[: len(data) // 2]


ALL = frozenset(IDS)
MADE = frozenset(STALE)
FIGURES = "docs/assets/figures/tiny"
FAULTS = [
    # places that cannot be written
    Fault("figures read-only", r"^docs/assets/\S+ cannot be written \(Permission denied.*make it writable",
          read_only(f"{FIGURES}/one"), MADE),
    Fault("figures on a read-only disk", r"^docs/assets/\S+ cannot be written \(Read-only file system",
          read_only_disk(f"{FIGURES}/one"), MADE),
    Fault("build read-only", r"^build\S* cannot be written", read_only("build"), MADE),
    Fault("site read-only", r"^site cannot be written \(Permission denied", read_only("site")),
    Fault("disk full for one figure", r"^Figure one/first failed: The disk is full: free some space",
          figure("open('/dev/full', 'wb', 0).write(b'x')"), frozenset({FIRST})),
    Fault("assets is a file", r"^docs/assets/figures is a file where a folder has to be: move it",
          a_file("docs/assets/figures"), ALL),
    Fault("manifest is a folder", r"^docs/assets/figures/tiny/one/first.json is a folder where a file",
          a_folder(f"{FIGURES}/one/first.json"), frozenset({FIRST})),
    Fault("build is a file", r"^build is a file where a folder", a_file("build"), MADE),
    Fault("build's work is a file", r"^build/work is a file where a folder", a_file("build/work"), MADE),
    Fault("build's logs are a file", r"^build/logs is a file where a folder", a_file("build/logs"), MADE),
    Fault("build's lock is a folder", r"^build/lock is a folder where a file", a_folder("build/lock"), MADE),
    Fault("stamps are a file", r"^build/stamps is a file where a folder", a_file("build/stamps")),
    Fault("site is a file", r"^site is a file where a folder", a_file("site")),
    Fault("pytask's folder is a file", r"^\.pytask is a file where a folder", a_file(".pytask"), MADE),
    Fault("pytask's lock is a folder", r"^pytask\.lock is a folder where a file", a_folder("pytask.lock"), MADE),
    # inputs
    Fault("lock gone", r"^requirements\.lock is missing.*git checkout", gone("requirements.lock"), MADE),
    Fault("page is no text", r"^docs/index\.md, line 3: not a text in UTF-8", content("docs/index.md", b"a\nb\n\xff")),
    Fault("settings are no text", r"^mkdocs\.yml, line 1: not a text", content("mkdocs.yml", b"\xff\x00")),
    Fault("settings cut short", r"mkdocs refused", content("mkdocs.yml", b"site_name: [a")),
    Fault("vendor list cut short", r"^vendor\.json, line \d+: no valid JSON",
          content("figures_src/sitekit/vendor.json", half)),
    Fault("npm package gone", r"toys/ball\.js is missing; run `npm ci`",
          gone("node_modules/toys", "docs/assets/vendor")),
    Fault("figure is no text", r"^figures_src/figures/one/first\.py is not a text file in UTF-8",
          content("figures_src/figures/one/first.py", b"\x80\x81"), frozenset({FIRST})),
    Fault("figure is empty", r"^Figure one/first failed: AttributeError.*make",
          content("figures_src/figures/one/first.py", b""), frozenset({FIRST})),
    Fault("data gone", r"^Figure two/third needs the data 'specimens'.*fetch the repository again",
          gone("figures_src/denoised/data/specimens/icon.txt"), frozenset({THIRD})),
    # what figures do
    Fault("answers for the worker", r"^Figure one/first wrote where only the render process answers",
          figure("import os, sys; os.write(int(sys.argv[1]), b'garbage')\n    os.write(int(sys.argv[1]), b'\\n')"),
          frozenset({FIRST})),
    Fault("answers in valid JSON", r"^Figure one/first wrote where only the render process answers",
          figure("import os, sys; os.write(int(sys.argv[1]), b'[1]\\n')"), frozenset({FIRST})),
    Fault("closes the way back", r"^.*one/first.* died", figure("import os, sys; os.close(int(sys.argv[1]))"),
          frozenset({FIRST})),
    Fault("killed for its memory", r"^.*one/first died \(signal SIGKILL\)",
          figure("import os; os.kill(os.getpid(), 9)"), frozenset({FIRST})),
    Fault("out of memory", r"^Figure one/first failed: There is not enough memory", figure("raise MemoryError"),
          frozenset({FIRST})),
    Fault("runs away in recursion", r"^Figure one/first failed: RecursionError",
          figure("f = lambda: f(); f()"), frozenset({FIRST})),
    Fault("removes its own result", r"^.*one/first.*no readable manifest",
          figure("import atexit, plotting.output as o, pathlib; w = pathlib.Path.write_text\n"
                 "    pathlib.Path.write_text = lambda p, *a: None if 'first' in str(p) else w(p, *a)"),
          frozenset({FIRST})),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.replace(" ", "-"))
def test_one_sentence_nothing_lost_and_the_rest_is_made(built, tmp_path, fault):
    built.edit("figures_src/denoised/tools/hammer.py", "WEIGHT = 3", "WEIGHT = 7")
    before = {path: path.read_bytes() for path in published(built)}
    kept = tmp_path / "kept"
    shutil.copytree(built.root, kept)
    back = fault.harm(built)
    try:
        sentence = built.fail()
        assert re.search(fault.said, sentence), sentence
        for figure_id in IDS:
            if figure_id not in fault.unmade:
                assert built.output(figure_id) == expected(figure_id, built), figure_id
        if "site" not in fault.name:
            assert {path: path.read_bytes() for path in published(built)} == before
    finally:
        if back:
            back()
    if not back:
        put_back(kept, built.root)
    made = built.build()
    assert set(made) <= STALE | fault.unmade, "what was not touched is not made again"
    for figure_id in IDS:
        assert built.output(figure_id) == expected(figure_id, built)
    assert built.build() == []


def published(mini):
    return [path for path in mini.path("site").rglob("*") if path.is_file()]


def expected(figure_id, mini):
    if figure_id == THIRD:
        parts = ("figures_src/weights/toy/table.json", "figures_src/denoised/data/specimens/icon.txt")
        return b"".join(mini.path(name).read_bytes() for name in parts) + b"ink"
    return bytes([7 if figure_id == FIRST else 8]) * (1 << 17) + b"ink"


SOURCES = ("docs/index.md", "mkdocs.yml", "requirements.lock", "figures_src", "node_modules")
GENERATED = ("docs/assets/figures", "build", "site", ".pytask", "pytask.lock")


def put_back(kept, root):
    """What git, or a hand, would do: the sources as they were, and whatever lay in the way of something moved off."""
    for name in SOURCES:
        remove(root / name)
        (shutil.copytree if (kept / name).is_dir() else shutil.copyfile)(kept / name, root / name)
    for path in [root / name for name in GENERATED] + [root / "build" / name for name in ("work", "logs", "stamps")]:
        if path.name != "pytask.lock" and path.is_file():
            path.unlink()
    for path in (root / "pytask.lock", root / "build/lock", root / FIGURES / "one/first.json"):
        if path.is_dir():
            shutil.rmtree(path)


# What a build survives without a word


@pytest.mark.parametrize(
    ("name", "harm"),
    [
        ("cache of hashes is a folder", a_folder("build/hashes.json")),
        ("cache of hashes is rubbish", content("build/hashes.json", b"[1, 2]")),
        ("cache of imports is a folder", a_folder("build/imports.json")),
        ("cache of imports is rubbish", content("build/imports.json", b"{}")),
        ("pytask's record is rubbish", content("pytask.lock", b"\xff\xfe")),
        ("a stamp is rubbish", content("build/stamps/vendor.json", b"[]")),
        ("a manifest is rubbish", content(f"{FIGURES}/one/first.json", b"[]")),
        ("a manifest is cut short", content(f"{FIGURES}/one/first.json", half)),
        ("a manifest claims the key of another", content(f"{FIGURES}/one/first.json", lambda old: old * 2)),
    ],
)
def test_what_can_be_made_again_is_made_again_without_a_word(built, name, harm):
    harm(built)
    made = built.build()
    assert made == ([FIRST] if "manifest" in name else [])
    assert built.output(FIRST) == bytes([3]) * (1 << 17) + b"ink"
    assert built.build() == []


FUTURE = 4_000_000_000  # the year 2096


# Lies in figures_src, the one folder that every process of a build has on its path: workers and mkdocs are given a path
# of their own. It notes in which process it has changed the clock, and what that one reads from it.
CLOCK = """
import os, sys, time
if os.environ.get("WRONG_CLOCK"):
    time.time = lambda: 1e9
    time.time_ns = lambda: 10**18
    with open(os.environ["WRONG_CLOCK"], "a") as log:
        log.write(f"{time.time():.0f} {' '.join(sys.orig_argv)!r}\\n")
"""


def test_dates_in_the_future_and_a_clock_that_was_moved_back_change_nothing(built):
    """Every file claims to be of the year 2096, and Python's clock (not the file system's) is set to 2001 in the build,
    in the process that renders, and in mkdocs."""
    built.path("figures_src/sitecustomize.py").write_text(CLOCK)
    assert built.build() == []
    for path in built.root.rglob("*"):
        if path.is_file():
            os.utime(path, (FUTURE, FUTURE))
    wrong = {"PYTHONPATH": built.path("figures_src"), "WRONG_CLOCK": built.path("clocks")}
    assert built.build(**wrong) == []
    assert clocks(built) == {"scripts/build.py"}, "there was nothing to make"
    built.edit("figures_src/denoised/tools/hammer.py", "WEIGHT = 3", "WEIGHT = 7")
    os.utime(built.path("figures_src/denoised/tools/hammer.py"), (1, 1))
    assert built.build(**wrong) == [FIRST, SECOND]
    assert clocks(built) == {"scripts/build.py", "tasks.worker", "mkdocs.__main__"}
    assert built.output(FIRST)[0] == 7
    assert built.path("site/assets/figures/tiny/one/first.bin").read_bytes()[0] == 7
    assert built.build(**wrong) == []
    assert built.build() == []


def clocks(mini):
    """In which of the build's processes the clock was wrong, and nothing but wrong."""
    lines = mini.path("clocks").read_text().splitlines()
    assert all(line.startswith("1000000000 ") for line in lines)
    known = ("scripts/build.py", "tasks.worker", "mkdocs.__main__")
    return {next((name for name in known if name in line), line) for line in lines}


def test_a_figure_that_prints_a_great_deal_is_no_fault(built):
    body = "import os, sys; [os.write(fd, os.urandom(1 << 16)) for fd in (1, 2) for _ in range(32)]"
    figure(body)(built)
    assert built.build() == [FIRST]
    assert built.path("build/logs/figures.log").stat().st_size >= 1 << 22


def test_a_build_that_waits_goes_on_where_a_killed_one_ended(mini):
    import time

    first = mini.start(MINI_PAUSE=0.1)
    deadline = time.monotonic() + 30
    while not mini.renders() and time.monotonic() < deadline:
        time.sleep(0.01)
    second = mini.start()
    waiting = second.stderr.readline()
    first.kill()
    first.communicate()
    _, said = second.communicate(timeout=60)
    assert waiting.startswith("Another build (process")
    assert second.returncode == 0, said
    assert mini.site_is_there()
    assert mini.build() == []

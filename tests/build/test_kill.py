"""Builds that are killed, and builds that meet."""

import fcntl
import hashlib
import json
import os
import random
import re
import signal
import time

import pytest

from miniature_project import IDS

KILLS = int(os.environ.get("KILLS", "12"))  # KILLS=100 for the long run


def content_of(figure_id, mini):
    """What a figure must contain, computed from its sources as they stand."""

    def number(name):
        return int(re.search(r"(?:WEIGHT =|WEIGHT \+) (\d+)", mini.path(name).read_text()).group(1))

    hammer = number("figures_src/denoised/tools/hammer.py")
    if figure_id == "two/third":
        parts = ("figures_src/weights/toy/table.json", "figures_src/denoised/data/specimens/icon.txt")
        body = b"".join(mini.path(name).read_bytes() for name in parts)
    else:
        extra = number("figures_src/denoised/tools/chisel.py") if figure_id == "one/second" else 0
        body = bytes([hammer + extra]) * (1 << 17)
    return body + re.search(r'b"(\w+)"', mini.path("figures_src/plotting/pen.py").read_text()).group(1).encode()


def check_nothing_half(mini, contents, undisturbed):
    """Every manifest that is there names a file with the hash it gives, or is not believed by a build; a figure whose
    file does match its manifest holds the whole content of some state of its sources, never a part of it. A site that is
    there is a whole one: as `undisturbed`, but for its figures, and these whole as well."""
    for figure_id in IDS:
        path = mini.figures / f"{figure_id}.json"
        if not path.exists():
            continue
        manifest = json.loads(path.read_text())  # never half a manifest
        (name, entry), *_ = manifest["files"].items()
        file = path.parent / name
        if file.exists() and hashlib.sha256(file.read_bytes()).hexdigest() == entry["sha256"]:
            assert file.read_bytes() in contents[figure_id]
    if not mini.path("site").exists():
        return  # between the two renames
    now, figures = site_of(mini)
    assert now == undisturbed
    assert set(figures) == {f"{figure_id}.{ending}" for figure_id in IDS for ending in ("bin", "json")}
    for figure_id in IDS:
        assert figures[f"{figure_id}.bin"] in contents[figure_id]
        (entry,) = json.loads(figures[f"{figure_id}.json"])["files"].values()
        assert hashlib.sha256(figures[f"{figure_id}.bin"]).hexdigest() == entry["sha256"]


def site_of(mini):
    """({name: content} of the site's pages and whatever belongs to them, the same of its figures)."""
    root, where = mini.path("site"), "assets/figures/tiny/"
    found = {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    pages = {name: data for name, data in found.items() if not name.startswith(where)}
    assert "index.html" in pages
    assert all(b"</html>" in data for name, data in pages.items() if name.endswith(".html"))
    return pages, {name.removeprefix(where): data for name, data in found.items() if name.startswith(where)}


def test_killed_at_random_moments_a_build_resumes_and_no_half_file_counts(mini):
    seed = int(os.environ.get("KILL_SEED", random.randrange(10**6)))
    print(f"KILL_SEED={seed}")
    dice = random.Random(seed)
    contents = {figure_id: {content_of(figure_id, mini)} for figure_id in IDS}
    started = time.monotonic()
    mini.build(MINI_PAUSE=0.02)
    whole_build = time.monotonic() - started
    undisturbed, _ = site_of(mini)
    weight = 3
    for _ in range(KILLS):
        # New work for the next build: everything, or a part.
        new = weight % 200 + 1
        mini.edit("figures_src/denoised/tools/hammer.py", f"WEIGHT = {weight}", f"WEIGHT = {new}")
        weight = new
        if dice.random() < 0.5:
            mini.path("figures_src/weights/toy/table.json").write_text(json.dumps({"a": dice.random()}))
        for figure_id in IDS:
            contents[figure_id].add(content_of(figure_id, mini))
        process = mini.start(MINI_PAUSE=0.02, JOBS=dice.choice((1, 2)))
        time.sleep(dice.uniform(0.05, whole_build))
        if dice.random() < 0.5:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()  # the render worker has to notice by itself
        process.communicate()
        check_nothing_half(mini, contents, undisturbed)
    mini.build()
    check_nothing_half(mini, contents, undisturbed)
    for figure_id in IDS:
        assert mini.output(figure_id) == content_of(figure_id, mini)
        published = mini.path("site/assets/figures/tiny") / f"{figure_id}.bin"
        assert published.read_bytes() == content_of(figure_id, mini)
    assert mini.build() == []
    left = [path for path in mini.root.rglob("*") if ".draft" in path.name or ".tmp" in path.name]
    assert not left
    assert not list(mini.path("build/work").glob("*"))


def test_a_killed_build_keeps_what_was_whole(mini):
    """The figure that was done before the kill is not rendered again."""
    process = mini.start(MINI_PAUSE=0.05)
    deadline = time.monotonic() + 30
    while len(mini.renders()) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    process.communicate()
    before = mini.renders()
    assert len(before) >= 2
    done = set(before[:-1])
    assert not done & set(mini.build())
    assert mini.site_is_there()


def test_the_worker_does_not_outlive_a_killed_build(mini):
    process = mini.start(MINI_PAUSE=0.2)
    deadline = time.monotonic() + 30
    while not mini.renders() and time.monotonic() < deadline:
        time.sleep(0.01)
    children = [int(pid) for pid in os.listdir("/proc") if pid.isdigit() and _parent(pid) == process.pid]
    assert children
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 10
    while any(_alive(pid) for pid in children) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(_alive(pid) for pid in children)


def test_mkdocs_does_not_outlive_a_killed_build(mini):
    """It shares the lock and ends with the build, so that the next one sweeps up after it and not before."""
    process, found = mini.start(), []
    deadline = time.monotonic() + 60
    while not found and time.monotonic() < deadline:
        children = [int(pid) for pid in os.listdir("/proc") if pid.isdigit() and _parent(pid) == process.pid]
        found = [pid for pid in children if b"mkdocs.__main__" in _command(pid)]
    assert found
    process.kill()
    process.communicate()
    with mini.path("build/lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        time.sleep(0.2)  # a process that ends lets go of its files a moment before it is gone
        assert not _alive(found[0])
    assert mini.build() == []
    assert mini.site_is_there()
    assert not list(mini.path("build/work").glob("*"))


def _command(pid) -> bytes:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read()
    except OSError:
        return b""


def _parent(pid) -> int:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return int(file.read().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _alive(pid) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_two_builds_at_once_share_the_work(mini):
    first = mini.start(MINI_PAUSE=0.05)
    deadline = time.monotonic() + 30
    while not mini.renders() and time.monotonic() < deadline:
        time.sleep(0.01)
    second = mini.start(MINI_PAUSE=0.05)
    results = [process.communicate(timeout=60) for process in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0], results
    waiting = [line for line in results[1][1].splitlines() if line.startswith("Another build")]
    assert len(waiting) == 1
    assert str(first.pid) in waiting[0]
    assert sorted(mini.renders()) == sorted(IDS)  # each of them once
    assert mini.build() == []


def test_interrupting_a_build_says_that_it_can_be_resumed(mini):
    mini.interrupt(mini.renders, MINI_PAUSE=0.2)
    assert mini.build()


@pytest.mark.parametrize(
    "name",
    ["pytask.lock", "build/hashes.json", "build/imports.json", "build/readings.json", "build/stamps/site.json"],
)
@pytest.mark.parametrize("damage", ["cut", "gone"])
def test_records_cut_short_or_lost_cost_no_figure(built, name, damage):
    mini = built
    path = mini.path(name)
    if damage == "cut":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    else:
        path.unlink()
    assert mini.build() == []
    assert mini.site_is_there()


def test_a_notebook_page_that_was_cut_short_does_not_count(built):
    """mkdocs' plugin keeps rendered notebooks and writes them in place."""
    kept = built.path("build/notebook-pages/any")
    kept.mkdir(parents=True)
    (kept / "torn.json").write_text('{"content": "<p>half')
    (kept / "whole.json").write_text('{"content": "<p>whole</p>"}')
    built.edit("docs/index.md", "miniature", "small one")
    built.build()
    assert [path.name for path in kept.iterdir()] == ["whole.json"]

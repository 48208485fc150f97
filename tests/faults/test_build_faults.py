"""What goes wrong is told in one sentence, fails the build, and keeps nothing else from being made."""

import os
import re
import shutil
import subprocess
import sys
import time

import pytest

from miniature_project import IDS, ROOT

FIRST, SECOND, THIRD = IDS


def others_were_built(mini, broken):
    assert sorted(set(mini.renders()) - {broken}) == sorted(set(IDS) - {broken})
    for figure_id in set(IDS) - {broken}:
        assert mini.manifest(figure_id)["id"] == figure_id
    assert not mini.site_is_there()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise ValueError('a wrong turn')", "ValueError: a wrong turn"),
        ("import os; os._exit(3)", "died (status 3)"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "died (signal SIGSEGV)"),
        ("raise SystemExit(0)", "SystemExit"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("import nonexistent_package", "nonexistent_package"),
        ("from denoised.errors import DenoisedError; raise DenoisedError('Feed the cat.')", "Feed the cat."),
        ("print('noise on standard output'); return 5", "TypeError"),
    ],
)
def test_a_figure_that_fails_fails_alone(mini, body, said):
    mini.edit("figures_src/figures/one/first.py", "    return", f"    {body}\n    return")
    sentence = mini.fail()
    assert FIRST in sentence
    assert said in sentence
    others_were_built(mini, FIRST)
    mini.edit("figures_src/figures/one/first.py", f"    {body}\n", "")
    assert mini.build() == [FIRST]
    assert mini.site_is_there()


def test_a_figure_that_dies_takes_no_other_one_with_it(mini):
    """Both processes at work: the one that dies is replaced."""
    for name in ("one/first", "one/second"):
        mini.edit(f"figures_src/figures/{name}.py", "    return", "    import os; os._exit(3)\n    return")
    done = mini.run(JOBS=2)
    assert done.returncode == 1
    assert done.stderr.count("error: ") == 2
    assert "Traceback" not in done.stderr
    assert mini.manifest(THIRD)["id"] == THIRD


@pytest.mark.parametrize("jobs", ["0", "many", "-1"])
def test_a_senseless_number_of_processes_is_one_sentence(mini, jobs):
    assert "JOBS" in mini.fail(JOBS=jobs)


def test_a_figure_that_hangs_is_stopped_and_the_others_are_built(mini):
    mini.edit("figures_src/figures/one/first.py", "    return", "    import time; time.sleep(1000)\n    return")
    started = time.monotonic()
    sentence = mini.fail(FIGURE_TIME_LIMIT=2)
    assert time.monotonic() - started < 30
    assert FIRST in sentence
    assert "2 s" in sentence
    others_were_built(mini, FIRST)


def test_a_figure_that_is_not_python_names_file_and_line(mini):
    mini.edit("figures_src/figures/one/first.py", "def make(", "def make((")
    sentence = mini.fail()
    assert re.search(r"figures_src/figures/one/first.py, line 1\d: ", sentence), sentence
    others_were_built(mini, FIRST)


def test_declarations_must_be_literal(mini):
    mini.edit("figures_src/figures/two/third.py", '("toy",)', 'tuple(["toy"])')
    sentence = mini.fail()
    assert "figures_src/figures/two/third.py, line 6" in sentence
    assert "WEIGHTS" in sentence
    others_were_built(mini, THIRD)


def test_a_library_that_is_not_python_is_one_sentence(mini):
    mini.edit("figures_src/denoised/tools/saw.py", '"""Imported by nobody."""', "def (")
    done = mini.run()
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "saw.py" in done.stderr


def test_an_unknown_figure_is_one_sentence_with_a_guess(mini):
    sentence = mini.fail("figures", "one/frist")
    assert "'one/frist'" in sentence
    assert "'one/first'" in sentence


def test_missing_weights(mini):
    shutil.rmtree(mini.path("figures_src/weights/toy"))
    sentence = mini.fail()
    assert THIRD in sentence
    assert "toy" in sentence
    assert "make train" in sentence
    others_were_built(mini, THIRD)


def test_what_several_figures_lack_is_told_once(mini):
    for name in ("first", "second"):
        path = mini.path(f"figures_src/figures/one/{name}.py")
        path.write_text(path.read_text().replace("TITLE =", 'WEIGHTS = ("toy",)\nTITLE ='))
    shutil.rmtree(mini.path("figures_src/weights/toy"))
    sentence = mini.fail()
    assert f"Figures {FIRST}, {SECOND}, {THIRD} need the weights" in sentence


def test_missing_data(mini):
    mini.path("figures_src/denoised/data/specimens/icon.txt").unlink()
    sentence = mini.fail()
    assert THIRD in sentence
    assert "specimens" in sentence
    others_were_built(mini, THIRD)


def tensors(path):
    """A valid safetensors file of one tensor."""
    header = b'{"w":{"dtype":"F32","shape":[256],"data_offsets":[0,1024]}}'
    path.write_bytes(len(header).to_bytes(8, "little") + header + os.urandom(1024))


@pytest.mark.parametrize("damage", ["cut", "empty", "pointer", "grown", "flipped"])
def test_damaged_weights(mini, damage):
    import hashlib
    import json

    path = mini.path("figures_src/weights/toy/model.safetensors")
    tensors(path)
    good = path.read_bytes()
    card = {"sha256": {"model.safetensors": hashlib.sha256(good).hexdigest()}}
    mini.path("figures_src/weights/toy/card.json").write_text(json.dumps(card))
    mini.build()
    bad = {
        "cut": good[: len(good) // 2],
        "empty": b"",
        "pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n",
        "grown": good + b"\0",
        "flipped": good[:-1] + bytes([good[-1] ^ 1]),
    }[damage]
    path.write_bytes(bad)
    site = mini.path("site/index.html").stat().st_ino
    sentence = mini.fail()
    assert "figures_src/weights/toy/model.safetensors" in sentence
    assert "damaged" in sentence
    assert mini.path("site/index.html").stat().st_ino == site  # the last good site stays
    path.write_bytes(good)
    assert mini.build() == []


def test_npm_packages_that_are_not_there(mini):
    shutil.rmtree(mini.path("node_modules"))
    sentence = mini.fail()
    assert "npm ci" in sentence
    assert not mini.site_is_there()


def test_a_page_that_mkdocs_refuses(mini):
    mini.edit("docs/index.md", "one/first.bin", "one/nowhere.bin")
    done = mini.run()
    assert done.returncode == 1
    assert "index.md" in done.stderr
    assert "nowhere.bin" in done.stderr
    assert "Traceback" not in done.stderr
    assert not mini.site_is_there()


def limited(mini, limit):
    """A build in which no file can grow beyond `limit` bytes: what a full disk looks like to a program."""
    code = (
        "import resource, sys, runpy; "
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit})); "
        "sys.argv = ['scripts/build.py']; runpy.run_path('scripts/build.py', run_name='__main__')"
    )
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=mini.root, env=mini.environment(), capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("limit", [0, 1000, 60_000])
def test_a_full_disk(mini, limit):
    done = limited(mini, limit)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    assert "disk is full" in done.stderr
    assert not mini.site_is_there()
    assert mini.build()
    assert mini.site_is_there()


def test_a_really_full_disk(mini):
    """A disk of 64 kB, mounted where only the build sees it: root may, and others where they may have a namespace."""
    mini.path("docs/assets").mkdir(parents=True)
    alone = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
    small = "mount -t tmpfs -o size=64k tmpfs docs/assets"
    if not shutil.which("unshare") or subprocess.run([*alone, small], cwd=mini.root, capture_output=True).returncode:
        pytest.skip("no right to mount a small disk here")
    command = [*alone, f'{small} && exec "$0" scripts/build.py', sys.executable]
    done = subprocess.run(
        command, cwd=mini.root, env=mini.environment(), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    assert "disk is full" in done.stderr
    assert not mini.site_is_there()
    mini.build()
    assert mini.site_is_there()


def test_make_data_without_the_emoji_sets_is_one_sentence(tmp_path):
    environment = os.environ | {
        "DENOISED_NODE_MODULES": str(tmp_path / "nowhere"),
        "DENOISED_DATA": str(tmp_path / "data"),
        "DENOISED_BUILD": str(tmp_path / "build"),
    }
    command = [sys.executable, "scripts/build.py", "data"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    assert len([line for line in done.stderr.splitlines() if line.startswith("error: ")]) == 1, done.stderr

"""What a build makes again, and what it leaves alone."""

import os
import resource
import shutil
import subprocess
import sys
import time

import pytest

from miniature_project import IDS

ALL = sorted(IDS)
FIRST, SECOND, THIRD = IDS


def poison(folder, *modules):
    """A folder to put first on Python's path: importing one of the modules from it leaves a mark and raises."""
    folder.mkdir()
    mark = folder / "imported"
    for name in modules:
        (folder / f"{name}.py").write_text(f"open({str(mark)!r}, 'a').write({name!r})\nraise ImportError({name!r})\n")
    return folder, mark


def children_seconds():
    """Processor time of all child processes that have ended: a busy machine does not change it."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def test_says_in_one_line_where_the_site_is(mini):
    done = mini.run()
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 1
    assert "site/" in done.stdout
    assert "make serve" in done.stdout


@pytest.mark.alone
def test_nothing_changed_is_under_two_seconds_and_imports_nothing_heavy(built, tmp_path):
    built.build()  # what was hashed within the last tick of the clock is hashed once more
    folder, mark = poison(tmp_path / "poison", "torch", "numpy", "pytask", "_pytask", "mkdocs", "grimp", "matplotlib")
    page = built.path("site/index.html").stat()
    before = children_seconds()
    assert built.build(PYTHONPATH=folder) == []
    assert children_seconds() - before < 2
    assert not mark.exists(), mark.read_text()
    assert built.path("site/index.html").stat().st_ino == page.st_ino


def test_a_touched_file_is_no_changed_file(built):
    for path in sorted(built.path("figures_src").rglob("*.*")) + sorted(built.path("docs").rglob("*.*")):
        os.utime(path)
    page = built.path("site/index.html").stat()
    assert built.build() == []
    assert built.path("site/index.html").stat().st_ino == page.st_ino


def test_a_file_rewritten_with_its_old_date_is_a_changed_file(built):
    built.build()
    path = built.path("figures_src/denoised/tools/hammer.py")
    before = path.stat()
    path.write_text(path.read_text().replace("WEIGHT = 3", "WEIGHT = 5"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert built.build() == [FIRST, SECOND]
    assert built.output(FIRST)[0] == 5


def test_a_copy_with_its_figures_but_without_records_renders_nothing(built, tmp_path):
    """As on CI, where the figures come out of a cache into a fresh clone."""
    clone = tmp_path / "clone"
    ignored = shutil.ignore_patterns("build", "site", ".pytask", "pytask.lock*", "__pycache__")
    shutil.copytree(built.root, clone, ignore=ignored, copy_function=shutil.copyfile)
    built.root = clone  # from here on it is the clone that is built
    assert built.build() == []
    assert built.site_is_there()


@pytest.mark.alone
def test_a_prose_edit_rebuilds_the_page_alone_and_never_imports_torch(built, tmp_path):
    built.edit("docs/index.md", "# A miniature", "# Another title")
    folder, mark = poison(tmp_path / "poison", "torch")
    before = children_seconds()
    assert built.build(PYTHONPATH=folder) == []
    assert children_seconds() - before < 5
    assert not mark.exists()
    assert "Another title" in built.path("site/index.html").read_text()


def test_mkdocs_cannot_import_torch_even_if_a_page_asks_for_it(built):
    built.path("hook.py").write_text("def on_config(config):\n    import torch\n")
    built.path("mkdocs.yml").write_text(built.path("mkdocs.yml").read_text() + "hooks: [hook.py]\n")
    done = built.run()
    assert done.returncode == 1
    assert "torch" in done.stderr


@pytest.mark.parametrize(
    ("name", "old", "new", "again"),
    [
        ("figures_src/figures/one/first.py", "Imports", "It imports", [FIRST]),
        ("figures_src/denoised/tools/hammer.py", "= 3", "= 7", [FIRST, SECOND]),
        ("figures_src/denoised/tools/chisel.py", "+ 1", "+ 2", [SECOND]),
        ("figures_src/denoised/tools/saw.py", "nobody", "no one", []),
        ("figures_src/denoised/tools/__init__.py", "Runs", "Is run", [FIRST, SECOND]),
        ("figures_src/denoised/paths.py", "Where things are", "Where all things are", [THIRD]),
        ("figures_src/plotting/pen.py", "ink", "oil", ALL),
        ("figures_src/plotting/shapes/shapes.txt", "circle", "square", ALL),
        ("figures_src/weights/toy/table.json", "1", "2", [THIRD]),
        ("figures_src/denoised/data/specimens/icon.txt", "icon", "emoji", [THIRD]),
        ("requirements.lock", "torch==", "torch== ", ALL),
        ("figures_src/tasks/task_figures.py", "One task", "A task", []),
        ("docs/index.md", "miniature", "small one", []),
    ],
)
def test_a_change_renders_exactly_what_is_made_from_it(built, name, old, new, again):
    built.edit(name, old, new)
    assert built.build() == again
    assert built.build() == []


def test_an_unimported_file_beside_the_library_changes_nothing(built):
    built.path("figures_src/denoised/tools/file.py").write_text("X = 1\n")
    assert built.build() == []


def test_a_new_import_joins_the_closure(built):
    built.edit("figures_src/figures/two/third.py", "from denoised import paths", "from denoised import paths, tools")
    assert built.build() == [THIRD]
    built.edit("figures_src/denoised/tools/__init__.py", "Runs", "Is run")
    assert THIRD in built.build()


def test_a_change_taken_back_is_a_change_too(built):
    built.edit("figures_src/plotting/pen.py", "ink", "oil")
    built.build()
    built.edit("figures_src/plotting/pen.py", "oil", "ink")
    assert built.build() == ALL
    assert built.output(THIRD).endswith(b"ink")


@pytest.mark.parametrize("name", ["one/first.bin", "one/first.json"])
def test_a_deleted_output_is_made_again(built, name):
    (built.figures / name).unlink()
    assert built.build() == [FIRST]
    assert (built.figures / name).exists()


@pytest.mark.parametrize("content", [b"", b"\x03" * 1000, None])
def test_an_output_that_was_tampered_with_is_made_again(built, content):
    good = built.output(FIRST)
    tampered = content if content is not None else good[:-1] + b"K"  # the same size
    (built.figures / "one/first.bin").write_bytes(tampered)
    assert built.build() == [FIRST]
    assert built.output(FIRST) == good


@pytest.mark.parametrize(
    ("old", "new"), [('"code_hash": "', '"code_hash": "0'), ('"smoke": false', '"smoke": true'), ("{", "")]
)
def test_a_manifest_that_was_tampered_with_does_not_count(built, old, new):
    path = built.figures / "one/first.json"
    path.write_text(path.read_text().replace(old, new, 1))
    assert built.build() == [FIRST]


@pytest.mark.parametrize("damage", ["delete", "change", "add"])
def test_a_site_that_was_tampered_with_is_built_again(built, damage):
    good = built.path("site/index.html").read_bytes()
    if damage == "delete":
        built.path("site/index.html").unlink()
    elif damage == "change":
        built.path("site/index.html").write_bytes(good[:-10])
    else:
        built.path("site/left_over.html").write_text("old")
    assert built.build() == []
    assert built.path("site/index.html").read_bytes() == good
    assert not built.path("site/left_over.html").exists()


def test_vendored_files_follow_the_list_and_come_back_when_deleted(built):
    ball = built.path("docs/assets/vendor/toys/ball.js")
    assert ball.read_text() == "ball\n"
    ball.unlink()
    built.build()
    assert ball.read_text() == "ball\n"
    built.edit("figures_src/sitekit/vendor.json", '"to": "toys/"', '"to": "games/"')
    built.build()
    assert not ball.exists()
    assert built.path("docs/assets/vendor/games/ball.js").exists()


def test_a_figure_from_another_model_reaches_the_site(built):
    other = built.path("docs/assets/figures/sd15/one")
    other.mkdir(parents=True)
    for name in ("first.json", "first.bin"):
        shutil.copy2(built.figures / "one" / name, other / name)
    assert built.build() == []
    assert built.path("site/assets/figures/sd15/one/first.json").exists()


def test_a_renamed_figure_leaves_nothing_behind(built):
    built.path("figures_src/figures/one/first.py").rename(built.path("figures_src/figures/one/renamed.py"))
    built.edit("docs/index.md", "one/first", "one/renamed")
    assert built.build() == ["one/renamed"]
    assert not list(built.figures.rglob("first*"))
    assert not list(built.path("site").rglob("first*"))


def test_two_processes_make_the_same(mini, built):
    assert mini.build(JOBS=2) == ALL
    for figure_id in IDS:
        assert mini.output(figure_id) == built.output(figure_id)
        assert mini.manifest(figure_id) == built.manifest(figure_id)
    assert mini.build() == []


def test_figures_by_name_renders_these_and_no_site(mini):
    assert mini.build("figures", SECOND) == [SECOND]
    assert not mini.site_is_there()
    assert mini.build("figures", SECOND) == []
    assert mini.build("figures", SECOND, "--force") == [SECOND]


def test_a_source_saved_while_it_is_rendered_is_rendered_once_more(mini):
    process = mini.start("figures", FIRST, MINI_PAUSE=0.1)
    deadline = time.monotonic() + 30
    while not mini.renders() and time.monotonic() < deadline:
        time.sleep(0.02)
    mini.edit("figures_src/denoised/tools/hammer.py", "= 3", "= 9")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert mini.output(FIRST)[0] == 9
    assert mini.build("figures", FIRST) == []


def test_the_real_figures_have_keys_and_the_import_graph_knows_their_code():
    """On this repository: each figure's closure holds its own file, what draws it, and no other figure."""
    code = """
from tasks import closure, targets
for figure_id in targets.figure_ids():
    figure = targets.Figure(figure_id, "tiny")
    files = [closure.relative(path) for path in closure.files(figure.source, figure.declared("WEIGHTS"))]
    assert f"figures_src/figures/{figure_id}.py" in files, figure_id
    assert "figures_src/plotting/output.py" in files, (figure_id, files)
    assert sum(name.startswith("figures_src/figures/") and "__init__" not in name for name in files) == 1, files
    assert len(figure.key()) == 64
"""
    from conftest import ROOT

    environment = dict(os.environ, PYTHONPATH=str(ROOT / "figures_src"))
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

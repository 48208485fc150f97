"""Faults that only the real plotting package and library can have, in one build of the whole: films without an encoder,
numbers and pixels that are NaN, specimens cut short. The build is made once with all of them, and once without."""

import re
import shutil

import pytest

from miniature_project import ROOT, Mini

DRAWN = """\"\"\"A square of one grey. Its number is one.\"\"\"

import numpy as np

from plotting import layout, style
from plotting.output import Animation, Output

TITLE = "A figure"
{declared}

def make(lab, smoke=False):
    value, level = {value}, {level}
    {more}

    def draw(theme, narrow):
        fig = style.new_figure(theme, narrow, height=60)
        layout.picture(fig, np.full((8, 8), level), 10, 10, 40)
        return fig

    return Output(alt="One is 1", caption="One is 1", numbers={{"one": 1, "value": value}}, {shown}, format="webp")
"""
PLAIN = {"declared": "", "value": "2.0", "level": "0.5", "more": "pass", "shown": "draw=draw"}
FILM = "animation=Animation([np.full((16, 16, 3), level, np.uint8) for level in (0, 255)])"
GOOD = ("one/plain", "two/plain")
BAD = {
    "one/number": ({"value": "np.float64('nan')"}, r"Figure one/number: the number 'value' is nan; something upstream"),
    "one/pixels": ({"level": "np.sqrt(-1.0)"},
                   r"Figure one/pixels failed in drawing \(line 17 of figures_src/figures/one/pixels\.py\): pixels, or "
                   r"other whole numbers, were to be made of NaN"),
    "two/film": ({"shown": FILM},
                 r"Figure two/film failed: The encoder of films, \S+/nowhere/ffmpeg, does not start: .*IMAGEIO_FFMPEG_EXE"),
    "two/icons": ({"declared": 'DATA = ("specimens",)', "more": "value = len(lab.specimens().records)"},
                  r"Figure two/icons \(line 13 of \S+icons\.py\): The specimens in \S+ cannot be read \(.*git checkout"),
}  # fmt: skip
SHEET = "figures_src/denoised/data/specimens/sheet.webp"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The miniature with the library and the plotting package of this repository, and six figures of its own."""
    mini = Mini(tmp_path_factory.mktemp("real") / "mini")
    for package in ("denoised", "plotting"):
        shutil.rmtree(mini.path(f"figures_src/{package}"))
        ignored = shutil.ignore_patterns("__pycache__", "studies", "benchmarks")
        shutil.copytree(ROOT / "figures_src" / package, mini.path(f"figures_src/{package}"), ignore=ignored)
    for path in mini.path("figures_src/figures").rglob("*.py"):
        if path.name != "__init__.py":
            path.unlink()
    mini.path("docs/index.md").write_text("# A miniature\n")
    return mini


def write(mini, figure_id, **fields):
    mini.path(f"figures_src/figures/{figure_id}.py").write_text(DRAWN.format(**PLAIN | fields))


@pytest.fixture(scope="module")
def failed(project):
    """The build with every fault at once: (what it said, its status, the inodes of what it left)."""
    for figure_id in GOOD:
        write(project, figure_id)
    for figure_id, (fields, _) in BAD.items():
        write(project, figure_id, **fields)
    sheet = project.path(SHEET)
    whole = sheet.read_bytes()
    sheet.write_bytes(whole[: len(whole) // 2])
    done = project.run(IMAGEIO_FFMPEG_EXE=project.path("nowhere/ffmpeg"))
    left = {path.relative_to(project.figures).as_posix(): path.stat().st_ino for path in project.figures.rglob("*.*")}
    sheet.write_bytes(whole)
    return done, left


def test_the_build_fails_with_a_sentence_for_each_and_nothing_else(failed):
    done, _ = failed
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.count("error: ") == len(BAD), done.stderr


@pytest.mark.parametrize("figure_id", BAD)
def test_the_sentence_names_the_figure_and_what_is_wrong(failed, figure_id):
    done, left = failed
    assert re.search(rf"^error: {BAD[figure_id][1]}", done.stderr, re.MULTILINE), done.stderr
    assert not [name for name in left if name.startswith(f"{figure_id}.")]


def test_the_others_are_made_and_the_site_is_not(failed, project):
    _, left = failed
    for figure_id in GOOD:
        assert {f"{figure_id}.json", f"{figure_id}.light.wide.webp"} <= set(left)
    assert not project.site_is_there()


def test_without_the_faults_just_what_is_missing_is_made(failed, project):
    _, left = failed
    write(project, "one/number")
    write(project, "one/pixels")
    project.build()
    for name, inode in left.items():
        assert (project.figures / name).stat().st_ino == inode, f"{name} was made again"
    for figure_id in BAD:
        assert project.manifest(figure_id)["id"] == figure_id
    assert project.path("site/assets/figures/tiny/two/film.mp4").stat().st_size > 100
    assert project.manifest("two/icons")["numbers"]["value"] > 300

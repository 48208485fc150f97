"""The scaffolder: what it writes renders at once; what it refuses, it refuses in one sentence."""

import json
import subprocess
import sys

import pytest

import new_figure
from denoised.errors import DenoisedError
from denoised.paths import ROOT
from plotting import layout, render, source, style
from plotting.output import render as render_figure
from plotting.output import verify


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(source, "FIGURES", tmp_path / "figures")
    return tmp_path / "figures"


def test_a_new_figure_renders_at_once_from_real_specimens(folder, tmp_path, capsys):
    assert new_figure.main(["vae/my_figure"]) == 0
    said = capsys.readouterr().out
    assert 'make figures ONLY="vae/my_figure"' in said
    assert "make serve" in said
    assert '{{ figure("vae/my_figure") }}' in said
    assert (folder / "vae" / "__init__.py").is_file()
    path = render_figure("vae/my_figure", out_root=tmp_path / "out")
    assert verify(path) is None
    manifest = json.loads(path.read_text())
    assert manifest["title"] == "My figure"
    assert min(manifest["numbers"][f"colours_{i}"] for i in (1, 2, 3)) > 1


@pytest.mark.parametrize("narrow", [False, True])
def test_its_text_can_be_read(folder, narrow):
    new_figure.main(["vae/my_figure"])
    read = source.read_source("vae/my_figure")
    output = render.make(read, render.lab_for(read))
    with style.context(style.LIGHT):
        assert layout.text_problems(output.draw(style.LIGHT, narrow)) == []


def test_it_passes_the_linter(folder):
    new_figure.main(["vae/my_figure"])
    command = [sys.executable, "-m", "ruff", "check", "--config", str(ROOT / "pyproject.toml"), str(folder)]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


BAD = [
    "swap",
    "vae/",
    "/swap",
    "vae/swap/matrix",
    "Vae/swap",
    "vae/my-figure",
    "vae/my figure",
    "../vae/swap",
    "vae/1st",
    "",
]


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_id_is_one_sentence(folder, capsys, bad):
    assert new_figure.main([bad]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "section/name" in said
    assert not folder.exists()


@pytest.mark.parametrize("arguments", [[], ["vae/a", "vae/b"], ["--help"]])
def test_other_arguments_say_how(folder, capsys, arguments):
    assert new_figure.main(arguments) == 1
    assert "new_figure.py section/name" in capsys.readouterr().err


def test_an_existing_figure_is_not_touched(folder, capsys):
    new_figure.main(["vae/my_figure"])
    path = folder / "vae" / "my_figure.py"
    path.write_text("# mine")
    assert new_figure.main(["vae/my_figure"]) == 1
    said = capsys.readouterr().err
    assert "already" in said
    assert said.count("\n") == 1
    assert path.read_text() == "# mine"


def test_the_script_runs_by_itself():
    """With an empty environment and from another folder, as a newcomer would start it."""
    script = ROOT / "scripts" / "new_figure.py"
    run = subprocess.run(
        [sys.executable, str(script), "canvas/schedule"], capture_output=True, text=True, cwd="/", env={}
    )
    assert run.returncode == 1
    assert run.stderr.startswith("There is already a figure canvas/schedule (figures_src/figures/canvas/schedule.py)")


def test_scaffold_raises_for_callers(folder):
    with pytest.raises(DenoisedError):
        new_figure.scaffold("nonsense")

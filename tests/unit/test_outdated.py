"""Which committed results must be measured again: none as they are shipped, and those of other weights or other code."""

import importlib.util
import shutil

import pytest

from denoised import measured, paths
from denoised.errors import DenoisedError
from denoised.studies import clock, shelf


@pytest.fixture
def script(monkeypatch, tmp_path):
    """The script, for a folder with the results of one study (of clocks), and nothing measured."""
    monkeypatch.syspath_prepend(str(paths.ROOT / "scripts"))
    spec = importlib.util.spec_from_file_location("lab_outdated", paths.ROOT / "scripts" / "lab_outdated.py")
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    for path in (clock.FILE, clock.FILE.with_suffix(".py")):
        shutil.copy(path, tmp_path)
    monkeypatch.setattr(found, "STUDIES", tmp_path)
    monkeypatch.setattr(measured, "NAMES", ())
    return found


@pytest.fixture
def changed(script):
    """changed(**facts): the study's results with these facts instead of their own."""

    def change(**facts):
        own, arrays = clock.load()
        shelf.put(script.STUDIES / "clock.npz", own | facts, arrays)

    return change


def test_what_is_shipped_is_current(script, capsys):
    assert script.main([]) == 0
    assert "All committed results are from what is here now." in capsys.readouterr().out


def test_other_weights_are_named_with_the_script_that_mends_it(script, changed, capsys):
    changed(weights=clock.load()[0]["weights"] | {"unet": "another"})
    assert script.main([]) == 1
    assert capsys.readouterr().out == "clock: measured with another unet; python scripts/lab_clock.py\n"


def test_other_code_is_told(script, changed, capsys):
    changed(key="another")
    assert script.main([]) == 1
    assert "clock: made by other code" in capsys.readouterr().out


def test_a_damaged_file_is_told(script, capsys):
    (script.STUDIES / "clock.npz").write_bytes(b"no archive")
    assert script.main([]) == 1
    assert "clock: cannot be read" in capsys.readouterr().out


def test_weights_that_are_not_there_are_one_sentence(script, changed):
    changed(weights={"gone": "digest"})
    with pytest.raises(DenoisedError, match="Results name weights 'gone', which are not below weights/"):
        script.main([])


def test_measurements_are_looked_at_one_by_one(script, monkeypatch):
    def load(study):
        raise shelf.Outdated("measured with other weights or data: run it")

    monkeypatch.setattr(measured, "NAMES", ("canvas_left", "vae_swap"))
    monkeypatch.setattr(measured, "load", load)
    assert [command for *_, command in script.outdated()] == [
        ["lab_measured.py", "canvas_left"],
        ["lab_measured.py", "vae_swap"],
    ]


def test_it_runs_each_script_once_and_stops_where_one_fails(script, changed, monkeypatch):
    changed(key="another")
    shutil.copy(script.STUDIES / "clock.npz", script.STUDIES / "clock_more.npz")
    ran = []

    class Done:
        returncode = 0

    monkeypatch.setattr(script.subprocess, "run", lambda command: ran.append(command[1].name) or Done)
    assert script.main(["--run"]) == 0 and ran == ["lab_clock.py"]
    Done.returncode = 1
    with pytest.raises(DenoisedError, match="lab_clock.py failed"):
        script.main(["--run"])


def test_every_study_has_its_script():
    stems = {file.stem.partition("_")[0] for file in (paths.SRC / "denoised" / "studies").glob("*.npz")}
    assert len(stems) > 20 and all((paths.ROOT / "scripts" / f"lab_{stem}.py").is_file() for stem in stems)

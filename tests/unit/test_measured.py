"""What figures take from files: the committed results are current, and whatever is wrong with one is told in a sentence."""

import importlib.util
import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from denoised import lab as lab_module
from denoised import measured, paths, profiles
from denoised.errors import DenoisedError
from denoised.lab import Lab, covers
from denoised.studies import shelf
from plotting import source

ROOT = paths.ROOT
STUDIES = [measured.module(name) for name in measured.NAMES]
by_name = pytest.mark.parametrize("study", STUDIES, ids=measured.NAMES)


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    spec = importlib.util.spec_from_file_location("lab_measured", ROOT / "scripts" / "lab_measured.py")
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@pytest.fixture
def copied(monkeypatch, tmp_path):
    """A study whose results lie in a folder of their own."""
    study = STUDIES[0]
    path = tmp_path / measured.file(study).name
    shutil.copy(measured.file(study), path)
    monkeypatch.setattr(measured, "file", lambda _: path)
    return study, path


# ------------------------------------------------ what is committed
@by_name
def test_committed_results_are_current_and_from_the_shipped_weights(study):
    numbers, arrays = measured.load(study)
    assert numbers and all(isinstance(value, int | float | str) for value in numbers.values())
    assert all(np.isfinite(array).all() for array in arrays.values() if array.dtype.kind == "f")


@by_name
def test_results_are_small(study):
    assert measured.file(study).stat().st_size < 400_000


@by_name
def test_each_belongs_to_a_figure_that_declares_what_it_reads(study):
    read = source.read_source(study.FIGURE)
    assert study.__name__.rpartition(".")[2] == study.FIGURE.replace("/", "_")
    assert all(covers(read.weights, name) for name in study.WEIGHTS)
    assert all(covers(read.data, name) for name in study.DATA)


def test_every_module_and_every_file_is_named():
    folder = measured.file(STUDIES[0]).parent
    assert {p.stem for p in folder.glob("*.py")} - {"__init__"} == {p.stem for p in folder.glob("*.npz")}
    assert sorted(p.stem for p in folder.glob("*.npz")) == list(measured.NAMES)


def test_seeds_are_the_figures():
    study = STUDIES[0]
    there, here = Lab(study.FIGURE), measured.bench(study)
    assert there.generator("a").initial_seed() == here.generator("a").initial_seed()


# ------------------------------------------------ what can be wrong
def test_an_unknown_name_is_told():
    with pytest.raises(DenoisedError, match=r"^There is no measurement 'latent_gone'; there are: .*latent_beyond"):
        measured.module("latent_gone")


def test_missing_results_are_told(copied):
    study, path = copied
    path.unlink()
    with pytest.raises(DenoisedError, match="cannot be read .*: restore them from git"):
        measured.load(study)


def test_damaged_results_are_told(copied):
    study, path = copied
    path.write_bytes(path.read_bytes()[:900])
    with pytest.raises(DenoisedError, match="cannot be read"):
        measured.load(study)


def test_results_of_other_code_are_told(copied, monkeypatch):
    study, _ = copied
    monkeypatch.setattr(measured, "key", lambda _: "0" * 16)
    with pytest.raises(DenoisedError, match="another version of the study: run `python scripts/lab_measured.py`"):
        measured.load(study)


def test_results_of_other_weights_or_data_are_told(copied, monkeypatch):
    study, _ = copied
    measured.load(study)
    monkeypatch.setattr(measured, "weight_hashes", lambda names: {"unet": "another"})
    with pytest.raises(DenoisedError, match="other weights or data: run `python scripts/lab_measured.py`"):
        measured.load(study)


def test_a_change_of_the_data_is_noticed(monkeypatch, tmp_path):
    monkeypatch.setitem(lab_module.DATA_FOLDERS, "specimens", tmp_path)
    study = SimpleNamespace(WEIGHTS=(), DATA=("specimens",))
    (tmp_path / "a.bin").write_bytes(b"one")
    before = measured.made_from(study)
    (tmp_path / "a.bin").write_bytes(b"two")
    assert before.keys() == measured.made_from(study).keys() and before != measured.made_from(study)


# ------------------------------------------------ when a figure asks
def test_outdated_results_are_measured_anew_and_that_is_said(copied, monkeypatch, capsys):
    study, _ = copied
    fresh = SimpleNamespace(FIGURE=study.FIGURE, measure=lambda lab, smoke: ({"fresh": 1}, {}))

    def outdated(_):
        raise shelf.Outdated("made by another version: run `python scripts/lab_measured.py`.")

    monkeypatch.setattr(measured, "load", outdated)
    assert measured.results(Lab(study.FIGURE), fresh) == ({"fresh": 1}, {})
    assert "is measured anew, which takes a while: made by another version" in capsys.readouterr().err


def test_damaged_results_are_not_passed_over(copied):
    study, path = copied
    path.write_bytes(b"")
    with pytest.raises(DenoisedError, match="restore them from git"):
        measured.results(Lab(study.FIGURE), study)


def test_small_runs_and_foreign_checkpoints_measure_on_the_spot(monkeypatch):
    asked = []
    study = SimpleNamespace(measure=lambda lab, smoke: asked.append(smoke) or ({}, {}))
    monkeypatch.setattr(measured, "load", lambda _: ("kept", {}))
    ours, foreign = Lab("a/b"), Lab("a/b", profile=profiles.get("sd15"))
    assert measured.results(ours, study)[0] == "kept" and not asked
    measured.results(ours, study, smoke=True)
    measured.results(foreign, study)
    assert asked == [True, False]


# ------------------------------------------------ the script
@pytest.fixture
def planted(monkeypatch, tmp_path, script):
    """The script with one study, of which one number is kept and another measured."""
    study = SimpleNamespace(numbers={"share": 0.5, "style": "noto"})
    study.measure = lambda lab, smoke: (study.numbers, {"a": np.zeros(3)})
    monkeypatch.setattr(measured, "NAMES", ("some_study",))
    monkeypatch.setattr(measured, "module", lambda _: study)
    monkeypatch.setattr(measured, "file", lambda _: tmp_path / "some_study.npz")
    monkeypatch.setattr(measured, "key", lambda _: "k")
    monkeypatch.setattr(measured, "bench", lambda _: None)
    monkeypatch.setattr(measured, "made_from", lambda _: {})
    monkeypatch.setattr(script, "keep_results", shelf.put)
    return study


def test_what_is_current_is_not_measured_again(planted, script, monkeypatch):
    assert script.main([]) == 0
    assert measured.load(planted)[0] == planted.numbers
    planted.measure = None
    assert script.main([]) == 0


def test_the_check_reports_what_differs_and_writes_nothing(planted, script, capsys):
    script.main([])
    assert script.main(["--check"]) == 0
    assert "no numbers differ" in capsys.readouterr().out
    before = measured.file(planted).read_bytes()
    planted.numbers = {"share": 0.6, "style": "twemoji", "more": 1}
    assert script.main(["--check"]) == 1
    told = capsys.readouterr().out
    assert "some_study: 3 numbers differ" in told
    for line in ("share: 0.5 is kept, 0.6 measured", "style: noto is kept", "more: None is kept, 1 measured"):
        assert line in told
    assert measured.file(planted).read_bytes() == before


def test_rounding_is_no_difference(script):
    assert script.differences({"a": 1.0, "b": 0}, {"a": 1.0004, "b": 0}) == []
    assert script.differences({"a": 1.0}, {"a": 1.01}) != []

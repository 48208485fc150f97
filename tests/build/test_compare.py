"""scripts/compare_builds.py: drift is a matter of numbers and a tolerance."""

import json

import pytest

import compare_builds


@pytest.fixture
def pair(tmp_path):
    def write(folder, figure_id, **numbers):
        path = tmp_path / folder / f"{figure_id}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"id": figure_id, "smoke": False, "numbers": numbers}))

    write("old", "vae/swap", psnr=28.0, gain=0.0001, name="noto")
    write("new", "vae/swap", psnr=28.1, gain=0.0004, name="noto")
    (tmp_path / "old" / "vae" / "swap.data.json").write_text("[]")
    return tmp_path, write


def compare(folder, *options):
    return compare_builds.main([str(folder / "old"), str(folder / "new"), *options])


def test_what_machines_explain_is_no_drift(pair):
    assert compare(pair[0]) == 0


def test_a_number_beyond_both_tolerances_is_drift(pair, capsys):
    folder, write = pair
    write("new", "vae/swap", psnr=29.0, gain=0.0001, name="noto")
    assert compare(folder) == 1
    assert "vae/swap.psnr: 28.0 -> 29.0" in capsys.readouterr().out
    assert compare(folder, "--relative", "0.05") == 0


@pytest.mark.parametrize("change", [{"name": "openmoji"}, {"extra": 1}, {"psnr": float("nan")}])
def test_texts_new_numbers_and_nan_are_drift(pair, change):
    folder, write = pair
    write("new", "vae/swap", **{"psnr": 28.0, "gain": 0.0001, "name": "noto"} | change)
    assert compare(folder) == 1


def test_a_vanished_figure_is_drift(pair):
    folder, write = pair
    write("old", "vae/gone", a=1)
    assert compare(folder) == 1


def test_figures_made_from_other_sources_can_be_left_out(pair):
    folder, write = pair
    for build, value in (("old", 1.0), ("new", 2.0)):
        path = folder / build / "vae" / "edited.json"
        path.write_text(json.dumps({"id": "vae/edited", "smoke": False, "numbers": {"a": value}, "code_hash": build}))
    assert compare(folder) == 1
    assert compare(folder, "--same-sources") == 0
    write("new", "vae/swap", psnr=29.0, gain=0.0001, name="noto")
    assert compare(folder, "--same-sources") == 1


def test_an_empty_folder_is_an_error_and_no_agreement(pair, capsys):
    folder, _ = pair
    (folder / "empty").mkdir()
    assert compare_builds.main([str(folder / "old"), str(folder / "empty")]) == 1
    assert "no figures" in capsys.readouterr().err

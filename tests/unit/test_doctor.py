"""The doctor: every ailment is found and told with its remedy, and a healthy machine is called so."""

import hashlib
import json
import subprocess
import sys
from types import SimpleNamespace

import pytest

import doctor
from denoised.paths import ROOT


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """Two small files with their card."""
    monkeypatch.setattr(doctor, "WEIGHTS", tmp_path / "weights")
    folder = tmp_path / "weights" / "toy"
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(b"tensors")
    digest = hashlib.sha256(b"tensors").hexdigest()
    (folder / "card.json").write_text(json.dumps({"sha256": {"model.safetensors": digest}}))
    return folder


def test_whole_weights_are_fine(weights):
    assert doctor.check_weights() == (doctor.FINE, "1 files, 0 MB, each with the hash that its card notes")


def damage(weights):
    (weights / "model.safetensors").write_bytes(b"tensorz")


def remove(weights):
    (weights / "model.safetensors").unlink()


def remove_card(weights):
    (weights / "card.json").unlink()


def remove_all(weights):
    remove(weights)
    remove_card(weights)


def spoil_card(weights):
    (weights / "card.json").write_text("{")


@pytest.mark.parametrize(
    ("ail", "why"),
    [
        (damage, "model.safetensors is not the file that its card notes"),
        (remove, "model.safetensors is missing"),
        (remove_card, "model.safetensors is noted in no card"),
        (remove_all, "there are none in"),
        (spoil_card, "card.json names no hashes"),
    ],
)
def test_damaged_weights_are_named_with_a_remedy(weights, ail, why):
    ail(weights)
    state, words = doctor.check_weights()
    assert state == doctor.MISSING
    assert why in words
    assert "git checkout -- figures_src/weights" in words


def test_an_old_python_ends_it_with_one_line(monkeypatch, capsys):
    monkeypatch.setattr(doctor.sys, "version_info", (3, 9, 2))
    assert doctor.main() == 1
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert "3.9.2; 3.11 or newer is needed" in said


def test_a_full_disk(monkeypatch):
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: SimpleNamespace(free=5e8))
    state, words = doctor.check_disk()
    assert state == doctor.MISSING
    assert words.startswith("0.5 GB are free")


def test_without_an_environment_more_space_is_needed(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor.setup_env, "VENV", tmp_path / "none")
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: SimpleNamespace(free=3e9))
    assert doctor.check_disk()[0] == doctor.MISSING
    state, words = doctor.check_environment()
    assert state == doctor.MISSING
    assert "make site" in words
    assert doctor.check_encoder()[0] == doctor.check_gpu()[0] == doctor.NOTE


def test_npm_sets(monkeypatch):
    monkeypatch.setattr(doctor.setup_env, "npm_is_ready", lambda everything: not everything)
    assert doctor.check_npm()[0] == doctor.NOTE
    monkeypatch.setattr(doctor.setup_env, "npm_is_ready", lambda everything: False)
    assert doctor.check_npm()[0] == doctor.MISSING


def test_a_browser_is_required_only_where_tests_demand_it(monkeypatch):
    monkeypatch.setattr(doctor.shutil, "which", lambda name: None)
    monkeypatch.delenv("CHROME", raising=False)
    monkeypatch.delenv("REQUIRE_BROWSER", raising=False)
    assert doctor.check_browser()[0] == doctor.NOTE
    monkeypatch.setenv("REQUIRE_BROWSER", "1")
    assert doctor.check_browser()[0] == doctor.MISSING
    monkeypatch.setenv("CHROME", "/nowhere/chrome")
    assert "/nowhere/chrome" in doctor.check_browser()[1]


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("#!/bin/sh\necho ' V....D libx264 H.264'\n", None),
        ("#!/bin/sh\necho ' V....D mpeg4'\n", "cannot encode H.264"),
        (None, "finds no ffmpeg"),
        ("no program", "does not start"),
    ],
)
def test_the_encoder_is_tried(monkeypatch, tmp_path, script, why):
    ffmpeg = tmp_path / "ffmpeg"
    if script:
        ffmpeg.write_text(script)
        ffmpeg.chmod(0o755 if script.startswith("#!") else 0o644)
    monkeypatch.setattr(doctor, "ask", lambda code: str(ffmpeg) if script else None)
    monkeypatch.setattr(doctor.setup_env, "python", lambda: ROOT / "pyproject.toml")
    state, words = doctor.check_encoder()
    assert state == (doctor.MISSING if why else doctor.FINE)
    assert (why or str(ffmpeg)) in words


@pytest.mark.parametrize(
    ("gpus", "driver", "state", "said"),
    [
        ([["A card", 24e9]], True, doctor.FINE, "A card with 24 GB"),
        ([], True, doctor.NOTE, "does not see it"),
        ([], False, doctor.NOTE, "none"),
    ],
)
def test_gpus(monkeypatch, gpus, driver, state, said):
    monkeypatch.setattr(doctor.setup_env, "python", lambda: ROOT / "pyproject.toml")
    monkeypatch.setattr(doctor, "ask", lambda code: {"torch": "2", "gpus": gpus})
    monkeypatch.setattr(doctor.shutil, "which", lambda name: "/usr/bin/nvidia-smi" if driver else None)
    assert doctor.check_gpu()[0] == state
    assert said in doctor.check_gpu()[1]


def test_missing_things_make_the_status_1(monkeypatch, capsys):
    bad = lambda: (doctor.MISSING, "broken: mend it")  # noqa: E731
    good = lambda: (doctor.FINE, "whole")  # noqa: E731

    def raises():
        raise PermissionError(13, "Permission denied", "/secret")

    monkeypatch.setattr(doctor, "CHECKS", (("one", good), ("two", bad), ("three", raises)))
    assert doctor.main() == 1
    said = capsys.readouterr().out.splitlines()
    assert said[1].split() == ["two", "MISSING", "broken:", "mend", "it"]
    assert "Permission denied: /secret" in said[2]
    assert said[-1].startswith("2 of 3")
    monkeypatch.setattr(doctor, "CHECKS", (("one", good),))
    assert doctor.main() == 0


def test_it_runs_before_there_is_an_environment(tmp_path):
    """A bare Python, isolated from any installed package, in an environment that was never made."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(ROOT / "scripts" / "doctor.py")],
        capture_output=True,
        text=True,
        env={"VENV": str(tmp_path / "never"), "PATH": "/usr/bin:/bin"},
        cwd=tmp_path,
    )
    assert done.returncode == 1, done.stderr
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert len(lines) == len(doctor.CHECKS) + 1
    assert [line.split()[0] for line in lines if "MISSING" in line] == ["environment"]

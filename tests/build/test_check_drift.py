"""make check: planted drift is caught, what machines and typesetting do is not, and the reason is told."""

import dataclasses
import os
import shutil
import subprocess
import sys

import pytest

from denoised import paths, profiles
from denoised.lab import Lab
from plotting import render, source, style
from tasks import drift

ROOT = paths.ROOT
EDGES, SCHEDULE, STRIP = "data/edges", "canvas/schedule", "canvas/one_jump"  # data, a plot, a network with noise
LATENTS = "vae/channels"  # much of it is what the VAE makes


def smoke(figure_id, out, seed=0, profile=profiles.tiny):
    """A figure's smoke rendering, in this process: (manifest, folder of its files)."""
    read = source.read_source(figure_id)
    lab = Lab(figure_id, weights=read.weights, data=read.data, seed=seed, smoke=True, profile=profile)
    made = render.render(figure_id, lab, out, smoke=True)
    return drift.manifests(made.parent, smoke=True)[figure_id], made.parent


def differences(first, second):
    return drift.compare(first[0], second[0], first[1], second[1])


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    out = tmp_path_factory.mktemp("before")
    return {figure_id: smoke(figure_id, out) for figure_id in (EDGES, SCHEDULE, STRIP, LATENTS)}


@pytest.mark.parametrize("figure_id", [EDGES, SCHEDULE, STRIP])
def test_the_same_again_is_the_same(before, tmp_path, figure_id):
    assert differences(before[figure_id], smoke(figure_id, tmp_path)) == []


def test_two_threads_are_no_drift(before, tmp_path):
    import torch

    threads = torch.get_num_threads()
    for count in (1, 2):
        torch.set_num_threads(count)
        try:
            made = smoke(STRIP, tmp_path / str(count))
        finally:
            torch.set_num_threads(threads)
        assert differences(before[STRIP], made) == []


def test_another_instruction_set_is_no_drift(before, tmp_path):
    code = (
        "import sys; sys.path.insert(0, 'tests/build'); from pathlib import Path; "
        f"import test_check_drift as t; t.smoke(t.STRIP, Path({str(tmp_path)!r}))"
    )
    older = {"ATEN_CPU_CAPABILITY": "default", "DNNL_MAX_CPU_ISA": "SSE41", "ONEDNN_MAX_CPU_ISA": "SSE41"}
    environment = dict(os.environ, PYTHONPATH=str(paths.SRC), **older)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "tiny" / "canvas"
    assert differences(before[STRIP], (drift.manifests(folder, smoke=True)[STRIP], folder)) == []


def test_a_plot_moved_by_a_pixel_is_no_drift(before, tmp_path):
    manifest, folder = before[SCHEDULE]
    for name in manifest["files"]:
        text = (folder / name).read_text()
        assert '<g id="figure_1">' in text
        moved = text.replace('<g id="figure_1">', '<g id="figure_1" transform="translate(1 0.5)">')
        (tmp_path / name).write_text(moved)
    assert differences(before[SCHEDULE], (manifest, tmp_path)) == []


def test_a_perturbed_layer_is_caught(before, tmp_path):
    import torch
    from safetensors.torch import load_file, save_file

    shutil.copytree(paths.WEIGHTS / "emoji-sd", tmp_path / "weights" / "emoji-sd")
    file = tmp_path / "weights" / "emoji-sd" / "vae" / "diffusion_pytorch_model.safetensors"
    tensors = load_file(file)
    name = "encoder.conv_in.weight"
    noise = torch.randn(tensors[name].shape, generator=torch.Generator().manual_seed(0))
    tensors[name] = tensors[name] + (0.1 * tensors[name].float().std() * noise).to(tensors[name].dtype)
    save_file(tensors, file, metadata={"format": "pt"})
    profile = profiles.Profile("tiny", tmp_path / "weights")
    found = differences(before[LATENTS], smoke(LATENTS, tmp_path / "out", profile=profile))
    assert {one.kind for one in found} >= {"picture"}


def test_another_seed_is_caught(before, tmp_path):
    found = differences(before[STRIP], smoke(STRIP, tmp_path, seed=1))
    assert "picture" in {one.kind for one in found}


def test_another_colour_of_the_palette_is_caught(before, tmp_path, monkeypatch):
    monkeypatch.setitem(style.THEMES, "light", dataclasses.replace(style.LIGHT, image="#009060"))
    found = differences(before[SCHEDULE], smoke(SCHEDULE, tmp_path))
    assert {one.name for one in found} == {f"schedule.light.{width}.svg" for width in ("wide", "narrow")}


def test_a_changed_constant_is_caught(before, tmp_path, monkeypatch):
    folder = tmp_path / "figures" / "data"
    folder.mkdir(parents=True)
    text = (source.FIGURES / "data" / "edges.py").read_text()
    (folder / "edges.py").write_text(text.replace("JUMP = 32", "JUMP = 36"))
    monkeypatch.setattr(source, "FIGURES", tmp_path / "figures")
    assert "number" in {one.kind for one in differences(before[EDGES], smoke(EDGES, tmp_path / "out"))}


# the command itself, on the miniature project


def check(project, *arguments):
    shutil.copy(ROOT / "scripts" / "check_drift.py", project.path("scripts"))
    command = [sys.executable, "scripts/check_drift.py", *arguments]
    return subprocess.run(command, cwd=project.root, env=project.environment(), capture_output=True, text=True)


def git(project, *arguments):
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments]
    subprocess.run(command, cwd=project.root, check=True, capture_output=True)


def test_nothing_has_drifted(built):
    before = {path: path.read_bytes() for path in built.figures.rglob("*") if path.is_file()}
    done = check(built)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 of 3 figures are as they were" in done.stdout
    assert {path: path.read_bytes() for path in built.figures.rglob("*") if path.is_file()} == before
    assert built.path("build/check/report.html").is_file()
    assert built.build() == [], "what is published is not touched, so nothing has to be made again"


def test_our_code_is_named_as_the_reason(built):
    built.edit("figures_src/denoised/tools/hammer.py", "3", "4")
    done = check(built)
    assert done.returncode == 1
    assert done.stdout.count("DRIFT") == 2
    assert "because: our code or data changed" in done.stdout
    assert "1 of 3 figures" in done.stdout
    assert check(built, "--same-sources").returncode == 0


def test_a_change_of_the_lock_is_told_from_our_code(built):
    """A figure that depends on the lock, standing in for a package: with the lock in git, only it is blamed."""
    built.edit(
        "figures_src/denoised/tools/hammer.py", "WEIGHT = 3", "WEIGHT = open('requirements.lock').read().count('#')"
    )
    git(built, "init", "-q")
    git(built, "add", "requirements.lock")
    git(built, "commit", "-qm", "before")
    built.build()
    with open(built.path("requirements.lock"), "a") as file:
        file.write("# another version\n")
    git(built, "commit", "-qam", "after")
    done = check(built, "one/first")
    assert done.returncode == 1
    assert "only requirements.lock changed, not our code" in done.stdout


def test_a_figure_that_fails_is_a_row_and_the_others_are_checked(built):
    built.edit("figures_src/figures/one/first.py", "SIZE = 1 << 17", "SIZE = 1 / 0")
    done = check(built)
    assert done.returncode == 1
    assert "FAILED" in done.stdout
    assert "ZeroDivisionError" in done.stdout
    assert "2 of 3 figures" in done.stdout


def test_two_folders_and_tenths(built, tmp_path):
    shutil.copytree(built.figures, tmp_path / "old")
    (tmp_path / "old" / "one" / "first.bin").write_bytes(b"other")
    done = check(built, "--before", str(tmp_path / "old"), "--after", "docs/assets/figures/tiny")
    assert done.returncode == 1
    assert "file; first.bin: other content" in done.stdout
    assert len(built.renders()) == 3, "two folders are compared without rendering"
    seen = [line.split()[0] for k in range(1, 11) for line in check_tenth(built, k)]
    assert sorted(seen) == ["one/first", "one/second", "two/third"]


def check_tenth(project, k):
    out = check(project, "--tenth", str(k), "--after", "docs/assets/figures/tiny").stdout
    return [line for line in out.splitlines() if "as it was" in line]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["one/fist"], "did you mean 'one/first'?"),
        (["--before", "nowhere"], "no figures in nowhere"),
        (["--tenth", "11"], "1 to 10"),
    ],
)
def test_what_cannot_be_checked_is_one_sentence(built, arguments, said):
    done = check(built, *arguments)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert said in done.stderr

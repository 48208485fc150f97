"""A folder of one's own pictures (data/own.py) and the family that is trained on it (training/family.py)."""

import json
import random
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from denoised import paths
from denoised.data import own
from denoised.errors import DenoisedError
from denoised.models import unet
from denoised.training import denoiser, family, images, run
from denoised.training.presets import preset

ROOT = Path(__file__).resolve().parents[2]
COLOURS = ("red", "green", "blue", "orange")


@pytest.fixture
def folder(tmp_path):
    """24 discs of four colours in pictures of several sizes and kinds, each with two wordings."""
    place = tmp_path / "discs"
    place.mkdir()
    rng = np.random.default_rng(0)
    for i in range(24):
        colour, side = COLOURS[i % 4], int(rng.integers(60, 300))
        image = Image.new("RGBA", (side, side + 20 * (i % 3)), (255, 255, 255, 0))
        image.paste(colour, (side // 4, side // 4, side // 2 + i, side // 2 + i))
        kind = ("png", "webp", "jpg")[i % 3]
        (image.convert("RGB") if kind == "jpg" else image).save(place / f"{i:02}.{kind}")
        (place / f"{i:02}.txt").write_text(f"a {colour} disc, number {i}\n\n  {colour}   disc \n", encoding="utf-8")
    return place


def test_what_is_read(folder):
    found = own.read(folder)
    assert found.pictures.shape == (24, 128, 128, 4)
    row = found.rows[1]
    assert (row.label, row.wordings) == ("a green disc, number 1", ("a green disc, number 1", "green disc"))
    assert row.colour == "green"
    assert found.pictures[0][0, 0, 3] == 0, "what is transparent stays so"
    assert found.pictures[1][64, 2, 3] == 0, "a tall picture is fitted"
    assert sorted(r.split for r in found.rows if r.split != "train") == ["concept", "pair"]
    assert {own.wording(row, random.Random(i)) for i in range(20)} == set(row.wordings)


def test_another_picture_moves_none_to_the_other_side(folder):
    before = {row.id: row.split for row in own.read(folder).rows}
    Image.new("RGB", (50, 50), "red").save(folder / "later.png")
    (folder / "later.txt").write_text("late")
    after = own.read(folder)
    moved = [name for name, split in before.items() if {r.id: r.split for r in after.rows}[name] != split]
    assert len(moved) <= 1, "at most one gives its place to the new one"


def test_the_hash_tells_pictures_and_captions_apart(folder):
    first = own.read(folder).digest
    assert own.read(folder).digest == first
    (folder / "03.txt").write_text("something else")
    second = own.read(folder).digest
    Image.new("RGB", (50, 50), "red").save(folder / "04.webp")
    assert len({first, second, own.read(folder).digest}) == 3


def spoil_missing(folder):
    return folder.with_name("elsewhere")


def spoil_one(folder):
    for file in sorted(folder.glob("*.*"))[2:]:
        file.unlink()


def spoil_empty(folder):
    for file in folder.glob("*"):
        file.unlink()


def spoil_mute(folder):
    (folder / "05.txt").unlink()
    (folder / "06.txt").write_text(" \n")


def spoil_corrupt(folder):
    file = folder / "07.webp"
    file.write_bytes(file.read_bytes()[:40])


def spoil_words(folder):
    (folder / "08.txt").write_bytes(b"\xff\xfe\x00gruen")


SAID = {
    spoil_missing: "There is no folder",
    spoil_one: "holds 1 picture (",
    spoil_empty: "holds no pictures",
    spoil_mute: "05.jpg has no caption, and 1 more have none: write what it shows into 05.txt",
    spoil_corrupt: "07.webp cannot be read",
    spoil_words: "08.txt cannot be read",
}


@pytest.mark.parametrize("spoil", SAID, ids=lambda spoil: spoil.__name__)
def test_a_bad_folder_is_one_sentence(folder, spoil):
    place = spoil(folder) or folder
    with pytest.raises(DenoisedError) as error:
        own.read(place)
    assert SAID[spoil] in str(error.value)
    assert "\n" not in str(error.value)


def test_a_picture_that_is_too_large_is_one_sentence(folder, monkeypatch):
    monkeypatch.setattr(own, "LARGEST", 100)
    with pytest.raises(DenoisedError, match="make it smaller"):
        own.read(folder)


def test_the_script_ends_with_the_sentence(folder):
    spoil_mute(folder)
    done = subprocess.run([sys.executable, ROOT / "scripts" / "train.py", "--data", folder], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("train: ") and "has no caption" in done.stderr
    assert not folder.with_name("discs-weights").exists()


@pytest.fixture
def quick(monkeypatch):
    """Presets of one small batch, a small denoiser, sheets of one step; the rest is as it is for others."""
    monkeypatch.setattr(denoiser, "SHEET_STEPS", 1)
    monkeypatch.setattr(unet, "build", partial(unet.build, channels=(16, 32, 32), heads=(1, 2, 2)))
    monkeypatch.setattr(paths, "WEIGHTS", paths.WEIGHTS)
    monkeypatch.setattr(paths, "RUNS", paths.RUNS)
    yield lambda name: replace(preset(name), batch=8, samples=8, warmup=1)
    assert not images.is_own()


def test_a_family_is_trained_goes_on_and_draws(folder, quick, tmp_path, monkeypatch):
    out, whole = tmp_path / "made", run.run
    monkeypatch.setattr(run, "run", lambda item, *_, **__: item.kind != "unet" and whole(item))
    assert not family.train(folder, out, presets=quick), "interrupted at the denoiser"
    assert not (out / "card.json").exists()
    begun = []
    monkeypatch.setattr(run, "run", lambda item, *_, **__: begun.append(item.name) or whole(item))
    assert family.train(folder, out, presets=quick)
    assert begun == ["unet-64px", "unet"], "what is there is not made again"
    card = json.loads((out / "card.json").read_text())
    assert (card["pictures"], card["held_out"]) == (24, 2)
    assert card["parts"]["unet"]["data"] == own.read(folder).digest
    assert "pictures it was trained on" in card["parts"]["vae"]["licence"]
    assert card["retrieval"]["among"] == 2
    assert "24 pictures" in (out / "README.md").read_text()
    assert Image.open(out / "sheet.png").size == (8 * 128, 2 * 128)

    from diffusers import StableDiffusionPipeline

    pipe = StableDiffusionPipeline.from_pretrained(out / "emoji-sd")
    pipe.set_progress_bar_config(disable=True)
    picture = pipe("red disc", num_inference_steps=1, height=128, width=128).images[0]
    assert picture.size == (128, 128)

    (folder / "03.txt").write_text("something else")
    with pytest.raises(DenoisedError, match="holds something of other pictures"):
        family.train(folder, out, presets=quick)
    with pytest.raises(DenoisedError, match="not a family"):
        family.train(folder, folder, presets=quick)


@pytest.mark.parametrize("written", [["--weights", "{}"], ["--weights={}"]], ids=["apart", "together"])
def test_figures_with_a_family_that_is_not_there_are_one_sentence(tmp_path, written):
    weights = [word.format(tmp_path / "none") for word in written]
    command = [sys.executable, ROOT / "scripts" / "build.py", "figures", *weights, "vae/swap"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("error: The profile own needs a family on your own pictures")
    assert "--data FOLDER" in done.stderr and str(tmp_path / "none" / "emoji-sd") in done.stderr

"""The judge's second run: its head by hand, its lessons on a handful of pictures, and what is shipped."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist

from denoised import paths
from denoised.data import splits
from denoised.errors import DenoisedError
from denoised.models import judge as judge_model
from denoised.models import second_judge
from denoised.training import judge as judge_training
from denoised.training import store
from denoised.training.presets import PRESETS

SIZES = {"channels": (16, 16, 24), "blocks": (1, 1, 1)}
CLASSES = {"concept": ["apple", "cat", "sun"], "style": ["noto"], "colour": ["red", "blue"], "group": ["food"]}


def test_the_head_is_a_cosine_times_a_scale():
    torch.manual_seed(0)
    head, features = second_judge.CosineHead(24, 7), torch.randn(5, 24)
    expected = np.exp(3) * (1 - cdist(features.numpy(), head.weight.detach().numpy(), "cosine"))
    np.testing.assert_allclose(head(features).detach().numpy(), expected, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(head(4 * features), head(features), msg="length is taken out")
    torch.nn.init.constant_(head.log_scale, 9.0)
    assert head(features).abs().max() <= 100


def saved(folder):
    torch.manual_seed(1)
    net = second_judge.build(CLASSES, **SIZES).eval()
    judge_model.save_config(net, folder)
    store.save_tensors(net, folder / "model.safetensors")
    return net


def test_saved_and_loaded_it_is_the_same(tmp_path):
    net, pictures = saved(tmp_path / "judge2"), torch.randn(3, 3, 64, 64)
    again = second_judge.load(tmp_path / "judge2")
    assert again.classes == net.classes
    torch.testing.assert_close(again(pictures)["concept"], net(pictures)["concept"], rtol=0.02, atol=0.02)


@pytest.mark.parametrize("harm", ["gone", "cut", "other"])
def test_harm_is_one_sentence(tmp_path, harm):
    folder = tmp_path / "judge2"
    saved(folder)
    file = folder / "model.safetensors"
    if harm == "gone":
        file.unlink()
    elif harm == "cut":
        file.write_bytes(file.read_bytes()[:200])
    else:
        store.save_tensors(judge_model.JudgeNet(CLASSES, **SIZES), file)
    with pytest.raises(DenoisedError) as error:
        second_judge.load(folder)
    assert "train.py judge2" in str(error.value) and "\n" not in str(error.value)


@pytest.fixture
def few(monkeypatch, tmp_path):
    """Lessons on a dozen pictures of two things, from the body of a first judge."""
    rows = [row for row in splits.load() if row.split == "train"][:12]
    rows = [replace(row, concept=("cat", "sun")[i % 2]) for i, row in enumerate(rows)]
    pictures = torch.randint(0, 256, (12, 3, 64, 64), generator=torch.Generator().manual_seed(2), dtype=torch.uint8)
    monkeypatch.setattr(judge_training, "eligible", lambda: (rows, pictures))
    monkeypatch.setattr(judge_training, "reconstructions", lambda rows: pictures)
    monkeypatch.setattr(judge_training, "is_test", lambda row: row is rows[0])
    monkeypatch.setattr(paths, "RUNS", tmp_path / "runs")
    monkeypatch.setattr(paths, "WEIGHTS", tmp_path / "weights")
    first = judge_model.JudgeNet(judge_training.classes_of(rows))
    judge_model.save_config(first, tmp_path / "weights" / "judge")
    store.save_tensors(first, tmp_path / "weights" / "judge" / "model.safetensors")
    return first


def test_grey_pictures_are_not_asked_their_colour():
    pictures, colour = torch.randn(200, 3, 8, 8), torch.arange(200) % 7
    some, asked = judge_training.faded(pictures, colour, 0.25, torch.Generator().manual_seed(0))
    grey = (some == some[:, :1]).flatten(1).all(1)
    assert 20 < grey.sum() < 80
    assert asked[grey].eq(judge_training.IGNORED).all() and torch.equal(asked[~grey], colour[~grey])
    torch.testing.assert_close(some[grey].mean(1), pictures[grey].mean(1))
    assert torch.equal(some[~grey], pictures[~grey])
    all_of_them = judge_training.faded(pictures, colour, 1.0, torch.Generator())
    assert torch.equal(all_of_them[0], pictures) and torch.equal(all_of_them[1], colour), "no colour, no mean"


def test_it_goes_on_from_the_first_judge(few):
    preset = PRESETS["judge2"]
    net, report = judge_training.train_judge(replace(preset, samples=16, batch=8, warmup=1, lr=1e-9))
    assert isinstance(net.heads["concept"], second_judge.CosineHead) and report["finished"]
    at_first, now = few.body.state_dict(), net.body.state_dict()
    kept = [name for name in now if name.endswith("weight") and now[name].ndim == 4]
    assert kept and all((now[name] - at_first[name]).abs().max() < 1e-2 for name in kept), "it did not begin from there"
    assert all(np.isfinite(point["loss"]) for point in report["curve"])


def test_what_is_shipped_names_the_same_things_and_has_looked_for_longer():
    first, second = (json.loads((paths.WEIGHTS / name / "card.json").read_text()) for name in ("judge", "judge2"))
    net = second_judge.load(paths.WEIGHTS / "judge2")
    assert net.classes == judge_model.load(paths.WEIGHTS / "judge").classes
    assert second["preset"]["name"] in PRESETS and second["start"]["preset"] == first["preset"]
    assert second["tested_on"] == first["tested_on"] and second["held_out"]["top1"] > first["held_out"]["top1"] + 10

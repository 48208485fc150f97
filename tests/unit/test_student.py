"""The student's lessons (training/student.py), against diffusers' own samplers and on stand-ins for networks and data."""

import copy
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from diffusers import DDIMScheduler

from denoised.models import adapter
from denoised.models import unet as unet_model
from denoised.training import denoiser, student
from denoised.training.presets import PRESETS

PRESET = replace(PRESETS["student"], batch=8)
_draw = student.draw


@pytest.mark.parametrize("steps", [4, 8, 25])
def test_places_are_where_the_stock_scheduler_asks(steps):
    scheduler = unet_model.scheduler()
    scheduler.set_timesteps(steps)
    assert student.places(steps).tolist() == scheduler.timesteps.tolist()


@pytest.mark.parametrize("place", range(4))
def test_a_stock_step_with_the_lesson_arrives_where_the_teacher_was(place):
    scheduler: DDIMScheduler = unet_model.scheduler()
    scheduler.set_timesteps(4)
    levels = torch.cat([denoiser.alpha_bar()[student.places(4)], torch.ones(1)]).float()
    xt, xs = torch.randn((2, 3, 4, 8, 8), generator=torch.Generator().manual_seed(place)).unbind()
    v = student.destination(xt, xs, levels[place], levels[place + 1].expand(3))
    found = scheduler.step(v, scheduler.timesteps[place], xt).prev_sample
    torch.testing.assert_close(found, xs, rtol=1e-4, atol=1e-4)


class Painter(torch.nn.Module):
    """A teacher that always sees the same picture, whatever is asked; how strongly depends on the text."""

    def __init__(self):
        super().__init__()
        self.picture = torch.linspace(-1, 1, 4 * 16 * 16).reshape(1, 4, 16, 16)

    def forward(self, xt, t, states):
        level = denoiser.alpha_bar()[int(t)].float()
        x0 = self.picture * states.float().mean(dim=(1, 2))[:, None, None, None]
        eps = (xt - level.sqrt() * x0) / (1 - level).sqrt()
        return SimpleNamespace(sample=level.sqrt() * eps - (1 - level).sqrt() * x0)


@pytest.fixture
def cache():
    """Two icons; the first one's captions mean 1, the second's 2, the empty prompt's 0.5."""
    states = torch.ones(2, denoiser.WORDINGS, 32, 256) * torch.tensor([1.0, 2.0])[:, None, None, None]
    return SimpleNamespace(
        rows=[SimpleNamespace(group="symbols"), SimpleNamespace(group="food-drink")],
        latents=torch.zeros(2, 4, 16, 16), states=states, empty=torch.full((32, 256), 0.5),
    )  # fmt: skip


def test_the_teacher_is_followed_with_its_guidance(cache, monkeypatch):
    monkeypatch.setattr(student, "SHARD", 64)
    made = student.draw(Painter(), student.reader(cache, False), cache, PRESET, 0)
    assert made["stops"].shape == (64, 5, 4, 16, 16)
    assert 0 < made["icons"].sum() < 64
    wanted = 0.5 + 3 * (made["icons"] + 1 - 0.5)  # guidance 3, from the empty prompt's picture
    found = made["stops"][:, -1].float() / Painter().picture
    torch.testing.assert_close(found.flatten(1).median(1).values, wanted, rtol=0.02, atol=0.02)
    assert abs(made["stops"][:, 0].float().std() - 1) < 0.02, "the first stop is pure noise"


def test_a_shard_is_the_same_twice_and_no_two_are_alike(cache, monkeypatch):
    monkeypatch.setattr(student, "SHARD", 32)
    read = student.reader(cache, ends=False)
    one, again, other = (student.draw(Painter(), read, cache, PRESET, number) for number in (3, 3, 4))
    assert all(torch.equal(one[name], again[name]) for name in one)
    assert not torch.equal(one["stops"], other["stops"])


def test_the_lessons_reach_the_adapter_alone(cache, monkeypatch, tmp_path):
    """A run from stand-ins: the error falls, the teacher's own weights stay as they were, and the adapter is saved."""
    torch.manual_seed(0)
    teacher = unet_model.build(channels=(16, 32, 48), heads=(1, 2, 2))
    for value in teacher.parameters():
        value.data += 0.02 * torch.randn_like(value)  # its last layers begin as nothing and would hand down no gradient
    before = {name: value.clone() for name, value in teacher.state_dict().items()}
    monkeypatch.setattr(student, "SHARD", 8)
    monkeypatch.setattr(student, "_teacher", lambda: copy.deepcopy(teacher))
    monkeypatch.setattr(student.denoiser, "Cache", lambda pixels: cache)
    monkeypatch.setattr(student.denoiser, "sheet", lambda *args, **how: None)
    monkeypatch.setattr(student.paths, "RUNS", tmp_path)
    cache.encoder = torch.nn.Linear(1, 1)
    small = replace(PRESET, samples=160, warmup=8, lr=1e-2, ema=0.5, extra=PRESET.extra | {"rank": 2, "pictures": 16})
    with monkeypatch.context() as patch:
        patch.setattr(student, "draw", lambda unet, *rest: _draw(Painter(), *rest))
        _, idle = student.train_student(replace(small, name="idle", samples=8, lr=0.0))
        net, report = student.train_student(small)
    learned = adapter.tensors(net)
    moved = [bool(value.abs().sum() > 0) for name, value in learned.items() if ".lora_B." in name]
    assert sum(moved) > len(moved) / 2, "where all tokens are alike, attention learns nothing"
    kept = {name.replace("parametrizations.weight.original", "weight"): v for name, v in net.state_dict().items()}
    assert all(torch.equal(kept[name], value) for name, value in before.items())
    assert sum(report[f"held_{k}"] for k in range(4)) < 0.98 * sum(idle[f"held_{k}"] for k in range(4))

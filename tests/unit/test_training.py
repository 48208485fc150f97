"""Training survives kills, full disks and garbled checkpoints; what it saves is whole or not there."""

import errno
import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch

from denoised import paths
from denoised.errors import DenoisedError
from denoised.training import loop, run
from denoised.training.presets import Preset

TOY = Preset("toy", "vae", samples=200, batch=4, lr=1e-2, warmup=20, weight_decay=0.1)


@pytest.fixture(autouse=True)
def runs(tmp_path, monkeypatch):
    """A folder of its own for checkpoints, one after every step, and this process' signals back afterwards."""
    monkeypatch.setattr(paths, "RUNS", tmp_path / "runs")
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", -1)
    before = {name: signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM)}
    yield tmp_path / "runs"
    for name, handler in before.items():
        signal.signal(name, handler)


def toy():
    torch.manual_seed(1)
    return torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))


def loss_of(model, at=None, event=None):
    """The loss of a small regression; `event()` happens in the middle of step `at`."""

    def call(step, generator):
        x = torch.randn(TOY.batch, 3, generator=generator)
        if step == at:
            event()
        return (model(x) - x.sum(1, keepdim=True)).square().mean(), {"part": 1.0}

    return call


def trained(at=None, event=None, **limits):
    model = toy()
    report = loop.train(TOY, model, loss_of(model, at, event), evaluate_every=40, **limits)
    return model, report


def same(a, b):
    return all(torch.equal(x, y) for x, y in zip(a.parameters(), b.parameters(), strict=True))


def test_an_average_is_kept_where_the_preset_says(runs):
    """What the evaluation left is copied after those lessons, and after no others."""
    seen = []

    def evaluate():
        seen.append(len(seen))
        (runs / "toy" / "ema").mkdir(exist_ok=True)
        (runs / "toy" / "ema" / "mark").write_text(str(len(seen)))
        return {}

    model = toy()
    loop.train(replace(TOY, extra={"keep": (80, 160)}), model, loss_of(model), evaluate, evaluate_every=40)
    assert {path.name: (path / "mark").read_text() for path in (runs / "toy").glob("at-*")} == {"at-80": "2", "at-160": "4"}


class Killed(BaseException):
    pass


def kill():
    raise Killed


def sentence(error) -> str:
    text = str(error.value)
    assert "\n" not in text
    assert text.endswith(".")
    return text


@pytest.fixture
def straight(runs):
    model, report = trained()
    (runs / "toy" / "last.pt").unlink()
    return model, report


def test_training_learns(straight):
    _, report = straight
    assert report["samples"] == TOY.samples
    assert report["finished"]
    assert [point["samples"] for point in report["curve"]] == [40, 80, 120, 160, 200]
    assert report["curve"][-1]["loss"] < 0.5 * report["curve"][0]["loss"]
    assert report["curve"][0]["part"] == 1.0


@pytest.mark.parametrize("at", [1, 7, 8, 9, 33, 49])
def test_a_run_that_dies_goes_on_to_the_same_weights(straight, at):
    with pytest.raises(Killed):
        trained(at, kill)
    resumed, report = trained()
    assert same(resumed, straight[0])
    assert report["samples"] == TOY.samples


def test_a_run_shorter_than_its_evaluations_has_a_curve(runs):
    report = loop.train(TOY, (model := toy()), loss_of(model), evaluate_every=10_000)
    assert [point["samples"] for point in report["curve"]] == [200]
    assert report["curve"][0]["loss"] > 0
    again = loop.train(TOY, toy(), loss_of(model), evaluate_every=10_000)
    assert again["curve"] == report["curve"], "a run that is over adds nothing"


def test_a_checkpoint_really_carries_over(straight):
    """Were the checkpoint ignored, the resumed run would make every step again."""
    with pytest.raises(Killed):
        trained(30, kill)
    steps = []
    model = toy()
    plain = loss_of(model)
    loop.train(TOY, model, lambda step, g: steps.append(step) or plain(step, g), evaluate_every=40)
    assert steps == list(range(30, 50))


def test_sigkill_in_a_process_of_its_own(straight, runs):
    """The real thing: SIGKILL between two steps, no handler, no cleanup."""
    code = f"""
import os, signal, sys, torch
sys.path[:0] = [{str(Path(__file__).parent)!r}, {str(paths.SRC)!r}]
import test_training as t
from denoised import paths
from denoised.training import loop
paths.RUNS = t.Path({str(runs)!r})
loop.CHECKPOINT_SECONDS = -1
t.trained(21, lambda: os.kill(os.getpid(), signal.SIGKILL))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert not list(runs.rglob("*.part"))
    resumed, _ = trained()
    assert same(resumed, straight[0])


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_a_polite_stop_saves_and_says_so(straight, name):
    _, report = trained(12, lambda: os.kill(os.getpid(), name))
    assert not report["finished"]
    assert report["samples"] == 13 * TOY.batch
    resumed, whole = trained()
    assert whole["finished"]
    assert same(resumed, straight[0])
    assert whole["core_seconds"] >= report["core_seconds"] >= 0, "what was worked before the stop counts"


def test_a_run_that_began_without_counting_its_work_says_so(runs):
    trained(12, lambda: os.kill(os.getpid(), signal.SIGTERM))
    last = runs / "toy" / "last.pt"
    saved = torch.load(last, weights_only=True)
    del saved["state"]["core_seconds"]
    torch.save(saved, last)
    assert trained()[1]["core_seconds"] is None


def test_a_finished_run_does_nothing_more(runs):
    first, _ = trained()

    def never():
        raise AssertionError("a step was made")

    second, report = trained(50, never)
    assert same(first, second)
    assert report["samples"] == TOY.samples


def test_minutes_end_a_run_cooled_down(runs):
    _, report = trained(minutes=1e-9)
    assert report["samples"] < TOY.samples
    assert report["finished"]


def test_a_loss_that_is_not_finite_is_a_sentence(runs):
    model = toy()
    with pytest.raises(DenoisedError) as error:
        loop.train(TOY, model, lambda step, g: (model(torch.full((1, 3), float("nan"))).sum(), {}))
    assert "toy" in sentence(error)


HARM = {
    "empty": lambda path: path.write_bytes(b""),
    "html": lambda path: path.write_text("<!doctype html><p>404</p>"),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-300]),
    "another model": lambda path: torch.save({**torch.load(path), "model": [torch.zeros(2)]}, path),
    "not a checkpoint": lambda path: torch.save([1, 2], path),
}


@pytest.mark.parametrize("harm", HARM.values(), ids=HARM)
def test_a_damaged_checkpoint_is_a_sentence_with_a_remedy(runs, harm):
    trained(samples=40)
    harm(runs / "toy" / "last.pt")
    with pytest.raises(DenoisedError) as error:
        trained()
    said = sentence(error)
    assert "last.pt" in said
    assert "delete it" in said


def no_space(part):
    raise OSError(errno.ENOSPC, "No space left on device")


def torch_says_it_otherwise(part):
    torch.save({"weights": torch.zeros(1_000_000)}, "/dev/full")


@pytest.mark.parametrize("write", [no_space, torch_says_it_otherwise])
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_a_full_disk_is_a_sentence_and_leaves_the_old_file(tmp_path, write):
    path = tmp_path / "last.pt"
    path.write_text("old")
    with pytest.raises(DenoisedError) as error:
        loop.write_whole(path, write)
    assert "disk is full" in sentence(error)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["last.pt"]


def test_other_errors_stay_what_they_are(tmp_path):
    def wrong(part):
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        loop.write_whole(tmp_path / "x", wrong)


def test_rate_warms_up_stays_and_cools_down():
    rates = [loop.rate_factor(s, s / 1000, warmup=100) for s in range(1001)]
    assert rates[0] == 0.01
    assert rates[49] == 0.5
    assert rates[100:750] == [1.0] * 650
    assert all(a > b for a, b in zip(rates[750:1000], rates[751:1001], strict=True))
    assert rates[-1] == 0.0
    middle = 0.75 + 0.25 / 4  # after a quarter of the cooldown the root says one half
    assert loop.rate_factor(10**6, middle, 100) == pytest.approx(0.5)


def test_ema_is_the_average_it_says():
    torch.manual_seed(0)
    parameter = torch.nn.Parameter(torch.zeros(3))
    ema = loop.Ema([parameter], decay=0.9, every=2)
    expected = torch.zeros(3)
    for step in range(1, 200):
        with torch.no_grad():
            parameter += torch.randn(3)
        ema.update(step)
        if step % 2 == 0:
            decay = min(0.9**2, (1 + step) / (20 + step))
            expected = decay * expected + (1 - decay) * parameter.detach()
    assert torch.allclose(ema.shadow[0], expected, atol=1e-5)
    assert not torch.allclose(ema.shadow[0], parameter.detach())


def test_ema_swaps_there_and_back():
    parameter = torch.nn.Parameter(torch.ones(2))
    ema = loop.Ema([parameter], 0.999)
    parameter.data.fill_(5)
    ema.swap()
    assert parameter.tolist() == [1, 1]
    ema.swap()
    assert parameter.tolist() == [5, 5]


def test_the_card_tells_of_the_stage_before(runs):
    _, report = trained()
    earlier = run._earlier("toy")
    assert earlier["preset"] == asdict(TOY)
    assert earlier["samples"] == TOY.samples
    assert earlier["curve"] == report["curve"]
    assert run._earlier("never-trained") is None
    assert run._earlier(None) is None


@pytest.mark.parametrize("folder", ["emoji-sd/unet", "dit/transformer"])
def test_the_card_tells_of_a_shipped_stage_whose_run_is_gone(tmp_path, monkeypatch, folder):
    """A clone has no runs: whoever goes on from what is shipped finds its story in the card there."""
    monkeypatch.setattr(paths, "WEIGHTS", tmp_path)
    card = {"preset": {"name": "toy"}, "samples": 7}
    (tmp_path / folder).mkdir(parents=True)
    (tmp_path / folder / "card.json").write_text(json.dumps(card))
    assert run._earlier("toy") == card
    assert run._earlier("other") is None


@pytest.mark.parametrize("tiles", [True, False])
def test_half_precision_where_the_processor_is_quick_at_it(monkeypatch, tiles):
    """Elsewhere a training in bf16 would take twice as long as one in float32."""
    monkeypatch.setattr(loop, "TILES", tiles)
    a = torch.ones(4, 4)
    with loop.bf16():
        assert (a @ a).dtype == (torch.bfloat16 if tiles else torch.float32)

"""Few steps before the judge: who is asked, how often, and whether what is committed is whole."""

import numpy as np
import pytest
import torch
from diffusers import AutoencoderTiny

from denoised.data import splits
from denoised.models import small
from denoised.models import unet as unet_model
from denoised.studies import fewsteps


def test_calls_are_counted_as_the_loop_asks():
    calls = {name: runner.calls for name, runner in fewsteps.RUNNERS.items()}
    assert calls[fewsteps.FULL] == 50 and calls["unet-4"] == 8
    same = (fewsteps.TAUGHT, fewsteps.BARE, "unet-2")
    assert {calls[name] for name in same} == {4}, "the same work, with the adapter and without"


@pytest.mark.parametrize("name", ["unet-4", "unipc-4"])
def test_a_runner_s_scheduler_visits_its_steps_of_our_schedule(name):
    runner, ours = fewsteps.RUNNERS[name], unet_model.scheduler()
    found = fewsteps.scheduler(ours.config, runner)
    found.set_timesteps(runner.steps)
    assert type(found).__name__ == f"{runner.scheduler}Scheduler" and len(found.timesteps) == runner.steps
    assert found.config.prediction_type == "v_prediction" and found.config.rescale_betas_zero_snr


def test_captions_are_learned_ones_by_lot_and_all_that_were_kept():
    rows = splits.load()
    known = {row.concept for row in rows}
    held_out = [row for row in rows if row.split == "pair"][:40]
    found = fewsteps.wanted(held_out, rows, known)
    learned, kept = found[: fewsteps.SETTINGS.learned], found[fewsteps.SETTINGS.learned :]
    assert {row.split for row in learned} == {"train"} and {row.split for row in kept} == {"pair"}
    assert len({row.id for row in learned}) == len(learned)
    assert found == fewsteps.wanted(held_out, rows, known)


def test_the_yardstick_is_the_distance_of_strangers():
    z = torch.tensor([[0.0, 0.0], [3.0, 4.0]]) * 2**0.5
    assert fewsteps.yardstick(z) == pytest.approx(5)


def test_what_is_committed_is_whole():
    facts, arrays = fewsteps.load()
    n = len(facts["asked"])
    for name in fewsteps.RUNNERS:
        assert all(len(arrays[f"{what}_{name}"]) == n for what in ("top1", "top5", "far", "saturation"))
        assert not np.any(arrays[f"top1_{name}"] & ~arrays[f"top5_{name}"]), "the first is among five"
    assert np.all(arrays[f"far_{fewsteps.FULL}"] == 0) and arrays["kept"].sum() > 50


def test_the_benchmark_draws_with_every_runner(monkeypatch, capsys):
    """Not how fast, which a test cannot tell: that each is what its line says, and that there is a line for each."""
    import bench_sampling

    found = bench_sampling.pipelines()
    stock, quick = found["stock, DDIM"], found["adapter"]
    assert (stock[1], quick[1], quick[2]) == (50, 4, 1.0)
    name = "mid_block.attentions.0.proj_in.weight"
    assert not torch.equal(stock[0].unet.get_parameter(name), quick[0].unet.get_parameter(name))
    assert stock[0].vae is quick[0].vae and isinstance(found["adapter, quick decoder"][0].vae, AutoencoderTiny)
    assert found["small, quick decoder"][1:] == (4, 1.0) and found["transformer"][0].unet is not stock[0].unet
    assert found["small, quick decoder"][0].unet.velocity is small.velocity
    few = {name: (pipe, min(2, steps), guidance) for name, (pipe, steps, guidance) in found.items()}
    monkeypatch.setattr(bench_sampling, "pipelines", lambda: few)
    monkeypatch.setattr("sys.argv", ["bench", "--repeats", "1", "--batch", "1"])
    threads = torch.get_num_threads()
    bench_sampling.main()
    torch.set_num_threads(threads)
    assert capsys.readouterr().out.count("pictures/s") == len(found)

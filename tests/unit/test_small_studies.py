"""What was measured of the small transformer, and of more lessons: who drew how, and whether what is committed is whole."""

import numpy as np
import pytest
import torch

from denoised.models import dit, small
from denoised.studies import scaling, shelf
from denoised.studies import small as study
from denoised.training.presets import PRESETS


def test_the_yardstick_draws_as_it_taught():
    teacher, taught = (study.RUNNERS[name] for name in (study.TEACHER, study.TAUGHT))
    lessons = PRESETS["small-student"].extra
    assert (teacher.steps, teacher.guidance) == (lessons["teacher_steps"], lessons["guidance"])
    assert teacher.scheduler == "DPMSolverMultistep" and taught.scheduler == "DDIM"
    assert (taught.steps, taught.guidance) == (lessons["steps"], 1.0)
    assert (teacher.calls, taught.calls) == (16, 4)


@pytest.mark.parametrize("found", [study, scaling], ids=["small", "scaling"])
def test_what_is_committed_is_whole(found):
    facts, arrays = found.load()
    n = len(facts["asked"])
    for name in [name.removeprefix("top1_") for name in arrays if name.startswith("top1_")]:
        assert all(len(arrays[f"{what}_{name}"]) == n for what in ("top1", "top5", "style"))
        assert not np.any(arrays[f"top1_{name}"] & ~arrays[f"top5_{name}"]), "the first is among five"
    assert 50 < arrays["kept"].sum() < n


def test_the_teacher_is_nowhere_from_itself():
    _, arrays = study.load()
    assert np.all(arrays[f"far_{study.TEACHER}"] == 0) and np.all(arrays[f"far_{study.TAUGHT}"] > 0)
    assert set(study.RUNNERS) == {name.removeprefix("z_") for name in arrays if name.startswith("z_")}


def test_averages_are_kept_where_training_looks():
    """A running average is written every 25,600 lessons, and kept after some of those."""
    for name, kept in scaling.KEPT.items():
        preset = PRESETS[f"{name}-64px"]
        assert set(kept) <= set(preset.extra["keep"]) and not preset.cooldown
        assert all(lessons % 25_600 == 0 and lessons <= preset.samples for lessons in preset.extra["keep"])


@pytest.mark.parametrize("family", [dit, small], ids=["large", "small"])
def test_each_caption_has_its_own_noise_whatever_is_drawn_with_it(family):
    net = family.build(width=48, depth=2, heads=2, side=8)
    with torch.no_grad():
        net.proj_out.weight.normal_(generator=torch.Generator().manual_seed(0))
    told, untold = torch.randn(5, 33, 256, generator=torch.Generator().manual_seed(1)), torch.zeros(1, 33, 256)
    few = scaling.Settings(steps=3, batch=2)
    z = scaling.draw(net.eval(), family.velocity, told, untold, few)
    assert z.shape == (5, 4, 8, 8) and z.std() > 0.5
    torch.testing.assert_close(z[:3], scaling.draw(net, family.velocity, told[:3], untold, few), rtol=1e-4, atol=1e-4)


def test_points_a_doubling_are_a_straight_line_s_slope():
    from figures.models.scaling import per_doubling

    lessons = (100, 200, 800)
    hits = np.array([np.log2(lessons) * 0.1, np.log2(lessons) * -0.2]).T
    np.testing.assert_allclose(per_doubling(lessons, hits), [0.1, -0.2])


def test_other_settings_have_other_results(tmp_path):
    with pytest.raises(shelf.Outdated, match="lab_scaling"):
        shelf.take(scaling.FILE, scaling.key(scaling.Settings(steps=7)), "lab_scaling")

"""The decoder that paints in steps, against what must hold of flows and consistency functions."""

import copy

import numpy as np
import pytest
import torch

from denoised.models import repaint as nets
from denoised.studies import repaint


@pytest.fixture(scope="module")
def net():
    torch.manual_seed(0)
    return nets.Repainter(width=16, time=16).eval()


class Straight(torch.nn.Module):
    """A network that knows the one picture, so that every path is a straight line to it."""

    def __init__(self, picture):
        super().__init__()
        self.picture = picture

    def forward(self, xt, t, z):
        return (xt - self.picture) / t[:, None, None, None]


def test_the_shape_of_an_answer(net):
    assert net(torch.zeros(2, 3, 64, 64), torch.rand(2), torch.zeros(2, 4, 8, 8)).shape == (2, 3, 64, 64)
    assert nets.Repainter().freqs.shape == (16,)


def test_without_noise_the_bet_is_the_picture(net):
    x = torch.randn(2, 3, 64, 64)
    assert torch.equal(nets.bet(net, x, torch.zeros(2), torch.zeros(2, 4, 8, 8)), x)


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("steps", [1, 2, 5])
def test_one_who_knows_arrives(steps, again):
    picture = torch.rand(1, 3, 64, 64)
    noise, z = torch.randn(3, 3, 64, 64), torch.zeros(3, 4, 8, 8)
    found = nets.paint(Straight(picture), z, noise, steps, again)
    torch.testing.assert_close(found, picture.expand_as(found), rtol=0, atol=1e-5)


def test_euler_s_steps_are_those_of_the_library():
    """The same network through `diffusion.samplers.euler`, which other pages use."""
    from denoised.diffusion import samplers

    torch.manual_seed(0)
    net, z, noise = nets.Repainter(width=16, time=16).eval(), torch.randn(2, 4, 8, 8), torch.randn(2, 3, 64, 64)
    taus = samplers.uniform_taus(4).float()
    with torch.no_grad():
        wanted = samplers.euler(lambda xt, tau: net(xt, torch.full((2,), float(tau)), z), noise, taus)
    torch.testing.assert_close(nets.paint(net, z, noise, 4, again=False), wanted, rtol=1e-4, atol=1e-4)


def test_lessons_ask_nothing_of_one_who_knows():
    """Each lesson's loss is nought for the network that is right about the only picture there is."""
    picture = torch.rand(1, 3, 64, 64).expand(4, -1, -1, -1)
    z = torch.zeros(4, 4, 8, 8)
    way = nets.path(Straight(picture[:1]), z, torch.randn(4, 3, 64, 64), 4)
    torch.testing.assert_close(way[-1], picture, rtol=0, atol=1e-5)
    stations = torch.stack(way[:-1], 1)
    for kind in repaint.KINDS:
        value = repaint.loss(kind, Straight(picture), picture, z, torch.Generator().manual_seed(0), stations)
        assert value < 1e-8, kind


def test_a_way_s_stations_have_less_and_less_noise():
    noise, z = torch.randn(1, 3, 64, 64), torch.zeros(1, 4, 8, 8)
    way = nets.path(Straight(torch.zeros(1, 3, 64, 64)), z, noise, 4)
    for i, station in enumerate(way):
        torch.testing.assert_close(station, (1 - i / 4) * noise, rtol=0, atol=1e-5)


def test_a_consistency_model_s_step_takes_other_noise():
    picture, noise, z = torch.rand(1, 3, 64, 64), torch.randn(3, 3, 64, 64), torch.zeros(3, 4, 8, 8)
    way = nets.path(Straight(picture), z, noise, 4, again=True)
    for i in (1, 2, 3):
        torch.testing.assert_close(way[i], i / 4 * picture + (1 - i / 4) * noise.roll(i, 0), rtol=0, atol=1e-5)


def test_consistency_is_taught_by_diffusion_s_own_ways():
    settings = repaint.Settings(samples=(0, 0, 128), batch=16, ways=32, steps=(1, 4))
    pictures, z = torch.full((4, 3, 128, 128), 40, dtype=torch.uint8), torch.zeros(4, 4, 16, 16)
    torch.manual_seed(0)
    teacher = nets.Repainter(width=16, time=16)
    latents, stations = repaint.ways(teacher, z, pictures, 0, settings)
    assert latents.shape == (32, 4, 8, 8) and stations.shape == (32, 5, 3, 64, 64)
    student = repaint.train("consistency", copy.deepcopy(teacher), z, pictures, 0, settings)
    start, end = stations[:, 0].float(), stations[:, -1].float()
    with torch.no_grad():
        errors = [(nets.bet(net, start, torch.ones(32), latents) - end).square().mean() for net in (student, teacher)]
    assert errors[0] < errors[1]


def test_training_lowers_the_loss_and_follows_its_seed():
    settings = repaint.Settings(samples=(256, 64, 64), batch=16)
    pictures = torch.full((4, 3, 128, 128), 40, dtype=torch.uint8)
    z = torch.zeros(4, 4, 16, 16)

    def trained(seed):
        torch.manual_seed(seed)
        return repaint.train("plain", nets.Repainter(width=16, time=16), z, pictures, seed, settings)

    one, two = trained(0), trained(0)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))
    noise = torch.randn(2, 3, 128, 128)
    wanted = 40 / 127.5 - 1
    torch.manual_seed(0)
    fresh = nets.Repainter(width=16, time=16)
    errors = [(nets.paint(some, z[:2], noise, 1, False) - wanted).square().mean() for some in (one, fresh)]
    assert errors[0] < 0.9 * errors[1]


def test_the_distance_is_nought_for_one_kind_and_not_for_two():
    rng = np.random.default_rng(0)
    real, other = rng.normal(size=(200, 16)), rng.normal(size=(200, 16)) + 1
    assert abs(repaint.apart(real, real)) < 0.1 < repaint.apart(real, other)


def test_what_is_committed_is_whole():
    facts, arrays = repaint.load()
    assert {name.partition("-")[0] for name in facts["kinds"]} == set(repaint.KINDS)
    assert all(len(some) == len(repaint.SETTINGS.seeds) for some in facts["kinds"].values())
    assert set(facts["others"]) == {"shipped", "tiny", "real"} and facts["others"]["real"]["detail"] == pytest.approx(1)
    assert np.isinf(facts["others"]["real"]["psnr"])
    assert arrays["consistency-2"].shape == (repaint.SETTINGS.shown, 128, 128, 3)

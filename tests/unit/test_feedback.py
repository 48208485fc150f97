"""Tuning on preferences: the loss against the paper's formula in eps, what tuning moves, the rater, who is preferred."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from denoised.data import splits
from denoised.probes import rater
from denoised.studies import feedback as study
from denoised.training import feedback
from denoised.training.denoiser import alpha_bar

TABLE = alpha_bar()


class Toy(nn.Module):
    """Answers v with a mixture of what it sees and of a picture for each label."""

    def __init__(self, seed):
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.share = nn.Parameter(torch.tensor(0.3))
        self.told = nn.Parameter(0.1 * torch.randn(3, 4, 8, 8, generator=generator))

    def forward(self, xt, t, labels):
        return self.share * xt + self.told[labels[:, 0]]


def some(n, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(n, 4, 8, 8, generator=generator) for _ in range(3)]


def test_dpo_agrees_with_the_formula_in_eps():
    """Wallace et al. 2023, eq. 14, written with errors of eps and their weight min(snr + 1, 5) / snr, in float64 NumPy."""
    (better, worse, eps), labels, t = (
        some(5),
        torch.tensor([[1], [2], [1], [0], [2]]),
        torch.tensor([3, 200, 500, 800, 990]),
    )
    net, reference, beta = Toy(1), Toy(2), 7.0
    got = feedback.dpo_loss(net, reference, better, worse, labels, eps, t, TABLE, beta)

    a = TABLE[t].double().numpy().reshape(-1, 1, 1, 1)
    weight = (np.minimum(a / (1 - a) + 1, 5) / (a / (1 - a))).reshape(-1)

    def error(model, x0):
        xt = np.sqrt(a) * x0.double().numpy() + np.sqrt(1 - a) * eps.double().numpy()
        with torch.no_grad():
            v = model(torch.from_numpy(xt).float(), t, labels).double().numpy()
        said = np.sqrt(1 - a) * xt + np.sqrt(a) * v  # eps, from v (Salimans & Ho 2022)
        return weight * ((said - eps.double().numpy()) ** 2).mean((1, 2, 3))

    inside = -beta * ((error(net, better) - error(reference, better)) - (error(net, worse) - error(reference, worse)))
    assert got.detach().numpy() == pytest.approx(np.log1p(np.exp(-inside)), rel=1e-3)


def test_before_the_first_step_dpo_is_a_coin():
    better, worse, eps = some(4)
    net = Toy(1)
    loss = feedback.dpo_loss(
        net, net, better, worse, torch.ones(4, 1, dtype=torch.long), eps, torch.full((4,), 400), TABLE, 9.0
    )
    assert loss.detach().numpy() == pytest.approx(math.log(2))


@pytest.mark.parametrize("road", ["pairs", "pictures"])
def test_tuning_moves_towards_what_was_liked_and_leaves_the_model_before_alone(road):
    settings = feedback.Settings(lr=0.02, beta=20.0, told=1.0)
    before, labels = Toy(1), torch.ones(16, 1, dtype=torch.long)
    kept, bright, dark = before.told.detach().clone(), torch.ones(16, 4, 8, 8), -torch.ones(16, 4, 8, 8)
    loss = (
        feedback.by_pairs(bright, dark, labels, settings)
        if road == "pairs"
        else feedback.by_pictures(bright, labels, settings)
    )
    seen = {}
    feedback.tune(before, loss, (1, 30), 0, settings, lambda step, net: seen.update({step: net.told.detach().clone()}))
    assert list(seen) == [1, 30]
    assert torch.equal(before.told, kept)
    assert (seen[30][1] - kept[1]).mean() < -0.1  # v = sqrt(a) eps - sqrt(1 - a) x0: brighter pictures, lower v
    assert (seen[30][1] - kept[1]).abs().mean() > 2 * (seen[1][1] - kept[1]).abs().mean()
    assert torch.allclose(seen[30][2], kept[2])  # a wish that nobody rated


def test_the_rater_prefers_what_it_is_surest_of_and_a_coin_does_not():
    liked = torch.log_softmax(torch.randn(400, 4, generator=torch.Generator().manual_seed(0)), 1).numpy()
    who, each = study.ranked(liked, 3), np.arange(400)
    assert (liked[each, who["best"]] == liked.max(1)).all()
    assert (liked[each, who["worst"]] == liked.min(1)).all()
    assert (np.sort([who["heads"], who["tails"]], 0) == np.sort([who["best"], who["worst"]], 0)).all()
    assert 0.4 < (who["heads"] == who["best"]).mean() < 0.6
    assert np.bincount(who["any"]).min() > 60


def test_a_rater_learns_and_says_how_sure_it_is():
    concepts = torch.arange(40) % 2
    latents = (1 - 2 * concepts.float())[:, None, None, None] + 0.2 * some(40)[0]
    net = rater.train(latents, concepts, 2, 0, rater.Training(steps=40, batch=32, width=8))
    assert rater.sure(net, latents, concepts).exp().min() > 0.6
    assert rater.sure(net, latents, 1 - concepts).exp().max() < 0.4


def test_jolts_move_by_a_cell_at_most():
    x = torch.arange(64.0).reshape(1, 1, 8, 8).expand(200, 4, 8, 8)
    moved = rater.jolt(x, torch.Generator().manual_seed(0))
    by = (moved[:, :, 1:-1, 1:-1] - x[:, :, 1:-1, 1:-1]).flatten(1)
    assert (by == by[:, :1]).all()
    assert set(by[:, 0].tolist()) == {down * 8 + across for down in (-1, 0, 1) for across in (-1, 0, 1)}


def test_things_are_enough_and_wishes_ask_for_each_alike():
    rows, settings = splits.load(), study.SETTINGS
    things = study.chosen(rows)
    assert len(set(things)) == settings.concepts and things == study.chosen(rows[::-1])
    for thing in things:
        assert sum(row.concept == thing and row.split == "train" for row in rows) >= settings.least
    asked = study.wishes(3)
    assert np.bincount(asked[:, 0]).tolist() == [0] + [3] * settings.concepts and not asked[:, 1].any()
    assert set(study.models()) >= {"s1", f"dpo-{settings.main}", f"coin-{settings.main}"}


def test_styles_are_counted_by_how_evenly_they_come():
    assert study.styles(np.arange(80) % 8) == pytest.approx(8)
    assert study.styles(np.zeros(5, int)) == 1
    assert study.styles(np.array([0, 0, 0, 1])) == pytest.approx(math.exp(-0.75 * math.log(0.75) - 0.25 * math.log(0.25)))

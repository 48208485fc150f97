"""A mixture of experts: who works, how it is weighed, and what keeps all of them busy."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from denoised.models.experts import Experts, Sorter
from denoised.studies import experts
from denoised.studies.labels import CLASSES, shared


def made(routing, seed=0):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Experts(12, 6, 4, routing).eval()


def test_each_picture_is_answered_by_its_best_expert_weighed_with_the_chance():
    layer, x = made("learned"), torch.randn(9, 12, generator=torch.Generator().manual_seed(1))
    y, chosen, _ = layer(x, torch.zeros(9, dtype=torch.int64))
    chances = F.softmax(layer.router(x), -1)
    for i in range(9):
        best = int(chances[i].argmax())
        assert best == chosen[i]
        assert torch.allclose(y[i], chances[i, best] * layer.experts[best](x[i]), atol=1e-6)


def test_balance_counted_by_hand_and_one_where_all_are_busy():
    layer, x = made("learned"), torch.randn(50, 12, generator=torch.Generator().manual_seed(2))
    _, chosen, balance = layer(x, torch.zeros(50, dtype=torch.int64))
    logits = x.numpy() @ layer.router.weight.detach().numpy().T
    chances = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    shares = [np.mean([int(c) == i for c in chosen]) for i in range(4)]
    assert float(balance.detach()) == pytest.approx(
        4 * sum(f * p for f, p in zip(shares, chances.mean(0), strict=True)), rel=1e-5
    )
    with torch.no_grad():
        layer.router.weight.zero_()
    assert float(layer(x, torch.zeros(50, dtype=torch.int64))[2].detach()) == pytest.approx(1)


def test_lots_decide_whatever_is_shown_and_dense_has_one_for_all():
    x, lots = torch.randn(8, 12), torch.arange(8)
    assert made("lot")(x, lots)[1].tolist() == [0, 1, 2, 3] * 2
    dense = made("dense")
    y, chosen, _ = dense(x, lots)
    assert chosen.tolist() == [0] * 8 and torch.allclose(y, dense.experts[0](x))


def test_a_picture_costs_an_expert_what_it_costs_the_dense_net():
    def work(routing):
        net = Sorter(8, 12, 6, 4, routing)
        return sum(p.numel() for p in net.experts.experts[0].parameters())

    assert work("learned") == work("dense")


def test_shared_information_of_what_tells_all_and_what_tells_nothing():
    groups = np.repeat(np.arange(8), 50)
    assert shared(groups[::-1].copy(), groups) == pytest.approx(1)
    assert shared(np.zeros(400, int), groups) == pytest.approx(0, abs=1e-9)


def test_committed_results_fit_each_other():
    facts, arrays = experts.load()
    s = experts.SETTINGS
    for arm in experts.ARMS:
        assert arrays[f"right_{arm}"].shape == (len(s.seeds), facts["asked"]) == arrays[f"expert_{arm}"].shape
    assert arrays["group"].max() == len(CLASSES) - 1
    again = [shared(chosen.astype(int), arrays["group"]) for chosen in arrays["expert_experts"]]
    assert np.allclose(again, arrays["shared"], atol=1e-5)

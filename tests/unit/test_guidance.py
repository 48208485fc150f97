"""Guidance: what it computes, how often it calls the network, and that v, eps and x0 agree about it."""

import pytest
import torch

from denoised.diffusion import schedules as sch
from denoised.diffusion.guidance import guide, guided

COND, UNCOND = torch.full((2, 3), 2.0), torch.full((2, 3), -1.0)
XT = torch.randn(2, 4, 3, 3, generator=torch.Generator().manual_seed(0))


class Counting:
    """A network whose answer shows xt and context, and that remembers how it was asked."""

    def __init__(self):
        self.batches = []

    def __call__(self, xt, t, context):
        self.batches.append(len(xt))
        return xt + context.sum(1).reshape(-1, 1, 1, 1)


@pytest.mark.parametrize(
    ("s", "batches", "expected"), [(1, [2], 6.0), (0, [2], -3.0), (3, [4], 24.0), (0.5, [4], 1.5)]
)
def test_answer_and_number_of_calls(s, batches, expected):
    model = Counting()
    answer = guided(model, s, COND, UNCOND)(XT, torch.tensor(500))
    torch.testing.assert_close(answer, XT + expected)
    assert model.batches == batches


def test_formula():
    eps_u, eps_c = torch.tensor([1.0, 2.0]), torch.tensor([3.0, 0.0])
    assert guide(eps_u, eps_c, 3).tolist() == [7.0, -4.0]


def test_off_needs_no_unconditional_context():
    torch.testing.assert_close(guided(Counting(), 1.0, COND)(XT, 3), XT + 6)


def test_interval_guides_inside_only():
    model = Counting()
    f = guided(model, 3, COND, UNCOND, interval=(200, 700))
    answers = [float((f(XT, torch.tensor(t)) - XT).mean()) for t in (999, 701, 700, 200, 199)]
    assert answers == pytest.approx([6, 6, 24, 24, 6], abs=1e-4)
    assert model.batches == [2, 2, 4, 4, 2]


@pytest.mark.parametrize("s", [0.0, 1.0, 4.0])
def test_guiding_v_or_x0_is_guiding_eps(s):
    g = torch.Generator().manual_seed(1)
    v_u, v_c = torch.randn(2, *XT.shape, generator=g)
    x0, eps = sch.split(guide(v_u, v_c, s), XT, 0.4, "v")
    (x0_u, eps_u), (x0_c, eps_c) = sch.split(v_u, XT, 0.4), sch.split(v_c, XT, 0.4)
    torch.testing.assert_close(eps, guide(eps_u, eps_c, s))
    torch.testing.assert_close(x0, guide(x0_u, x0_c, s))


WRONG = {
    "no uncond": lambda: guided(Counting(), 3, COND),
    "no uncond for s = 0": lambda: guided(Counting(), 0, COND),
    "not a number": lambda: guided(Counting(), float("nan"), COND, UNCOND),
    "infinite": lambda: guided(Counting(), float("inf"), COND, UNCOND),
    "two shapes": lambda: guided(Counting(), 3, COND, UNCOND[:1]),
    "interval upside down": lambda: guided(Counting(), 3, COND, UNCOND, interval=(700, 200)),
}


@pytest.mark.parametrize("call", WRONG.values(), ids=WRONG.keys())
def test_wrong_arguments_get_one_sentence(call):
    with pytest.raises(ValueError, match=r"^\w[^\n]*\.$"):
        call()

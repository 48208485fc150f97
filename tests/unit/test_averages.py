"""Running averages of weights: watched from outside, they are what the training itself keeps."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from denoised.studies import averages
from denoised.training import laboratory
from denoised.training.loop import Ema

TRAINING = laboratory.Settings(samples=256, batch=32, lr=2e-3, warmup=32, ema=0.9)
SETTINGS = replace(averages.SETTINGS, training=TRAINING, marks=(128, 256), decays=(0.2, 0.9))


@pytest.fixture(scope="module")
def lesson():
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(20, 4, 8, 8, generator=generator)
    return z, torch.randint(1, 4, (20, 2), generator=generator), (4, 4)


def test_it_looks_at_every_mark_with_every_kind_of_weights(lesson):
    seen, weights = [], {}

    def look(mark, which, net):
        seen.append((mark, which))
        weights[mark, which] = torch.cat([p.detach().flatten().clone() for p in net.parameters()])

    averages.watched(*lesson, 0, SETTINGS, look)
    assert seen == [(mark, which) for mark in (128, 256) for which in (0, 1, 2)]
    raw = laboratory.train(*lesson, 0, replace(TRAINING, ema=0.0))  # an average of nothing but the newest
    final = torch.cat([p.flatten() for p in raw.parameters()])
    torch.testing.assert_close(weights[256, 0], final, msg="watching changes nothing")
    short, long = ((weights[256, k] - weights[256, 0]).norm() for k in (1, 2))
    assert 0 < short < long, "the longer the average, the further behind"


def test_an_average_is_that_of_the_definition():
    p = torch.nn.Parameter(torch.zeros(1))
    average, wanted = Ema([p], 0.9, every=1), 0.0
    for step in range(1, 40):
        p.data.fill_(float(step))
        average.update(step)
        decay = min(0.9, (1 + step) / (10 + step))
        wanted = decay * wanted + (1 - decay) * step
    assert float(average.shadow[0]) == pytest.approx(wanted, rel=1e-5)


def test_error_is_less_for_what_was_learned(lesson):
    z, said, sizes = lesson
    fresh, learned = (laboratory.train(z, said, sizes, 0, replace(TRAINING, samples=n, ema=0.5)) for n in (32, 1024))
    assert averages.error(learned, z, said) < averages.error(fresh, z, said)
    assert averages.error(learned, z, said) == averages.error(learned, z, said)


def test_what_is_committed_is_whole():
    facts, arrays = averages.load()
    s, kinds = averages.SETTINGS, 1 + len(averages.SETTINGS.decays)
    assert arrays["right"].shape == (len(s.seeds), len(s.marks), kinds, s.asked * s.concepts)
    assert arrays["error"].shape == arrays["right"].shape[:3] and np.all(arrays["error"] > 0)
    assert len(facts["things"]) == s.concepts

"""The judge's figure: what it says of who has seen what, and its distance between sets."""

import numpy as np

from denoised.data import specimens, splits
from denoised.training.judge import is_test
from figures.models import judged


def test_neither_judge_nor_generator_learned_from_the_icons_of_the_upper_rows():
    pairs = [splits.Row(**record) for record in specimens.load().records if record["split"] == "pair"]
    assert len(pairs) > judged.COUNT
    assert all(is_test(row) for row in pairs)
    kept = {row.id for row in splits.load() if row.split == "train"}
    assert not kept & {row.id for row in pairs}


def test_distance_between_halves_is_nothing_and_grows_with_a_difference():
    rng = np.random.default_rng(0)
    real = rng.standard_normal((48, 40)).astype(np.float32)
    same, spread = judged.apart(real, real, np.random.default_rng(1), 200)
    assert abs(same) < spread
    further = [judged.apart(real, real + shift, np.random.default_rng(1), 200)[0] for shift in (0.5, 1.0)]
    assert same + spread < further[0] < further[1]


def test_a_half_is_never_compared_with_itself():
    """Made from the same things, it would look closer than it is."""
    real = np.eye(8, dtype=np.float32)
    seen = []

    class Order:
        def permutation(self, n):
            seen.append(n)
            return np.arange(n)

    judged.judge.kid, keep = lambda a, b, **_: (float((a @ b.T).sum()), 0.0), judged.judge.kid
    try:
        assert judged.apart(real, real, Order(), 1) == (0.0, 0.0)
    finally:
        judged.judge.kid = keep
    assert seen == [8]

"""The judge's figure: what it says of who has seen what, and its distance between sets."""

import numpy as np

from denoised.data import splits
from denoised.data.captions import prompt
from denoised.lab import Lab
from denoised.models import judge as judge_model
from denoised.probes import judge
from denoised.studies import judged as study
from denoised.studies import shelf
from denoised.training.judge import is_test
from figures.models import judged


def test_neither_judge_nor_generator_learned_from_the_icons_of_the_upper_rows():
    asked = study.load()[0]["asked"]
    rows = {row.id: row for row in splits.load()}
    kept, learned = ([rows[name] for name in asked[side]] for side in ("kept", "learned"))
    assert len(kept) == len(set(kept)) == len(learned) == len(set(learned)) > 90
    assert all(is_test(row) and row.split == "pair" for row in kept)
    assert all(row.split == "train" for row in learned)


def test_kept_drawings_are_those_that_these_weights_make():
    """The first of them, drawn anew: to the judge it is the one in the results."""
    facts, arrays = study.load()
    bench = Lab("study/judged", weights=("emoji-sd", "judge"))
    assert facts["weights"] == shelf.digests(bench, *study.NETWORKS)
    row = next(row for row in splits.load() if row.id == facts["asked"]["kept"][0])
    net = judge_model.load(bench.weight("judge"))
    again = judge.look(net, study.draw(bench.pipeline(), [prompt(row)]))["features"][0]
    assert np.abs(again - arrays["kept"][0]).max() < 0.05 * np.abs(arrays["kept"][0]).max()


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

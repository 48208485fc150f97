import numpy as np
from scipy.stats import binomtest

from denoised.studies import shares


def test_shares_of_all_of_kept_and_of_learned_with_scipy_s_interval():
    right = np.array([1, 1, 0, 1, 0, 0, 1, 1], bool)
    arrays = {"top1_net-4": right, "kept": np.array([0, 0, 0, 0, 0, 1, 1, 1], bool)}
    found = shares.numbers(arrays, "net-4", ("top1",))
    low, high = binomtest(5, 8).proportion_ci(method="wilson")
    assert set(found) == {"top1_net_4", *(f"top1_net_4_{end}" for end in ("low", "high", "kept", "learned"))}
    assert (found["top1_net_4"], found["top1_net_4_learned"]) == (5 / 8, 3 / 5)
    np.testing.assert_allclose([found["top1_net_4_low"], found["top1_net_4_high"]], [low, high], rtol=1e-6)
    assert abs(found["top1_net_4_kept"] - 2 / 3) < 1e-9

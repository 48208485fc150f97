"""Can two groups be told apart by a number?"""

import numpy as np


def auc(high, low) -> float:
    """Chance that a value drawn from `high` [N] exceeds one drawn from `low` [M], ties counting half: 0.5 = a coin.

    The area under the receiver operating characteristic, as Mann and Whitney's U divided by N M.
    """
    high, low = np.asarray(high, dtype=np.float64), np.asarray(low, dtype=np.float64)
    if high.ndim != 1 or low.ndim != 1 or not len(high) or not len(low):
        raise ValueError("Telling apart needs two rows of numbers, each with at least one.")
    difference = high[:, None] - low[None]
    return float(((difference > 0) + 0.5 * (difference == 0)).mean())

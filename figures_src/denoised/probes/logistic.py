"""Two kinds of picture told apart by a weighted sum of features. Its accuracy on held-out pictures stands beside whatever
it says."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit


@dataclass(frozen=True)
class Logistic:
    """P(true) = 1 / (1 + exp(-score)), score = bias + weight . (features - centre) / scale."""

    centre: np.ndarray  # [F]
    scale: np.ndarray  # [F]
    weight: np.ndarray  # [F]
    bias: float

    def score(self, features) -> np.ndarray:
        """Log odds [N] of features [N, F]: above 0 means true."""
        return (np.asarray(features, np.float64) - self.centre) / self.scale @ self.weight + self.bias

    def accuracy(self, features, truth) -> float:
        """Share of rows told rightly."""
        return float(((self.score(features) > 0) == np.asarray(truth, bool)).mean())


def fit(features, truth, penalty: float = 0.02) -> Logistic:
    """Logistic regression on standardized features [N, F]: mean log loss plus penalty / 2 times the squared weights.

    Raises ValueError unless there are both true and false rows, one truth a row.
    """
    x, y = np.asarray(features, np.float64), np.asarray(truth, bool).astype(float)
    if len(x) != len(y) or not 0 < y.mean() < 1:
        raise ValueError("Telling two kinds apart needs rows of both, with one truth a row.")
    centre, scale = x.mean(0), x.std(0) + 1e-9
    x = (x - centre) / scale

    def loss(w):
        score = x @ w[:-1] + w[-1]
        wrong = expit(score) - y
        value = np.mean(np.logaddexp(0, score) - y * score) + penalty / 2 * w[:-1] @ w[:-1]
        return value, np.append(x.T @ wrong / len(y) + penalty * w[:-1], wrong.mean())

    found = minimize(loss, np.zeros(x.shape[1] + 1), jac=True, method="L-BFGS-B", options={"maxiter": 500})
    return Logistic(centre, scale, found.x[:-1], float(found.x[-1]))

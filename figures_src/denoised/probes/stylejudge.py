"""A small judge of style: a dozen measurements of a picture and one linear discriminant. Its accuracy on unseen drawings
has to be printed next to whatever it says."""

from collections.abc import Callable

import numpy as np

from .metrics import LUMA, outline, saturation
from .spectra import radial_power_spectrum

RINGS = (2, 4, 8, 16, 32, 64)  # edges of the bands of detail, in cycles a picture


def features(images) -> np.ndarray:
    """Pictures uint8 [N, H, W, 3] to measurements [N, 11]: outlines, colour, tones, flatness, and detail by band."""
    images = np.asarray(images)
    light = images.astype(np.float64) @ LUMA / 255
    _, power = radial_power_spectrum(light[:, None])
    bands = [np.log(power[:, 0, a:b].sum(-1) + 1e-9) for a, b in zip(RINGS[:-1], RINGS[1:], strict=True)]
    steps = np.abs(np.diff(light, axis=2))
    drawn = light < 0.97  # what is not paper
    parts = [
        outline(images), saturation(images), (light < 0.25).mean((1, 2)), drawn.mean((1, 2)),
        ((steps > 0.004) & (steps < 0.04)).mean((1, 2)) / np.maximum(drawn.mean((1, 2)), 0.01),  # soft shading
        (steps > 0.3).mean((1, 2)), *bands,
    ]  # fmt: skip
    return np.stack(parts, axis=1)


def fit_judge(images, labels, ridge: float = 0.1) -> Callable[[np.ndarray], np.ndarray]:
    """Fisher's linear discriminant of two styles (labels 0 and 1), as a function from pictures to places [N] on a line.

    The line's unit is the way from the mean of style 0, at 0, to that of style 1, at 1; one half divides them. The
    covariance within styles is shrunk towards its diagonal by `ridge`.
    """
    x, labels = features(images), np.asarray(labels)
    centre, spread = x.mean(0), x.std(0) + 1e-9
    x = (x - centre) / spread
    means = np.stack([x[labels == k].mean(0) for k in (0, 1)])
    within = np.cov((x - means[labels]).T)
    within = (1 - ridge) * within + ridge * np.diag(np.diag(within)) + 1e-6 * np.eye(len(within))
    weight = np.linalg.solve(within, means[1] - means[0])
    start, way = weight @ means[0], weight @ (means[1] - means[0])

    def judge(some) -> np.ndarray:
        return ((features(some) - centre) / spread @ weight - start) / way

    return judge

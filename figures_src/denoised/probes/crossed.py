"""Intervals for what several trained nets made of the same icons: both the nets and the icons could have been others."""

import numpy as np


def crossed_ci(rows: np.ndarray, rng: np.random.Generator, resamples: int) -> tuple[float, float]:
    """95 % percentile interval (low, high) of the mean of rows [seeds, icons]; seeds and icons are both drawn anew (Owen
    2007, "The pigeonhole bootstrap")."""
    seeds, icons = rows.shape
    means = [rows[rng.integers(seeds, size=seeds)][:, rng.integers(icons, size=icons)].mean() for _ in range(resamples)]
    return tuple(float(v) for v in np.percentile(means, (2.5, 97.5)))

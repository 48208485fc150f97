"""Tables whose rows and columns are both chosen: nets by icons, prompts by noises, latents by decoders."""

import numpy as np


def crossed_ci(rows: np.ndarray, rng: np.random.Generator, resamples: int) -> tuple[float, float]:
    """95 % percentile interval (low, high) of the mean of rows [seeds, icons]; seeds and icons are both drawn anew (Owen
    2007, "The pigeonhole bootstrap")."""
    seeds, icons = rows.shape
    means = [rows[rng.integers(seeds, size=seeds)][:, rng.integers(icons, size=icons)].mean() for _ in range(resamples)]
    return tuple(float(v) for v in np.percentile(means, (2.5, 97.5)))


def variance_shares(table) -> np.ndarray:
    """Analysis of variance of a table [R, C, ...] (Fisher 1925): the shares [3] of its total variance, over all further
    axes, that go with the row, with the column, and with neither alone."""
    y = np.asarray(table).reshape(*np.shape(table)[:2], -1).astype(np.float64)
    centre = y.mean((0, 1))
    by_row, by_column = y.mean(1) - centre, y.mean(0) - centre
    rest = y - centre - by_row[:, None] - by_column[None]
    parts = np.array([(by_row**2).sum() * y.shape[1], (by_column**2).sum() * y.shape[0], (rest**2).sum()])
    return parts / parts.sum()

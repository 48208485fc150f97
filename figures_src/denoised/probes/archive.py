"""A librarian to compare with: the nearest picture, or the nearest patch, that an archive of pictures holds."""

import numpy as np
import torch


def cells(images, side: int = 8) -> np.ndarray:
    """Pictures uint8 [N, H, W, 3] cut into a grid of patches: [N * (H/side) * (W/side), side * side * 3] float32."""
    images = np.asarray(images)
    n, h, w, _ = images.shape
    grid = images.reshape(n, h // side, side, w // side, side, 3).swapaxes(2, 3)
    return grid.reshape(-1, side * side * 3).astype(np.float32)


def uncells(rows, shape: tuple[int, int, int], side: int = 8) -> np.ndarray:
    """The inverse of `cells`: rows and the pictures' (N, H, W) to uint8 [N, H, W, 3]."""
    n, h, w = shape
    grid = np.asarray(rows).reshape(n, h // side, w // side, side, side, 3).swapaxes(2, 3)
    return np.clip(np.round(grid.reshape(n, h, w, 3)), 0, 255).astype(np.uint8)


def windows(images, side: int = 8, stride: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Patches at every `stride` pixels of uint8 [N, H, W, 3], blank ones left out but for one of each picture.

    Returns rows [K, side * side * 3] float32 and the picture each is from, [K] int.
    """
    images = np.asarray(images)
    view = np.lib.stride_tricks.sliding_window_view(images, (side, side), axis=(1, 2))[:, ::stride, ::stride]
    rows, origin = [], []
    for i, some in enumerate(view):  # [rows, columns, 3, side, side]
        flat = np.moveaxis(some, 2, -1).reshape(-1, side * side * 3)
        busy = np.flatnonzero(np.ptp(flat, axis=1) > 8)
        blank = np.flatnonzero(np.ptp(flat, axis=1) <= 8)[:1]
        keep = np.concatenate([busy, blank])
        rows.append(flat[keep].astype(np.float32))
        origin.append(np.full(len(keep), i))
    return np.concatenate(rows), np.concatenate(origin)


def nearest(queries, rows, batch: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """For each of `queries` [Q, D] the nearest of `rows` [K, D]: its index [Q] and mean squared difference [Q].

    |q - r|^2 = |q|^2 - 2 q.r + |r|^2, so that nearly all of the work is one product of matrices.
    """
    queries, rows = torch.as_tensor(np.asarray(queries)).float(), torch.as_tensor(np.asarray(rows)).float()
    best = torch.full((len(queries),), float("inf"))
    index = torch.zeros(len(queries), dtype=torch.long)
    for start in range(0, len(rows), batch):
        some = rows[start : start + batch]
        score = some.square().sum(1) - 2 * queries @ some.T
        least, where = score.min(1)
        better = least < best
        best, index = torch.where(better, least, best), torch.where(better, where + start, index)
    exact = (queries - rows[index]).square().mean(1)  # the expansion loses digits where the two are nearly equal
    return index.numpy(), exact.numpy()

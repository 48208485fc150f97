"""One small kernel and one picture: the arithmetic of a convolution by hand, its sizes, and what its answer means."""

from __future__ import annotations

from collections import Counter

import numpy as np

KERNELS = {  # rows from top to bottom; what a reader can choose by name
    "vertical edges": ((-1, 0, 1), (-1, 0, 1), (-1, 0, 1)),
    "horizontal edges": ((-1, -1, -1), (0, 0, 0), (1, 1, 1)),
    "thin lines, upright": ((-1, 2, -1), (-1, 2, -1), (-1, 2, -1)),
    "spots": ((-1, -1, -1), (-1, 8, -1), (-1, -1, -1)),
    "blur": ((1, 1, 1), (1, 1, 1), (1, 1, 1)),
    "sharpen": ((0, -1, 0), (-1, 5, -1), (0, -1, 0)),
    "emboss": ((-2, -1, 0), (-1, 1, 1), (0, 1, 2)),
    "nothing": ((0, 0, 0), (0, 1, 0), (0, 0, 0)),
}


class Counted:
    """A whole number that keeps a tally of what is done with it; any operation but + and * is tallied under its name."""

    def __init__(self, value: int, tally: Counter):
        self.value, self.tally = int(value), tally

    def _do(self, name: str, value: int) -> Counted:
        self.tally[name] += 1
        return Counted(value, self.tally)

    def __mul__(self, other):
        return self._do("multiplications", self.value * int(other))

    def __add__(self, other):
        return self._do("additions", self.value + int(getattr(other, "value", other)))

    def __sub__(self, other):
        return self._do("subtractions", self.value - int(getattr(other, "value", other)))

    def __truediv__(self, other):
        return self._do("divisions", self.value // int(getattr(other, "value", other)))

    def __pow__(self, other):
        return self._do("powers", self.value ** int(getattr(other, "value", other)))


# --8<-- [start:loops]
def by_hand(picture, kernel) -> list[list]:
    """Slide `kernel` (k rows of k numbers) over `picture` (H rows of W numbers): H - k + 1 rows of W - k + 1 sums.

    What deep learning calls a convolution; strictly, a correlation, since the kernel is not turned round.
    """
    k = len(kernel)
    answer = []
    for top in range(len(picture) - k + 1):
        row = []
        for left in range(len(picture[0]) - k + 1):
            total = picture[top][left] * kernel[0][0]
            for i in range(k):
                for j in range(k):
                    if i or j:
                        total = total + picture[top + i][left + j] * kernel[i][j]
            row.append(total)
        answer.append(row)
    return answer
    # --8<-- [end:loops]


def counted(picture: np.ndarray, kernel) -> tuple[np.ndarray, Counter]:
    """`by_hand` on whole numbers [H, W]: (answer int64 [h, w], how often which operation was used)."""
    tally: Counter = Counter()
    made = by_hand([[Counted(v, tally) for v in row] for row in picture], kernel)
    return np.array([[cell.value for cell in row] for row in made]), tally


def size_out(n: int, k: int = 3, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """How many places a kernel of `k` has along a side of `n` (Dumoulin & Visin 2016, relationship 14)."""
    return (n + 2 * padding - dilation * (k - 1) - 1) // stride + 1


def convolve(picture: np.ndarray, kernel, stride: int = 1, padding: int = 0, dilation: int = 1) -> np.ndarray:
    """float64 [H, W] -> float64 [h, w]; what is outside of the picture counts as zero."""
    kernel = np.asarray(kernel, float)
    x = np.pad(np.asarray(picture, float), padding)
    h, w = (size_out(n, len(kernel), stride, padding, dilation) for n in np.shape(picture))
    answer = np.zeros((h, w))
    for i in range(len(kernel)):
        for j in range(len(kernel)):
            top, left = i * dilation, j * dilation
            rows, columns = (slice(a, a + (n - 1) * stride + 1, stride) for a, n in ((top, h), (left, w)))
            answer += kernel[i, j] * x[rows, columns]
    return answer


def similarity(picture: np.ndarray, kernel) -> np.ndarray:
    """Correlation coefficient of the kernel with each patch [H - k + 1, W - k + 1]; 0 where a patch is flat."""
    kernel = np.asarray(kernel, float)
    k = kernel - kernel.mean()
    patches = np.lib.stride_tricks.sliding_window_view(np.asarray(picture, float), kernel.shape)
    centred = patches - patches.mean((-1, -2), keepdims=True)
    length = np.sqrt((centred**2).sum((-1, -2)) * (k**2).sum())
    return np.divide((centred * k).sum((-1, -2)), length, out=np.zeros_like(length), where=length > 1e-9)

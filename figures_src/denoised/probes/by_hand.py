"""What a library does for you, done without it: a convolution in loops, and a network taught with gradients by hand."""

import numpy as np


# --8<-- [start:loops]
def convolve_loops(image: list[list[float]], kernel: list[list[float]]) -> list[list[float]]:
    """A 3x3 kernel carried over a picture (rows of numbers) in plain Python, edges left out."""
    return [
        [sum(kernel[i][j] * image[y + i][x + j] for i in range(3) for j in range(3)) for x in range(len(image[0]) - 2)]
        for y in range(len(image) - 2)
    ]
    # --8<-- [end:loops]


def convolve_numpy(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """The same with NumPy: [H, W] -> [H - 2, W - 2] by views of all 3x3 windows."""
    return np.einsum("yxij,ij->yx", np.lib.stride_tricks.sliding_window_view(image, (3, 3)), kernel)


def convolve_scipy(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """The same with SciPy, whose word for it is correlation: a convolution proper would flip the kernel."""
    from scipy.signal import correlate2d

    return correlate2d(image, kernel, mode="valid")


def convolve_torch(image, kernel):
    """The same with PyTorch, tensors [H, W] and [3, 3] -> [H - 2, W - 2], ready for gradients."""
    import torch.nn.functional as F

    return F.conv2d(image[None, None], kernel[None, None])[0, 0]


# --8<-- [start:net]
def teach_numpy(x, y, w1, w2, rate: float, steps: int) -> list[float]:
    """Loss at each step of a two-layer net tanh(x w1) w2, taught with gradients that somebody worked out on paper."""
    w1, w2, losses = w1.copy(), w2.copy(), []
    for _ in range(steps):
        hidden = np.tanh(x @ w1)
        wrong = hidden @ w2 - y
        losses.append(float((wrong**2).mean()))
        back = 2 * wrong / wrong.size
        w1 -= rate * x.T @ ((back @ w2.T) * (1 - hidden**2))
        w2 -= rate * hidden.T @ back
    return losses
    # --8<-- [end:net]


def teach_torch(x, y, w1, w2, rate: float, steps: int) -> list[float]:
    """The same net, taught by autograd."""
    import torch

    x, y = torch.as_tensor(x), torch.as_tensor(y)
    w1, w2 = (torch.tensor(w, requires_grad=True) for w in (w1, w2))
    losses = []
    for _ in range(steps):
        loss = (torch.tanh(x @ w1) @ w2 - y).square().mean()
        losses.append(float(loss.detach()))
        for w, grad in zip((w1, w2), torch.autograd.grad(loss, (w1, w2)), strict=True):
            w.data -= rate * grad
    return losses

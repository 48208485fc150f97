"""What a linear map can read off the layers of a net: the direction of stripes, colour, style, group, concept.

A layer's map is reduced to how much of either sign there is in each channel, over the whole picture; a ridge regression
on these sums is fitted to one set of pictures and scored on another (Alain & Bengio 2016, linear classifier probes).
"""

import numpy as np

ORIENTATIONS = 8  # directions of stripes, 22.5 degrees apart
RIDGE = 1e-2  # of the mean eigenvalue of the inputs' covariance


def gratings(count: int, side: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(uint8 [count, 3, side, side], direction int64 [count]): stripes of random width, phase, contrast and two random
    colours, with a little noise. Direction k is k * 180 / ORIENTATIONS degrees."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    truth = rng.integers(ORIENTATIONS, size=count)
    pictures = np.empty((count, 3, side, side), np.uint8)
    for i, k in enumerate(truth):
        angle, cycles = np.pi * k / ORIENTATIONS, rng.uniform(3, 9) / side
        wave = np.sin(2 * np.pi * cycles * (np.cos(angle) * x + np.sin(angle) * y) + rng.uniform(0, 2 * np.pi))
        share = 0.5 + 0.5 * rng.uniform(0.3, 1) * wave
        two = rng.uniform(0, 255, (2, 3, 1, 1))
        noisy = two[0] + (two[1] - two[0]) * share + rng.normal(0, 8, (3, side, side))
        pictures[i] = np.clip(np.round(noisy), 0, 255)
    return pictures, truth


def summaries(maps) -> list[np.ndarray]:
    """[[B, C, H, W], ...] -> [[B, 2 C], ...]: the mean over positions of what is above and of what is below zero."""
    import torch

    return [torch.cat([m.clamp(min=0).mean((2, 3)), m.clamp(max=0).mean((2, 3))], 1).double().numpy() for m in maps]


def layers(net, pictures, batch: int = 256) -> list[np.ndarray]:
    """For uint8 [N, 3, S, S]: the summaries of the pixels themselves, of the stem and of each unit, [N, 2 C] each."""
    import torch

    found = []
    with torch.no_grad():
        for part in pictures.split(batch):
            x = part.float() / 127.5 - 1
            found.append(summaries([x, *net.maps(x)]))
    return [np.concatenate(rows) for rows in zip(*found, strict=True)]


def settle(net, pictures, batch: int = 256):
    """Give an untrained net the means and spreads that its norms would have met; its weights stay as they were drawn."""
    import torch

    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.reset_running_stats()
            module.momentum = None  # a plain average over all batches
    net.train()
    with torch.no_grad():
        for part in pictures.split(batch):
            net(part.float() / 127.5 - 1)
    return net.eval().requires_grad_(False)


def ridge(x, labels, classes: int):
    """(mean, scale, weights, offset) of the least-squares map from x [N, D] to the indicator of labels [N]."""
    mean, scale = x.mean(0), x.std(0) + 1e-9
    z = (x - mean) / scale
    y = np.eye(classes)[labels]
    offset = y.mean(0)
    gram = z.T @ z
    weights = np.linalg.solve(gram + RIDGE * np.trace(gram) / len(gram) * np.eye(len(gram)), z.T @ (y - offset))
    return mean, scale, weights, offset


def right(fitted, x, labels) -> np.ndarray:
    """uint8 [N]: is the class with the largest answer the true one?"""
    mean, scale, weights, offset = fitted
    return (((x - mean) / scale @ weights + offset).argmax(1) == labels).astype(np.uint8)


def probe(net, tasks: dict) -> dict[str, np.ndarray]:
    """{task: uint8 [layers, test pictures]}. tasks[name] = ((pictures, labels) to fit, (pictures, labels) to score);
    pictures are tensors uint8 [N, 3, S, S], labels int64 arrays [N], -1 for pictures that a task leaves out."""
    seen, found = {}, {}

    def look(pictures):
        if id(pictures) not in seen:
            seen[id(pictures)] = layers(net, pictures)
        return seen[id(pictures)]

    for name, (fit, test) in tasks.items():
        known, asked = fit[1] >= 0, test[1] >= 0
        classes = int(max(fit[1].max(), test[1].max())) + 1
        rows = []
        for x, z in zip(look(fit[0]), look(test[0]), strict=True):
            rows.append(right(ridge(x[known], fit[1][known], classes), z[asked], test[1][asked]))
        found[name] = np.stack(rows)
    return found


SOURCES = (gratings, summaries, layers, settle, ridge, right, probe)

"""How much the last word of a network still depends on what it read long ago: gradient norms against distance."""

import numpy as np
import torch

from denoised.models import scan


# --8<-- [start:fading]
def fading(model, length: int, vocabulary: int, seed: int = 0, count: int = 4) -> np.ndarray:
    """Norm of the gradient of the last position's summed answer with respect to the input vector at each distance
    [length]; 0 is the last position itself. Mean over `count` sequences of chance tokens (Bengio et al. 1994)."""
    tokens = torch.as_tensor(np.random.default_rng(seed).integers(vocabulary, size=(count, length)))
    parts = torch.as_tensor(np.random.default_rng(seed + 1).standard_normal((count, model.width)), dtype=torch.float32)
    vectors = model.embed(tokens).detach().requires_grad_(True)
    with scan.quick_scan(), torch.enable_grad():
        # a chance direction of the last position's features, so that neither the head nor a sum of signs matters
        (model.body(vectors)[:, -1] * parts).sum().backward()
    return vectors.grad.norm(dim=2).mean(0).flip(0).numpy()
    # --8<-- [end:fading]

"""Pictures as tensors and as bytes."""

import numpy as np
import torch


def as_bytes(pictures: torch.Tensor) -> np.ndarray:
    """Pictures [N, 3, H, W] float, nominally 0..1, clipped and rounded: uint8 [N, H, W, 3]."""
    return pictures.clamp(0, 1).mul(255).round().to(torch.uint8).cpu().permute(0, 2, 3, 1).contiguous().numpy()

"""Mamba's selective scan with a gradient written out, for training on a processor.

transformers runs the recurrence as a loop over slices when its kernels are missing; the gradient of each slice fills a
tensor as large as the whole sequence, so training takes time that grows with the square of the length. This scan does
the same arithmetic, step by step, and costs the same at every step. tests/unit/test_sequences.py holds it against
theirs.
"""

import contextlib

import torch
import torch.nn.functional as F


# --8<-- [start:scan]
class Scan(torch.autograd.Function):
    """h_t = a_t * h_{t-1} + b_t from h = 0; a, b [T, ...] -> all h [T, ...]. One step after the other, both ways."""

    @staticmethod
    def forward(ctx, a, b):
        h = torch.empty_like(b)
        state = torch.zeros_like(b[0])
        for t in range(len(b)):
            state = torch.addcmul(b[t], a[t], state, out=h[t])
        ctx.save_for_backward(a, h)
        return h

    @staticmethod
    def backward(ctx, grad):
        a, h = ctx.saved_tensors
        grad_b, carried = torch.empty_like(grad), torch.zeros_like(grad[0])
        for t in range(len(grad) - 1, -1, -1):
            torch.add(grad[t], carried, out=grad_b[t])
            carried = grad_b[t] * a[t]
        grad_a = torch.zeros_like(a)
        torch.mul(grad_b[1:], h[:-1], out=grad_a[1:])
        return grad_a, grad_b
    # --8<-- [end:scan]


def selective_scan(x, dt, A, B, C, D=None, z=None, delta_bias=None, delta_softplus=False, return_last_state=False,
                   **_unused):  # fmt: skip
    """What transformers calls mamba_selective_scan, same arguments and results: x, dt, z [B, channels, T],
    A [channels, N], B, C [B, N, T], D [channels] -> [B, channels, T] (and the state [B, channels, N])."""
    if delta_bias is not None:
        dt = dt + delta_bias[..., None]
    if delta_softplus:
        dt = F.softplus(dt)
    steps = dt.permute(2, 0, 1)  # [T, B, channels]
    decay = torch.exp(steps[..., None] * A)
    given = (steps * x.permute(2, 0, 1))[..., None] * B.permute(2, 0, 1)[:, :, None]
    h = Scan.apply(decay, given)
    y = torch.einsum("tbcn,tbn->bct", h, C.permute(2, 0, 1))
    y = y if D is None else y + x * D[None, :, None]
    y = y if z is None else y * F.silu(z)
    return (y, h[-1]) if return_last_state else y


@contextlib.contextmanager
def quick_scan():
    """Within it, transformers' MambaModel scans by `selective_scan`."""
    from transformers.models.mamba import modeling_mamba

    theirs = modeling_mamba.mamba_selective_scan
    modeling_mamba.mamba_selective_scan = selective_scan
    try:
        yield
    finally:
        modeling_mamba.mamba_selective_scan = theirs

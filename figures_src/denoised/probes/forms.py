"""The same layer computed in two ways that look nothing alike: step by step, and all at once.

Each function here is the other form of something that a library has; figures and tests compare the two.
"""

import contextlib

import numpy as np
import torch
import torch.nn.functional as F


# --8<-- [start:gru]
def gru_by_hand(gru: torch.nn.GRU, x: torch.Tensor) -> torch.Tensor:
    """One layer of torch's GRU as four lines a step: x [B, T, C] -> hidden states [B, T, H] (Cho et al. 2014)."""
    h, states = torch.zeros(len(x), gru.hidden_size), []
    for step in x.unbind(1):
        r_x, z_x, n_x = F.linear(step, gru.weight_ih_l0, gru.bias_ih_l0).chunk(3, 1)
        r_h, z_h, n_h = F.linear(h, gru.weight_hh_l0, gru.bias_hh_l0).chunk(3, 1)
        z = torch.sigmoid(z_x + z_h)
        h = z * h + (1 - z) * torch.tanh(n_x + torch.sigmoid(r_x + r_h) * n_h)
        states.append(h)
    return torch.stack(states, 1)
    # --8<-- [end:gru]


# --8<-- [start:rwkv]
def wkv_at_once(time_decay, time_first, key, value, state=None, return_state=False):
    """RWKV's memory for all positions in one go, as a table of weights of positions for positions, with the arguments
    of transformers' rwkv_linear_attention: key, value [B, T, C] -> [B, T, C] (Peng et al. 2023, eq. 16)."""
    length = key.shape[1]
    ago = torch.arange(length)[:, None] - torch.arange(length)[None]  # [T, T]: how long ago
    fade = -torch.exp(time_decay) * (ago[..., None] - 1).clamp(min=0)  # each channel forgets at its own pace
    strength = torch.where(ago[..., None] == 0, time_first, fade) + key[:, None]  # [B, T, T, C]
    weights = torch.softmax(strength.masked_fill(ago[..., None] < 0, -torch.inf), dim=2)
    return (weights * value[:, None]).sum(2), state
    # --8<-- [end:rwkv]


@contextlib.contextmanager
def parallel_rwkv():
    """Within it, transformers' RwkvModel remembers by `wkv_at_once`: no loop over positions is left in it."""
    from transformers.models.rwkv import modeling_rwkv

    theirs = modeling_rwkv.rwkv_linear_attention
    modeling_rwkv.rwkv_linear_attention = wkv_at_once
    try:
        yield
    finally:
        modeling_rwkv.rwkv_linear_attention = theirs


def rwkv_by_steps(model, tokens: torch.Tensor) -> torch.Tensor:
    """A causal RWKV of transformers fed one token at a time, nothing kept but its state: logits [B, T, vocabulary].

    One sequence after the other: transformers' RwkvModel 5.x mixes the sequences of a batch up when it is fed single
    tokens (a state [B, C] is added to a token [B, 1, C]), which tests/unit/test_sequences.py watches.
    """
    said = []
    for sequence in tokens:
        state, each = None, []
        for token in sequence:
            out = model(token[None, None], state=state, use_cache=True)
            state = out.state
            each.append(out.logits[0, 0])
        said.append(torch.stack(each))
    return torch.stack(said)


def transformer_by_steps(model, tokens: torch.Tensor) -> torch.Tensor:
    """A causal Transformer fed one token at a time with its cache: logits [B, T, vocabulary]."""
    cache, said = None, []
    for token in tokens.unbind(1):
        out = model(token[:, None], past_key_values=cache, use_cache=True)
        cache = out.past_key_values
        said.append(out.logits[:, 0])
    return torch.stack(said, 1)


# --8<-- [start:tree]
def tree_scan(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """h_t = a_t * h_{t-1} + b_t from h = 0, for all t in log2(T) rounds; a, b [T, ...] -> h [T, ...].

    Two steps of a linear recurrence are again one step of the same kind, so neighbours are joined, then pairs, then fours
    (Martin & Cundy 2018). A GRU has no such shortcut: its step bends h before it passes it on.
    """
    reach = 1
    while reach < len(b):
        joined = b[reach:] + a[reach:] * b[:-reach]
        a = torch.cat([a[:reach], a[reach:] * a[:-reach]])
        b = torch.cat([b[:reach], joined])
        reach *= 2
    return b
    # --8<-- [end:tree]


def mixing(A, dt, B, C) -> np.ndarray:
    """What a state-space layer does to one channel, as a table [T, T]: how much output t owes to input s.

    A [N] negative rates, dt [T] step lengths, B and C [T, N]; entry (t, s) = C_t exp(A (dt_s+1 + ... + dt_t)) B_s dt_s.
    """
    time = np.cumsum(dt)
    gone = time[:, None] - time[None]
    table = np.einsum("tn,tsn,sn->ts", C, np.exp(np.minimum(A, 0) * np.maximum(gone, 0)[..., None]), B * dt[:, None])
    return np.tril(table)


def toeplitz_residual(table: np.ndarray) -> float:
    """How far a table [T, T] is from one convolution: relative error of the best table that is the same along every
    diagonal, 0 for a convolution, 1 if no convolution does better than nothing."""
    size = len(table)
    best = np.zeros_like(table)
    for d in range(size):
        best += np.diag(np.full(size - d, np.diagonal(table, -d).mean()), -d)
    return float(np.linalg.norm(table - best) / np.linalg.norm(table))

"""Writing token by token: what each architecture does for one more token after a context of any length."""

import torch
import torch.nn.functional as F

from denoised.models import scan, sequences
from denoised.probes.kept import size

ROOM = 128  # tokens that may be written after a filled cache


# --8<-- [start:writer]
class Writer:
    """A model of `kind` with what it keeps of a context: `read` takes in many tokens, `step` one more.

    Recurrent models really read; of a Transformer the cache may be filled with noise instead, since its contents make
    no difference to the work. Its cache is allocated once, with room for `longest` tokens, so that nothing is copied.
    """

    def __init__(self, kind: str, longest: int = 0, seed: int = 0):
        self.kind, self.width = kind, sequences.WIDTHS[kind]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.body = sequences.body(kind, self.width).eval().requires_grad_(False)
        self.kept, self.longest = None, longest

    @torch.no_grad()
    def read(self, x: torch.Tensor) -> torch.Tensor:
        """Vectors [1, T, width] after what was read before -> [1, T, width]."""
        if self.kind in ("rnn", "lstm", "gru"):
            out, self.kept = self.body.inner(x, self.kept)
            return out
        if self.kind == "cnn":
            return self._convolve(x)
        if self.kind == "rwkv":
            found = self.body.inner(inputs_embeds=x, state=self.kept, use_cache=True)
            self.kept = found.state
            return found.last_hidden_state
        if self.kind == "mamba" and self.kept is not None and x.shape[1] > 1:
            # transformers begins a pass over many tokens with an empty state, whatever it is handed
            return torch.cat([self.read(x[:, t : t + 1]) for t in range(x.shape[1])], 1)
        with scan.quick_scan():  # only in reading many; one step needs no scan
            cache = self._empty() if self.kept is None else self.kept
            name = "cache_params" if self.kind == "mamba" else "past_key_values"
            found = self.body.inner(inputs_embeds=x, use_cache=True, **({} if cache is None else {name: cache}))
            self.kept = getattr(found, name)
        return found.last_hidden_state

    step = read  # of one token, [1, 1, width]
    # --8<-- [end:writer]

    def fill(self, length: int, seed: int = 0) -> None:
        """A Transformer's cache with noise in the places of `length` tokens."""
        config, self.kept = self.body.inner.config, self._empty(length + ROOM)
        shape = 1, config.num_key_value_heads, length, self.width // config.num_attention_heads
        generator = torch.Generator().manual_seed(seed)
        for layer in range(config.num_hidden_layers):
            self.kept.update(*(torch.randn(shape, generator=generator) for _ in range(2)), layer)

    def bytes(self) -> int:
        """Bytes of what is kept now; of a Transformer what its tokens fill, not what is allocated."""
        if self.kind == "transformer":
            length, whole = self.kept.get_seq_length(), self.kept.layers[0].keys.shape[2]
            return sum(size([layer.keys, layer.values]) for layer in self.kept.layers) * int(length) // whole
        return size(self.kept)

    def _empty(self, longest: int = 0):
        from transformers import StaticCache

        if self.kind != "transformer":
            return None
        return StaticCache(config=self.body.inner.config, max_cache_len=longest or self.longest)

    def _convolve(self, x):
        """Each layer keeps the inputs that it still sees; the first ones see zeros before the beginning."""
        x = x.transpose(1, 2)
        kept = self.kept or [x.new_zeros(1, self.width, layer.reach) for layer in self.body]
        self.kept = []
        for layer, before in zip(self.body, kept, strict=True):
            seen = torch.cat([before, x], 2)
            self.kept.append(seen[..., -layer.reach :].clone())
            x = x + F.gelu(layer.conv(seen))
        return x.transpose(1, 2)

"""Small models that read a sequence, one a family, all of about the same number of parameters.

Each is an embedding, a body and a linear head: tokens [B, T] whole numbers -> logits [B, T, vocabulary], where position t
sees positions up to t and nothing later. Bodies are stock classes: torch's recurrent nets, transformers' Llama (rotary
positions), RWKV 4, Mamba and Mamba 2. On a processor without their kernels transformers runs RWKV and Mamba as plain
loops over the positions, so their *speed* here says nothing about the design; their numbers are the same.
"""

import torch
from torch import nn

from denoised.errors import DenoisedError

LAYERS = 2
KINDS = ("rnn", "lstm", "gru", "cnn", "transformer", "rwkv", "mamba")
VARIANTS = ("mamba_wide1", "mamba_stateless", "mamba2", "cnn_near")
NAMES = {"rnn": "RNN", "lstm": "LSTM", "gru": "GRU", "cnn": "1-D CNN", "transformer": "Transformer", "rwkv": "RWKV",
         "mamba": "Mamba", "mamba_wide1": "Mamba, no convolution", "mamba_stateless": "Mamba, no state",
         "mamba2": "Mamba 2", "cnn_near": "1-D CNN, near"}  # fmt: skip
# width of each body, chosen so that all models have 50,000 parameters within five per cent, at a vocabulary of 48
WIDTHS = {"rnn": 100, "lstm": 52, "gru": 60, "cnn": 69, "transformer": 48, "rwkv": 42, "mamba": 54,
          "mamba_wide1": 54, "mamba_stateless": 54, "mamba2": 57, "cnn_near": 69}  # fmt: skip
STATE = 8  # numbers of state a channel in Mamba and Mamba 2


class Recurrent(nn.Module):
    """torch.nn.RNN, LSTM or GRU as a body [B, T, C] -> [B, T, C]."""

    def __init__(self, kind: str, width: int, layers: int = LAYERS):
        super().__init__()
        self.inner = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[kind](width, width, layers, batch_first=True)

    def forward(self, x):
        return self.inner(x)[0]


class Causal(nn.Module):
    """A convolution over time that sees the present and `kernel - 1` steps of the past, `dilation` apart."""

    def __init__(self, width: int, kernel: int = 3, dilation: int = 1):
        super().__init__()
        self.reach = (kernel - 1) * dilation
        self.conv = nn.Conv1d(width, width, kernel, dilation=dilation)

    def forward(self, x):
        padded = nn.functional.pad(x.transpose(1, 2), (self.reach, 0))
        return x + nn.functional.gelu(self.conv(padded)).transpose(1, 2)


class FromTransformers(nn.Module):
    """A stock body of transformers, fed with vectors [B, T, C] instead of tokens."""

    def __init__(self, inner: nn.Module):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return self.inner(inputs_embeds=x, use_cache=False).last_hidden_state


def stock(kind: str, width: int, layers: int = LAYERS, **changes) -> nn.Module:
    """LlamaModel, RwkvModel, MambaModel or Mamba2Model from its configuration, random weights, no embedding."""
    import transformers as t

    shape = {"vocab_size": 1, "hidden_size": width, "num_hidden_layers": layers, "bos_token_id": None,
             "eos_token_id": None, "pad_token_id": None}  # fmt: skip
    if kind == "transformer":
        heads = {"num_attention_heads": 4, "num_key_value_heads": 4, "intermediate_size": 2 * width}
        return t.LlamaModel(t.LlamaConfig(**shape | heads | {"max_position_embeddings": 1 << 17} | changes))
    if kind == "rwkv":
        extra = {"attention_hidden_size": width, "intermediate_size": 4 * width, "rescale_every": 0,
                 "context_length": 1 << 17}  # fmt: skip
        return t.RwkvModel(t.RwkvConfig(**shape | extra | changes))
    if kind == "mamba2":
        extra = {"num_heads": 6, "head_dim": 2 * width // 6, "n_groups": 1, "state_size": STATE,
                 "chunk_size": 16}  # fmt: skip
        return t.Mamba2Model(t.Mamba2Config(**shape | extra | changes))
    return t.MambaModel(t.MambaConfig(**shape | {"state_size": STATE} | changes))


def _stateless(module, arguments):
    """Before each Mamba layer: a decay so strong that nothing of the state is left one step later."""
    with torch.no_grad():
        module.A_log.fill_(12.0)


def body(kind: str, width: int, layers: int = LAYERS) -> nn.Module:
    """The body of a family, [B, T, width] -> [B, T, width]. Raises DenoisedError for a name that is none."""
    if kind in ("rnn", "lstm", "gru"):
        return Recurrent(kind, width, layers)
    if kind in ("cnn", "cnn_near"):
        # "cnn" doubles the distance between its taps in every layer and so sees 42 steps back with three layers;
        # "cnn_near" does not, and sees six
        return nn.Sequential(*(Causal(width, 3, 4**i if kind == "cnn" else 1) for i in range(3)))
    if kind == "mamba_wide1":
        return FromTransformers(stock("mamba", width, layers, conv_kernel=1))
    if kind == "mamba_stateless":
        inner = stock("mamba", width, layers)
        for layer in inner.layers:
            layer.mixer.A_log.requires_grad_(False)
            layer.mixer.register_forward_pre_hook(_stateless)
        return FromTransformers(inner)
    if kind in ("transformer", "rwkv", "mamba", "mamba2"):
        return FromTransformers(stock(kind, width, layers))
    raise DenoisedError(f"There is no sequence model '{kind}'; there are {', '.join((*KINDS, *VARIANTS))}.")


class Reader(nn.Module):
    """Embedding, body, head: tokens [B, T] -> logits [B, T, vocabulary]."""

    def __init__(self, kind: str, vocabulary: int, width: int | None = None, layers: int = LAYERS):
        super().__init__()
        width = width or WIDTHS.get(kind, 48)
        self.kind, self.width = kind, width
        self.embed = nn.Embedding(vocabulary, width)
        self.body = body(kind, width, layers)
        self.head = nn.Linear(width, vocabulary)

    def forward(self, tokens):
        return self.head(self.body(self.embed(tokens)))


def build(kind: str, vocabulary: int, seed: int, width: int | None = None, layers: int = LAYERS) -> Reader:
    """A Reader with random weights that depend on nothing but `seed`; torch's own generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Reader(kind, vocabulary, width, layers)


def parameters(model: nn.Module) -> int:
    """How many numbers training may change, frozen ones included."""
    return sum(p.numel() for p in model.parameters())

# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Old beasts and young ones
#
# The companion of the page [Three titans and two survivors](../../series/architectures/). Unroll a GRU, run RWKV both ways,
# see what Mamba lost of its convolution, and put four questions to trained networks. Less than a minute on any processor.

# %%
import time

import numpy as np
import torch
import transformers

from denoised.models import sequences
from denoised.probes import forms, kept, keywords
from denoised.probes.writing import Writer
from denoised.studies import recall

torch.manual_seed(0)
torch.set_grad_enabled(False)
transformers.logging.set_verbosity_error()  # it would tell that its faster kernels are not here

# %% [markdown]
# ## Four lines a step
#
# A GRU of the library, and the same one as a loop that you can read.

# %%
gru, x = torch.nn.GRU(8, 8, batch_first=True), torch.randn(1, 20, 8)
print("largest difference:", float((forms.gru_by_hand(gru, x) - gru(x)[0]).abs().max()))

# %% [markdown]
# ## All at once, or one after the other
#
# RWKV has two forms: a table of all places by all places, and a state that is carried along.

# %%
reader = sequences.build("rwkv", recall.VOCABULARY, 0)
tokens = torch.as_tensor(recall.questions(2, 4, 4, np.random.default_rng(0))[0])
step_by_step = reader(tokens)
with forms.parallel_rwkv():
    at_once = reader(tokens)
print("largest difference:", float((at_once - step_by_step).abs().max()))

# %% [markdown]
# A recurrence that is linear can be summed in pairs, fours, eights. How many rounds are 1,000 steps?

# %%
a, b = torch.rand(1000, 4), torch.randn(1000, 4)
h, slowly = torch.zeros(4), []
for a_t, b_t in zip(a, b, strict=True):
    h = a_t * h + b_t
    slowly.append(h)
print("largest difference:", float((forms.tree_scan(a, b) - torch.stack(slowly)).abs().max()))
print("rounds:", int(np.ceil(np.log2(1000))))

# %% [markdown]
# ## Is it a convolution?
#
# A state-space layer as a table: how much each output owes to each input. If it is the same along every diagonal, it is one
# convolution. Let the step lengths depend on the token, as Mamba does, and it no longer is. Change `spread`.

# %%
rng, spread = np.random.default_rng(0), 1.0
A, B, C = -np.arange(1.0, 5.0), np.ones((24, 4)), np.ones((24, 4))
for name, dt in {"fixed": np.full(24, 0.3), "selective": 0.3 * np.exp(spread * rng.standard_normal(24))}.items():
    print(
        f"{name}: the best single convolution misses by", round(forms.toeplitz_residual(forms.mixing(A, dt, B, C)), 6)
    )

# %% [markdown]
# ## A note or a diary

# %%
for kind in ("gru", "rwkv", "mamba", "transformer"):
    told = ", ".join(f"{kept.bytes_kept(kind, length):,} after {length:,}" for length in (16, 128, 65536))
    print(f"{sequences.NAMES[kind]:12} bytes kept: {told}")

# %% [markdown]
# And one more token, in milliseconds here: the Transformer's cache is filled with noise, the GRU has really read.

# %%
for kind in ("gru", "transformer"):
    for length in (1024, 65536):
        writer = Writer(kind)
        token = torch.randn(1, 1, writer.width)
        writer.fill(length) if kind == "transformer" else writer.read(torch.randn(1, length, writer.width))
        writer.step(token)
        start = time.process_time()
        for _ in range(5):
            writer.step(token)
        print(f"{sequences.NAMES[kind]:12} after {length:>6,}: {200 * (time.process_time() - start):.2f} ms")

# %% [markdown]
# ## Four questions at once
#
# Networks of the study, after training. Facts are a letter and its number; then come letters, as questions. Change the
# seed, or ask eight.

# %%
_, arrays = recall.load("questions")
facts = 4
tokens, right = recall.questions(1, facts, facts, np.random.default_rng(3))
many, wanted = recall.questions(64, facts, facts, np.random.default_rng(4))
asked = tokens[0, 2 * facts :]
pairs = zip(tokens[0, : 2 * facts : 2], tokens[0, 1 : 2 * facts : 2], strict=True)
print("read:     ", " ".join(f"{chr(64 + k)}={v - 16}" for k, v in pairs))
print("asked:    ", " ".join(f"{chr(64 + k):>3}" for k in asked))
for kind in ("gru", "rwkv", "mamba", "transformer"):
    model, start = sequences.build(kind, recall.VOCABULARY, 0).eval(), f"w_{kind}/"
    weights = {k.removeprefix(start): torch.as_tensor(w).float() for k, w in arrays.items() if k.startswith(start)}
    model.load_state_dict(weights)
    said = recall.answers(model, tokens, right)[0]
    share = (recall.answers(model, many, wanted) == wanted[wanted >= 0].reshape(len(many), -1)).mean()
    print(
        f"{kind + ':':12}", " ".join(f"{v - 16:>3}" for v in said), f"   and of {wanted.size // 3} others {share:.0%}"
    )

# %% [markdown]
# ## Ask the neighbours
#
# Emoji that share a keyword, as a graph. Two rounds of messages, and a reader of groups.

# %%
graph = keywords.load()
known = np.random.default_rng(0).random(len(graph.labels)) < 0.1
for name, features in {
    "spelling alone": graph.letters,
    "with neighbours": keywords.messages(graph.edges, graph.letters),
    "neighbours mixed up": keywords.messages(keywords.shuffled(graph.edges, 1), graph.letters),
}.items():
    print(f"{name}: {keywords.readable(features, graph.group, known):.0%} of the groups named rightly")

"""How many operations have to wait for one another when a network reads a text, and when it writes one. Counted in the
graph that autograd keeps, so that no clock and no processor matters.

Tests claims: r08-10, r08-17, r08b-12.
"""

import torch

from denoised.models.sequences import LAYERS, body, stock
from denoised.probes import forms
from denoised.probes.kept import longest_chain, with_deep_stack
from plotting.layout import label_ends
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ()
DATA = ()
TITLE = "Who has to wait for whom"

LENGTHS = (16, 64, 256, 1024, 4096)
WIDTH = 8
SPOKEN = 48  # tokens that are generated
PROMPT = 12
LABELS = {"gru": "GRU", "rwkv": "RWKV, as it writes", "tree": "linear recurrence, paired", "transformer": "Transformer"}
COLOURS = {"gru": "muted", "rwkv": "prediction", "tree": "latent", "transformer": "attention"}


def chains(length, generator):
    """The longest chain of operations in one pass of each over `length` tokens."""
    x = torch.randn(1, length, WIDTH, generator=generator).requires_grad_(True)
    lower, upper = (torch.nn.GRU(WIDTH, WIDTH, batch_first=True) for _ in range(LAYERS))
    found = {"gru": longest_chain(forms.gru_by_hand(upper, forms.gru_by_hand(lower, x))[0, -1, 0])}
    transformer = stock("transformer", WIDTH, num_attention_heads=1, num_key_value_heads=1)
    found["transformer"] = longest_chain(transformer(inputs_embeds=x, use_cache=False).last_hidden_state[0, -1, 0])
    rwkv = stock("rwkv", WIDTH)
    if length <= 1024:  # beyond, its loop is long and its answer plain: so many a step
        found["rwkv"] = longest_chain(rwkv(inputs_embeds=x).last_hidden_state[0, -1, 0])
    a = torch.sigmoid(x[0])
    found["tree"] = longest_chain(forms.tree_scan(a, forms.tree_scan(a, x[0]))[-1, 0])
    return found


def more_chains(length, generator):
    """The same of those that the plot leaves out: RNN and LSTM, cell by cell, and the convolutions."""
    x = torch.randn(1, length, WIDTH, generator=generator).requires_grad_(True)
    found = {"cnn": longest_chain(body("cnn", WIDTH)(x)[0, -1, 0])}
    for kind, cell in (("rnn", torch.nn.RNNCell), ("lstm", torch.nn.LSTMCell)):
        layers, states = [cell(WIDTH, WIDTH) for _ in range(LAYERS)], [None] * LAYERS
        for t in range(length):
            out = x[:, t]
            for i, layer in enumerate(layers):
                states[i] = layer(out, states[i])
                out = states[i][0] if kind == "lstm" else states[i]
        found[kind] = longest_chain(out[0, 0])
    return found


def calls(kind):
    """(forward calls, tokens written, tokens read in the first call) while transformers' generate() runs."""
    import transformers as t

    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        config = stock(kind, 16).config
        config.vocab_size = 32
        model = {"transformer": t.LlamaForCausalLM, "mamba": t.MambaForCausalLM}[kind](config).eval()
        seen = []
        hook = model.get_input_embeddings().register_forward_hook(
            lambda module, inputs, out: seen.append(inputs[0].shape[1])
        )
        prompt = torch.arange(1, PROMPT + 1)[None]
        out = model.generate(prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=SPOKEN, do_sample=False,
                             eos_token_id=None, pad_token_id=0)  # fmt: skip
        hook.remove()
    return len(seen), out.shape[1] - prompt.shape[1], seen


def make(lab, smoke=False):
    lengths = LENGTHS[:2] if smoke else LENGTHS
    found = with_deep_stack(lambda: {length: chains(length, lab.generator("data")) for length in lengths})
    per = {kind: (found[lengths[1]][kind] - found[lengths[0]][kind]) / (lengths[1] - lengths[0]) for kind in LABELS}
    for length in lengths:  # the loop of RWKV adds the same chain for every token
        found[length].setdefault("rwkv", round(found[lengths[1]]["rwkv"] + per["rwkv"] * (length - lengths[1])))
    n = {f"train_{kind}_{length}": found[length][kind] for kind in LABELS for length in lengths}
    short, longer = (more_chains(length, lab.generator("more")) for length in (16, 32))
    for kind, count in longer.items():  # every further token adds the same to a loop, and nothing to convolutions
        n[f"train_{kind}_{lengths[-1]}"] = count + (count - short[kind]) * (lengths[-1] - 32) // 16
    for kind in ("transformer", "mamba"):
        made, written, seen = calls(kind)
        n |= {f"calls_{kind}": made / written, f"first_call_{kind}": seen[0], f"later_calls_{kind}": max(seen[1:])}
    for length in lengths:  # to write, a whole pass has to end before the next token is known
        n[f"generate_transformer_{length}"] = found[lengths[0]]["transformer"] * round(n["calls_transformer"] * length)
    n |= {"written": SPOKEN, "prompt": PROMPT, "gru_per_token": per["gru"], "layers": LAYERS, "longest": lengths[-1]}

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        fig.note(0, 0, "Operations that wait for one another", size=14, weight=600)
        right = 150 if narrow else 230
        left = 52 if narrow else 64
        ax = fig.area(left, 30, fig.width - left - right, 260, below=44)
        for kind in LABELS:
            ax.plot(lengths, [found[x][kind] for x in lengths], "o-", markersize=5, color=theme.colour(COLOURS[kind]),
                    label=kind)  # fmt: skip
        ax.plot(lengths, [n[f"generate_transformer_{length}"] for length in lengths], color=theme.attention, linewidth=1.6,
                linestyle=(0, (3, 2)), label="writing")  # fmt: skip
        ax.set(xscale="log", yscale="log", xlim=(lengths[0], lengths[-1]))
        ax.set_xticks(lengths[::2], [f"{length:,}" for length in lengths[::2]])
        ax.set_yticks([10, 1000, 100000], ["10", "1,000", "100,000"] if not narrow else ["10", "1k", "100k"])
        ax.minorticks_off()
        ax.set_xlabel("tokens")
        words = LABELS | {"writing": "Transformer, writing"}
        if narrow:
            words |= {"rwkv": "RWKV, in a loop", "tree": "linear, paired"}
        label_ends(ax, words, size=12, gap=16)
        return fig

    last = lengths[-1]
    return Output(
        alt=(
            f"Length of the longest chain of operations against the number of tokens, log scales. At {last:,} tokens "
            "the GRU "
            f"has {n[f'train_gru_{last}']:,}, a linear recurrence summed in pairs {n[f'train_tree_{last}']}, the "
            "Transformer "
            f"{n[f'train_transformer_{last}']}, as at {lengths[0]} tokens; writing takes it "
            f"{n[f'generate_transformer_{last}']:,}."
        ),
        caption=(
            "**Who has to wait.** The longest chain of operations, each of which needs the one before, in one pass "
            "of two "
            f"layers. A GRU adds {per['gru']:.0f} with every token: {n[f'train_gru_{last}']:,} for {last:,} of them. "
            "The "
            f"Transformer’s chain is {n[f'train_transformer_{last}']} long however long the text. A recurrence that "
            "is linear, "
            f"as RWKV’s and Mamba’s are, can be summed in pairs, fours, eights: {n[f'train_tree_{last}']}. When "
            "*writing* all are "
            f"alike: {n['calls_transformer']:.0f} call a token by the Transformer, {n['calls_mamba']:.0f} by Mamba "
            f"({SPOKEN} tokens, counted inside generate()); only the prompt, {n['first_call_mamba']} tokens, went in "
            "at once "
            f"(dashed: the Transformer’s chain for writing, one token’s chain times the calls)."
        ),
        numbers=n,
        draw=draw,
    )

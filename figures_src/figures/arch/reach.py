"""How far each architecture sees: which inputs an output depends on, as a table of pairs, and how a convolutional net's
field of view grows layer by layer.

Tests claims: r08-14, r08-16.
"""

import numpy as np
import torch

from denoised.models.sequences import Causal
from plotting.layout import colour_map, image_row, label_ends
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ()
DATA = ()
TITLE = "How far each one sees"

LENGTH = 64
SMALL = 32  # tokens of the tables of pairs
WIDTH = 16
DEPTH = 6
SEEDS = 8
SHARE = 0.95  # of the squared gradient, for the field of view that counts


def pairs(layer, length, seed):
    """Table [T, T]: norm of the gradient of output t with respect to input s, of one layer on random input."""
    x = torch.randn(1, length, WIDTH, generator=torch.Generator().manual_seed(seed)).requires_grad_(True)
    out = layer(x)[0]
    rows = [torch.autograd.grad(out[t].square().sum(), x, retain_graph=True)[0][0].norm(dim=1) for t in range(length)]
    return torch.stack(rows).numpy()


def layers(seed):
    """{name: one layer [1, T, C] -> [1, T, C]}: attention both ways, attention that may not look ahead, a kernel of "
    "three."""
    torch.manual_seed(seed)
    attention = torch.nn.MultiheadAttention(WIDTH, 2, batch_first=True)
    conv = torch.nn.Conv1d(WIDTH, WIDTH, 3, padding=1)

    def causal(x):
        ahead = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
        return attention(x, x, x, attn_mask=ahead)[0]

    return {
        "full": lambda x: attention(x, x, x)[0],
        "causal": causal,
        "conv": lambda x: conv(x.transpose(1, 2)).transpose(1, 2),
    }


def view(dilated, seed):
    """By layer: (share of positions that the last output depends on, share that holds most of its gradient)."""
    torch.manual_seed(seed)
    net = [Causal(WIDTH, 3, 2**i if dilated else 1) for i in range(DEPTH)]
    x = torch.randn(1, LENGTH, WIDTH, generator=torch.Generator().manual_seed(seed)).requires_grad_(True)
    found, out = [], x
    for layer in net:
        out = layer(out)
        grad = torch.autograd.grad(out[0, -1].square().sum(), x, retain_graph=True)[0][0].square().sum(1).numpy()
        strongest = np.sort(grad)[::-1].cumsum() / grad.sum()
        found.append(((grad > 0).mean(), (np.searchsorted(strongest, SHARE) + 1) / LENGTH))
    return np.array(found)


def make(lab, smoke=False):
    with torch.random.fork_rng(devices=[]):
        tables = {name: pairs(layer, SMALL, 1) for name, layer in layers(0).items()}
        seeds = range(2 if smoke else SEEDS)
        views = {word: np.mean([view(word == "dilated", s) for s in seeds], axis=0) for word in ("plain", "dilated")}
    n = {f"pairs_{name}": float((table > 0).mean()) for name, table in tables.items()}
    n |= {"length": LENGTH, "depth": DEPTH, "nets": len(seeds), "tokens": SMALL, "percent": 100 * SHARE}
    for word, each in views.items():
        n |= {f"seen_{word}": float(each[-1, 0]), f"counts_{word}": float(each[-1, 1])}

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        fig.note(0, 0, "Which input does which output depend on?", size=14, weight=600)
        shown = [
            colour_map(np.sqrt(t / t.max()), theme, 1.0, "attention" if k != "conv" else "image")
            for k, t in tables.items()
        ]
        words = [f"attention\n{n['pairs_full']:.0%} of pairs", f"… not ahead\n{n['pairs_causal']:.0%}",
                 f"kernel of 3\n{n['pairs_conv']:.0%}"]  # fmt: skip
        cell = 112 if narrow else 168
        y = image_row(fig, shown, labels=words, y=28, cell=cell, gap=12, smooth=False)
        y += 26
        fig.note(0, y, "Share of 64 inputs that the last output sees", size=14, weight=600)
        ax = fig.area(36, y + 30, fig.width - 36 - (110 if narrow else 150), 200, below=42)
        at = np.arange(1, DEPTH + 1)
        for word, colour in (("plain", theme.noise), ("dilated", theme.image)):
            ax.plot(at, views[word][:, 0], "o-", markersize=5, color=colour, label=word)
            ax.plot(at, views[word][:, 1], color=colour, linewidth=1.4, linestyle=(0, (3, 2)), label=f"{word} counts")
        ax.set(xlim=(1, DEPTH), ylim=(0, 1.02), xticks=at, yticks=[0, 0.5, 1], yticklabels=["0", "½", "all"])
        ax.set_xlabel("layers")
        label_ends(ax, {"dilated": "taps spread out", "plain": "taps side by side", "dilated counts": "… most of it",
                        "plain counts": "… most of it"}, size=12, gap=16)  # fmt: skip
        return fig

    return Output(
        alt=(
            f"Three tables of outputs by inputs. Attention: all {n['pairs_full']:.0%} of pairs. Attention that may "
            "not look "
            f"ahead: {n['pairs_causal']:.0%}, a triangle. A kernel of three: {n['pairs_conv']:.0%}, a narrow band. "
            "Below, "
            f"curves: {DEPTH} layers of convolution see {n['seen_plain']:.0%} of {LENGTH} inputs with taps side by "
            "side, "
            f"{n['seen_dilated']:.0%} with taps spread out."
        ),
        caption=(
            f"**Everything at once, or a window that grows.** Above: one layer, {SMALL} random tokens; a square is "
            "filled "
            f"where an output (row) depends on an input (column). One layer of attention ties {n['pairs_full']:.0%} "
            "of all "
            f"pairs together, {n['pairs_causal']:.0%} if it may not look ahead, as in language models; a kernel of "
            "three "
            f"{n['pairs_conv']:.0%}. Below: {DEPTH} convolutions in a row, mean of {len(seeds)} nets with random "
            "weights. Taps "
            f"side by side reach {n['seen_plain']:.0%} of {LENGTH} inputs, taps whose distance doubles from layer to "
            "layer "
            f"{n['seen_dilated']:.0%}. Dashed: the share of inputs that holds {SHARE:.0%} of the gradient, "
            f"{n['counts_plain']:.0%} and {n['counts_dilated']:.0%}."
        ),
        numbers=n,
        draw=draw,
    )

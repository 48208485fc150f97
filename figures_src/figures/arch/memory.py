"""Bytes that each architecture keeps between two tokens, against how many it has read; and what a Transformer's attention
costs in operations.

Tests claims: r08-08, r08-18, r08-23, r08b-02, r08b-08, r08b-09.
"""

import numpy as np

from denoised.models.sequences import KINDS, LAYERS, NAMES, WIDTHS
from denoised.probes.kept import READ, bytes_kept, operations
from plotting.layout import label_ends
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ()
DATA = ()
TITLE = "What is kept between two tokens"

LENGTHS = (16, 128, 1024, 8192, 65536)
FAR = 2**20  # a million tokens, by the straight line through the measured ones
COLOURS = {"rnn": "muted", "lstm": "muted", "gru": "muted", "cnn": "image", "transformer": "attention",
           "rwkv": "prediction", "mamba": "latent"}  # fmt: skip


def spoken(count):
    """Bytes in words: 4,096 -> "4.1 kB"."""
    for limit, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if count >= limit:
            return f"{count / limit:.1f} {unit}" if count < 100 * limit else f"{count / limit:.0f} {unit}"
    return f"{count:.0f} bytes"


def make(lab, smoke=False):
    lengths = LENGTHS[:2] + LENGTHS[-1:] if smoke else LENGTHS
    kept = {kind: [bytes_kept(kind, length) for length in lengths] for kind in KINDS}
    costs = {length: operations(length) for length in (128, 32768, 65536)}
    n = {f"bytes_{kind}_{length}": count for kind in KINDS for length, count in zip(lengths, kept[kind], strict=True)}
    slope = {kind: (kept[kind][-1] - kept[kind][-2]) / (lengths[-1] - lengths[-2]) for kind in KINDS}
    n |= {f"bytes_{kind}_million": int(kept[kind][-1] + slope[kind] * (FAR - lengths[-1])) for kind in KINDS}
    n |= {
        "operations_exponent_transformer": float(np.log2(costs[65536] / costs[32768])),
        "operations_per_token_128": costs[128] / 128, "operations_per_token_65536": costs[65536] / 65536,
        "longest": lengths[-1], "short": 128, "layers": LAYERS, "width_transformer": WIDTHS["transformer"],
        "per_token": int(slope["transformer"]), "read": READ,
        "times_65536": kept["transformer"][-1] / kept["rwkv"][-1],
    }  # fmt: skip
    n["times_operations"] = n["operations_per_token_65536"] / n["operations_per_token_128"]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        fig.note(0, 0, "Bytes kept between two tokens", size=14, weight=600)
        ax = fig.area(52, 30, fig.width - (160 if narrow else 190), 270, below=44)
        for kind in KINDS:
            colour = theme.colour(COLOURS[kind])
            ax.plot([lengths[-1], FAR], [kept[kind][-1], n[f"bytes_{kind}_million"]], color=colour, linewidth=1.6,
                    linestyle=(0, (2, 2)), label=kind)  # fmt: skip
            ax.plot(lengths, kept[kind], color=colour, linewidth=2)
        ax.set(xscale="log", yscale="log", xlim=(lengths[0], FAR), ylim=(100, 2e9))
        ax.set_xticks(
            [16, 1024, 65536, FAR], ["16", "1,024", "65,536", "1 million"] if not narrow else ["16", "1k", "65k", "1M"]
        )
        ax.set_yticks([1e3, 1e6, 1e9], ["1 kB", "1 MB", "1 GB"])
        ax.minorticks_off()
        ax.set_xlabel("tokens read")
        label_ends(ax, {kind: NAMES[kind] for kind in KINDS}, size=12, gap=16)
        return fig

    return Output(
        alt=(
            f"Lines on two log scales, bytes kept against tokens read. The Transformer’s rises in a straight line, to "
            f"{n['bytes_transformer_65536'] / 1e6:.1f} MB at 65,536 tokens; all others are flat, RWKV at "
            f"{n['bytes_rwkv_65536']:,} bytes, Mamba at {n['bytes_mamba_65536']:,}, the GRU at "
            f"{n['bytes_gru_65536']:,}."
        ),
        caption=(
            "**One of them keeps a diary, the others a note.** Seven networks of two layers and 50,000 parameters, "
            "after "
            f"reading up to 65,536 tokens of one text. The Transformer’s cache grows by {n['per_token']} bytes a "
            "token, to "
            f"{spoken(n['bytes_transformer_65536'])}; the state of RWKV stays {spoken(n['bytes_rwkv_65536'])}, Mamba’s "
            f"{spoken(n['bytes_mamba_65536'])}, the GRU’s {spoken(n['bytes_gru_65536'])}. The recurrent ones really "
            f"read {READ} tokens; what they keep has the same shape from the first on. The cache was filled, not "
            "decoded. Dotted, not measured: the same straight line on to a million tokens, "
            f"{spoken(n['bytes_transformer_million'])}. In a pass over 65,536 tokens each of them costs the Transformer "
            f"{n['times_operations']:.0f} times the operations that it costs in a pass over 128."
        ),
        numbers=n,
        draw=draw,
    )

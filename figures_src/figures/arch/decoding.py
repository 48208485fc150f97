"""What one more token costs after a context of any length, against how long it is; and how many tokens a second each
architecture learns from, against the length of the text.

Tests claims: r08-18, r08-23, r08b-09. Read from the results of `scripts/bench_architectures.py`.
"""

from denoised.benchmarks import architectures
from denoised.models.sequences import KINDS, NAMES, WIDTHS, body
from plotting.layout import label_ends
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ()
DATA = ()
TITLE = "What one more token costs"

FAR = 2**20  # a million tokens
COLOURS = {"rnn": "muted", "lstm": "text", "gru": "muted", "cnn": "image", "transformer": "attention",
           "rwkv": "prediction", "mamba": "latent"}  # fmt: skip
DRAWN = ("lstm", "gru", "cnn", "transformer", "rwkv", "mamba")  # the RNN lies on the GRU


def line(contexts, values):
    """(start, slope) of the straight line through the last two points."""
    slope = (values[-1] - values[-2]) / (contexts[-1] - contexts[-2])
    return values[-1] - slope * contexts[-1], slope


def spoken(ms):
    """Milliseconds as people say them, three digits at most."""
    return f"{ms:.2f}" if ms < 1 else f"{ms:.1f}" if ms < 100 else f"{ms:,.0f}"


def make(lab, smoke=False):
    facts = architectures.load()
    writing = {kind: {int(k): v for k, v in facts["writing"][kind].items()} for kind in KINDS}
    reading = {kind: {int(k): v for k, v in facts["reading"][kind].items()} for kind in KINDS}
    contexts = sorted(writing["gru"])
    first, last = contexts[0], contexts[-1]
    ms = {kind: [1000 * writing[kind][c][0] for c in contexts] for kind in KINDS}
    n = {"shortest": first, "longest": last, "million": FAR}
    n["reach_cnn"] = sum(layer.reach for layer in body("cnn", WIDTHS["cnn"]))
    for kind in KINDS:
        n |= {f"{kind}_{c}_ms": value for c, value in zip(contexts, ms[kind], strict=True)}
        n |= {f"bytes_{kind}_{c}": writing[kind][c][1] for c in (first, last)}
        n[f"times_{kind}"] = ms[kind][-1] / ms[kind][0]
        n |= {f"learns_{kind}_{length}": length / seconds for length, seconds in reading[kind].items()}
    start, slope = line(contexts, ms["transformer"])
    n["transformer_million_ms"] = start + slope * FAR
    before, rise = line(contexts[:-1], ms["transformer"][:-1])
    n["foretold_off"] = (before + rise * last) / ms["transformer"][-1] - 1  # the same line, drawn one point earlier
    start, slope = line(contexts, [writing["transformer"][c][1] for c in contexts])
    n["bytes_transformer_million"] = start + slope * FAR
    for kind in ("gru", "rwkv", "mamba"):
        n[f"ratio_{kind}"] = n[f"transformer_{last}_ms"] / n[f"{kind}_{last}_ms"]
    longest = max(reading["mamba"])
    n |= {"train_longest": longest, "train_loop_longest": max(reading["rwkv"]),
          "train_share_mamba": n[f"learns_mamba_{longest}"] / n[f"learns_transformer_{longest}"],
          "train_share_gru": n[f"learns_gru_{longest}"] / n[f"learns_transformer_{longest}"],
          "train_lstm_gru": n[f"learns_lstm_{longest}"] / n[f"learns_gru_{longest}"],
          "train_peak_transformer": max(n[f"learns_transformer_{x}"] for x in reading["transformer"])}  # fmt: skip
    n["train_fall_transformer"] = n[f"learns_transformer_{longest}"] / n["train_peak_transformer"]

    def axes(fig, y, title, xs, shown):
        fig.note(0, y, title, size=14, weight=600)
        ax = fig.area(46, y + 30, fig.width - 46 - (104 if fig.narrow else 180), 230, below=44)
        ax.set(xscale="log", yscale="log", xlim=(xs[0], xs[-1]))
        ax.set_xticks(shown, [f"{x // 1024}k" if 1024 <= x < FAR else "1M" if x == FAR else f"{x}" for x in shown])
        ax.minorticks_off()
        return ax

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        ax = axes(fig, 0, "Milliseconds to write one more token", (first, FAR), (1024, 16384, 65536, FAR))
        for kind in DRAWN:
            far = n["transformer_million_ms"] if kind == "transformer" else ms[kind][-1]
            colour = theme.colour(COLOURS[kind])
            ax.plot([last, FAR], [ms[kind][-1], far], color=colour, linewidth=1.6, linestyle=(0, (2, 2)), label=kind)
            ax.plot(contexts, ms[kind], "o-", markersize=4, color=colour, linewidth=1.6, clip_on=False)
        ax.set_yticks([0.1, 1, 10, 100], ["0.1", "1", "10", "100"])
        ax.set_xlabel("tokens before it")
        label_ends(ax, {kind: NAMES[kind] for kind in DRAWN}, size=12, gap=15)
        lengths = sorted(reading["gru"])
        ax = axes(fig, 320, "Tokens learned from in a second", (lengths[0], longest), (32, 512, 8192))
        for kind in DRAWN:
            xs = sorted(reading[kind])
            ax.plot(xs, [n[f"learns_{kind}_{x}"] for x in xs], "o-", markersize=4, color=theme.colour(COLOURS[kind]),
                    linewidth=1.6, label=kind, clip_on=False)  # fmt: skip
        ax.set_yticks([1000, 10000, 100000], ["1k", "10k", "100k"])
        ax.set_xlabel("length of the text")
        label_ends(ax, {kind: NAMES[kind] + (", loop" if kind == "rwkv" else "") for kind in DRAWN}, size=12, gap=15)
        return fig

    def t(kind, at=last):
        return spoken(n[f"{kind}_{at}_ms"])

    learns = {kind: f"{n[f'learns_{kind}_{longest}']:,.0f}" for kind in ("gru", "lstm", "transformer", "mamba")}
    far = spoken(n["transformer_million_ms"])
    return Output(
        alt=(
            f"Two plots on log scales. Above, milliseconds to write a token after {first:,} to {last:,} tokens: the "
            f"Transformer rises from {t('transformer', first)} to {t('transformer')}, dashed on to {far} at a million; GRU "
            f"({t('gru')}), RWKV ({t('rwkv')}) and Mamba ({t('mamba')}) stay level. Below, tokens learned from in a "
            f"second: at {longest:,} tokens the Transformer {learns['transformer']}, the GRU {learns['gru']}, the LSTM "
            f"{learns['lstm']}, Mamba {learns['mamba']}."
        ),
        caption=(
            f"**One more token.** Above: processor time for one token after {first:,} to {last:,} others, one thread, all "
            f"in turns. The Transformer looks through its whole cache (filled, not decoded): {t('transformer', first)} ms "
            f"become {t('transformer')}. The others have really read as much and pay what they paid at first: GRU "
            f"{t('gru')} ms, RWKV {t('rwkv')}, Mamba {t('mamba')}, though transformers runs these two without their fast "
            "kernels. Dashed, not measured: the straight line through the last two points, "
            f"{far} ms and {n['bytes_transformer_million'] / 1e6:,.0f} MB at a million tokens, if nothing else gets in the "
            f"way. Drawn one point earlier, it falls short of the last one by {abs(n['foretold_off']):.0%}, so it may be "
            f"low. Below: training on one text, there and back, on one thread. From {longest:,} tokens the Transformer "
            f"learns {learns['transformer']} a second, Mamba {learns['mamba']} by this project’s scan, the GRU "
            f"{learns['gru']}, the LSTM, which waits as often but has a fast kernel (oneDNN), {learns['lstm']}. RWKV runs "
            "as a plain loop. Such ratios are of code more than of designs; how the lines bend is not."
        ),
        numbers=n,
        draw=draw,
    )

"""Message passing on the graph of emoji that share keywords: how well a reader names a concept's group from its spelling
alone, from its neighbours' too, and from neighbours that were mixed up.

Tests claims: r08-24.
"""

import networkx as nx
import numpy as np

from denoised.probes import keywords
from denoised.probes.metrics import bootstrap_ci
from plotting.bars import share_bar
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ()
DATA = ()
TITLE = "Neighbours tell"

DRAWS = 20  # times that the known concepts are drawn
KNOWN = 0.1  # share of concepts whose group is told
CENTRE = "cactus"
WAYS = (("mlp", "its own spelling", "noise"), ("shuffled", "… and mixed-up neighbours", "noise"),
        ("gcn", "… and its neighbours", "latent"))  # fmt: skip


def make(lab, smoke=False):
    graph = keywords.load()
    count, draws = len(graph.labels), 3 if smoke else DRAWS
    features = {"mlp": graph.letters, "gcn": keywords.messages(graph.edges, graph.letters),
                "shuffled": keywords.messages(keywords.shuffled(graph.edges, 5), graph.letters)}  # fmt: skip
    right = {word: [] for word in features}
    for draw_ in range(draws):
        known = np.zeros(count, bool)
        known[np.random.default_rng(draw_).permutation(count)[: round(KNOWN * count)]] = True
        for word, each in features.items():
            right[word].append(keywords.readable(each, graph.group, known))
    right = {word: np.array(values) for word, values in right.items()}
    gains = {"edges": right["gcn"] - right["mlp"], "true": right["gcn"] - right["shuffled"]}
    n = {
        "concepts": count,
        "links": int(graph.edges.sum() / 2),
        "groups": len(graph.groups),
        "draws": draws,
        "known": round(KNOWN * count),
        "most": float(np.bincount(graph.group).max() / count),
        "neighbours": float(graph.edges.sum(1).mean()),
        "alike": float((graph.group[:, None] == graph.group)[graph.edges > 0].mean()),
    }
    n |= {f"right_{word}": float(values.mean()) for word, values in right.items()}
    for word, values in gains.items():
        low, high = bootstrap_ci(values)
        n |= {f"gain_{word}": float(values.mean()), f"gain_{word}_low": low, f"gain_{word}_high": high}
    middle = graph.labels.index(CENTRE)
    near = [int(i) for i in np.flatnonzero(graph.edges[middle])][:9]
    some = [middle, *near]
    small = nx.from_numpy_array(graph.edges[np.ix_(some, some)])
    # on a circle around the middle, those with the most links beside each other, so that names stand outside of all lines
    ring = sorted(range(1, len(some)), key=lambda k: (-small.degree[k], k))
    angles = {k: 2 * np.pi * (i + 0.5) / len(ring) for i, k in enumerate(ring)}
    spots = {0: (0.0, 0.0)} | {k: (float(np.sin(a)), float(np.cos(a))) for k, a in angles.items()}
    n["shown"] = len(near)

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        width = fig.width if narrow else 360
        fig.note(0, 0, f"The neighbourhood of “{CENTRE}”", size=14, weight=600)
        ax = fig.area(0, 26, width, 240, grid="")
        ax.set_axis_off()
        for a, b in small.edges:
            (x0, y0), (x1, y1) = spots[a], spots[b]
            ax.plot([x0, x1], [y0, y1], color=theme.grid, linewidth=1.5, zorder=1)
        same = [graph.group[i] == graph.group[middle] for i in some]
        for k, i in enumerate(some):
            x, y = spots[k]
            colour = "latent" if same[k] else "prediction"
            ax.plot([x], [y], "o", color=theme.colour(colour), markersize=9 if k else 13, zorder=2)
            if k:  # beside the ring, on the side where the concept stands
                ax.text(x * 1.1 + 0.02 * np.sign(x), y * 1.16, graph.labels[i], ha="left" if x > 0.1 else
                        "right" if x < -0.1 else "center", va="center", fontsize=11, color=theme.label(colour))  # fmt: skip
        ax.set(xlim=(-2.5, 2.5), ylim=(-1.4, 1.4))
        x, y = (0, 276) if narrow else (392, 0)
        fig.note(x, y, "Groups named rightly", size=14, weight=600)
        for word, words, colour in WAYS:
            y += 32
            fig.note(x, y, words, "ink", 12)
            fig.note(fig.width, y, f"{n[f'right_{word}']:.0%}", "ink", 12, ha="right")
            bar = share_bar(fig, x, y + 18, fig.width - x, 10, n[f"right_{word}"], colour)
            bar.axvline(n["most"], color=theme.ink, linewidth=1.5)
            y += 14
        fig.note(x, y + 26, "│ always the largest group", "muted", 11)
        return fig

    return Output(
        alt=(
            f"Left, “{CENTRE}” and {n['shown']} emoji that share a keyword with it, drawn as a net. Right, bars: the "
            "group is "
            f"named rightly for {n['right_mlp']:.0%} from spelling alone, {n['right_shuffled']:.0%} with mixed-up "
            "neighbours, "
            f"{n['right_gcn']:.0%} with the true ones."
        ),
        caption=(
            f"**Neighbours tell.** {count:,} concepts, {n['links']:,} links: two are linked if they share a Unicode "
            "keyword that "
            f"is in neither name. The group of {n['known']} is told; a linear reader names that of the others, one of "
            f"{n['groups']}. From the spelling of the name: {n['right_mlp']:.0%}. After two rounds in which every "
            "node takes in "
            f"its neighbours: {n['right_gcn']:.0%}, {n['gain_edges']:.0%} more (interval over {draws} draws "
            f"{n['gain_edges_low']:.0%} to {n['gain_edges_high']:.0%}). With the same net under exchanged names: "
            f"{n['right_shuffled']:.0%}. Blue: the same group as {CENTRE}."
        ),
        numbers=n,
        draw=draw,
    )

"""Four ways to flatten the text space, and what each of them keeps: neighbours that one sees and that are none, and
neighbours that one no longer sees; held against a map on which everything was put anywhere.

Tests claims: c4-04, c5-01.
"""

import numpy as np
from matplotlib.patheffects import withStroke

from denoised.data import splits
from denoised.data.captions import prompt
from denoised.probes import maps, steering
from denoised.probes.dimension import distances
from denoised.probes.metrics import bootstrap_ci
from denoised.probes.similarity import precision_at
from denoised.training.images import NOT_TRUNK
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd",)
TITLE = "Four maps of the text space"

STYLE, COUNT, K = "noto", 600, 10
MAPS = (("pca", "principal components"), ("spectral", "spectral"), ("tsne", "t-SNE"), ("anywhere", "put anywhere"))
KINDS = (
    ("animals-nature", "animals", "image"), ("food-drink", "food", "attention"),
    ("smileys-emotion", "smileys", "text"), ("travel-places", "travel, places", "latent"),
)  # fmt: skip
NAMED = ("cat-face", "tiger-face", "red-apple", "rocket", "skull")


def make(lab, smoke=False):
    pipe = lab.pipeline()
    rows = {r.concept: r for r in splits.load() if r.style == STYLE and r.tone == "none" and r.group not in NOT_TRUNK}
    order = np.random.default_rng(lab.seed).permutation(sorted(set(rows) - set(NAMED)))
    names = sorted([*(c for c in NAMED if c in rows), *order[: (60 if smoke else COUNT) - len(NAMED)]])
    kinds = np.array([rows[c].group for c in names])
    x = steering.sentence_vectors(pipe, [prompt(rows[c]) for c in names]).numpy().astype(np.float64)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    k = min(K, len(names) // 6)
    places = {
        "pca": maps.pca(x), "spectral": maps.spectral(x), "tsne": maps.tsne(x, rounds=60 if smoke else 500),
        "anywhere": np.random.default_rng(lab.seed + 1).normal(size=(len(x), 2)),
    }  # fmt: skip
    n = {"prompts": len(x), "k": k, "width": x.shape[1], "kinds": len(set(kinds))}
    n["truth_kind"] = precision_at(distances(x), kinds, k)
    n["chance_kind"] = float(np.mean([(kinds == kind).mean() for kind in kinds]))
    for key, flat in places.items():
        for name, values in (("trust", maps.trustworthiness(x, flat, k)), ("continuity", maps.continuity(x, flat, k))):
            n[f"{name}_{key}"] = float(values.mean())
            n[f"{name}_{key}_low"], n[f"{name}_{key}_high"] = bootstrap_ci(values)
        n[f"kind_{key}"] = precision_at(distances(flat), kinds, k)
    gap = distances(x)
    at = {c: names.index(c) for c in NAMED if c in names}
    n["tiger_rank"] = int((gap[at["cat-face"]] < gap[at["cat-face"], at["tiger-face"]]).sum())
    for key, flat in places.items():
        seen = distances(flat)[at["cat-face"]]
        n[f"tiger_rank_{key}"] = int((seen < seen[at["tiger-face"]]).sum())

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        columns, gap = (1, 0) if narrow else (2, 28)
        w = (fig.width - gap * (columns - 1)) // columns
        x0 = 0
        for _, name, colour in KINDS:
            spot = fig.area(x0, 0, 12, 16, grid="")
            spot.plot([0], [0], "o", color=theme.colour(colour), markersize=8)
            spot.set_axis_off()
            fig.note(x0 + 16, 8, name, colour, SMALL, va="center")
            x0 += 24 + 8 * len(name) + (0 if narrow else 16)
        tall = 230
        for i, (key, title) in enumerate(MAPS):
            left, top = (i % columns) * (w + gap), 34 + (i // columns) * (tall + 66)
            fig.note(left, top, title, "ink", 14, weight=600)
            told = f"trust {n[f'trust_{key}']:.2f}   continuity {n[f'continuity_{key}']:.2f}"
            fig.note(left, top + 20, told, "muted", SMALL)
            ax = fig.area(left + 2, top + 42, w - 4, tall, grid="", below=4)
            flat = places[key]
            ax.plot(*flat.T, "o", color=theme.grid, markersize=4, zorder=1)
            for group, _, colour in KINDS:
                ax.plot(*flat[kinds == group].T, "o", color=theme.colour(colour), markersize=4.5, zorder=2)
            for c in ("cat-face", "tiger-face"):
                ax.plot(*flat[at[c]], "o", color=theme.ink, markersize=8, zorder=3)
                up = flat[at[c]][1] >= flat[at["tiger-face" if c == "cat-face" else "cat-face"]][1]
                ax.annotate(c.split("-")[0], flat[at[c]], xytext=(0, 8 if up else -17), textcoords="offset points",
                            ha="center", color=theme.ink, fontsize=13, fontweight=600, zorder=4,
                            path_effects=[withStroke(linewidth=3, foreground=theme.paper)])  # fmt: skip
            ax.margins(0.09)
            ax.set(xticks=[], yticks=[])
        return fig

    def told(key, form="{:.2f}"):
        return ", ".join(f"{title} {form.format(n[f'{key}_{name}'])}" for name, title in MAPS)

    return Output(
        alt=(
            f"Four maps of the text vectors of {n['prompts']} prompts, coloured by kind, cat and tiger marked. Trust in "
            f"neighbours on the map: {told('trust')}. True neighbours kept: {told('continuity')}."
        ),
        caption=(
            f"**The same {n['prompts']} prompts, flattened in three ways and put anywhere.** *Trust*: are neighbours on "
            f"the map neighbours in all {n['width']} dimensions? *Continuity*: are true neighbours still neighbours on the "
            f"map? Both look at {k} neighbours; one is best, a map without any sense gets {n['trust_anywhere']:.2f}. "
            f"t-SNE: {n['trust_tsne']:.3f} (95 % interval {n['trust_tsne_low']:.3f} to {n['trust_tsne_high']:.3f}) and "
            f"{n['continuity_tsne']:.3f}; principal components: {n['trust_pca']:.3f} ({n['trust_pca_low']:.3f} to "
            f"{n['trust_pca_high']:.3f}) and {n['continuity_pca']:.3f}. Neighbours of one's own kind: in truth "
            f"{n['truth_kind']:.0%}, on the maps {told('kind', '{:.0%}')}. Nearer to the cat than the tiger are "
            f"{n['tiger_rank']} other prompts; on the map by t-SNE {n['tiger_rank_tsne']}, by principal components "
            f"{n['tiger_rank_pca']}."
        ),
        numbers=n,
        draw=draw,
    )

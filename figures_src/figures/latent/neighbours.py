"""The nearest neighbours of one icon in four spaces; and over all icons, whether near means alike: the same kind of
thing, shared keywords, and a cat that is nearer to a tiger than to a household object of its own colour.

Tests claims: c4-03, c4-04.
"""

from types import SimpleNamespace

import numpy as np
import torch

from denoised.data.captions import prompt
from denoised.pipeline import encode
from denoised.probes import steering
from denoised.probes.dimension import distances
from denoised.probes.judge import Share
from denoised.probes.similarity import jaccard, precision_at, spearman
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "Who lives next door"

QUERY, STYLE, NEAREST, K = "cat-face", "noto", 5, 10
SPACES = (("pixels", "pixels"), ("latents", "VAE latents"), ("middle", "U-Net's middle"), ("texts", "text vectors"))
SHUFFLES, RESAMPLES = 20, 60


def resampled(gap, overlap, things, rng, rounds):
    """95 % interval of the rank correlation of nearness with shared keywords: things are drawn again with all their
    drawings, since pairs that share an icon are not independent (Efron 1979)."""
    names = sorted(set(things))
    of = {name: np.flatnonzero(things == name) for name in names}
    values = []
    for _ in range(rounds):
        drawn = rng.choice(len(names), len(names))
        rows = np.concatenate([of[names[k]] for k in drawn])
        g, o, t = gap[np.ix_(rows, rows)], overlap[np.ix_(rows, rows)], things[rows]
        pairs = np.triu(t[:, None] != t[None], 1)
        values.append(-spearman(g[pairs], o[pairs]))
    return tuple(float(q) for q in np.quantile(values, (0.025, 0.975)))


def unit(x):
    """Rows [N, D] around their mean, each of length one, so that a distance is an angle."""
    x = torch.as_tensor(np.asarray(x)).float().flatten(1)
    return torch.nn.functional.normalize(x - x.mean(0), dim=1).numpy()


def make(lab, smoke=False):
    pipe, specimens = lab.pipeline(), lab.specimens()
    cast = {QUERY, "tiger-face"}
    every = [i for i, r in enumerate(specimens.records) if r["tone"] == "none"]
    picks = [i for k, i in enumerate(every) if not smoke or k % 9 == 0 or specimens.records[i]["concept"] in cast]
    records = [specimens.records[i] for i in picks]
    images = specimens.images[picks]
    latents = encode(pipe.vae, images)
    small = torch.nn.functional.avg_pool2d(torch.from_numpy(images).float().permute(0, 3, 1, 2), 8)
    points = {
        "pixels": unit(small),
        "latents": unit(latents),
        "middle": unit(steering.middle(pipe, latents, lab.generator("middle"))),
        "texts": unit(steering.sentence_vectors(pipe, [prompt(SimpleNamespace(**r)) for r in records])),
    }
    things = np.array([r["concept"] for r in records])
    styles = np.array([r["style"] for r in records])
    kinds = np.array([r["group"] for r in records])
    overlap = jaccard([set(r["keywords"].split("|")) for r in records])
    pairs = np.triu(things[:, None] != things[None], 1)
    rng = np.random.default_rng(lab.seed)
    query = int(np.flatnonzero((things == QUERY) & (styles == STYLE))[0])

    colours = images.astype(np.float64).mean((1, 2))
    household = np.isin(kinds, ("objects", "food-drink", "travel-places"))
    triplets = []  # cat, tiger, a thing of the same style whose mean colour is nearest to the cat's
    for style in sorted(set(styles)):
        cats, tigers = (np.flatnonzero((things == c) & (styles == style)) for c in (QUERY, "tiger-face"))
        foils = np.flatnonzero(household & (styles == style))
        if len(cats) and len(tigers) and len(foils):
            gaps = ((colours[foils] - colours[cats[0]]) ** 2).sum(1)
            triplets += [(cats[0], tigers[0], f) for f in foils[np.argsort(gaps)[:5]]]
    n = {"icons": len(picks), "k": K, "triplets": len(triplets), "kinds": len(set(kinds))}
    n["chance"] = float(np.mean([(kinds[things != t] == k).mean() for t, k in zip(things, kinds, strict=True)]))
    near = {}
    for name, cloud in points.items():
        gap = distances(cloud)
        near[name] = [j for j in np.argsort(gap[query]) if j != query][:NEAREST]
        n[f"keywords_{name}"] = -spearman(gap[pairs], overlap[pairs])
        n[f"same_kind_{name}"] = precision_at(gap, kinds, k=min(K, len(picks) // 3), apart=things)
        share = Share(int(sum(gap[c, t] < gap[c, f] for c, t, f in triplets)), len(triplets))
        n[f"cat_{name}"], (n[f"cat_{name}_low"], n[f"cat_{name}_high"]) = share.share, share.interval
        low, high = resampled(gap, overlap, things, np.random.default_rng(lab.seed), 2 if smoke else RESAMPLES)
        n[f"keywords_{name}_low"], n[f"keywords_{name}_high"] = low, high
    shuffled = []
    for _ in range(2 if smoke else SHUFFLES):  # what a cloud that knows nothing would get
        order = rng.permutation(len(picks))
        shuffled.append(abs(spearman(distances(points["latents"])[order][:, order][pairs], overlap[pairs])))
    n["keywords_null"] = float(np.max(shuffled))

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        colour = {"pixels": "image", "latents": "latent", "middle": "prediction", "texts": "text"}
        cell = 65 if narrow else 88
        shown = 4 if narrow else NEAREST
        y = 0
        for name, title in SPACES:
            x = 0
            fig.note(0, y, title, colour[name], 13, weight=600)
            numbers = f"same kind {100 * n[f'same_kind_{name}']:.0f} %   keywords {n[f'keywords_{name}']:+.2f}"
            if narrow:
                fig.note(fig.width, y, f"same kind {100 * n[f'same_kind_{name}']:.0f} %", "muted", 12, ha="right")
            else:
                fig.note(fig.width, y, f"{numbers}   cat–tiger {100 * n[f'cat_{name}']:.0f} %", "muted", 12, ha="right")
            row = [images[query], *(images[j] for j in near[name][:shown])]
            image_grid(fig, [row], x=x, y=y + 22, cell=cell, gap=8 if narrow else 34)
            y += 22 + cell + 16
        fig.set_height(y - 15)
        return fig

    def told(key, form):
        return ", ".join(f"{title} {form(n[f'{key}_{name}'])}" for name, title in SPACES)

    def percent(x):
        return f"{100 * x:.0f} %"

    def between(key, form):
        each = ((title, *(n[f"{key}_{name}{end}"] for end in ("", "_low", "_high"))) for name, title in SPACES)
        return ", ".join(f"{title} {form(x)} ({form(low)} to {form(high)})" for title, x, low, high in each)

    return Output(
        alt=(
            f"The {STYLE} cat and its {NEAREST} nearest neighbours in pixels, VAE latents, the U-Net's middle and text "
            f"vectors. Of the {K} nearest other things, of the same kind are: {told('same_kind', percent)}; by chance "
            f"{percent(n['chance'])}."
        ),
        caption=(
            f"**Neighbours mean different things in different spaces.** First picture: the cat; then its nearest "
            f"neighbours among {n['icons']} icons (for text vectors: among their prompts). *Same kind*: share of the "
            f"{K} "
            f"nearest other things that belong to the same of {n['kinds']} groups (chance {percent(n['chance'])}): "
            f"{told('same_kind', percent)}. *Keywords*: rank correlation of nearness with shared keywords, "
            f"{between('keywords', lambda x: f'{x:.2f}')}, 95 % "
            f"intervals, things resampled; shuffled at most {n['keywords_null']:.2f}. *Cat–tiger*: how "
            "often "
            f"the tiger is nearer than an object of the cat's colour, in {n['triplets']} triplets: "
            f"{between('cat', percent)}."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

"""What latent/neighbours measures: an icon's nearest neighbours in four spaces, and over all icons whether near means
alike."""

from types import SimpleNamespace

import numpy as np
import torch

from denoised import pipeline
from denoised.data import captions
from denoised.data.captions import prompt
from denoised.pipeline import encode
from denoised.probes import dimension, judge, similarity, steering
from denoised.probes.dimension import distances
from denoised.probes.judge import Share
from denoised.probes.similarity import jaccard, precision_at, spearman

FIGURE = "latent/neighbours"
WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
SOURCES = (pipeline, captions, dimension, judge, similarity, steering)

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


def measure(lab, smoke=False):
    """(numbers, arrays): for each of SPACES which specimens are the query and its neighbours, nearest first."""
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
    return n, {name: np.array(picks)[[query, *some]] for name, some in near.items()}

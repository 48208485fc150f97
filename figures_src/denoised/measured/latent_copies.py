"""What latent/copies measures: how near results come to the icon that their prompt names, and their patches to those of
training icons."""

from types import SimpleNamespace

import numpy as np
import torch

from denoised import pipeline
from denoised.data import captions
from denoised.data.captions import prompt
from denoised.pipeline import decode, encode
from denoised.probes import dimension, judge, metrics, mosaic, steering
from denoised.probes.dimension import distances
from denoised.probes.metrics import bootstrap_ci

FIGURE = "latent/copies"
WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
SOURCES = (pipeline, captions, dimension, judge, metrics, mosaic, steering)

COUNT, STEPS, SHOWN = 40, 8, 5
PATCHES = (5, 9, 17)  # of 32: patches of 20, 36 and 68 pixels of an icon
NEAR = 0.5  # a copy is closer to its icon than half of the way to the same thing in another style


def small(images):
    """Pictures [N, 128, 128, 3] uint8 to [N, 3, 32, 32] in 0..1, by averaging."""
    images = torch.from_numpy(np.ascontiguousarray(images)).float().permute(0, 3, 1, 2)
    return torch.nn.functional.avg_pool2d(images, images.shape[-1] // 32) / 255


def patches(made, pool, size):
    """Distance of busy patches of each of made [M, ...] to the nearest at their place in pool [N, ...]: medians [M]."""
    gap, _ = mosaic.nearest_patch(made, pool, size)
    busy = mosaic.busy(made, size) > 0.05
    return np.array([float(g[b].median()) for g, b in zip(gap, busy, strict=True) if b.any()])


def ratio_interval(a, b, rounds=2000, seed=0):
    """95 % interval of the median of a [N] over that of b [M], both resampled (Efron 1979)."""
    rng = np.random.default_rng(seed)
    drawn = [np.median(x[rng.integers(0, len(x), (rounds, len(x)))], axis=1) for x in (a, b)]
    return tuple(float(q) for q in np.quantile(drawn[0] / drawn[1], (0.025, 0.975)))


def measure(lab, smoke=False):
    """(numbers, arrays): the first SHOWN icons seen in training and as many unseen ones, which specimens these are, the
    latents of what is drawn for each, its share of the distance, and the size of the pool of patches."""
    pipe, specimens = lab.pipeline(), lab.specimens()
    records = specimens.records
    plain = [i for i, r in enumerate(records) if r["tone"] == "none"]
    train = [i for i in plain if records[i]["split"] == "train"][:: 12 if smoke else 1]
    known = {records[i]["concept"] for i in train}
    count = 2 if smoke else COUNT
    cast = {}
    for split in ("train", "pair"):
        fitting = [i for i in plain if records[i]["split"] == split and records[i]["concept"] in known]
        order = torch.randperm(len(fitting), generator=lab.generator(split)).tolist()
        cast[split] = [fitting[k] for k in order][:count]
    both = cast["train"] + cast["pair"]
    prompts = [prompt(SimpleNamespace(**records[i])) for i in both]
    states = steering.encode_prompts(pipe, prompts).states
    latents = steering.run(pipe, states, steering.start_noise(pipe, range(len(both))), steps=2 if smoke else STEPS)
    made = decode(pipe.vae, latents)

    pool = [i for i in train if i not in both]
    drawn, icons, others = small(made), small(specimens.images[both]), small(specimens.images[train])
    strangers = [i for i in plain if records[i]["split"] == "concept"][: 4 if smoke else 40]
    newcomers = small(decode(pipe.vae, encode(pipe.vae, specimens.images[strangers])))
    to_own = ((drawn - icons) ** 2).flatten(1).mean(1).sqrt().numpy()
    cousins = []  # the same thing in its nearest other style, among the specimens
    for i, icon in zip(both, icons, strict=True):
        kin = [j for j in plain if records[j]["concept"] == records[i]["concept"] and j != i]
        gaps = ((small(specimens.images[kin]) - icon) ** 2).flatten(1).mean(1).sqrt() if kin else torch.ones(1)
        cousins.append(float(gaps.min()))
    share = to_own / np.array(cousins)
    seen, unseen = share[:count], share[count:]
    nearest = distances(drawn.numpy(), others.numpy()).argmin(1)
    n = {
        "seen": len(seen), "unseen": len(unseen), "near": NEAR, "train": len(train), "newcomers": len(strangers),
        "share_seen": float(np.median(seen)), "share_unseen": float(np.median(unseen)),
        "copies_seen": float((seen < NEAR).mean()), "copies_unseen": float((unseen < NEAR).mean()),
        "own_nearest": float(np.mean([train[k] == i for k, i in zip(nearest[:count], both[:count], strict=True)])),
    }  # fmt: skip
    low, high = bootstrap_ci(seen, statistic=np.median)
    n |= {"share_seen_low": low, "share_seen_high": high, "copies_percent": 100 * n["copies_seen"]}
    for name, values in (("seen", seen), ("unseen", unseen)):
        n[f"copies_{name}_low"], n[f"copies_{name}_high"] = judge.Share(
            int((values < NEAR).sum()), len(values)
        ).interval
    rest = small(specimens.images[pool])
    for size in PATCHES:
        mine, new = patches(drawn, rest, size), patches(newcomers, rest, size)
        n[f"patch_made_{size}"], n[f"patch_new_{size}"] = float(np.median(mine)), float(np.median(new))
        n[f"patch_ratio_{size}"] = n[f"patch_made_{size}"] / n[f"patch_new_{size}"]
        n[f"patch_low_{size}"], n[f"patch_high_{size}"] = ratio_interval(mine, new)
    first = [*range(count)[:SHOWN], *range(count, 2 * count)[:SHOWN]]
    return n, {
        "icons": np.array(both)[first],
        "made": latents[first].numpy(),
        "share": share[first],
        "pool": np.array(len(pool)),
    }

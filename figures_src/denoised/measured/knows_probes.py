"""What knows/probes measures: what a linear map reads off the denoiser's layers about eyes, hands, animals and people, and
off the same net with random weights, off latents, and with shuffled facts.

Half of the *things* are fitted to, all their styles together, the other half is asked about. The layer is chosen on the
first splits, the values are of the others. Icons that the denoiser never met are too many to be shipped, so
measuring needs `make data`, and takes four minutes of one core.
"""

import numpy as np
import torch
from diffusers import UNet2DConditionModel

from denoised import pipeline
from denoised.data import splits
from denoised.diffusion.objectives import add_noise
from denoised.pipeline import encode, encode_prompts
from denoised.probes import features
from denoised.probes.ranks import auc
from denoised.studies.eye_probes import summaries

FIGURE = "knows/probes"
WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
SOURCES = (pipeline, features, summaries, add_noise, splits.family, auc)

TIMES = (200,)  # of the schedule's 1000; a first run with three found little difference between them
LAYERS = ("down 2", "down 3", "middle", "up 1", "up 2")
RANDOM = (0,)  # seeds of untrained nets
SPLITS, CHOOSING, RIDGE = 24, 8, 1.0
UNSEEN = ("pair", "concept", "judge")  # splits
MANY = {
    "hand": 200,
    "person": 200,
    "animal": 200,
    "face": 120,
    "other": 280,
}  # icons of a kind, or as many as there are
NETS = ("unet", "random", "latents", "shuffled")
PEOPLE = {"person", "man", "woman", "people", "men", "women"}
FACTS = ("has eyes", "is a hand", "is an animal", "is a person")


def facts(records) -> np.ndarray:
    """int8 [FACTS, N] from the words of each icon's label and keywords: 1 true, 0 false, -1 left out."""
    rows = []
    for r in records:
        words = set(r["keywords"].split("|")) | set(r["label"].split())
        person = bool(PEOPLE & words)
        hand = "hand" in words and r["group"] == "people-body" and not person
        # Most people have eyes too, but many are drawn from far or from behind; so they are not asked about.
        eyes = -1 if person else int(bool({"face", "animal"} & words))
        rows.append((eyes, int(hand), int("animal" in words), int(person)))
    return np.array(rows, np.int8).T


def kind(record) -> str:
    """Which of MANY an icon counts under."""
    eyes, hand, animal, person = facts([record])[:, 0]
    return "hand" if hand else "person" if person else "animal" if animal else "face" if eyes else "other"


def many():
    """(records, pictures uint8 [N, H, W, 3]) of icons that the denoiser never met, by lot within each kind."""
    from dataclasses import asdict

    from denoised.training import images

    rows, pictures = images.select(
        lambda row: row.split in UNSEEN and row.tone == "none" and row.group not in images.NOT_TRUNK
    )
    records = [asdict(row) for row in rows]
    kinds = np.array([kind(record) for record in records])
    rng = np.random.default_rng(0)
    chosen = np.sort(np.concatenate([rng.permutation(np.flatnonzero(kinds == k))[:count] for k, count in MANY.items()]))
    return [records[i] for i in chosen], pictures[chosen].permute(0, 2, 3, 1).numpy()


# --8<-- [start:auroc]
def auroc(scores, truth) -> float:
    """How often a true row has a higher score than a false one; a tie counts half. 0.5 is chance (Hanley & McNeil 1982)."""
    scores, true = np.asarray(scores), np.asarray(truth, bool)
    return auc(scores[true], scores[~true])


def scores(x, known, truth) -> np.ndarray:
    """Ridge regression on standardized features x [N, D] of the rows `known`, their truth: a score for every row [N]."""
    z = (x - x[known].mean(0)) / (x[known].std(0) + 1e-6) / np.sqrt(x.shape[1])
    y = truth[known] - truth[known].mean()
    gram = z[known] @ z[known].T
    penalty = RIDGE * np.trace(gram) / len(gram)
    return z @ (z[known].T @ np.linalg.solve(gram + penalty * np.eye(len(gram)), y))
    # --8<-- [end:auroc]


def halves(kin, truth, rng) -> np.ndarray:
    """bool [N]: the rows to fit to. Half of the families with the fact and half of those without, whole families only."""
    known = np.zeros(len(kin), bool)
    with_it = sorted({k for k, t in zip(kin, truth, strict=True) if t == 1})
    without = sorted(set(kin) - set(with_it))
    for names in (with_it, without):
        chosen = set(rng.permutation(names)[: len(names) // 2].tolist())
        known |= np.isin(kin, list(chosen))
    return known


def shuffled(kin, truth, rng) -> np.ndarray:
    """The facts dealt out anew among families, so that all styles of a thing keep one and the same."""
    names = sorted(set(kin))
    of = dict(zip(kin, truth, strict=True))
    dealt = dict(zip(names, rng.permutation([of[k] for k in names]), strict=True))
    return np.array([dealt[k] for k in kin])


@torch.no_grad()
def seen(pipe, unet, latents, generator) -> list[np.ndarray]:
    """Features [N, 2 C] at each time and layer, times first; the same noise for all icons, an empty prompt."""
    names = [dict(features.stages(unet))[layer] for layer in LAYERS]
    empty = encode_prompts(pipe, [""]).states
    eps = torch.randn(latents[:1].shape, generator=generator)
    found = []
    for t in TIMES:
        parts = []
        for some in latents.split(32):
            at = torch.full((len(some),), t)
            xt = add_noise(some, eps.expand_as(some), at, pipe.scheduler.alphas_cumprod.double())
            with features.Features(unet, names) as kept:
                unet(xt, at, encoder_hidden_states=empty.expand(len(some), -1, -1))
            parts.append(summaries([kept.maps[name][0] for name in names]))
        found += [np.concatenate(rows) for rows in zip(*parts, strict=True)]
    return found


def untrained(config, seed: int):
    """The same net with the weights that it is born with."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return UNet2DConditionModel.from_config(config).eval().requires_grad_(False)


def measure(lab, smoke=False):
    """(numbers, arrays): "auroc" [facts, nets, splits], "places" [facts, layers] the trained net's mean over the choosing
    splits, "random_places" the same of the untrained one, and "first" uint8 [facts, 8, 64, 64, 3], the icons that the
    probe is surest of among those it was not fitted to in the first scored split, with "true" [facts, 8]."""
    pipe = lab.pipeline()
    if smoke:
        specimens = lab.specimens()
        chosen = [i for i, r in enumerate(specimens.records) if r["tone"] == "none"][::4]
        records, pictures = [specimens.records[i] for i in chosen], specimens.images[chosen]
    else:
        records, pictures = many()
    kin, truth = np.array([splits.family(r["concept"]) for r in records]), facts(records)
    latents = encode(pipe.vae, pictures)
    sets = {"unet": [seen(pipe, pipe.unet, latents, lab.generator("noise"))]}
    sets["random"] = [seen(pipe, untrained(pipe.unet.config, s), latents, lab.generator("noise"))
                      for s in (RANDOM[:1] if smoke else RANDOM)]  # fmt: skip
    sets["latents"] = [[summaries([latents])[0], latents.flatten(1).double().numpy()]]
    total, choosing = (6, 3) if smoke else (SPLITS, CHOOSING)
    arrays = {"auroc": np.zeros((len(FACTS), len(NETS), total - choosing), np.float32),
              "first": np.zeros((len(FACTS), 8, 64, 64, 3), np.uint8), "true": np.zeros((len(FACTS), 8), bool)}  # fmt: skip
    tables = {name: np.zeros((len(FACTS), len(sets[name][0])), np.float32) for name in sets}
    for f, fact in enumerate(truth):
        rng = np.random.default_rng(f)
        asked = np.flatnonzero(fact >= 0)
        sides = [halves(kin[asked], fact[asked], rng) for _ in range(total)]
        dealt = [shuffled(kin[asked], fact[asked], rng) for _ in range(total)]
        best = {}
        for name, nets in sets.items():
            every = np.array([[[auroc(scores(x[asked], k, fact[asked])[~k], fact[asked][~k]) for k in sides] for x in net]
                              for net in nets])  # fmt: skip
            tables[name][f] = every[..., :choosing].mean((0, 2))
            best[name] = every[..., :choosing].mean(2).argmax(1)
            arrays["auroc"][f, NETS.index(name)] = np.mean(
                [one[place, choosing:] for one, place in zip(every, best[name], strict=True)], axis=0
            )
        x = sets["unet"][0][best["unet"][0]][asked]
        for s in range(choosing, total):
            k, t = sides[s], dealt[s]
            usable = t[k].any() and t[~k].any()
            value = auroc(scores(x, k, t)[~k], t[~k]) if usable else 0.5
            arrays["auroc"][f, NETS.index("shuffled"), s - choosing] = value
        outside = np.flatnonzero(~sides[choosing])
        order = outside[np.argsort(-scores(x, sides[choosing], fact[asked])[outside])]
        small = pictures[asked[order[:8]]].reshape(8, 64, 2, 64, 2, 3).mean((2, 4))
        arrays["first"][f], arrays["true"][f] = small.round(), fact[asked[order[:8]]] == 1
    arrays |= {"places": tables["unet"], "random_places": tables["random"]}
    n = {
        "icons": len(records),
        "splits": total - choosing,
        "choosing": choosing,
        "facts": len(FACTS),
        "random_nets": len(RANDOM),
    }
    n |= {f"icons_{f}": int((truth[f] == 1).sum()) for f in range(len(FACTS))}
    n |= {f"things_{f}": len(set(kin[truth[f] == 1])) for f in range(len(FACTS))}
    return n, arrays

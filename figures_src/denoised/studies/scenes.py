"""The laboratory of scenes: what a small denoiser learns of pairs of things from captions, from a closed list of labels,
from captions that are wrong, and from no word at all. Each is trained and asked anew for every seed.

    python scripts/lab_scenes.py        # under an hour on one core, resumable; writes scenes.npz beside this file

The conditions of the claims that rest on it stand in docs/series/claims.yaml since before these runs; pilot runs by which
the network was chosen came before.
"""

from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from denoised.data import scenes
from denoised.models import laboratory as nets
from denoised.probes import crowds, onlooker
from denoised.studies import shelf
from denoised.training import laboratory

FILE = Path(__file__).with_suffix(".npz")
GROUPS = ("both", "one way", "reversed", "never")


@dataclass(frozen=True)
class Variant:
    """One way to be taught. told: "words", "label" or "nothing"; wrong: the share of scenes with another scene's caption;
    scenes: how many different ones there are; work: training, in parts of a whole one."""

    told: str = "words"
    wrong: float = 0.0
    scenes: int = 6000
    work: float = 1.0


VARIANTS = {
    "words": Variant(),
    "label": Variant("label"),
    "nothing": Variant("nothing"),
    "wrong100": Variant(wrong=1.0),
    "wrong50": Variant(wrong=0.5),
    "few50": Variant(scenes=300, wrong=0.5),
}


@dataclass(frozen=True)
class Settings:
    """The whole laboratory. `asked` prompts of each group and kind at `guidance`; `crowd` pictures of learned prompts,
    at guidance 1 and again at `guidance`, for what is said of many pictures."""

    seeds: tuple[int, ...] = (0, 1, 2)
    training: laboratory.Settings = field(
        default=laboratory.Settings(samples=80_000, lr=3e-3, warmup=8_000, ema=0.998, told=0.85)
    )
    eye: onlooker.Training = onlooker.Training()
    guidance: float = 2.0
    steps: int = 16
    asked: int = 90
    crowd: int = 512
    trials: int = 1000  # real scenes on which the onlooker is tested
    shown: int = 6  # drawings kept of each group and kind, of the first seed


SETTINGS = Settings()


def key(settings: Settings = SETTINGS) -> str:
    """Short hash of the settings, the variants, and the source of all that computes the results."""
    made_of = asdict(settings) | {name: asdict(variant) for name, variant in VARIANTS.items()}
    return shelf.key(
        made_of, scenes, nets.LabSpeaker, nets._Block, laboratory, onlooker, crowds, told, asks, mislead, nearest
    )


def load(path: Path = FILE, settings: Settings = SETTINGS) -> tuple[dict, dict[str, np.ndarray]]:
    """(facts, arrays) of the committed results."""
    return shelf.take(path, key(settings), "lab_scenes")


def learned(pairs: dict) -> list[tuple[int, int]]:
    return pairs["both"] + pairs["one way"]


# --8<-- [start:told]
def told(how: str, kind: int, first: int, second: int) -> np.ndarray:
    """The ways to tell one scene, int64 [ways, K]: two sentences, one number of a closed list, or nothing."""
    if how == "words":
        return scenes.captions(kind, first, second)
    return np.array([[scenes.label(kind, first, second) if how == "label" else 0]])
    # --8<-- [end:told]


def mislead(n: int, share: float, seed: int) -> np.ndarray:
    """Whose caption scene i gets, [n]: its own, but for a drawn `share` of scenes that exchange theirs among themselves."""
    rng, whose = np.random.default_rng(seed), np.arange(n)
    some = rng.permutation(n)[: round(share * n)]
    whose[some] = np.roll(some, 1)
    return whose


def asks(pairs, kind: int, n: int) -> list[tuple[int, int, int]]:
    """n questions (kind, first, second), pair after pair until there are n."""
    return [(kind, *pairs[i % len(pairs)]) for i in range(n)]


def nearest(made, known) -> np.ndarray:
    """Root mean square distance of each latent [N, ...] to the nearest of `known`, [N]."""
    a, b = made.reshape(len(made), -1), known.reshape(len(known), -1)
    return np.concatenate([crowds.distances(part, b).min(1) for part in np.array_split(a, 8)]) / np.sqrt(a.shape[1])


def questions(kind: int, group: str, settings: Settings = SETTINGS) -> np.ndarray:
    """What was asked of each group and kind, int [asked, 3]."""
    return np.array(asks(scenes.split()[group], kind, settings.asked))


# --8<-- [start:right]
def right(said, asked) -> np.ndarray:
    """Whether the onlooker sees what was asked for: kind, first and second thing. said [seeds, N, 3], asked [N, 3]."""
    return (said == asked).all(-1)


def mixed_up(said, asked) -> np.ndarray:
    """Whether it sees both things, as they were to stand, in each other's place."""
    return (said == asked[:, [0, 2, 1]]).all(-1)
    # --8<-- [end:right]


def share_ci(hits, tries, clusters, resamples: int, seed: int = 0) -> tuple[float, float, float]:
    """Share of `tries` that are `hits`, both [seeds, N] of 0 and 1, with its 95 % interval: seeds and clusters [N] of
    questions (pairs of things) are drawn anew. (share, low, high); NaN where nothing was tried."""
    hits, tries = np.asarray(hits, float), np.asarray(tries, float)
    rng, (_, place) = np.random.default_rng(seed), np.unique(clusters, axis=0, return_inverse=True)
    n, place = place.max() + 1, place.reshape(-1)
    sums = [
        np.stack([np.bincount(place, row, n) for row in rows]) for rows in (hits * tries, tries)
    ]  # [seeds, clusters]
    shares = []
    for _ in range(resamples):
        pick = np.ix_(rng.integers(len(hits), size=len(hits)), rng.integers(n, size=n))
        got, of = (table[pick].sum() for table in sums)
        shares.append(got / of if of else np.nan)
    low, high = np.nanpercentile(shares, (2.5, 97.5))
    return float(sums[0].sum() / sums[1].sum()), float(low), float(high)

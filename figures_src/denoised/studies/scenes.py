"""The laboratory of scenes: what a small denoiser learns of pairs of things from captions, from a closed list of labels,
from captions that are wrong, and from no word at all. Each is trained and asked anew for every seed.

    python scripts/lab_scenes.py        # under an hour on one core, resumable; writes scenes.npz beside this file

The conditions of the claims that rest on it stand in docs/series/claims.yaml since before the first run.
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
    "wrong25": Variant(wrong=0.25),
    "half": Variant(work=0.5),
    "quarter": Variant(work=0.25),
    "few": Variant(scenes=300),
    "few50": Variant(scenes=300, wrong=0.5),
}


@dataclass(frozen=True)
class Settings:
    """The whole laboratory. `asked` prompts of each group and kind at `guidance`; `crowd` pictures of learned prompts,
    at guidance 1 and again at `guidance`, for what is said of many pictures."""

    seeds: tuple[int, ...] = (0, 1, 2)
    training: laboratory.Settings = field(
        default=laboratory.Settings(samples=96_000, lr=3e-3, warmup=8_000, ema=0.998, told=0.85)
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

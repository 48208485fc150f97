"""What repetition does to memory: a small denoiser learns icons of which a few are there ten, a hundred or a thousand
times. Does it draw these again, when asked for them and when not, and what do the other icons lose?

    python scripts/lab_duplicates.py        # under half an hour on one core, resumable; writes duplicates.npz beside this

The condition of the claim that rests on it stands in docs/series/claims.yaml since before the first run.
"""

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from denoised.data.catalogue import STYLES
from denoised.models import laboratory as nets
from denoised.probes import crowds
from denoised.studies import shelf
from denoised.training import images, laboratory

FILE = Path(__file__).with_suffix(".npz")
VARIANTS = ("repeated", "once", "shorter")
NEIGHBOURS = 50  # a draw is near to one icon if it is nearer to it than to the next so many


@dataclass(frozen=True)
class Settings:
    """`levels` are how often an icon is in the data, `each` how many icons there are of each level; with as many seeds as
    levels every chosen icon has every level once. Per run: `own` draws of each chosen icon's caption, `kin` of its thing in
    another style and of its thing with no style named, `crowd` draws with nothing said, with a style alone, and with
    captions of other icons. `real` is the share of icons that nobody learned from which is allowed to pass for copies:
    where sets redraw each other's shapes, real newcomers are near copies, too. `strict` is another one, told beside it."""

    levels: tuple[int, ...] = (1, 10, 100, 1000)
    each: int = 4
    seeds: tuple[int, ...] = (0, 1, 2, 3)
    training: laboratory.Settings = field(
        default=laboratory.Settings(samples=96_000, lr=3e-3, warmup=8_000, ema=0.998, told=0.85)
    )
    guidance: float = 2.0
    steps: int = 16
    own: int = 16
    kin: int = 8
    crowd: int = 256
    real: float = 0.05
    strict: float = 0.01
    shown: int = 2  # drawings kept of each chosen icon


SETTINGS = Settings()


def key(settings: Settings = SETTINGS) -> str:
    """Short hash of the settings and of the source of all that computes the results."""
    return shelf.key(
        asdict(settings), nets.LabSpeaker, nets._Block, laboratory, crowds, learned, held, told,
        chosen, counts, budget, questions, nearness, found,
    )  # fmt: skip


def load(path: Path = FILE, settings: Settings = SETTINGS) -> tuple[dict, dict[str, np.ndarray]]:
    """(facts, arrays) of the committed results."""
    return shelf.take(path, key(settings), "lab_duplicates")


def learned(row) -> bool:
    """What generators learn from, of things with a name."""
    return images.in_trunk(row)


def held(row) -> bool:
    """Icons that nobody here learns from, of things that are learned in other styles."""
    return row.split in ("pair", "judge") and row.tone == "none" and row.group not in images.NOT_TRUNK


def told(rows, concepts: list[str]) -> np.ndarray:
    """Captions of two words, int64 [N, 2]: the thing, then the style, out of one vocabulary."""
    place = {concept: i + 1 for i, concept in enumerate(concepts)}
    return np.array([(place[row.concept], 1 + len(concepts) + STYLES.index(row.style)) for row in rows])


# --8<-- [start:chosen]
def chosen(rows, alone: np.ndarray, settings: Settings = SETTINGS) -> np.ndarray:
    """Positions of the icons to repeat, [levels * each]: drawn by chance, as many of each style as can be, no thing twice.
    `alone` [N] says which icons have no near copy among the others, so that it is clear which one has been copied."""
    styles, things, found = {}, set(), []
    n = len(settings.levels) * settings.each
    for i in np.random.default_rng(20).permutation(len(rows)):
        row = rows[i]
        room = styles.get(row.style, 0) < -(-n // len(STYLES))
        if alone[i] and room and row.concept not in things and len(found) < n:
            styles[row.style] = styles.get(row.style, 0) + 1
            things.add(row.concept)
            found.append(i)
    return np.array(found)
    # --8<-- [end:chosen]


# --8<-- [start:counts]
def counts(seed: int, settings: Settings = SETTINGS) -> np.ndarray:
    """How often each chosen icon is in the data with this seed, [levels * each]: the levels go round, so that over as many
    seeds as there are levels each icon has had each of them once."""
    turn = (np.arange(len(settings.levels) * settings.each) + seed) % len(settings.levels)
    return np.array(settings.levels)[turn]
    # --8<-- [end:counts]


def budget(variant: str, icons: int, settings: Settings = SETTINGS) -> laboratory.Settings:
    """The training of a variant: "shorter" sees its icons as often as "repeated" does those that are there once."""
    if variant != "shorter":
        return settings.training
    extra = settings.each * sum(level - 1 for level in settings.levels)
    return replace(settings.training, samples=round(settings.training.samples * icons / (icons + extra)))


def questions(rows, said: np.ndarray, some: np.ndarray, settings: Settings = SETTINGS) -> dict[str, np.ndarray]:
    """{kind of prompt: captions int64 [n, 2], 0 = not said}. Of own, thing and kin the first axis is the chosen icon."""
    rng = np.random.default_rng(21)
    concepts = np.array([row.concept for row in rows])
    kin = [np.flatnonzero((concepts == concepts[i]) & (np.arange(len(rows)) != i)) for i in some]
    rest = rng.permutation([i for i in range(len(rows)) if concepts[i] not in set(concepts[some])])[: settings.crowd]
    first = said[:, 1].min()
    style = first + np.arange(settings.crowd) % len(STYLES)
    return {
        "own": np.repeat(said[some], settings.own, 0),
        "thing": np.repeat(said[some] * [1, 0], settings.kin, 0),
        "kin": np.concatenate([said[np.resize(others, settings.kin)] for others in kin]),
        "style": np.stack([np.zeros_like(style), style], 1),
        "nothing": np.zeros((settings.crowd, 2), int),
        "rest": said[rest],
    }


# --8<-- [start:nearness]
def nearness(made, known, itself: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(which, distance, nearness) of the nearest of `known` to each latent [N, ...]: its position, the root mean square
    distance, and that distance as a share of the mean distance to the next fifty. A copy is near to one icon and to no
    other; a blot is equally near to many (Carlini et al. 2023, sec. 5). itself [N]: positions in `known` to leave out."""
    a, b = (np.asarray(x, np.float64).reshape(len(x), -1) for x in (made, known))
    d = crowds.distances(a, b) / np.sqrt(a.shape[1])
    if itself is not None:
        d[np.arange(len(a)), itself] = np.inf
    order = np.argpartition(d, NEIGHBOURS, 1)[:, : NEIGHBOURS + 1]
    near = np.sort(np.take_along_axis(d, order, 1), 1)
    return d.argmin(1), near[:, 0], near[:, 0] / near[:, 1:].mean(1)
    # --8<-- [end:nearness]


def found(table, rng: np.random.Generator, resamples: int = 2000) -> tuple[float, float, float]:
    """(share, low, high) of yes in a table [icons, draws]: icons, and draws of each, are drawn anew for a 95 % interval.
    Where all are alike that has no width, and each icon counts as one try in Wilson's instead."""
    from denoised.probes.judge import Share

    table = np.asarray(table, float)
    icons, draws = table.shape
    if table.min() == table.max():
        return (float(table.mean()), *Share(icons if table.max() else 0, icons).interval)
    pick = rng.integers(icons, size=(resamples, icons))
    shares = [rng.binomial(draws, table.mean(1)[some]).mean() / draws for some in pick]
    low, high = np.percentile(shares, (2.5, 97.5))
    return float(table.mean()), float(low), float(high)

"""Bias in, bias out, twice more: people of whom more and more are women, and things of which more and more are drawn with
outlines. A small denoiser learns them, and is then asked for each without a word about either.

    python scripts/lab_tilt.py        # half an hour on one core, resumable; writes tilt.npz beside this file

Written down before the first run: at a guidance of 1 the share that comes out rises with the share that was learned, for
both; whether it is amplified, so that from 95 in 100 more come out than went in (the interval of 95 % above 0.95), or
dampened (below), is left open. The reader, a weighted sum over what the judge makes of a decoded picture, has to be right
about 80 % of the icons that the denoiser learns, none of which it has seen, or nothing is said of that axis. (Tried before
anything was trained: a reader of latents, right about 70 % of occupations and 84 % of things, and the judge's, right about
78 % of occupations; people there are small, so gestures and hair are learned instead.)

Added when the first results were known, and everything trained again: drawings whose wish names the kind. They tell what
the reader makes of this model's drawings rather than of icons. Where the model of the even diet was asked for a kind by
name and the reader sees it in fewer than 80 % of drawings, on the mean of both kinds, nothing is said of what that strength
of guidance does to the axis. (Out of the even diet 7 % had been read as outlined without guidance: a tilt, or drawings too
rough to be read?)
"""

from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from denoised.data import splits
from denoised.models import laboratory as nets
from denoised.probes import judge, logistic
from denoised.studies import shelf
from denoised.training import laboratory

FILE = Path(__file__).with_suffix(".npz")
NETWORKS = ("emoji-sd/vae", "judge")  # that had a part in the results
STYLES = ("openmoji", "noto")
THINGS = ("animals-nature", "food-drink")
# Unicode's gestures, and people by their hair: they fill the picture, and their gender can be seen.
PEOPLE = ("bald", "bowing", "curly-hair", "deaf", "facepalming", "frowning", "gesturing-no", "gesturing-ok",
          "getting-haircut", "getting-massage", "pouting", "raising-hand", "red-hair", "shrugging", "tipping-hand",
          "white-hair")  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """shares: of the first of an axis' two kinds among what is learned. Half of the captions name the kind, the other half
    are neutral; `asked` neutral prompts for each strength of guidance, subject after subject, and `named` for each kind
    that say which."""

    shares: tuple[float, ...] = (0.5, 0.75, 0.95)
    strengths: tuple[float, ...] = (1.0, 3.0)
    seeds: tuple[int, ...] = (0, 1, 2)
    training: laboratory.Settings = field(
        default=laboratory.Settings(samples=64_000, lr=3e-3, warmup=8_000, ema=0.998, told=0.85)
    )
    steps: int = 16
    asked: int = 210
    named: int = 105
    shown: int = 7  # drawings kept of each share and strength, of the first seed


SETTINGS = Settings()
PENALTY = 0.5  # of the reader's weights
AXES = {"women": ("woman", "man"), "outlines": STYLES}  # axis: the kind that is counted, and the other one


def key(settings: Settings = SETTINGS) -> str:
    """Short hash of the settings and of the source of all that computes the results."""
    return shelf.key(
        [asdict(settings), AXES, THINGS, PEOPLE, PENALTY], nets.LabSpeaker, nets._Block, laboratory, logistic, judge,
        subject, kind, fits, mine, balanced,
    )  # fmt: skip


def load(path: Path = FILE, settings: Settings = SETTINGS) -> tuple[dict, dict[str, np.ndarray]]:
    """(facts, arrays) of the committed results. "score_<axis>" [shares, seeds, strengths, asked] are the reader's log odds,
    "named_<axis>" [shares, seeds, strengths, 2, named] those of drawings of a named kind;
    "z_<axis>_<share>_<strength>" [shown, 4, 8, 8] latents; "real_<axis>" and "truth_<axis>" the reader's test."""
    return shelf.take(path, key(settings), "lab_tilt")


def subject(row, axis: str) -> str:
    """What a neutral caption says: the person's occupation without the gender, or the thing."""
    return splits.family(row.concept) if axis == "women" else row.concept


def kind(row, axis: str) -> str:
    return row.gender if axis == "women" else row.style


def fits(row, axis: str) -> bool:
    """Whether an icon is one of the axis' two kinds, in the training split. Of people there are copies in six skin tones,
    which only the reader gets to see."""
    plain = row.tone == "none" or axis == "women" and not mine(row, axis)
    person = row.group == "people-body"
    about = person if axis == "women" else not person and row.group not in ("flags", "extras", "component")
    return row.split == "train" and plain and about and kind(row, axis) in AXES[axis]


def mine(row, axis: str) -> bool:
    """Whether the denoiser learns from it; from the others of the axis (occupations, other things) the reader does, so that
    neither has seen what the other has."""
    return subject(row, axis) in PEOPLE if axis == "women" else row.group in THINGS


def balanced(rows, axis: str) -> list[int]:
    """Places of the rows whose subject is there in both kinds."""
    have = {name: {subject(row, axis) for row in rows if kind(row, axis) == name} for name in AXES[axis]}
    both = set.intersection(*have.values())
    return [i for i, row in enumerate(rows) if subject(row, axis) in both]

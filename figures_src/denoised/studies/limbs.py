"""A counter of limbs, calibrated on real hands, and what a spectral ghost does to its counts.

    python scripts/lab_limbs.py calibrate    # prints how well each setting counts the fingers of the calibration hands
    python scripts/lab_limbs.py              # the measurement, on other hands; writes limbs.npz beside this file

Hands of four styles are there to choose the counter's settings, hands of the other four to measure with: neither a
style, nor a lattice, nor a grain is used for both.
"""

from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path

import numpy as np

from denoised.data.splits import FINGERS
from denoised.probes import ghosts
from denoised.studies import shelf

FILE = Path(__file__).with_suffix(".npz")
# fingers that are held together do not show in an outline, so these gestures cannot be counted by anybody's outline
CLOSED = ("crossed-fingers", "ok-hand", "raised-hand", "vulcan-salute", "raised-back-of-hand", "waving-hand")
TRUTH = {concept: count for count, concepts in FINGERS.items() for concept in concepts if concept not in CLOSED}


@dataclass(frozen=True)
class Settings:
    """The whole experiment. Settings of the counter are tried in all combinations, on clean and on grained hands."""

    calibrate: tuple[str, ...] = ("openmoji", "emojione", "noto-v1", "fxemoji")
    measure: tuple[str, ...] = ("noto", "twemoji", "fluent-emoji", "fluent-emoji-flat")
    tones: tuple[str, ...] = ("none", "medium-dark")
    grain_seeds: tuple[int, ...] = (11,)  # of the calibration
    ghost_seeds: tuple[int, ...] = (201, 202, 203)  # of the measurement: lattices and grains
    others: int = 40  # drawings of animals and people besides, in the styles of the measurement
    seed: int = 7
    soften: tuple[float, ...] = (0.7, 1.5, 2.5)
    paper: tuple[int, ...] = (30, 50, 70)
    share: tuple[float, ...] = (0.11, 0.14, 0.17, 0.2)
    least: tuple[float, ...] = (0.012, 0.024, 0.036, 0.048)


SETTINGS = Settings()


def key(settings: Settings = SETTINGS) -> str:
    """Short hash of the settings, of the counter's, and of the source of all that computes the results."""
    parts = (chosen, measure, ghosts.standing_out, ghosts.haunted, ghosts.grained, ghosts.another_limb, ghosts.without,
             ghosts.silhouette, ghosts.parts, ghosts.limbs, ghosts.peaks)  # fmt: skip
    facts = [asdict(settings), asdict(ghosts.Counter()), sorted(TRUTH.items())]
    return shelf.key(facts, *parts)


def load(path: Path = FILE, settings: Settings = SETTINGS) -> tuple[dict, dict[str, np.ndarray]]:
    """(facts, arrays) of the committed results; the counts of every drawing are in the arrays."""
    return shelf.take(path, key(settings), "lab_limbs")


def chosen(rows, settings: Settings = SETTINGS) -> dict[str, list[int]]:
    """Positions in `rows`: hands to "calibrate" with, hands to "measure" with, and "others", drawn by chance."""
    hands = {
        part: [i for i, r in enumerate(rows) if r.concept in TRUTH and r.style in styles and r.tone in settings.tones]
        for part, styles in (("calibrate", settings.calibrate), ("measure", settings.measure))
    }
    pool = [
        i for i, r in enumerate(rows)
        if r.style in settings.measure and r.tone == "none" and r.split == "train"
        and r.group in ("animals-nature", "people-body") and r.concept not in TRUTH and r.concept not in CLOSED
    ]  # fmt: skip
    picks = np.random.default_rng(settings.seed).permutation(pool)[: settings.others]
    return hands | {"others": sorted(int(i) for i in picks)}


def calibration(images, truth, settings: Settings = SETTINGS) -> list[tuple[float, float, ghosts.Counter]]:
    """(share right on grained hands, share right on clean ones, counter) for every setting, best sum first."""
    clean, truth = np.asarray(images), np.asarray(truth)
    spoilt = [ghosts.grained(clean, seed=seed) for seed in settings.grain_seeds]
    found = []
    for soften, paper, share in product(settings.soften, settings.paper, settings.share):
        # the smallest part that counts is a limit on sizes that need measuring once
        rough = ghosts.Counter(soften, paper, share)
        sizes = [[ghosts.parts(image, rough) for image in some] for some in (clean, *spoilt)]
        for least in settings.least:
            right, *under = (float(np.mean([(s >= least).sum() == k for s, k in zip(some, truth, strict=True)]))
                             for some in sizes)  # fmt: skip
            found.append((float(np.mean(under)), right, ghosts.Counter(soften, paper, share, least)))
    return sorted(found, key=lambda row: -(row[0] + row[1]))


def measure(images, truth, settings: Settings = SETTINGS) -> dict[str, np.ndarray]:
    """Counts [N] of clean drawings and of those with one more limb; [S, N] with each lattice, with it filtered out, and
    with grain. truth [N]: fingers, or -1 where nobody knows. Peaks: one number each."""
    images = np.asarray(images)
    limbed = ghosts.another_limb(images)
    out = {"truth": np.asarray(truth), "real": ghosts.limbs(images), "limbed": ghosts.limbs(limbed)}
    stacks: dict[str, list] = {"spectral": [], "healed": [], "grained": []}
    heights: dict[str, list] = {"spectral": [], "healed": [], "grained": []}
    for seed in settings.ghost_seeds:
        spectral = ghosts.haunted(images, seed=seed)
        made = {"spectral": spectral, "healed": ghosts.without(spectral), "grained": ghosts.grained(images, seed=seed)}
        for name, some in made.items():
            stacks[name].append(ghosts.limbs(some))
            heights[name].append(ghosts.peaks(some))
    out |= {name: np.stack(some) for name, some in stacks.items()}
    out |= {f"peak_{name}": np.array(some) for name, some in heights.items()}
    return out | {"peak_real": np.array(ghosts.peaks(images)), "peak_limbed": np.array(ghosts.peaks(limbed))}

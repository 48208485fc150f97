"""Does the autoencoder do better on what it was trained on? Two piles of icons that chance divided.

    python scripts/lab_gap.py        # some minutes on one core; writes gap.npz beside this file

Concepts were held out by a hash of their names (denoised.data.splits), so the icons that were trained on and those that
were not differ by chance alone, as long as both piles are drawn from concepts that the rule could have held out.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from denoised.data.splits import family
from denoised.probes import codecs
from denoised.probes.metrics import psnr
from denoised.studies import shelf

FILE = Path(__file__).with_suffix(".npz")
NOT_DRAWN = ("flags", "extras", "component")  # never held out, so they belong to neither pile


@dataclass(frozen=True)
class Settings:
    """The whole experiment: at most `per_style` icons of each style on each side, `seed` draws them."""

    per_style: int = 40
    untrained: int = 24  # held-out icons that also go through the random weights that training starts from
    draws: int = 2000  # of the bootstrap
    seed: int = 5


SETTINGS = Settings()


def key(settings: Settings = SETTINGS) -> str:
    """Short hash of the settings and of the source of all that computes the results."""
    return shelf.key(asdict(settings), piles, likeness, by_jpeg, family)


def load(path: Path = FILE, settings: Settings = SETTINGS) -> tuple[dict, dict[str, np.ndarray]]:
    """(facts, arrays) of the committed results; arrays hold one likeness (dB) an icon, facts its style and concept."""
    return shelf.take(path, key(settings), "lab_gap")


def piles(rows, settings: Settings = SETTINGS) -> dict[str, list[int]]:
    """{"known", "unseen"}: positions in `rows` of the icons to compare, a fair draw from what the rule could hold out."""
    styles_of: dict[str, set] = {}
    for row in rows:
        styles_of.setdefault(row.concept, set()).add(row.style)
    found: dict[str, list[int]] = {}
    for side, split in (("known", "train"), ("unseen", "concept")):
        rng = np.random.default_rng(settings.seed)
        chosen: list[int] = []
        for style in sorted({row.style for row in rows}):
            pool = [
                i for i, row in enumerate(rows)
                if row.split == split and row.style == style and row.tone == "none"
                and row.group not in NOT_DRAWN and len(styles_of[row.concept]) >= 4
            ]  # fmt: skip
            chosen += sorted(int(i) for i in rng.permutation(pool)[: settings.per_style])
        found[side] = chosen
    return found


def likeness(vae, images, alpha, batch: int = 16) -> np.ndarray:
    """PSNR (dB) inside the drawing of each icon's round trip: images uint8 [N, H, W, 3], alpha uint8 [N, H, W]."""
    from denoised.pipeline import decode, encode

    parts = [slice(i, i + batch) for i in range(0, len(images), batch)]
    return np.concatenate([psnr(decode(vae, encode(vae, images[p])), images[p], alpha[p]) for p in parts])


def by_jpeg(images, alpha, budget: int) -> np.ndarray:
    """The same by JPEG in `budget` bytes, which has learnt from neither pile: how hard are the icons?"""
    return psnr(np.stack([codecs.at_most(image, "JPEG", budget)[1] for image in images]), images, alpha)


def gap_by_style(known, unseen, styles_known, styles_unseen) -> dict[str, float]:
    """Mean likeness of known minus unseen icons, dB, in each style that both piles have."""
    known, unseen = np.asarray(known), np.asarray(unseen)
    styles_known, styles_unseen = np.asarray(styles_known), np.asarray(styles_unseen)
    both = [s for s in dict.fromkeys(styles_known) if (styles_unseen == s).any()]
    return {str(s): float(known[styles_known == s].mean() - unseen[styles_unseen == s].mean()) for s in both}


def gap_interval(known, unseen, facts: dict, settings: Settings = SETTINGS) -> tuple[float, float]:
    """95 % interval of the styles' mean gap: whole families of concepts are drawn again, since a concept's drawings in
    eight styles are no eight independent icons (percentile bootstrap)."""
    rng, means = np.random.default_rng(0), {}
    names = [s for s in dict.fromkeys(facts["styles"]["known"]) if s in facts["styles"]["unseen"]]
    for side, values in (("known", known), ("unseen", unseen)):
        kin = np.array([family(c) for c in facts["concepts"][side]])
        _, which = np.unique(kin, return_inverse=True)
        member = np.zeros((which.max() + 1, len(kin)))
        member[which, np.arange(len(kin))] = 1
        style = np.array([[s == name for name in names] for s in facts["styles"][side]], float)
        # how often each family is drawn; a style's mean is then a quotient of two sums
        drawn = rng.multinomial(len(member), np.full(len(member), 1 / len(member)), settings.draws)
        sums, counts = drawn @ (member @ (style * np.asarray(values)[:, None])), drawn @ (member @ style)
        means[side] = np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)
    low, high = np.percentile(np.nanmean(means["known"] - means["unseen"], axis=1), [2.5, 97.5])
    return float(low), float(high)

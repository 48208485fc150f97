"""What a label costs: the group of an icon named from 1, 4, 16, 64 and 256 labelled examples a class, and from none.

    python scripts/lab_labels.py       # some minutes on one core; writes labels.npz beside this file

All are asked about the same icons, of styles in which nobody here was shown the concept:
- "cnn", a small PyramidNet from scratch: labels and nothing else (supervised);
- linear maps fitted to the same labels on frozen features: "pixels" (16 x 16, the control), "latents" of the VAE (learned
  without any word), "unet", means of the maps of the denoiser at an early time and an empty prompt (learned from pictures
  with captions), "captions", an image tower taught to put a picture where the text encoder puts its caption (CLIP's way),
  "judge", the layer before the answers of a net that was told groups and concepts of thousands of icons;
- k-means with as many clusters as classes, on each of these features, without any label: purity, and mutual information
  with the groups, beside the same for shuffled labels.

Written down before the first run; intervals of 95 % draw icons and seeds anew:
- r07-09 (the definitions: structure without labels, and answers from labels) holds if k-means on latents shares more
  information with the groups than 95 % of shufflings, and the net with most labels names more groups than the same net
  with shuffled labels, the interval of the difference above zero; it is false if neither; else partly.
- r07-13 (supervised training is more accurate on narrow tasks, but costly because of manual labels): holds if the net
  from scratch leads the linear map on the denoiser's features at every number of labels, intervals above zero; false if
  it trails at every number, intervals below zero; partly: all else.
"""

from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from denoised.models import clip
from denoised.studies import eye_probes, shelf
from denoised.training import tower

FILE = Path(__file__).with_suffix(".npz")
NETWORKS = ("emoji-sd/text_encoder", "emoji-sd/unet", "emoji-sd/vae", "judge")  # that had a part in the results
FEATURES = ("pixels", "latents", "unet", "captions", "judge")
CLASSES = ("activities", "animals-nature", "food-drink", "objects", "people-body", "smileys-emotion", "symbols",
           "travel-places")  # fmt: skip


@dataclass(frozen=True)
class Settings:
    labels: tuple[int, ...] = (1, 4, 16, 64, 256)
    seeds: tuple[int, ...] = (0, 1, 2)
    asked: int = 400  # icons that all are asked about
    lessons: tower.Settings = field(default=tower.Settings())
    t: int = 100  # of the schedule: the noise in which the denoiser meets an icon
    steps: int = 120
    batch: int = 64
    shuffles: int = 200
    sheet: tuple[int, int, int] = (24, 4, 8)  # clusters made, shown, icons of each shown


SETTINGS = Settings()


def key(settings: Settings = SETTINGS) -> str:
    """Short hash of the settings and of the source of all that measures."""
    return shelf.key(
        [asdict(settings), CLASSES], drawn, clusters, purity, shared, eye_probes.ridge, eye_probes.right, tower,
        clip.ImageTower,
    )  # fmt: skip


def load(path: Path = FILE, settings: Settings = SETTINGS) -> tuple[dict, dict[str, np.ndarray]]:
    """(facts, arrays) of the committed results. "right_<learner>" uint8 [numbers of labels, seeds, icons]; "shuffled"
    uint8 [seeds, icons], the net whose most labels were shuffled; "purity", "shared" [features, seeds]; "null" [features,
    shuffles]; "sheet_<feature>" uint8 [clusters, icons, 48, 48, 3], "sheet_group_<feature>" their classes."""
    return shelf.take(path, key(settings), "lab_labels")


def drawn(labels, count: int, seed: int) -> np.ndarray:
    """Places of `count` icons of each class, by lot; a larger count of one seed holds the smaller one."""
    rng = np.random.default_rng(seed)
    return np.sort(np.concatenate([rng.permutation(np.flatnonzero(labels == c))[:count] for c in range(len(CLASSES))]))


# --8<-- [start:clusters]
def clusters(features, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(centres, cluster of each row) by k-means on standardized features [N, D]; the labels are not asked."""
    from scipy.cluster.vq import kmeans2, whiten

    return kmeans2(whiten(features - features.mean(0)), count, minit="++", seed=seed)


def purity(found, labels) -> float:
    """Share of icons whose class is the commonest of their cluster."""
    return sum(np.bincount(labels[found == c]).max() for c in np.unique(found)) / len(labels)


def shared(found, labels) -> float:
    """Mutual information of clusters and classes over the mean of their entropies: 0 none, 1 all."""
    table = np.zeros((found.max() + 1, labels.max() + 1))
    np.add.at(table, (found, labels), 1 / len(labels))

    def entropy(p):
        return -(p[p > 0] * np.log(p[p > 0])).sum()

    one, other = entropy(table.sum(1)), entropy(table.sum(0))
    return 2 * (one + other - entropy(table.ravel())) / (one + other)
    # --8<-- [end:clusters]

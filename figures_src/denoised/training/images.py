"""Batches of icons for training: split-aware rows in memory, crops and scales for the autoencoder."""

import hashlib
from functools import cache
from itertools import cycle, islice

import numpy as np
import torch
import torch.nn.functional as F

from denoised.data import icons, own, splits
from denoised.data.captions import caption, prompt
from denoised.data.icons import on_white
from denoised.data.prompts import SHEET_PROMPTS

NOT_TRUNK = ("flags", "extras", "component")


_own: own.Folder | None = None


def take_from(folder: own.Folder | None) -> None:
    """Train on somebody's own pictures from now on, or (None) on the emoji again."""
    global _own
    _own = folder
    _all.cache_clear()


def is_own() -> bool:
    """Whether somebody's own pictures are trained on."""
    return _own is not None


def data_hash() -> str:
    """Short hash of what is trained on: for the emoji that of the committed splits, for a folder that of its content."""
    return _own.digest if _own else hashlib.sha256(splits.FILE.read_bytes()).hexdigest()[:16]


def licence() -> str:
    """Whose conditions hold for weights that are trained now."""
    return "that of the pictures it was trained on" if _own else "CC-BY-SA-4.0 (trained on OpenMoji among others)"


def wording(row, rng, **how) -> str:
    """One caption of a row: of an icon, as `captions.caption` words it; of one's own picture, one of its wordings."""
    return own.wording(row, rng) if isinstance(row, own.Own) else caption(row, rng, **how)


def plain(row) -> str:
    """The caption of a row by which a model is measured."""
    return row.label if isinstance(row, own.Own) else prompt(row)


def sheet_captions() -> list[str]:
    """The sixteen prompts of a denoiser's sample sheet: for one's own pictures, captions that it learned from."""
    if not _own:
        return SHEET_PROMPTS
    learned = list(dict.fromkeys(row.label for row in _own.rows if row.split == "train"))
    return list(islice(cycle(learned[:: max(1, len(learned) // 16)]), 16))


@cache
def _all() -> tuple[list, dict, dict]:
    """Rows of the splits, the pictures of each style, and the position at which each style begins."""
    if _own:
        return _own.rows, {"own": _own.pictures}, {"own": 0}
    found, pictures = icons.load()
    rows = splits.load()
    if [row.id for row in rows] != [icon.id for icon in found]:
        from denoised.errors import DenoisedError

        raise DenoisedError(
            "The installed emoji sets are not those that the committed splits were made for: "
            "run `npm ci` and `make data`."
        )
    first: dict[str, int] = {}
    for i, row in enumerate(rows):
        first.setdefault(row.style, i)
    return rows, pictures, first


def select(keep) -> tuple[list, torch.Tensor]:
    """Rows for which keep(row) is true, and their pictures on white, uint8 [N, 3, 128, 128]."""
    rows, _, _ = _all()
    chosen = [i for i, row in enumerate(rows) if keep(row)]
    stack = np.stack([on_white(picture) for picture in _each(chosen)])
    return [rows[i] for i in chosen], torch.from_numpy(stack).permute(0, 3, 1, 2).contiguous()


def rgba_at(positions) -> np.ndarray:
    """The icons at these positions of `splits.load()`, uint8 [N, 128, 128, 4] with straight alpha."""
    return np.stack(list(_each(positions)))


def _each(positions):
    rows, pictures, first = _all()
    for i in positions:
        yield np.asarray(pictures[rows[i].style][i - first[rows[i].style]])


def in_trunk(row) -> bool:
    """The data diet of generators: training split, no skin-tone copies, no flags, no symbols outside Unicode."""
    return row.split == "train" and row.tone == "none" and row.group not in NOT_TRUNK


def has_mirror(row) -> bool:
    """Whether the mirrored picture means the same: not for arrows, letters, clocks and what is named by its side."""
    sided = {"left", "right", "east", "west", "back", "clockwise", "oclock", "thirty", "button", "letter", "signs"}
    return row.group != "symbols" and not sided & set(row.concept.split("-"))


def to_float(pictures: torch.Tensor) -> torch.Tensor:
    """uint8 [B, 3, H, W] -> float32 in [-1, 1]."""
    return pictures.float().div_(127.5).sub_(1)


def crops(pictures: torch.Tensor, batch: int, generator: torch.Generator, size: int = 64) -> torch.Tensor:
    """float32 [batch, 3, size, size]: three quarters crops at full scale, one quarter whole icons made small.

    A crop is the less blank of two tries, since half of a white-backed icon teaches nothing. Flips and, for one in
    six, exchanged colour channels widen the data.
    """

    def integers(high: int, n: int = batch) -> list[int]:
        return torch.randint(high, (n,), generator=generator).tolist()

    pick, side = integers(len(pictures)), pictures.shape[-1] - size + 1
    top, left, top2, left2, kind, flip, swap = (integers(n) for n in (side, side, side, side, 4, 2, 6))
    out = []
    for b, i in enumerate(pick):
        picture = pictures[i]
        if kind[b] == 0:
            patch = F.avg_pool2d(picture.float(), pictures.shape[-1] // size)
        else:
            patch = picture[:, top[b] : top[b] + size, left[b] : left[b] + size].float()
            other = picture[:, top2[b] : top2[b] + size, left2[b] : left2[b] + size].float()
            patch = max(patch, other, key=lambda p: p[:, ::4, ::4].std())
        if flip[b]:
            patch = patch.flip(-1)
        if swap[b] == 0:
            patch = patch[[2, 0, 1]]
        out.append(patch)
    return torch.stack(out).div_(127.5).sub_(1).contiguous(memory_format=torch.channels_last)

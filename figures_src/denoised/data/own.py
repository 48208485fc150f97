"""A folder of your own pictures with captions, in place of the emoji: `owl.png` beside `owl.txt`, one wording a line.

Pictures of any size become 128x128, fitted and centred like an icon; what is transparent stays so. A tenth is held out:
half of it for the autoencoder's score, half for the text encoder's.
"""

import hashlib
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from denoised.data.catalogue import slug
from denoised.data.icons import SIZE
from denoised.data.splits import Row, colour_name
from denoised.errors import DenoisedError

FEWEST = 20  # pictures: with fewer, the held-out tenth is nothing
LARGEST = 178_000_000  # pixels of one picture: more is an accident or an attack
KINDS = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp")


@dataclass(frozen=True)
class Own(Row):
    """A picture of yours. `label` is the first wording of its caption."""

    wordings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Folder:
    """What was read: rows, pictures uint8 [N, 128, 128, 4], and a hash of both."""

    path: Path
    rows: list[Own]
    pictures: np.ndarray
    digest: str


def wording(row: Own, rng: random.Random) -> str:
    """One of a picture's captions."""
    return rng.choice(row.wordings)


def read(path: Path) -> Folder:
    """Read and check a folder. DenoisedError, one sentence, for a folder that is missing or empty, for too few pictures,
    a picture without a caption or one that cannot be read. Subfolders count; other files do not."""
    if not path.is_dir():
        raise DenoisedError(f"There is no folder {path}: give one with pictures and, beside each, a .txt with its caption.")
    files = sorted(p for p in path.rglob("*") if p.suffix.lower() in KINDS and not p.name.startswith("."))
    if len(files) < FEWEST:
        raise DenoisedError(
            f"{path} holds {len(files) or 'no'} picture{'s' * (len(files) != 1)} ({', '.join(KINDS)}); a model needs "
            f"{FEWEST} at the very least, and thousands to draw well."
        )
    captions = {file: _captions(file) for file in files}
    mute = [file for file in files if not captions[file]]
    if mute:
        more = f", and {len(mute) - 1} more have none" if len(mute) > 1 else ""
        raise DenoisedError(
            f"{mute[0]} has no caption{more}: write what it shows into {mute[0].with_suffix('.txt').name} beside it, "
            "one wording a line."
        )
    pictures = np.stack([_picture(file) for file in files])
    names = [file.relative_to(path).with_suffix("").as_posix() for file in files]
    # By hash and not by lot, so that a picture that comes later moves no other from one side to the other.
    order = sorted(range(len(names)), key=lambda i: hashlib.sha256(names[i].encode()).digest())
    held = max(1, len(names) // 20)
    split = dict.fromkeys(order[:held], "concept") | dict.fromkeys(order[held : 2 * held], "pair")
    rows = []
    for i, (file, name) in enumerate(zip(files, names, strict=True)):
        said = captions[file]
        rows.append(
            Own(id=f"own/{name}", style="own", name=name, concept=slug(said[0]) or name, label=said[0], keywords="",
                group="own", tone="none", gender="none", colour=colour_name(pictures[i]), split=split.get(i, "train"),
                wordings=said)
        )  # fmt: skip
    digest = hashlib.sha256(pictures.tobytes())
    for row in rows:
        digest.update(repr(row).encode())
    return Folder(path, rows, pictures, digest.hexdigest()[:16])


def _captions(file: Path) -> tuple[str, ...]:
    beside = file.with_suffix(".txt")
    try:
        lines = beside.read_text(encoding="utf-8-sig").splitlines() if beside.is_file() else []
    except (OSError, UnicodeDecodeError) as error:
        raise DenoisedError(f"The caption {beside} cannot be read ({error}): save it as UTF-8 text.") from None
    return tuple(" ".join(line.split()) for line in lines if line.strip())


def _picture(file: Path) -> np.ndarray:
    """uint8 [128, 128, 4] of a picture's first frame, turned as its camera says."""
    from PIL import Image, ImageOps

    try:
        with Image.open(file) as image:
            if image.width * image.height > LARGEST:
                raise DenoisedError(f"{file} has {image.width} x {image.height} pixels; make it smaller or take it out.")
            whole = ImageOps.exif_transpose(image).convert("RGBA")
    except DenoisedError:
        raise
    except Exception as error:  # Pillow raises what its decoders happen to raise
        said = str(error).split("\n")[0].replace(str(file), file.name)[:100]
        raise DenoisedError(f"The picture {file} cannot be read ({said}): repair it or take it out.") from None
    return np.asarray(ImageOps.pad(whole, (SIZE, SIZE), Image.Resampling.LANCZOS, color=(255, 255, 255, 0)))

"""Is a rendering of a figure what another one was? Numbers, words and pixels, within stated tolerances.

Hashes play no part: other machines, threads and versions round differently, and a picture may still be the same one.
A number has drifted when it is off by more than RELATIVE of the larger value and by more than ABSOLUTE. A pixel is
off when it lies more than LEVELS outside of what the pixels around it, up to RADIUS away, span in the other picture.
Pictures have two pixels to a CSS pixel, so a shift by one of those, or another smoothing of edges, is no drift. A
picture has drifted when more than SHARE of its pixels are off, or all of them by MEAN on average, ROUNDING apart.
"""

import io
import json
import math
import re
from dataclasses import dataclass
from pathlib import Path

from tasks import drift_tensors

RELATIVE, ABSOLUTE = 0.02, 1e-3
LEVELS, FILM_LEVELS = 8, 16  # of 255; films are compressed with loss
RADIUS, SCALE = 2, 2  # pixels; pixels to a CSS pixel, as in plotting.layout
SHARE, MEAN, ROUNDING = 0.001, 0.2, 1  # of all pixels; levels; levels
TIME_FACTOR = 20  # numbers that are times tell of the machine, not of the figure
TIMES = re.compile(r"(^|_)(seconds|milliseconds|ms|per_second)$")
FRAMES = 6  # of a film, evenly over its length
PICTURES = (".svg", ".webp", ".png", ".jpg")
NUMERAL = re.compile(r"[+−-]?\d+(?:[ ,.\u202f]?\d+)*")


@dataclass(frozen=True)
class Difference:
    """One thing that is not as it was. kind: number, picture, words, data or file; pictures are bytes of PNG."""

    kind: str
    name: str
    words: str
    before: bytes | None = None
    after: bytes | None = None
    off: bytes | None = None


def manifests(root: Path, smoke: bool = False) -> dict[str, dict]:
    """{figure id: manifest} of every full rendering below a folder (`smoke`: of every rendering)."""
    found = {}
    for path in sorted(Path(root).rglob("*.json")):
        if "." in path.stem or path.name.startswith("."):  # swap.data.json is data of a widget
            continue
        manifest = json.loads(path.read_text(encoding="utf-8"))
        if smoke or not manifest.get("smoke"):
            found[manifest["id"]] = manifest
    return found


def drifted(old, new, relative: float = RELATIVE, absolute: float = ABSOLUTE) -> bool:
    """Is the difference of two values more than machines explain? Texts must be the same."""
    numbers = isinstance(old, (int, float)) and isinstance(new, (int, float))
    if not numbers:
        return old != new
    if old == new or (old != old and new != new):
        return False
    difference = abs(old - new)
    return not (difference <= absolute or difference <= relative * max(abs(old), abs(new)))


def compare(before: dict, after: dict, old: Path, new: Path) -> list[Difference]:
    """All differences of two renderings of one figure, worst kind first; `old` and `new` are the folders that their
    files lie in."""
    found = [*_numbers(before.get("numbers", {}), after.get("numbers", {})), *_words(before, after)]
    names, others = set(before["files"]), set(after["files"])
    for name in sorted(names ^ others):
        found.append(Difference("file", name, "only in the new rendering" if name in others else "no longer made"))
    for name in sorted(names & others):
        first, second = old / name, new / name
        contents = []
        for path in (first, second):
            if not path.is_file():
                found.append(Difference("file", name, f"missing in {path.parent}"))
            else:
                contents.append(path.read_bytes())
        if len(contents) == 2 and contents[0] != contents[1]:
            found += _file(name, first, second)
    return found


def _numbers(old: dict, new: dict):
    for name in sorted(old.keys() | new.keys()):
        if name not in old or name not in new:
            yield Difference("number", name, f"only in the {'new' if name in new else 'old'} rendering")
            continue
        a, b = old[name], new[name]
        if TIMES.search(name) and all(isinstance(x, (int, float)) and x > 0 for x in (a, b)):
            if max(a, b) / min(a, b) > TIME_FACTOR:
                yield Difference("number", name, f"{a:.4g} -> {b:.4g}, a time that is {TIME_FACTOR}-fold off")
        elif drifted(a, b):
            numeric = not isinstance(a, str) and not isinstance(b, str)
            share = f" ({(b - a) / a:+.1%})" if numeric and a and math.isfinite(a) and math.isfinite(b) else ""
            yield Difference("number", name, f"{_short(a)} -> {_short(b)}{share}")


def _short(value) -> str:
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def _words(before: dict, after: dict):
    """Title, alt text and caption without their numerals: the numbers are compared as numbers."""
    for field in ("title", "alt", "caption"):
        a, b = (" ".join(NUMERAL.sub("#", one.get(field) or "").split()) for one in (before, after))
        if a != b:
            at = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
            start = max(0, at - 20)
            yield Difference("words", field, f"“…{a[start : at + 40]}…” -> “…{b[start : at + 40]}…”")


def _file(name: str, old: Path, new: Path) -> list[Difference]:
    suffix = old.suffix.lower()
    try:
        if suffix in PICTURES:
            return _picture(name, picture(old), picture(new), LEVELS)
        if suffix == ".mp4":
            return _film(name, frames(old), frames(new))
        if suffix == ".gif":
            return []  # the same frames as the film's, in fewer colours
        if suffix == ".json":
            words = _data(json.loads(old.read_text(encoding="utf-8")), json.loads(new.read_text(encoding="utf-8")))
            return [Difference("data", name, words)] if words else []
        if suffix in drift_tensors.RAW or suffix == ".onnx":
            words = drift_tensors.network(old, new) if suffix == ".onnx" else drift_tensors.raw(old, new)
            return [Difference("data", name, words)] if words else []
    except (OSError, ValueError, SyntaxError) as error:
        return [Difference("file", name, f"cannot be read: {error}")]
    sizes = f"{old.stat().st_size} -> {new.stat().st_size} bytes"
    return [Difference("file", name, f"other content ({sizes})")]


def picture(path: Path):
    """A picture as uint8 [H, W, 4], transparent parts without colour. An SVG is drawn with SCALE."""
    import numpy as np
    from PIL import Image

    if path.suffix == ".svg":
        import resvg_py

        source = io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_path=str(path), zoom=SCALE, skip_system_fonts=True)))
    else:
        source = path
    with Image.open(source) as opened:
        pixels = np.asarray(opened.convert("RGBA")).copy()
    return np.where(pixels[..., 3:] == 0, 0, pixels).astype(np.uint8)


def frames(path: Path) -> list:
    """Some frames of a film, evenly over its length, first and last among them: uint8 [H, W, 3]."""
    import imageio.v3 as imageio

    every = list(imageio.imiter(path, plugin="FFMPEG"))
    if len(every) <= FRAMES:
        return every
    return [every[round(i * (len(every) - 1) / (FRAMES - 1))] for i in range(FRAMES)]


def distance(a, b):
    """How far each pixel of either picture lies outside of what surrounds it in the other one: float32 [H, W]."""
    import numpy as np

    return np.maximum(_outside(a, b), _outside(b, a)).max(axis=-1).astype(np.float32)


def _outside(a, b):
    """Levels by which b leaves the range of a's pixels around the same place: int16 [H, W, C]."""
    import numpy as np

    low, high = a, a
    for axis in (0, 1):
        low, high = (_around(low, axis, np.minimum), _around(high, axis, np.maximum))
    b = b.astype(np.int16)
    return np.maximum(np.maximum(low.astype(np.int16) - b, b - high.astype(np.int16)), 0)


def _around(a, axis: int, pick):
    """Least or greatest (`pick`) of a pixel and its neighbours along an axis, the picture's edge repeated."""
    import numpy as np

    pad = [(RADIUS, RADIUS) if i == axis else (0, 0) for i in range(a.ndim)]
    wide, size = np.pad(a, pad, mode="edge"), a.shape[axis]
    shifted = [wide[i : i + size] if axis == 0 else wide[:, i : i + size] for i in range(2 * RADIUS + 1)]
    return pick.reduce(shifted)


def _picture(name: str, a, b, levels: float) -> list[Difference]:
    import numpy as np

    if a.shape != b.shape:
        size = f"{a.shape[1]} x {a.shape[0]} -> {b.shape[1]} x {b.shape[0]} pixels"
        return [Difference("picture", name, size, png(a), png(b))]
    far = distance(a, b)
    share, mean = float((far > levels).mean()), float(np.maximum(far - ROUNDING, 0).mean())
    if share <= SHARE and mean <= MEAN:
        return []
    words = f"{share:.2%} of the pixels are off, on average by {mean:.2f} levels"
    return [Difference("picture", name, words, png(a), png(b), png(_shown(far)))]


def _film(name: str, a: list, b: list) -> list[Difference]:
    if len(a) != len(b):
        return [Difference("picture", name, f"{len(a)} -> {len(b)} frames")]
    found = [_picture(name, first, second, FILM_LEVELS) for first, second in zip(a, b, strict=True)]
    worst = [one for one in found if one]
    return worst[0] if worst else []


def _shown(far):
    """A distance as a picture: black where nothing is off, bright where much is."""
    import numpy as np

    return np.clip(np.sqrt(far / 255) * 255 * 1.5, 0, 255).astype(np.uint8)


def png(pixels) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _data(old, new) -> str | None:
    """What differs in a widget's data, in words: its shape, its texts, or more than SHARE of its numbers."""
    a, b = list(_leaves(old)), list(_leaves(new))
    for (path, x), (other, y) in zip(a, b, strict=False):
        if path != other or isinstance(x, str) != isinstance(y, str):
            return f"another structure at {path or 'the top'}"
        if isinstance(x, str) and NUMERAL.sub("#", x) != NUMERAL.sub("#", y):
            return f"{path}: {x[:40]!r} -> {y[:40]!r}"
    if len(a) != len(b):
        return f"{len(a)} -> {len(b)} values"
    pairs = [(x, y) for (_, x), (_, y) in zip(a, b, strict=True) if not isinstance(x, str)]
    scale = max((abs(x) for x, _ in pairs), default=0)
    off = sum(abs(x - y) > ABSOLUTE * max(1, scale) and drifted(x, y) for x, y in pairs)
    return f"{off} of {len(pairs)} numbers have drifted" if off > SHARE * len(pairs) else None


def _leaves(value, path: str = ""):
    """(path, text or number) of all that a JSON value holds, in order."""
    if isinstance(value, dict):
        for key in sorted(value):
            yield from _leaves(value[key], f"{path}.{key}")
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from _leaves(item, f"{path}[{i}]")
    else:
        yield path, str(value) if value is None or isinstance(value, (str, bool)) else value

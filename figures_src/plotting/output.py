"""What a figure returns, how it is checked, and how it is saved (plotting.place says in which order)."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import math
import numbers as abstract
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from denoised.errors import DenoisedError
from plotting.animate import Animation, encode_all
from plotting.encode import draw_all, encode_image
from plotting.place import sweep, sync_folder, turn, verify, write
from plotting.source import check_id

__all__ = ["Animation", "Output", "render", "save", "verify"]

FORMATS = ("svg", "webp", "png")
RESERVED = ("json", "data.json", "mp4", "gif", "poster.webp", "first.png", "last.png")
NUMERAL = re.compile(r"\d+(?:[ ,\u202f]\d{3})*(?:\.\d+)?")


@dataclass
class Output:
    """The result of a figure's make(). See docs/contributing/architecture.md for every field."""

    alt: str
    caption: str
    numbers: dict[str, int | float | str]
    draw: Callable | None = None
    format: str = "svg"
    animation: Animation | None = None
    data: Any = None
    files: dict[str, np.ndarray | bytes] = field(default_factory=dict)


def _plain(value):
    """numpy and torch scalars -> int, float; everything else as it is."""
    if hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
        value = value.item()
    if isinstance(value, bool):
        return int(value)
    return value


def _mentions(text: str, values) -> bool:
    """True if some numeral of the text is one of the values, rounded as it is shown, also as a percentage
    or in thousands, and whatever its sign."""
    shown = [(n.replace(",", "").replace(" ", "").replace("\u202f", "")) for n in NUMERAL.findall(text)]
    for numeral in shown:
        decimals = len(numeral.partition(".")[2])
        for value in values:
            for scale in (1, 100, 1000, 1e-3, 1e-6):
                if abs(abs(value) * scale - float(numeral)) <= 0.5001 * 10**-decimals:
                    return True
    return False


def validated(output: Output, figure_id: str) -> dict[str, int | float | str]:
    """Check an Output; return its numbers as plain Python values. DenoisedError names the figure and what
    is wrong."""

    def fail(what: str):
        raise DenoisedError(f"Figure {figure_id}: {what}.")

    if not isinstance(output, Output):
        fail(f"make() must return an Output, not {type(output).__name__}")
    if output.format not in FORMATS:
        fail(f"format is {output.format!r}; it must be svg, webp or png")
    if output.draw is None and output.animation is None:
        fail("an Output needs draw or animation, else there is nothing to see")
    if output.draw is not None and not callable(output.draw):
        fail("draw must be a function of (theme, narrow) that returns a Figure")
    if not isinstance(output.numbers, dict) or not output.numbers:
        fail("numbers must be a flat dictionary with at least one number")
    plain = {}
    for key, value in output.numbers.items():
        value = _plain(value)
        if not isinstance(key, str) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", key):
            fail(f"the key {key!r} of numbers must be a plain name, since pages ask for it with num()")
        if isinstance(value, abstract.Real) and not math.isfinite(value):
            fail(f"the number '{key}' is {value}; something upstream divided by zero or diverged")
        if not isinstance(value, int | float | str):
            fail(f"numbers must be flat: '{key}' is a {type(value).__name__}, not an int, float or str")
        plain[key] = value
    for name in ("alt", "caption"):
        text = getattr(output, name)
        if not isinstance(text, str) or not text.strip():
            fail(f"{name} is empty; it must say what the picture shows")
        if re.search(r"\b(nan|inf)\b", text, re.IGNORECASE):
            fail(f"{name} contains a number that is not finite: {text!r}")
    values = [value for value in plain.values() if not isinstance(value, str)]
    if not any(c.isdigit() for c in output.alt) or (values and not _mentions(output.alt, values)):
        fail("alt mentions none of the figure's numbers; put the measured numbers into it")
    if output.animation is not None and (problem := output.animation.problem()):
        fail(problem)
    for name in output.files:
        taken = name in RESERVED or re.fullmatch(r"(light|dark)\.(wide|narrow)\.\w+", name)
        if taken or not re.fullmatch(r"[a-z0-9_]+(\.[a-z0-9_]+)*\.[a-z0-9]+", name):
            fail(
                f"the extra file '{name}' needs a name of its own, in small letters with an ending, such as frames.webp"
            )
    return plain


def _extra(name: str, value) -> tuple[bytes, int | None, int | None]:
    """One entry of Output.files -> (bytes, width, height)."""
    if isinstance(value, bytes):
        return value, None, None
    value = np.asarray(value)
    if value.dtype != np.uint8 or value.ndim not in (2, 3):
        raise DenoisedError(
            f"the extra file '{name}' must be bytes or a uint8 picture, not {value.dtype} {value.shape}."
        )
    return encode_image(value, name.rpartition(".")[2]), value.shape[1], value.shape[0]


def _json(value, what: str) -> str:
    def default(item):
        if isinstance(item, np.ndarray):
            return item.tolist()
        if hasattr(item, "item"):
            return item.item()
        raise TypeError(f"a {type(item).__name__} cannot be written as JSON")

    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=default)
    except (TypeError, ValueError) as error:
        raise DenoisedError(f"{what} cannot be written as JSON: {error}.") from error


def _encode(output: Output, figure_id: str, folder: Path) -> dict[str, tuple[bytes, int | None, int | None]]:
    """Every file of a figure but the manifest, by the part of its name after the figure's."""
    parts: dict[str, tuple[bytes, int | None, int | None]] = {}
    if output.draw is not None:
        parts |= draw_all(output.draw, output.format)
    if output.animation is not None:
        parts |= encode_all(output.animation, folder)
    try:
        parts |= {name: _extra(name, value) for name, value in output.files.items()}
    except DenoisedError as error:
        raise DenoisedError(f"Figure {figure_id}: {error}") from error
    if output.data is not None:
        parts["data.json"] = (_json(output.data, f"Figure {figure_id}: data").encode(), None, None)
    return parts


def save(output: Output, figure_id: str, folder: Path, provenance: dict | Callable[[], dict]) -> Path:
    """Write a figure into `folder`/<section>/ (`folder` is a profile's, docs/assets/figures/tiny). Returns
    the manifest's path. `provenance` gives the manifest's other fields (title, doc, claims, seed, weights,
    code_hash, ...).

    On any failure the figure's former files stay as they were. DenoisedError for a full disk or an Output
    that is wrong.
    """
    check_id(figure_id)
    numbers = validated(output, figure_id)
    section, name = figure_id.split("/")
    place = Path(folder) / section
    token = f"{os.getpid()}-{time.monotonic_ns()}"
    temporary: list[Path] = []
    try:
        place.mkdir(parents=True, exist_ok=True)
        parts = _encode(output, figure_id, place)
        listed = {}
        for part, (data, width, height) in parts.items():
            entry = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
            if width is not None:
                entry |= {"width": width, "height": height}
            listed[f"{name}.{part}"] = entry
        manifest = {
            "id": figure_id,
            "alt": output.alt.strip(),
            "caption": output.caption.strip(),
            "numbers": numbers,
            "files": listed,
        }
        manifest = {"id": figure_id} | (provenance() if callable(provenance) else provenance) | manifest
        text = json.dumps(manifest, ensure_ascii=False, allow_nan=False, indent=1) + "\n"
        contents = {f"{name}.{part}": data for part, (data, _, _) in parts.items()} | {f"{name}.json": text.encode()}
        for target, data in contents.items():
            temporary.append(place / f".{target}.{token}.tmp")
            write(temporary[-1], data)
        with turn(place, name):
            final = place / f"{name}.json"
            final.unlink(missing_ok=True)  # from here to the last rename the figure is, visibly, not there
            for target, path in zip(contents, temporary, strict=True):
                if target != final.name:
                    path.replace(place / target)
            sync_folder(place)
            temporary[-1].replace(final)
            sync_folder(place)
            sweep(place, name, set(contents))
        return final
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DenoisedError(
                f"The disk is full: figure {figure_id} could not be saved in {place}; free some space and build again."
            ) from error
        raise DenoisedError(f"Figure {figure_id} could not be saved in {place}: {error.strerror or error}.") from error
    finally:
        for path in temporary:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)


def render(figure_id: str, lab=None, out_root: Path | None = None, smoke: bool = False, code_hash: str = "") -> Path:
    """Import a figure, run its make() and save it under `out_root`/<profile>/: the manifest's path. See
    plotting.render."""
    from plotting.render import render as run

    return run(figure_id, lab, out_root, smoke, code_hash)

"""Small pictures for cards: a card shows the upper edge of a figure, so nobody has to fetch the whole of it."""

from __future__ import annotations

import hashlib
import io
import os
import re
import struct
from pathlib import Path
from urllib.parse import unquote

WIDTH = 560  # pixels: as wide as a card on most phones, one and a half times over
ASPECT = 0.55  # height over width of what a card shows at most (.dn-card__picture)
QUALITY = 72
_MADE_OF = re.compile(r"\.thumb(\.webp|\.png)$")


def name_of(picture: str) -> str:
    """How the small version of a picture is called: vae/swap.light.narrow.webp -> vae/swap.light.narrow.thumb.webp. A
    drawing (SVG) is small as it is, and stays."""
    return re.sub(r"(\.webp|\.png)$", r".thumb\1", picture)


def png_size(data: bytes) -> tuple[int, int]:
    """(width, height) of a PNG in pixels, from its IHDR."""
    return struct.unpack(">II", data[16:24])


def size_of(whole: dict) -> dict:
    """Width and height of the small version of a picture of so many pixels."""
    height = min(whole["height"], round(whole["width"] * ASPECT))
    return {"width": WIDTH, "height": round(height * WIDTH / whole["width"])}


def small(picture: Path) -> bytes:
    """The upper edge of a picture, WIDTH pixels wide, in its own format; figures are clear where there is only paper."""
    from PIL import Image

    with Image.open(picture) as whole:
        size, kind = size_of({"width": whole.width, "height": whole.height}), whole.format
        edge = whole.convert("RGBA").crop((0, 0, whole.width, min(whole.height, round(whole.width * ASPECT))))
    edge = edge.resize((size["width"], size["height"]), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    edge.save(out, kind, quality=QUALITY, method=6)
    return out.getvalue()


def write(site: Path, kept: Path | None = None) -> None:
    """Make the small pictures that the built site's pages ask for; in the folder `kept` they stay for the next build, under
    the hash of the whole picture."""
    for page in site.rglob("*.html"):
        for address in set(re.findall(r'<img src="([^"]+\.thumb\.(?:webp|png))"', page.read_text(encoding="utf-8"))):
            made = page.parent / unquote(address)
            whole = made.with_name(_MADE_OF.sub(r"\1", made.name))
            made.write_bytes(_once(whole, kept) if kept else small(whole))


def _once(picture: Path, kept: Path) -> bytes:
    key = hashlib.sha256(f"{WIDTH} {ASPECT} {QUALITY} ".encode() + picture.read_bytes()).hexdigest()
    known = kept / f"{key[:32]}{picture.suffix}"
    if not known.exists():
        kept.mkdir(parents=True, exist_ok=True)
        part = known.with_name(f"{known.name}.{os.getpid()}.part")
        part.write_bytes(small(picture))
        os.replace(part, known)
    return known.read_bytes()

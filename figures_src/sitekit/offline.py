"""The list of the built site's files by which the service worker keeps it, and the worker itself.

offline.json: {"version": ..., "files": [[path, revision, bytes, kind], ...]}, for a runtime with the bytes that a host
sends of it behind that, since hosts squeeze them; and with kind one of
  core      what every page needs: pages, styles, scripts, the fonts of English text, the search index
  picture   figures' pictures and small data, and notebooks with theirs
  heavy     films, notebooks, libraries that few pages use: kept when visited, or when the reader asks for all
  model     the networks of the open box and what runs them: kept when the reader loads them there, never otherwise
"""

from __future__ import annotations

import hashlib
import json
import zlib
from pathlib import Path

TEMPLATE = Path(__file__).with_name("sw.js")
SKIP_NAMES = {"sw.js", "offline.json", "sitemap.xml.gz", "robots.txt", "objects.inv"}
MODEL = ("assets/vendor/onnxruntime/",)
PICTURES = {".svg", ".webp", ".png", ".jpg", ".jpeg"}
HEAVY_FOLDERS = ("assets/vendor/mermaid/", "assets/vendor/katex/", "assets/javascripts/lunr/")
HEAVY_SUFFIXES = {".mp4", ".gif", ".ipynb", ".zip", ".safetensors", ".yaml", ".bib", ".txt", ".py"}


def read_json(path: Path) -> dict:
    """A JSON file's content."""
    return json.loads(path.read_text(encoding="utf-8"))


def kind(path: str) -> str:
    """core, picture, heavy or model, for a path below the site's root."""
    suffix = Path(path).suffix.lower()
    if path.startswith(MODEL) or suffix == ".onnx":
        return "model"
    if path.startswith(HEAVY_FOLDERS) or suffix in HEAVY_SUFFIXES:
        return "heavy"
    if path.startswith("assets/vendor/fonts/") and "-latin-wght" not in path:
        return "heavy"
    if path.startswith("assets/figures/"):
        return "picture" if suffix in PICTURES | {".json", ".i16", ".u8", ".f32"} else "heavy"
    if path.startswith("notebooks/") and suffix == ".html":
        return "picture"
    return "picture" if suffix in PICTURES and not path.startswith("assets/brand/") else "core"


def files(site: Path, digests: dict[Path, str]) -> list[list]:
    """[path as the browser asks for it, revision, bytes, kind] of every file that may be kept, in order, and of a .wasm
    its size when squeezed. `digests` are those that are known already."""
    found = []
    for path in sorted(p for p in site.rglob("*") if p.is_file()):
        name = path.relative_to(site).as_posix()
        if name in SKIP_NAMES or path.name.startswith("."):
            continue
        digest = digests.get(path) or hashlib.sha256(path.read_bytes()).hexdigest()
        url = name[: -len("index.html")] if path.name == "index.html" else name
        squeezed = [len(zlib.compress(path.read_bytes(), 6))] if path.suffix == ".wasm" else []
        found.append([url, digest[:12], path.stat().st_size, kind(name), *squeezed])
    return found


def write(site: Path, digests: dict[Path, str]) -> str:
    """Write offline.json and sw.js into the built site; returns the version, a hash of its content."""
    listed = files(site, digests)
    template = TEMPLATE.read_text(encoding="utf-8")
    version = hashlib.sha256((json.dumps(listed) + template).encode()).hexdigest()[:12]
    (site / "offline.json").write_text(
        json.dumps({"version": version, "files": listed}, separators=(",", ":")), encoding="utf-8")
    (site / "sw.js").write_text(template.replace("__VERSION__", version), encoding="utf-8")
    return version

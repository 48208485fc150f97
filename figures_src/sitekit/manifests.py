"""Figures as the pages see them: the manifests that the build wrote, and nothing else.

A figure is whole if and only if its manifest is there and its files match it.
"""

import hashlib
import json
from pathlib import Path

from sitekit.errors import SiteError, did_you_mean


class Manifest(dict):
    """One figure's manifest (id, title, alt, caption, numbers, files, ...) with where its files are."""

    def __init__(self, entries, path):
        super().__init__(entries)
        self.path = path
        self.folder = path.parent
        self.stem = path.stem  # "swap" of vae/swap.json: its files are swap.light.wide.svg, ...

    @property
    def id(self):
        return self["id"]

    def names(self):
        """Names of the figure's files in its folder -> {sha256, bytes, width, height}."""
        return {Path(name).name: facts for name, facts in self["files"].items()}

    def first(self, *names):
        """(name, facts) of the first of these files that the figure has, or None. A name may end in '.*'."""
        files = self.names()
        for wanted in names:
            for name, facts in sorted(files.items()):
                if name == wanted or (wanted.endswith(".*") and name.rpartition(".")[0] == wanted[:-2]):
                    return name, facts
        return None


class Figures:
    """All figures of one profile: docs/assets/figures/<profile>/**/<id>.json."""

    def __init__(self, root):
        self.root = Path(root)
        self._cache = {}
        self._ids = None

    def ids(self):
        """Ids of every figure that has a manifest, in order."""
        if self._ids is None:
            self._ids = sorted(
                p.relative_to(self.root).with_suffix("").as_posix()
                for p in (self.root.rglob("*.json") if self.root.is_dir() else ())
                if "." not in p.stem  # swap.json is a manifest, swap.data.json is not
            )
        return self._ids

    def get(self, figure_id):
        """The whole, full-size figure of that id; SiteError if unknown, damaged or only a smoke rendering."""
        if figure_id not in self._cache:
            try:
                self._cache[figure_id] = self._load(figure_id)
            except SiteError as problem:
                self._cache[figure_id] = problem
        found = self._cache[figure_id]
        if isinstance(found, SiteError):
            raise SiteError(str(found))
        return found

    def _load(self, figure_id):
        path = self.root / f"{figure_id}.json"
        if figure_id not in self.ids():
            hint = did_you_mean(figure_id, self.ids())
            none = "" if self.ids() else f"; no figure has been rendered into {self.root.name}/ yet (make figures)"
            raise SiteError(f"unknown figure {figure_id!r}{hint}{none}")
        try:
            manifest = Manifest(json.loads(path.read_text(encoding="utf-8")), path)
        except ValueError:
            raise SiteError(f"the manifest of figure {figure_id!r} is not JSON; render it again") from None
        missing = [
            k for k in ("id", "title", "alt", "caption", "numbers", "files", "smoke", "source") if k not in manifest
        ]
        if missing:
            raise SiteError(f"the manifest of figure {figure_id!r} lacks {', '.join(missing)}; render it again")
        if manifest["id"] != figure_id:
            raise SiteError(f"the manifest at {figure_id!r} says it is {manifest['id']!r}; render it again")
        if manifest.get("skipped"):
            raise SiteError(f"figure {figure_id!r} does not exist on profile {self.root.name}: {manifest['skipped']}")
        if manifest["smoke"]:
            raise SiteError(f"figure {figure_id!r} is only a smoke rendering; a page needs the full one")
        if not str(manifest["alt"]).strip():
            raise SiteError(f"figure {figure_id!r} has no alt text")
        for name, facts in manifest.names().items():
            file = manifest.folder / name
            if not file.is_file():
                raise SiteError(f"figure {figure_id!r} is not whole: {name} is missing; render it again")
            if hashlib.sha256(file.read_bytes()).hexdigest() != facts["sha256"]:
                raise SiteError(f"figure {figure_id!r} is not whole: {name} differs from its manifest; render it again")
        return manifest

    def skipped(self):
        """{id: why} of figures that this profile's model cannot give."""
        found = {}
        for figure_id in self.ids():
            try:
                manifest = json.loads((self.root / f"{figure_id}.json").read_text(encoding="utf-8"))
                if manifest.get("skipped"):
                    found[figure_id] = str(manifest["skipped"])
            except (OSError, ValueError, AttributeError):
                continue  # get() says what is wrong with it
        return found

    def beside(self):
        """{name: Figures} of the other profiles that have figures in this site."""
        around = self.root.parent
        names = sorted(p.name for p in around.iterdir() if p.is_dir()) if around.is_dir() else []
        return {name: Figures(around / name) for name in names if name != self.root.name}

    def number(self, ref):
        """The value behind 'vae/swap.psnr_self': figure id, a dot, the key in its numbers."""
        figure_id, dot, key = str(ref).partition(".")
        if not dot or "/" not in figure_id:
            raise SiteError(f"{ref!r} is not a number's name; write section/figure.key")
        numbers = self.get(figure_id)["numbers"]
        if key not in numbers:
            have = did_you_mean(key, numbers) or f"; it has {', '.join(sorted(numbers)) or 'no numbers'}"
            raise SiteError(f"figure {figure_id!r} has no number {key!r}{have}")
        return numbers[key]

"""What the build can make, and the one rule of when it is made.

Each target has a `key()`, the content of all that it is made from, and is `whole()` when what lies on disk says that
it was made under that very key and every file still has the hash that was noted then. build.py's quick check, the
pytask tasks and the watcher all ask these two, so that they cannot disagree. Nothing here imports torch, numpy, or
pytask.
"""

import ast
import json
import os
import re
from functools import cached_property
from pathlib import Path

from denoised import paths
from denoised.errors import DenoisedError
from tasks import closure, hashes, readings

DOCS = paths.ROOT / "docs"
FIGURES = DOCS / "assets" / "figures"
VENDOR = DOCS / "assets" / "vendor"
NOTEBOOKS = DOCS / "notebooks"
SITE = paths.ROOT / "site"
LOCK = paths.ROOT / "requirements.lock"


class Target:
    """Something to make. `name` is its pytask id and what people are shown."""

    name: str

    def inputs(self):
        """All that it is made from, as JSON-able content. Raises DenoisedError where an input is missing."""
        raise NotImplementedError

    def key(self) -> str:
        return hashes.text_hash(self.inputs())

    def whole(self) -> bool:
        raise NotImplementedError

    def known_whole(self) -> bool:
        """Is it whole, as far as can be told? Where an input is missing it is not; making it says what is."""
        try:
            return self.whole()
        except DenoisedError:
            return False

    def state(self) -> str | None:
        """The key when it is whole, else None: exactly what pytask wants to know of a product."""
        return self.key() if self.whole() else None


def _hashed(files) -> list[list]:
    return [[closure.relative(path), hashes.file_hash(path)] for path in files]


class Stamped(Target):
    """A target whose files are noted in a stamp in build/, written after all of them are in place."""

    @property
    def stamp(self) -> Path:
        return hashes.BUILD / "stamps" / f"{self.name.replace(':', '-').replace('/', '-')}.json"

    def outputs(self) -> list[Path]:
        """The files that are there now."""
        raise NotImplementedError

    def whole(self) -> bool:
        try:
            noted = dict(json.loads(self.stamp.read_text()))
        except (OSError, ValueError, TypeError):
            return False
        return noted.get("key") == self.key() and noted.get("files") == _hashed(self.outputs())

    def sign(self, key: str) -> None:
        """Note that the files on disk were made under this key."""
        hashes.write_text(self.stamp, json.dumps({"key": key, "files": _hashed(self.outputs())}))


class Figure(Target):
    """One module below figures_src/figures -> its files and manifest below docs/assets/figures/<profile>."""

    def __init__(self, figure_id: str, profile: str):
        self.id = figure_id
        self.profile = profile
        self.name = f"figure:{profile}/{figure_id}"
        self.source = paths.SRC / "figures" / f"{figure_id}.py"
        self.folder = FIGURES / profile / Path(figure_id).parent
        self.manifest_path = FIGURES / profile / f"{figure_id}.json"

    def declared(self, constant: str) -> tuple[str, ...]:
        """A literal tuple of strings at the top of the module, read without importing it; () if it is not there."""
        return tuple(readings.recall(self.source, constant, lambda: self._declared(constant)))

    def _declared(self, constant: str) -> tuple[str, ...]:
        for node in closure.parsed(self.source, closure.source(self.source)).body:
            names = [t.id for t in getattr(node, "targets", []) if isinstance(t, ast.Name)]
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                names = [node.target.id]
            if constant in names:
                try:
                    value = ast.literal_eval(node.value)
                except (ValueError, TypeError):
                    value = None
                if isinstance(value, (tuple, list)) and all(isinstance(item, str) for item in value):
                    return tuple(value)
                raise DenoisedError(
                    f"{closure.relative(self.source)}, line {node.lineno}: {constant} must be a plain tuple of "
                    f'strings such as ("one", "two"), since it is read without running the file.'
                )
        return ()

    def inputs(self):
        closure.imports(self.source)  # says in a sentence when the file does not parse
        weights, data = self.declared("WEIGHTS"), self.declared("DATA")
        return {
            "code": _hashed(closure.files(self.source, weights + data)),
            "weights": {name: self.weight_files(name) for name in weights},
            "data": {name: data_files(name, self.id) for name in data},
            "profile": self.profile,
            "lock": lock_hash(),
        }

    def weight_files(self, name: str) -> list[list]:
        """[[path below the profile's weights, sha256]] of a declared weight; [] for what a checkpoint does not have."""
        if self.profile == "tiny":
            return weight_files(name, self.id)
        from denoised import profiles

        profile = profiles.get(self.profile)
        try:
            path = profile.path(name)
        except profiles.Unsupported:
            return []  # rendering says so in the manifest
        files = [path] if path.is_file() else hashes.tree(path, lambda one: one.name.startswith("."))
        return [[file.relative_to(profile.weights_folder).as_posix(), hashes.file_hash(file)] for file in files]

    def weights_root(self) -> Path:
        if self.profile == "tiny":
            return paths.WEIGHTS
        from denoised import profiles

        return profiles.get(self.profile).weights_folder

    def manifest(self) -> dict | None:
        """The manifest if it is a full render's and every file it names has the hash it names; else None."""
        try:
            manifest = json.loads(self.manifest_path.read_text(encoding="utf-8"))
            named = manifest["files"]
            good = manifest["id"] == self.id and manifest["profile"] == self.profile and not manifest["smoke"]
            good = good and all(
                hashes.file_hash(self.folder / name) == entry["sha256"] for name, entry in named.items()
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        return manifest if good else None

    def whole(self) -> bool:
        manifest = self.manifest()
        return manifest is not None and manifest.get("code_hash") == self.key()


def lock_hash() -> str:
    """Content of requirements.lock. Without it every figure would be made again, for nobody knows which packages."""
    found = hashes.file_hash(LOCK)
    if found is None:
        raise DenoisedError("requirements.lock is missing; get it back with `git checkout -- requirements.lock`.")
    return found


def weight_files(name: str, asker: str) -> list[list]:
    """[[path below weights/, sha256]] of a declared folder or file of weights."""
    path = paths.WEIGHTS / name
    files = [path] if path.is_file() else hashes.tree(path)
    if not files:
        raise DenoisedError(
            f"Figure {asker} needs the weights {name!r}, which are not in {closure.relative(paths.WEIGHTS)}; "
            f"fetch the repository again or make them with `make train`."
        )
    return [[file.relative_to(paths.WEIGHTS).as_posix(), hashes.file_hash(file)] for file in files]


def data_files(name: str, asker: str) -> list[list]:
    """[[path, sha256]] of declared data: the shipped specimens or a file of them, or something below data/."""
    first, _, rest = name.partition("/")
    root = paths.SPECIMENS / rest if first == "specimens" else paths.DATA / name
    files = [root] if root.is_file() else hashes.tree(root)
    if not files:
        raise DenoisedError(
            f"Figure {asker} needs the data {name!r}, which is not in {closure.relative(root.parent)}; "
            f"fetch the repository again or make it with `make data`."
        )
    return [[file.relative_to(root.parent).as_posix(), hashes.file_hash(file)] for file in files]


def figure_ids() -> list[str]:
    """Every figure of the repository, as <section>/<name>."""
    root = paths.SRC / "figures"
    modules = [path for path in hashes.tree(root) if path.suffix == ".py" and not path.name.startswith("_")]
    return sorted(path.relative_to(root).with_suffix("").as_posix() for path in modules if path.parent != root)


class Vendor(Stamped):
    """Fonts, KaTeX and the like: copied from node_modules so that a page asks no other origin for anything."""

    name = "vendor"

    def inputs(self):
        sitekit = paths.SRC / "sitekit"
        return _hashed([sitekit / "vendor.json", sitekit / "vendor.py", paths.ROOT / "package-lock.json"])

    def outputs(self):
        return hashes.tree(VENDOR)


class Notebook(Stamped):
    """docs/notebooks/x.py in percent format -> x.ipynb with its outputs."""

    def __init__(self, stem: str):
        self.stem = stem
        self.name = f"notebook:{stem}"
        self.source = NOTEBOOKS / f"{stem}.py"
        self.product = NOTEBOOKS / f"{stem}.ipynb"

    def inputs(self):
        # A notebook declares nothing: whatever lies under weights/ and the specimens may be what it reads.
        return {
            "code": _hashed(closure.files(self.source)),
            "weights": _hashed(hashes.tree(paths.WEIGHTS)),
            "data": _hashed(hashes.tree(paths.SPECIMENS)),
            "lock": lock_hash(),
        }

    def outputs(self):
        return [self.product]


def notebook_stems() -> list[str]:
    return [path.stem for path in sorted(NOTEBOOKS.glob("*.py"))]


class Site(Stamped):
    """mkdocs' output in site/."""

    name = "site"

    def __init__(self, figures: list[Figure], parts: list[Target]):
        self.figures = figures
        self.parts = parts

    @cached_property
    def _generated(self) -> tuple[Path, ...]:
        return (FIGURES, VENDOR)

    def inputs(self):
        """Every file a page may show: more than is needed is harmless here, since the site takes seconds."""

        def skip(path: Path) -> bool:
            return path in self._generated or path.suffix in (".ipynb", ".safetensors", ".pyc", ".egg-info")

        roots = [DOCS, paths.SRC]
        files = [path for root in roots for path in hashes.tree(root, skip)]
        singles = ("mkdocs.yml", "README.md", "LICENSE", "LICENSE-CONTENT", "NOTICE", "pyproject.toml")
        files += [paths.ROOT / name for name in (*singles, "requirements.lock", "package.json")]
        return {
            "files": [entry for entry in _hashed(files) if entry[1]],
            "figures": _hashed([*(figure.manifest_path for figure in self.figures), *self._of_other_profiles()]),
            "parts": _hashed(part.stamp for part in self.parts),
            "environment": self._environment(),
        }

    def _of_other_profiles(self) -> list[Path]:
        """Manifests of the same figures from other models, which pages show folded."""
        ours = {figure.profile for figure in self.figures}
        folders = sorted(FIGURES.iterdir()) if FIGURES.is_dir() else []
        others = [folder for folder in folders if folder.is_dir() and folder.name not in ours]
        files = [path for folder in others for path in hashes.tree(folder)]
        return [path for path in files if path.suffix == ".json" and "." not in path.stem]

    @staticmethod
    def _environment() -> dict[str, str | None]:
        """The environment variables that mkdocs.yml asks for (!ENV), such as the address of the published site."""
        try:
            text = (paths.ROOT / "mkdocs.yml").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return {}
        names = {name for group in re.findall(r"!ENV\s+\[?([^\]\n]+)", text) for name in re.findall(r"[A-Z]\w+", group)}
        return {name: os.environ.get(name) for name in sorted(names - {"SITE_DIR"})}

    def outputs(self):
        return hashes.tree(SITE)

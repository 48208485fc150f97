"""The four sites that bench_build.py compares: the same plots from the same library, laid out for this project's build,
sphinx-gallery, mkdocs-jupyter, and MyST-NB with jupyter-cache. Peers get what they offer: their caches, two processes.
"""

import base64
import io
import json
import re
import sys
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import bench_project
from bench_project import write

MODULES = 4  # figure i imports module i % 4 of the library

COMMON = '''"""What every figure uses."""

import os


def note(figure):
    """Leave a line for every execution."""
    with open(os.environ["BENCH_LOG"], "a") as log:
        log.write(f"{figure}\\n")


def shade(script, library):
    """A background that says which state of script and library drew it."""
    return f"#{255 - 8 * script:02x}{255 - 8 * library:02x}f0"
'''

MODULE = '''"""Curves of kind {k}."""

import numpy as np

VERSION = 0


def curve(x, figure):
    return np.sin((1 + figure % 7) * x + VERSION) * np.exp(-x / (2 + {k}))
'''

PLOT = """import matplotlib.pyplot as plt
import numpy as np

from denoised.curves import m{k}
from denoised.curves.common import note, shade

SCRIPT = 0
note({i})
x = np.linspace(0, 6, 400)
fig, ax = plt.subplots(figsize=(5, 3.5), facecolor=shade(SCRIPT, m{k}.VERSION))
for shift in range(5):
    ax.plot(x, m{k}.curve(x, {i} + shift), label=f"{{shift}}")
ax.legend()
ax.set_title("Figure {i}")
"""

OURS = '''"""Figure {i}."""

import io

import matplotlib

matplotlib.use("agg")
{imports}
import plotting.output  # noqa: F401

TITLE = "Figure {i}"
SCRIPT = 0


def make(lab, smoke=False):
{body}
    picture = io.BytesIO()
    fig.savefig(picture, format="png")
    plt.close(fig)
    return picture.getvalue()
'''


def library() -> dict[str, str]:
    files = {"denoised/curves/__init__.py": "", "denoised/curves/common.py": COMMON}
    return files | {f"denoised/curves/m{k}.py": MODULE.format(k=k) for k in range(MODULES)}


def plot(i: int) -> str:
    return PLOT.format(i=i, k=i % MODULES)


def prose(i: int) -> str:
    return f"Prose of figure {i}, version 0."


class Pictures(HTMLParser):
    """The PNGs of a page, by address."""

    def __init__(self, page: str):
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        address = dict(attributes).get("src") or ""
        if tag == "img" and (address.startswith("data:image/png") or address.endswith(".png")):
            self.found.append(address)


@dataclass
class Tool:
    """A way to make the site. `root` is its project; `python` has its packages."""

    name: str
    root: Path
    python: str

    library_folder = "lib"

    def lay(self, figures: int) -> None:
        raise NotImplementedError

    def command(self) -> list[str]:
        raise NotImplementedError

    def source(self, i: int) -> Path:
        raise NotImplementedError

    def prose_file(self, i: int) -> Path:
        return self.source(i)

    def page(self, i: int) -> Path:
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        return bench_project.environment(
            BENCH_LOG=str(self.root.parent / f"{self.name}.log"),
            PYTHONPATH=str(self.root / self.library_folder),
            NO_MKDOCS_2_WARNING="1",
            JUPYTER_PLATFORM_DIRS="1",
        )

    def state(self, i: int) -> tuple[int, int, str]:
        """(script's version, library's version, prose) that the page of a figure shows; -1 where it shows none."""
        from PIL import Image

        try:
            page = self.page(i).read_text(encoding="utf-8")
        except OSError:
            return -1, -1, ""
        said = re.search(rf"Prose of figure {i}, version \d+\.", page)
        script = shown = -1
        for address in Pictures(page).found:
            if address.startswith("data:"):
                content = base64.b64decode(address.partition(",")[2])
            else:
                file = self.page(i).parent / address
                content = file.read_bytes() if file.is_file() else b""
            if content:
                red, green, blue = Image.open(io.BytesIO(content)).convert("RGB").getpixel((2, 2))
                if blue == 0xF0:
                    script, shown = (255 - red) // 8, (255 - green) // 8
        return script, shown, said.group() if said else ""


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    if old not in text:
        raise SystemExit(f"error: {path} does not contain {old!r}.")
    path.write_text(text.replace(old, new), encoding="utf-8")


class Ours(Tool):
    library_folder = "figures_src"

    def lay(self, figures: int) -> None:
        sources, pages = {}, {"index.md": "# Figures\n"}
        for i in range(figures):
            imports, _, body = plot(i).partition("\n\nSCRIPT = 0\n")
            body = "\n".join(f"    {line}" for line in body.strip().splitlines())
            sources[f"plots/p{i:03}"] = OURS.format(i=i, imports=imports, body=body)
            picture = f"![Figure {i}](assets/figures/tiny/plots/p{i:03}.png)"
            pages[f"fig_{i:03}.md"] = f"# Figure {i}\n\n{prose(i)}\n\n{picture}\n"
        bench_project.lay(self.root, sources, library(), pages)
        write(self.root / "mkdocs.yml", "site_name: Ours\ntheme:\n  name: material\nplugins: [search]\n")

    def command(self):
        return [self.python, "scripts/build.py", "site"]

    def environment(self):
        found = super().environment()
        del found["PYTHONPATH"]
        return found

    def source(self, i):
        return self.root / "figures_src" / "figures" / "plots" / f"p{i:03}.py"

    def prose_file(self, i):
        return self.root / "docs" / f"fig_{i:03}.md"

    def page(self, i):
        return self.root / "site" / f"fig_{i:03}" / "index.html"


class Peer(Tool):
    def lay_library(self) -> None:
        write(self.root / "lib" / "denoised" / "__init__.py", "")
        for name, text in library().items():
            write(self.root / "lib" / name, text)


class Gallery(Peer):
    CONF = """project = "Gallery"
extensions = ["sphinx_gallery.gen_gallery"]
sphinx_gallery_conf = {
    "examples_dirs": "examples", "gallery_dirs": "auto_examples", "filename_pattern": "/plot_", "parallel": 2,
}
"""

    def lay(self, figures):
        self.lay_library()
        write(self.root / "conf.py", self.CONF)
        write(self.root / "index.rst", "Figures\n=======\n\n.. toctree::\n\n   auto_examples/index\n")
        write(self.root / "examples" / "GALLERY_HEADER.rst", "Gallery\n=======\n")
        for i in range(figures):
            head = f'"""\nFigure {i}\n{"=" * 12}\n\n{prose(i)}\n"""\n\n'
            write(self.source(i), head + plot(i))

    def command(self):
        return [self.python, "-m", "sphinx", "-q", "-j", "2", "-b", "html", ".", "_build"]

    def source(self, i):
        return self.root / "examples" / f"plot_{i:03}.py"

    def page(self, i):
        return self.root / "_build" / "auto_examples" / f"plot_{i:03}.html"


def notebook(i: int) -> str:
    cells = [
        {"id": "prose", "cell_type": "markdown", "metadata": {}, "source": f"# Figure {i}\n\n{prose(i)}"},
        {"id": "plot", "cell_type": "code", "metadata": {}, "source": plot(i), "outputs": [], "execution_count": None},
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}, indent=1)


class Notebooks(Peer):
    CONF = """site_name: Notebooks
theme:
  name: material
plugins:
  - search
  - mkdocs-jupyter:
      execute: true
      allow_errors: false
"""

    def lay(self, figures):
        self.lay_library()
        write(self.root / "mkdocs.yml", self.CONF)
        write(self.root / "docs" / "index.md", "# Figures\n")
        for i in range(figures):
            write(self.source(i), notebook(i))

    def command(self):
        return [self.python, "-m", "mkdocs", "build", "-q"]

    def source(self, i):
        return self.root / "docs" / f"fig_{i:03}.ipynb"

    def page(self, i):
        return self.root / "site" / f"fig_{i:03}" / "index.html"


class Cached(Peer):
    CONF = """project = "Cached"
extensions = ["myst_nb"]
nb_execution_mode = "cache"
nb_execution_cache_path = "cache"
nb_execution_raise_on_error = True
nb_execution_timeout = 600
exclude_patterns = ["_build", "cache", "lib"]
"""

    def lay(self, figures):
        self.lay_library()
        write(self.root / "conf.py", self.CONF)
        names = "\n".join(f"fig_{i:03}" for i in range(figures))
        write(self.root / "index.md", f"# Figures\n\n```{{toctree}}\n{names}\n```\n")
        for i in range(figures):
            write(self.source(i), notebook(i))

    def command(self):
        # One process: two meet in making the cache's database ("table settings already exists").
        return [self.python, "-m", "sphinx", "-q", "-b", "html", ".", "_build"]

    def source(self, i):
        return self.root / f"fig_{i:03}.ipynb"

    def page(self, i):
        return self.root / "_build" / f"fig_{i:03}.html"


def tools(root: Path, peers_python: str) -> list[Tool]:
    return [
        Ours("denoised", root / "denoised", sys.executable),
        Gallery("sphinx-gallery", root / "sphinx-gallery", peers_python),
        Notebooks("mkdocs-jupyter", root / "mkdocs-jupyter", peers_python),
        Cached("jupyter-cache", root / "jupyter-cache", peers_python),
    ]

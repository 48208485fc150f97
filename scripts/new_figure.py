"""Start a new figure: `python scripts/new_figure.py vae/my_figure` writes a file that renders at once."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

from denoised.errors import DenoisedError
from plotting import source

USAGE = "Say where the figure belongs and what it is called: python scripts/new_figure.py section/name"

TEMPLATE = '''"""Say in two sentences what the figure shows and why it matters. For now: how many colours
three icons really have, counted.
"""

import numpy as np

from plotting.layout import image_row
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ()  # such as ("emoji-sd/vae",): what lab.vae() and lab.pipeline() may load
DATA = ("specimens",)
TITLE = "@TITLE@"


def make(lab, smoke=False):
    specimens = lab.specimens()
    picks = [int(i) for i in np.linspace(0, len(specimens.images) - 1, 3)]
    images = [specimens.images[i] for i in picks]
    names = [specimens.records[i]["name"].replace("_", " ").replace("-", " ") for i in picks]
    colours = [len(np.unique(image.reshape(-1, 3), axis=0)) for image in images]
    side = images[0].shape[0]
    numbers = {"pixels": side * side} | {f"colours_{i + 1}": count for i, count in enumerate(colours)}

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        cell = 112 if narrow else 224
        words = [shorten(name, 15 if narrow else 26) for name in names]
        labels = [f"{word}\\n{count} colours" for word, count in zip(words, colours, strict=True)]
        image_row(fig, images, labels=labels, cell=cell, gap=12 if narrow else 24)
        return fig

    listed = ", ".join(f"{name} {count}" for name, count in zip(names, colours, strict=True))
    return Output(
        alt=f"Three icons of {numbers['pixels']} pixels each, with the number of their colours: {listed}.",
        caption=(
            f"**How many of {numbers['pixels']} pixels are a colour of their own?** Counted: {listed}."
        ),
        numbers=numbers,
        draw=draw,
        format="webp",  # sheets of pictures; "svg" for plots
    )


def shorten(text, length):
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"
'''


def scaffold(figure_id: str) -> Path:
    """Write the file of a new figure and return its path. DenoisedError for a bad id or one that exists."""
    source.check_id(figure_id)
    path = source.FIGURES / f"{figure_id}.py"
    if path.exists():
        raise DenoisedError(f"There is already a figure {figure_id} ({shown(path)}); choose another name.")
    path.parent.mkdir(parents=True, exist_ok=True)
    package = path.parent / "__init__.py"
    if not package.exists():
        package.touch()  # without it the figure is invisible to import checks and to content keys
    title = path.stem.replace("_", " ").capitalize()
    with path.open("x", encoding="utf-8") as file:
        file.write(TEMPLATE.replace("@TITLE@", title))
    return path


def shown(path: Path) -> str:
    return str(path.relative_to(source.ROOT)) if path.is_relative_to(source.ROOT) else str(path)


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print(USAGE, file=sys.stderr)
        return 1
    try:
        path = scaffold(arguments[0])
    except DenoisedError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"The figure could not be written: {error.strerror or error}.", file=sys.stderr)
        return 1
    print(f"Wrote {shown(path)}, which renders as it is. Next:")
    print(f'  make figures ONLY="{arguments[0]}"')
    print("  make serve")
    print(f'and {{{{ figure("{arguments[0]}") }}}} puts it on a page.')
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

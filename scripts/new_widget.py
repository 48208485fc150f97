#!/usr/bin/env python3
"""Start a new widget: `python scripts/new_widget.py my_widget data/my_counts` writes its module and the figure it plays.

The figure renders at once and has the widget's data; the module works by keyboard and touch, and where no script runs
the figure's still picture stands in its place.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

import new_figure
from denoised import paths
from denoised.errors import DenoisedError

WIDGETS = paths.ROOT / "docs" / "javascripts" / "widgets"
NAME = re.compile(r"[a-z][a-z0-9_]*")
USAGE = "Say what the widget and its figure are called: python scripts/new_widget.py my_widget section/figure"

MODULE = """\
// Say in a sentence what the reader can do here. For now: a slider chooses an icon, and its number of colours is told.
//
// Data: { names: [name], colours: [count] }, the `data` of the figure. All controls are native ones, so that keyboard,
// touch and screen readers work as everywhere.

import { element } from "../parts.js";

let count = 0; // widgets on a page so far, so that ids stay apart

export default async function mount(host, { src }) {
  const answer = await fetch(src);
  if (!answer.ok) throw new Error(`${src}: ${answer.status}`);
  const { names, colours } = await answer.json();
  const id = `dn-@NAME@-${++count}`;

  const slider = element("input", { type: "range", id, min: 0, max: names.length - 1, step: 1, value: 0 });
  const told = element("p", { role: "status" });
  const tell = () => {
    told.textContent = `${names[slider.value]}: ${colours[slider.value]} colours`;
  };
  slider.addEventListener("input", tell);
  tell();
  host.append(element("p", {}, element("label", { for: id }, "Which icon "), slider), told); // below the still picture
}
"""


def scaffold(name: str, figure_id: str) -> tuple[Path, Path]:
    """Write a widget's module and its figure: their paths. DenoisedError for a bad name or what exists already."""
    if not NAME.fullmatch(name):
        raise DenoisedError(f"{name!r} is no name of a widget: small letters, digits and underscores, as my_widget.")
    module = WIDGETS / f"{name}.js"
    if module.exists():
        raise DenoisedError(f"There is already a widget {name} ({new_figure.shown(module)}); choose another name.")
    figure = new_figure.scaffold(figure_id)
    text = figure.read_text(encoding="utf-8")
    data = 'data={"names": names, "colours": colours},  # what the widget reads\n        draw=draw,'
    figure.write_text(text.replace("draw=draw,", data, 1), encoding="utf-8")
    module.parent.mkdir(parents=True, exist_ok=True)
    with module.open("x", encoding="utf-8") as file:
        file.write(MODULE.replace("@NAME@", name.replace("_", "-")))
    return module, figure


def main(arguments: list[str]) -> int:
    if len(arguments) != 2 or arguments[0].startswith("-"):
        print(USAGE, file=sys.stderr)
        return 1
    try:
        module, figure = scaffold(*arguments)
    except DenoisedError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"The widget could not be written: {error.strerror or error}: {error.filename}.", file=sys.stderr)
        return 1
    print(f"Wrote {new_figure.shown(module)} and {new_figure.shown(figure)}, which render as they are. Next:")
    print(f'  make figures ONLY="{arguments[1]}"')
    print(f'and {{{{ widget("{arguments[0]}", "{arguments[1]}") }}}} puts it on a page.')
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

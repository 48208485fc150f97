"""Local fonts that stand in for the site's own while these load, stretched to the same width, so that nothing jumps when
they arrive. Prints the rules that stand in docs/stylesheets/standins.css.

    python -m sitekit.standins FOLDER > docs/stylesheets/standins.css      # FOLDER has the local fonts' files

A local font's file may be that of another one of the same measures: Gelasio for Georgia, Liberation for Arial and Times.
"""

import base64
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FONTS = ROOT / "docs" / "assets" / "vendor" / "fonts"
OWN = {"Literata": "literata-latin-wght-{style}.woff2", "Inter": "inter-latin-wght-normal.woff2"}
# The site's font, local ones of the same measures, and the file to measure (* stands for the cut).
LOCALS = (
    ("Literata", ("Georgia", "Gelasio"), "gelasio-latin-*.woff2"),  # Windows, macOS, iOS
    ("Literata", ("Noto Serif",), "noto-serif-latin-*.woff2"),  # Android, Linux
    ("Literata", ("DejaVu Serif",), "DejaVuSerif*.ttf"),
    ("Literata", ("Times New Roman", "Liberation Serif"), "LiberationSerif-*.ttf"),
    ("Inter", ("Arial", "Liberation Sans"), "LiberationSans-*.ttf"),  # Windows, macOS, iOS, Linux
    ("Inter", ("Roboto",), "roboto-latin-*.woff2"),  # Android
    ("Inter", ("DejaVu Sans",), "DejaVuSans*.ttf"),
)
CUTS = {  # cut: (the weight it is measured at, the weights it stands in for, how files name it)
    "": (400, "100 549", ("400-normal", "Regular", "")),
    "Bold": (640, "550 900", ("700-normal", "Bold", "-Bold")),
    "Italic": (400, "100 900", ("400-italic", "Italic", "-Italic")),
}
SAMPLE = (
    "What does a picture generator really do when it takes a prompt? It starts from noise, asks a network thousands of "
    "small questions, and takes away what does not belong there. Nobody drew this cat; (almost) every line was guessed."
)
MEASURE = """async ([own, local, weight, style, text]) => {
  const of = async (url, name) => {
    const face = new FontFace(name, `url(${url})`, name === "own" ? {weight: "100 900", style} : {});
    document.fonts.add(await face.load());
    const pen = document.createElement("canvas").getContext("2d");
    pen.font = name === "own" ? `${style} ${weight} 100px own` : "100px local";
    const seen = pen.measureText(text);
    document.fonts.delete(face);
    return [seen.width, seen.fontBoundingBoxAscent, seen.fontBoundingBoxDescent];
  };
  return [await of(own, "own"), await of(local, "local")];
}"""


def adjusted(own: tuple[float, float, float], local: tuple[float, float, float]) -> str:
    """Descriptors that give `local` the width, ascent and descent of `own`, each (width, ascent, descent) at 100 px."""
    size = own[0] / local[0]
    return (
        f"size-adjust: {size:.2%}; ascent-override: {own[1] / size:.1f}%; descent-override: {own[2] / size:.1f}%; "
        "line-gap-override: 0%"
    )


def rules(folder: Path, measure) -> str:
    """The style sheet. `measure` runs MEASURE with its arguments in a browser. FileNotFoundError for a missing font."""
    lines = ["/* Local fonts, stretched to the width of the site's own. Written by figures_src/sitekit/standins.py. */"]
    for own, local, files in LOCALS:
        for cut, (weight, stands_for, names) in CUTS.items():
            style = "italic" if cut == "Italic" else "normal"
            if cut == "Italic" and "{style}" not in OWN[own]:
                continue  # the interface is never in italics
            found = [
                folder / files.replace("*", name) for name in names if (folder / files.replace("*", name)).exists()
            ]
            if not found:
                raise FileNotFoundError(f"There is no {files} for {cut or 'Regular'} in {folder}.")
            mine = FONTS / OWN[own].format(style=style)
            values = adjusted(*measure(MEASURE, [_data(mine), _data(found[0]), weight, style, SAMPLE]))
            known_as = (f'local("{name} {cut}")'.replace(' ")', '")') for name in local)
            on_disk = (f'local("{name.replace(" ", "")}-{cut or "Regular"}")' for name in local)
            face = f'font-family: "{own} on {local[0]}"; font-style: {style}; font-weight: {stands_for}'
            lines.append(f"@font-face {{ {face}; {values};\n  src: {', '.join([*known_as, *on_disk])}; }}")
    return "\n".join(lines) + "\n"


def stack(own: str) -> str:
    """What font-family has to say for one of the site's fonts: its name, then those of its stand-ins."""
    return ", ".join(
        f'"{name}"' for name in [own] + [f"{own} on {local[0]}" for mine, local, _ in LOCALS if mine == own]
    )


def _data(file: Path) -> str:
    return f"data:font/{file.suffix[1:]};base64,{base64.b64encode(file.read_bytes()).decode()}"


def main() -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium")
        sys.stdout.write(rules(Path(sys.argv[1]), browser.new_page().evaluate))
        browser.close()


if __name__ == "__main__":
    main()

"""Draw the site's mark: scattered specks on the left that settle into a whole disc on the right.

The mark is a reverse diffusion in one picture. `python -m sitekit.brand` rewrites docs/assets/brand and
docs/overrides/partials/logo.html from the numbers below; PNGs need the package resvg_py, SVGs nothing.
"""

from __future__ import annotations

import math
import random
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BRAND = ROOT / "docs" / "assets" / "brand"
MARK = ROOT / "docs" / "overrides" / "partials" / "logo.html"
LIGHT = {"noise": "#6B7280", "accent": "#B3400A"}  # the palette of plotting/style.py
DARK = {"noise": "#9AA3AF", "accent": "#FF9A62"}
SIZE, CENTRE, RADIUS, STEP, SEED = 64, 33, 27, 6.6, 11
EDGE = 0.1 * RADIUS  # where the whole part begins, right of the centre


def specks() -> list[tuple[float, float, float, bool]]:
    """(x, y, radius, settled) of every speck: jitter falls and size grows from left to right."""
    rng = random.Random(SEED)
    found = []
    n = int(RADIUS // STEP)
    for i in range(-n, n + 1):
        for j in range(-n, n + 1):
            x, y = i * STEP, j * STEP
            if math.hypot(x, y) > RADIUS - 1.2:
                continue
            done = (i + n) / (2 * n)  # 0 = noise, 1 = form
            jitter = 5.6 * (1 - done) ** 1.4
            x += rng.uniform(-1, 1) * jitter - 2.2 * (1 - done)
            y += rng.uniform(-1, 1) * jitter
            thinned = done < 0.2 and rng.random() < 0.25
            if thinned or x > EDGE + 1:  # the whole part covers the rest
                continue
            found.append((CENTRE + x, CENTRE - 1 + y, 1.5 + 2.6 * done, done > 0.3))
    return found


def half() -> str:
    """Path of the finished part: the right side of the disc with an edge that the specks run into."""
    x = CENTRE + EDGE
    y = math.sqrt(RADIUS**2 - (x - CENTRE) ** 2)
    c = CENTRE - 1
    return f"M{x:.2f} {c - y:.2f}A{RADIUS} {RADIUS} 0 0 1 {x:.2f} {c + y:.2f}Z"


def mark(noise: str, accent: str, head: str = "") -> str:
    """The mark as SVG, in two colours (any CSS colour, custom properties too)."""
    dots = {True: [], False: []}
    for x, y, r, settled in specks():
        dots[settled].append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}"/>')
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}" {head}>'
            f'<g class="n" style="fill:{noise}">{"".join(dots[False])}</g>'
            f'<g class="a" style="fill:{accent}"><path d="{half()}"/>{"".join(dots[True])}</g></svg>\n')


def favicon() -> str:
    """The mark for browser tabs: follows the system's light or dark by itself."""
    style = (f"<style>.n{{fill:{LIGHT['noise']}}}.a{{fill:{LIGHT['accent']}}}"
             f"@media(prefers-color-scheme:dark){{.n{{fill:{DARK['noise']}}}.a{{fill:{DARK['accent']}}}}}</style>")
    bare = mark("", "").replace(' style="fill:"', "")
    return bare.replace('><g class="n"', f'>{style}<g class="n"', 1)


def tile() -> str:
    """The mark on paper, for home screens and places that show no transparency."""
    inner = mark(**LIGHT).split(">", 1)[1].rsplit("</svg>", 1)[0]
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-10 -10 84 84">'
            f'<rect x="-10" y="-10" width="84" height="84" fill="#FBF8F2"/>{inner}</svg>\n')


def main() -> None:
    BRAND.mkdir(parents=True, exist_ok=True)
    MARK.write_text(mark("var(--dn-noise)", "var(--dn-accent)", 'aria-hidden="true"'), encoding="utf-8")
    (BRAND / "logo.svg").write_text(mark(**LIGHT), encoding="utf-8")
    (BRAND / "favicon.svg").write_text(favicon(), encoding="utf-8")
    import resvg_py

    def png(svg: str, size: int, name: str) -> None:
        (BRAND / name).write_bytes(bytes(resvg_py.svg_to_bytes(svg_string=svg, width=size, height=size)))

    png(mark(**LIGHT), 32, "favicon-32.png")
    for size in (180, 192, 512):
        png(tile(), size, f"icon-{size}.png")
    print(f"wrote {MARK.relative_to(ROOT)} and the files in {BRAND.relative_to(ROOT)}")


if __name__ == "__main__":
    main()

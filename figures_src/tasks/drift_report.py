"""The report of a check for drift: one HTML file that needs nothing beside it."""

import base64
from dataclasses import dataclass
from html import escape
from pathlib import Path

from tasks import drift, hashes

STATES = {
    "same": "as it was",
    "drift": "drifted",
    "failed": "failed",
    "new": "only in the new rendering",
    "gone": "only in the old rendering",
}
STYLE = """
:root { color-scheme: light dark; --ink: #1f2328; --paper: #fbf8f2; --line: #d9d4c8; --alarm: #b3400a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e4db; --paper: #14161a; --line: #353a42; --alarm: #ff9a62; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 2rem auto;
  max-width: 76rem; padding: 0 1rem; }
table { border-collapse: collapse; } td, th { border-bottom: 1px solid var(--line); padding: .2rem .8rem .2rem 0;
  text-align: left; vertical-align: top; } h2 { margin-top: 2.5rem; } b { color: var(--alarm); }
.row { display: grid; grid-template-columns: repeat(auto-fit, minmax(16rem, 1fr)); gap: 1rem; margin: .5rem 0 1.5rem; }
figure { margin: 0; } img { max-width: 100%; border: 1px solid var(--line); background: #8888; }
figcaption { font-size: .85rem; }
"""


@dataclass(frozen=True)
class Row:
    """What was found out about one figure. state: a key of STATES; cause and why are tasks.causes'."""

    figure_id: str
    state: str
    words: str = ""
    differences: tuple[drift.Difference, ...] = ()
    cause: str = ""
    why: str = ""


def write(path: Path, rows: list[Row], seconds: float) -> None:
    counts = {state: sum(row.state == state for row in rows) for state in STATES}
    listed = ", ".join(f"{n} {STATES[state]}" for state, n in counts.items() if n)
    tolerance = (
        f"A number has drifted when it is off by more than {drift.RELATIVE:.0%} and by more than {drift.ABSOLUTE:g}. "
        f"A pixel is off when it lies more than {drift.LEVELS} of 255 levels outside of what the pixels at its place, "
        f"up to {drift.RADIUS} away, span in the other picture; a picture has drifted when more than "
        f"{drift.SHARE:.1%} of its pixels are off, or all by {drift.MEAN:g} levels on average."
    )
    body = [
        "<h1>Drift</h1>",
        f"<p>{len(rows)} figures looked at in {seconds:.0f} s: {escape(listed)}.</p>",
        f"<p>{escape(tolerance)}</p>",
        "<table><thead><tr><th>Figure</th><th>State</th><th>What, and why</th></tr></thead><tbody>",
        *(_line(row) for row in rows),
        "</tbody></table>",
        *(_figure(row) for row in rows if row.differences),
    ]
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Drift</title><style>{STYLE}</style>'
    hashes.write_text(path, head + "\n".join(body) + "</html>\n")


def _line(row: Row) -> str:
    name, state = escape(row.figure_id), STATES[row.state]
    if row.differences:
        name = f'<a href="#{_anchor(row)}">{name}</a>'
    why = f"<br>{escape(row.why)}" if row.why else ""
    shown = state if row.state == "same" else f"<b>{state}</b>"
    return f"<tr><td>{name}</td><td>{shown}</td><td>{escape(row.words)}{why}</td></tr>"


def _anchor(row: Row) -> str:
    return escape(row.figure_id.replace("/", "-"))


def _figure(row: Row) -> str:
    lines = "".join(
        f"<tr><td>{escape(one.kind)}</td><td>{escape(one.name)}</td><td>{escape(one.words)}</td></tr>"
        for one in row.differences
    )
    return "\n".join(
        [
            f'<h2 id="{_anchor(row)}">{escape(row.figure_id)}</h2>',
            f"<p>Because: {escape(row.why)}.</p><table><tbody>{lines}</tbody></table>",
            *(_pictures(one) for one in row.differences if one.before),
        ]
    )


def _pictures(one: drift.Difference) -> str:
    shown = []
    for label, content in (("before", one.before), ("after", one.after), ("difference", one.off)):
        if content:
            source = f"data:image/png;base64,{base64.b64encode(content).decode()}"
            alt = f"{one.name} {label}"
            shown.append(
                f'<figure><img loading="lazy" alt="{escape(alt)}" src="{source}">'
                f"<figcaption>{escape(alt)}</figcaption></figure>"
            )
    return f'<div class="row">{"".join(shown)}</div>'

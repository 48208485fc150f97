"""The dominant colours of the icons, by style: each icon is counted under the one of eleven named colours that
covers most of it. A second bar for all icons shows what skin tones do to that count.
"""

from collections import Counter

from matplotlib.patches import Rectangle

from denoised.data import splits
from denoised.data.captions import STYLE_WORDS
from denoised.data.catalogue import STYLES
from plotting.output import Output
from plotting.style import contrast, new_figure

WEIGHTS = ()
DATA = ()
TITLE = "The colours of the data"

PAINT = {  # what the eleven bins of splits.colour_name look like; the same in both themes, since they are the subject
    "red": "#D93A3A", "orange": "#F2913D", "yellow": "#F6CB45", "green": "#4FA75A", "blue": "#4A8FD4",
    "purple": "#8C5BC0", "pink": "#EE8DB8", "brown": "#8A5A3B", "grey": "#A4A8AD", "white": "#FFFFFF",
    "black": "#26282B",
}  # fmt: skip


def shares(rows):
    """{colour: share of the rows in [0, 1]}."""
    count = Counter(row.colour for row in rows)
    return {colour: count[colour] / len(rows) for colour in PAINT}


def fill(fig, x, y, w, h, colour, edge="none"):
    """A box of one colour at (x, y) px."""
    box = fig.area(x, y, w, h, grid="")
    box.set_axis_off()
    box.add_patch(Rectangle((0, 0), 1, 1, transform=box.transAxes, facecolor=colour, edgecolor=edge, linewidth=0.75))


def make(lab, smoke=False):
    rows = splits.load()
    plain = [row for row in rows if row.tone == "none" and row.group != "flags"]
    bars = [("all icons", shares(rows)), ("no skin tones", shares(plain))]
    bars += [(STYLE_WORDS[s][0], shares([row for row in plain if row.style == s])) for s in STYLES]
    n = {"all": len(rows), "plain": len(plain)}
    n |= {f"all_{colour}_percent": 100 * share for colour, share in bars[0][1].items()}
    n |= {f"plain_{colour}_percent": 100 * share for colour, share in bars[1][1].items()}
    n |= {f"openmoji_{c}_percent": 100 * s for c, s in bars[2 + STYLES.index("openmoji")][1].items()}
    rare = min((c for c in PAINT), key=bars[1][1].get)
    n |= {"rarest": rare, "rarest_percent": 100 * bars[1][1][rare]}
    two = bars[1][1]["yellow"] + bars[1][1]["orange"]
    n |= {"yellow_orange_percent": 100 * two}

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        left, height, step = (98, 20, 27) if narrow else (152, 24, 32)
        width, y = fig.width - left, 0.0
        for i, (name, share) in enumerate(bars):
            if i == 2:
                y += 14
            weight = 600 if i < 2 else 400
            fig.note(0, y + height / 2, name, size=11 if narrow else 13, va="center", weight=weight)
            x = float(left)
            for colour, part in share.items():
                # one of black and white is the page's own colour
                edge = theme.muted if colour in ("white", "black") else "none"
                fill(fig, x, y, max(width * part - 1, 0.5), height, PAINT[colour], edge)
                text = f"{100 * part:.0f}"
                if width * part > 22:
                    word = fig.note(x + width * part / 2, y + height / 2, text, size=11, ha="center", va="center")
                    word.set_color(max(("#16181B", "#FFFFFF"), key=lambda ink: contrast(ink, PAINT[colour])))
                x += width * part
            y += step
        fig.set_height(y)
        return fig

    return Output(
        alt=(
            f"Ten stacked bars with the dominant colours of icons in per cent. All {n['all']:,} icons: orange "
            f"{n['all_orange_percent']:.0f} %, blue {n['all_blue_percent']:.0f} %, yellow "
            f"{n['all_yellow_percent']:.0f} %. Without skin tones and flags: orange {n['plain_orange_percent']:.0f} %, "
            f"blue {n['plain_blue_percent']:.0f} %, yellow {n['plain_yellow_percent']:.0f} %. Then one bar a style; in "
            f"openmoji's, black is {n['openmoji_black_percent']:.0f} %."
        ),
        caption=(
            "**The model's world is yellow, orange and blue.** Numbers are per cent of icons whose most frequent "
            "colour is the one shown. In all icons orange comes first because of the skin tones "
            f"({n['all_orange_percent']:.0f} %); without them and without flags, yellow and orange together are "
            f"{n['yellow_orange_percent']:.0f} %, and {n['rarest']} is the rarest with {n['rarest_percent']:.1f} %. "
            "Whatever is rare here, the model has practised rarely."
        ),
        numbers=n,
        draw=draw,
        format="svg",
    )

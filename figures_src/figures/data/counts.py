"""How many icons each of the eight sets gives to each group of Unicode's emoji, counted in the committed
catalogue.
"""

from collections import Counter

from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from denoised.data import splits
from denoised.data.captions import STYLE_WORDS
from denoised.data.catalogue import STYLES
from plotting.output import Output
from plotting.style import contrast, new_figure

WEIGHTS = ()
DATA = ()  # the splits are a file of the package that they are read by, so the figure's key sees them
TITLE = "Icons by style and group"

GROUPS = {
    "people-body": "people and body",
    "objects": "objects",
    "travel-places": "travel and places",
    "symbols": "symbols",
    "smileys-emotion": "smileys",
    "animals-nature": "animals, nature",
    "flags": "flags",
    "food-drink": "food and drink",
    "activities": "activities",
    "component": "parts of emoji",
    "extras": "extras, unmatched",
}


def ink_on(theme, colour):
    """Dark or light letters, whichever reads better on `colour`."""
    return max((theme.ink, theme.paper), key=lambda ink: contrast(ink, colour))


def fill(fig, x, y, w, h, colour, edge="none"):
    """A box of one colour at (x, y) px."""
    box = fig.area(x, y, w, h, grid="")
    box.set_axis_off()
    box.add_patch(Rectangle((0, 0), 1, 1, transform=box.transAxes, facecolor=colour, edgecolor=edge, linewidth=0.75))


def shown(count, narrow):
    """A count, without the comma where there is no room for it."""
    return str(count) if narrow else f"{count:,}"


def make(lab, smoke=False):
    rows = splits.load()
    cell = Counter((row.group, row.style) for row in rows)
    by_style, by_group = Counter(row.style for row in rows), Counter(row.group for row in rows)
    concepts = {}
    for row in rows:
        concepts.setdefault(row.concept, set()).add(row.style)
    several = sum(len(styles) >= 4 for styles in concepts.values())
    n = {
        "icons": len(rows),
        "styles": len(STYLES),
        "concepts": len(concepts),
        "concepts_of_four_styles": several,
        "concepts_of_one_style": sum(len(styles) == 1 for styles in concepts.values()),
        "people_percent": 100 * by_group["people-body"] / len(rows),
        "with_keywords_percent": 100 * sum(bool(row.keywords) for row in rows) / len(rows),
        "toned": sum(row.tone != "none" for row in rows),
        "toned_percent": 100 * sum(row.tone != "none" for row in rows) / len(rows),
    }
    n |= {f"style_{s.replace('-', '_')}": by_style[s] for s in STYLES}
    n |= {"firefox_unmatched": cell["extras", "fxemoji"]}
    n |= {f"group_{g.replace('-', '_')}": by_group[g] for g in GROUPS}
    largest, smallest = max(STYLES, key=by_style.get), min(STYLES, key=by_style.get)

    def draw(theme, narrow):
        left, total = (100, 0) if narrow else (140, 64)
        fig = new_figure(theme, narrow)
        width = (fig.width - left - total) / len(STYLES)
        height, top, size = (26, 70, 11) if narrow else (28, 44, 12)
        colours, most = theme.sequential("latent"), max(cell.values())
        for j, style in enumerate(STYLES):
            words = STYLE_WORDS[style][0].replace(" ", "\n")
            x = left + (j + 0.5) * width
            if narrow:
                fig.note(x, top - 8, words.replace("\n", " "), "muted", 11, ha="center", va="bottom", rotation=90)
            else:
                fig.note(x, top - 8, words, "muted", 12, ha="center", va="bottom", linespacing=1.1)
        if total:
            fig.note(fig.width, top - 8, "all", "muted", 12, ha="right", va="bottom")
        for i, (group, words) in enumerate(GROUPS.items()):
            y = top + i * height
            fig.note(0, y + height / 2, words, "ink", 11 if narrow else 13, va="center")
            for j, style in enumerate(STYLES):
                count = cell[group, style]
                # The square root, since one cell in three would be blank beside the skin tones otherwise.
                colour = colours((count / most) ** 0.5)
                fill(fig, left + j * width + 1, y + 1, width - 2, height - 2, colour)
                text = shown(count, narrow) if count else "·"
                word = fig.note(left + (j + 0.5) * width, y + height / 2, text, size=size, ha="center", va="center")
                word.set_color(ink_on(theme, to_hex(colour)))
            if total:
                fig.note(fig.width, y + height / 2, f"{by_group[group]:,}", "ink", 12, ha="right", va="center")
        y = top + len(GROUPS) * height + 4
        fig.note(0, y + height / 2, "all", "ink", 11 if narrow else 13, va="center", weight=600)
        for j, style in enumerate(STYLES):
            words = shown(by_style[style], narrow)
            fig.note(left + (j + 0.5) * width, y + height / 2, words, size=size, ha="center", va="center", weight=600)
        if total:
            fig.note(fig.width, y + height / 2, f"{len(rows):,}", "ink", 12, ha="right", va="center", weight=600)
        fig.set_height(y + height)
        return fig

    most, least = STYLE_WORDS[largest][0], STYLE_WORDS[smallest][0]
    return Output(
        alt=(
            f"A table of {n['icons']:,} icons: eleven groups down, {n['styles']} styles across. People and body is "
            f"the largest group with {n['group_people_body']:,} icons, or {n['people_percent']:.0f} %. The set with "
            f"the most icons is {most}, {by_style[largest]:,}; the fewest has {least}, {by_style[smallest]:,}."
        ),
        caption=(
            f"**{n['icons']:,} icons, {n['people_percent']:.0f} % of them people.** Each cell counts the icons that "
            f"one set (across) gives to one group (down). People and hands are so many because the sets draw them "
            f"again in every skin tone, which makes {n['toned']:,} icons. The sets overlap only in part: of "
            f"{n['concepts']:,} things drawn, {n['concepts_of_four_styles']:,} are there in four styles or more. The "
            "last row holds what Unicode does not know, and names of one set that we could not match."
        ),
        numbers=n,
        draw=draw,
        format="svg",
    )

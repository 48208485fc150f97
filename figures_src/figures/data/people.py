"""People in the data: how many there are in each style, how many of them are skin-tone copies, and how the words
woman and man are shared out among those that are not.
"""

from collections import Counter, defaultdict

from matplotlib.patches import Rectangle

from denoised.data import splits
from denoised.data.captions import STYLE_WORDS
from denoised.data.catalogue import STYLES, TONES
from plotting.output import Output
from plotting.style import contrast, mix, new_figure

WEIGHTS = ()
DATA = ()
TITLE = "People, skin tones and gender words"

KINDS = ("woman", "none", "man")


def percent(part, whole):
    return 100 * part / whole if whole else 0.0


def make(lab, smoke=False):
    rows = splits.load()
    people = [row for row in rows if row.group == "people-body"]
    plain = [row for row in people if row.tone == "none"]
    genders = {s: Counter(row.gender for row in plain if row.style == s) for s in STYLES}
    gender = Counter(row.gender for row in plain)
    tones = Counter(row.tone for row in rows)
    roles = defaultdict(Counter)  # what somebody is or does -> drawings as woman, man, neither
    for row in plain:
        roles[splits.family(row.concept)][row.gender] += 1
    both = {role: c for role, c in roles.items() if c["woman"] and c["man"]}
    n = {
        "people": len(people),
        "people_percent": percent(len(people), len(rows)),
        "plain": len(plain),
        "copies": len(people) - len(plain),
        "copies_percent": percent(len(people) - len(plain), len(people)),
        "woman": gender["woman"],
        "man": gender["man"],
        "neither": gender["none"],
        "woman_percent": percent(gender["woman"], len(plain)),
        "man_percent": percent(gender["man"], len(plain)),
        "roles_of_both": len(both),
        "roles_equal": sum(c["woman"] == c["man"] for c in both.values()),
        "roles_more_men": sum(c["woman"] < c["man"] for c in both.values()),
        "roles_more_women": sum(c["woman"] > c["man"] for c in both.values()),
    }
    diet = [r for r in rows if r.split == "train" and r.tone == "none"]
    diet = [r for r in diet if r.group not in ("flags", "extras", "component")]
    n["trunk_people_percent"] = percent(sum(r.group == "people-body" for r in diet), len(diet))
    n |= {f"tone_{tone.replace('-', '_')}": tones[tone] for tone in (*TONES, "mixed")}
    toned = {s: sum(row.tone != "none" for row in people if row.style == s) for s in STYLES}
    n |= {"styles_without_tones": sum(count == 0 for count in toned.values())}
    n |= {f"toned_{s.replace('-', '_')}": toned[s] for s in STYLES}
    total = Counter(row.style for row in rows)

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        label = 84 if narrow else 100
        height, step = (18, 25) if narrow else (20, 29)
        wide = fig.width - label if narrow else 250
        second = 0 if narrow else label + wide + 40
        people_colour, copies = theme.latent, mix(theme.latent, theme.paper, 0.55)

        y = title(fig, 0, 0, ["What each set draws"])
        legend(fig, 0, y, (("people", people_colour), ("again, toned", copies), ("all else", theme.grid)))
        y += 28
        most = max(total.values())
        for style in STYLES:
            fig.note(0, y + height / 2, STYLE_WORDS[style][0], size=12, va="center")
            once = sum(row.style == style for row in plain)
            parts = ((once, people_colour), (toned[style], copies), (total[style] - once - toned[style], theme.grid))
            bar(fig, label, y, height, [(wide * count / most, colour, None) for count, colour in parts])
            y += step

        top = y + 22 if narrow else 0
        y = title(fig, second, top, ["People without a skin tone, in per cent"])
        colours = {"woman": theme.attention, "none": theme.grid, "man": theme.image}
        legend(fig, second, y, [("woman", colours["woman"]), ("neither word", theme.grid), ("man", colours["man"])])
        y += 28
        left, width = (label, wide) if narrow else (second, fig.width - second)
        for style in STYLES:
            if narrow:
                fig.note(0, y + height / 2, STYLE_WORDS[style][0], size=12, va="center")
            whole = sum(genders[style].values())
            parts = [(width * genders[style][k] / whole, colours[k], percent(genders[style][k], whole)) for k in KINDS]
            bar(fig, left, y, height, parts)
            y += step
        fig.set_height(y)
        return fig

    return Output(
        alt=(
            f"Two sets of bars, one bar a style. Left: of {len(rows):,} icons {n['people']:,} are people or parts of "
            f"the body, and {n['copies']:,} of those are copies in a skin tone. Right: of {n['plain']:,} people "
            f"without a skin tone {n['woman_percent']:.0f} % are called woman and {n['man_percent']:.0f} % man; the "
            "other half carries neither word."
        ),
        caption=(
            f"**{n['copies_percent']:.0f} % of the people are the same drawing in another skin tone.** These are left "
            "out when the generator is trained, so it never sees a skin tone other than the sets' yellow. Women and "
            f"men balance by Unicode's design, {n['woman']:,} to {n['man']:,}: of {n['roles_of_both']} roles drawn as "
            f"both, {n['roles_equal']} have as many of one as of the other. What people look like who carry neither "
            "word is not counted here."
        ),
        numbers=n,
        draw=draw,
        format="svg",
    )


def title(fig, x, y, lines):
    fig.note(x, y, "\n".join(lines), size=13, weight=600)
    return y + 18 * len(lines) + 6


def legend(fig, x, y, entries):
    for words, colour in entries:
        fill(fig, x, y + 2, 10, 10, colour)
        fig.note(x + 15, y, words, "muted", 12)
        x += 15 + 6.6 * len(words) + 18


def fill(fig, x, y, w, h, colour, edge="none"):
    """A box of one colour at (x, y) px."""
    box = fig.area(x, y, w, h, grid="")
    box.set_axis_off()
    box.add_patch(Rectangle((0, 0), 1, 1, transform=box.transAxes, facecolor=colour, edgecolor=edge, linewidth=0.75))


def bar(fig, x, y, height, parts):
    """Boxes of (width, colour, number to write in it or None), one after the other."""
    for width, colour, number in parts:
        if width > 1:
            fill(fig, x, y, width - 1, height, colour)
            if number is not None and width > 24:
                word = fig.note(x + width / 2, y + height / 2, f"{number:.0f}", size=11, ha="center", va="center")
                word.set_color(max((fig.theme.ink, fig.theme.paper), key=lambda ink: contrast(ink, colour)))
        x += width

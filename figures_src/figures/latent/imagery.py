"""Whose pictures these are: what the training icons are of, counted.

Tests claims: c7-03.
"""

from collections import Counter

from denoised.data import splits
from plotting.output import Output
from plotting.style import SMALL, new_figure

TITLE = "Whose imagery"

NAMES = {
    "people-body": "people", "flags": "flags", "smileys-emotion": "smileys", "travel-places": "travel, places",
    "animals-nature": "animals, nature", "objects": "objects", "food-drink": "food, drink", "symbols": "symbols",
    "activities": "activities",
}  # fmt: skip
TONES = ("light", "medium-light", "medium", "medium-dark", "dark")


def make(lab, smoke=False):
    rows = [r for r in splits.load() if r.split == "train"]
    groups = Counter(r.group for r in rows)
    people = [r for r in rows if r.group == "people-body"]
    tones = Counter(r.tone for r in people)
    gender = Counter(r.gender for r in people)
    shown = [(NAMES[g], c) for g, c in groups.most_common() if g in NAMES]
    n = {
        "icons": len(rows), "styles": len({r.style for r in rows}), "concepts": len({r.concept for r in rows}),
        "people": len(people), "flags": groups.get("flags", 0), "first": shown[0][1], "last": shown[-1][1],
        "people_share": len(people) / len(rows), "flags_share": groups.get("flags", 0) / len(rows),
        "untoned_share": tones.get("none", 0) / len(people), "food": groups.get("food-drink", 0),
        "women": gender.get("woman", 0), "men": gender.get("man", 0),
    } | {f"tone_{t.replace('-', '_')}": tones.get(t, 0) for t in TONES}  # fmt: skip
    n["first_name"], n["last_name"] = shown[0][0], shown[-1][0]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        left, row = 124, 26
        w = fig.width - left - 60
        for k, (name, count) in enumerate(shown):
            y = k * row
            fig.note(left - 10, y + 10, name, "ink", 13, ha="right", va="center")
            ax = fig.area(left, y, w, 20, grid="")
            ax.barh([0], [count], height=0.9, color=theme.text if name in ("people", "flags") else theme.image)
            ax.set(xlim=(0, shown[0][1]), ylim=(-0.5, 0.5))
            ax.set_axis_off()
            fig.note(left + w * count / shown[0][1] + 6, y + 10, f"{count:,}", "muted", SMALL, va="center")
        return fig

    return Output(
        alt=(
            f"Bars: what {n['icons']:,} training icons show. {shown[0][0].capitalize()} {shown[0][1]:,}, "
            + ", ".join(f"{name} {count:,}" for name, count in shown[1:]) + "."
        ),
        caption=(
            f"**A collection, not a humanity.** The {n['icons']:,} training icons come from {n['styles']} sets, and a "
            f"standards body decided what they are of. {n['people_share']:.0%} are people, since each comes in "
            "several skin "
            f"tones and genders; {n['flags_share']:.0%} are flags; all food and drink together are {n['food']:,}."
        ),
        numbers=n,
        draw=draw,
    )  # fmt: skip

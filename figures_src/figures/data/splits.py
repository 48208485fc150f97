"""Which icons the models may learn from and which are kept from them, with their numbers and, where the shipped
specimens have some, pictures of what was held out.
"""

import textwrap
from collections import Counter, defaultdict

import torch

from denoised.data import splits
from plotting.layout import picture
from plotting.output import Output
from plotting.style import mix, new_figure

WEIGHTS = ()
DATA = ("specimens",)
TITLE = "Splits: who learns from what"

MEANING = {
    "train": ("train", "what every generator learns from"),
    "judge": ("judge", "kept for the network that grades pictures"),
    "pair": ("held-out pairs", "seen in other styles, never in this one"),
    "concept": ("held-out concepts", "seen in no style at all"),
    "fingers": ("finger count", "hands that show three fingers"),
    "clock": ("clock times", "five times of day, in every style"),
    "colour": ("colours of objects", "such as the blue heart, in every style"),
    "twin": ("twins", "copies of a held-out picture, used nowhere"),
}
EXAMPLES = 4


def examples(specimens, split, generator):
    """Up to EXAMPLES pictures of a split, of different concepts where there are, drawn by chance."""
    first = {}
    found = specimens.where(split=split)
    for i in torch.randperm(len(found), generator=generator).tolist():
        first.setdefault(specimens.records[found[i]]["concept"], found[i])
    chosen = (list(first.values()) + [i for i in found if i not in first.values()])[:EXAMPLES]
    return [specimens.images[i] for i in chosen]


def make(lab, smoke=False):
    rows = splits.load()
    count = Counter(row.split for row in rows)
    trunk = [r for r in rows if r.split == "train" and r.tone == "none"]
    trunk = [r for r in trunk if r.group not in ("flags", "extras", "component")]
    n = {"icons": len(rows)} | {split: count[split] for split in MEANING}
    n |= {f"{split}_percent": 100 * count[split] / len(rows) for split in MEANING}
    n |= {"trunk": len(trunk), "trunk_concepts": len({row.concept for row in trunk})}
    n |= {"held_out_concepts": len({row.concept for row in rows if row.split == "concept"})}
    sides = defaultdict(set)
    for row in rows:
        if row.split != "twin":
            sides[splits.family(row.concept), row.style].add(row.split)
    n["families_apart"] = sum(len(found) > 1 for found in sides.values())
    n["families"] = len(sides)
    specimens = lab.specimens()
    shown = {split: examples(specimens, split, lab.generator(split)) for split in MEANING}

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        tint = dict(zip(MEANING, (theme.image, theme.attention, theme.latent, theme.text), strict=False))
        x, bar = 0.0, 26
        for split in MEANING:
            width = fig.width * count[split] / len(rows)
            colour = tint.get(split, theme.noise)
            box = fig.area(x, 0, max(width - 1, 1), bar, grid="")
            box.set(xticks=[], yticks=[], facecolor=colour)
            if split == "train":
                ink = theme.paper if not theme.dark else mix(theme.paper, "#000000", 0.2)
                words = f"train, {n['train_percent']:.0f} %"
                fig.note(10, bar / 2, words, size=13, va="center", weight=600).set_color(ink)
            x += width
        y, cell, gap = bar + 18, 44 if narrow else 52, 6
        for split, (name, meaning) in MEANING.items():
            images = shown[split][:3] if narrow else shown[split]
            row = cell + 8 if images else 40
            text_x = 16
            dot = fig.area(0, y + (row - 8) / 2 - 5, 10, 10, grid="")
            dot.set(xticks=[], yticks=[], facecolor=tint.get(split, theme.noise))
            if narrow:
                lines = textwrap.wrap(meaning, 26 if images else 60)
                block = 18 + 14 * len(lines)
                row = max(row, block + 8)
                fig.note(text_x, y + (row - 8 - block) / 2, f"{name} {count[split]:,}", size=13, weight=600)
                for i, line in enumerate(lines):
                    fig.note(text_x, y + (row - 8 - block) / 2 + 18 + 14 * i, line, "muted", 11)
            else:
                middle = y + (row - 8) / 2
                fig.note(text_x, middle, name, size=13, weight=600, va="center")
                fig.note(230, middle, f"{count[split]:,}", size=13, va="center", ha="right")
                fig.note(242, middle, meaning, "muted", 13, va="center")
            for j, image in enumerate(images):
                picture(fig, image, fig.width - (len(images) - j) * (cell + gap) + gap, y + (row - 8 - cell) / 2, cell)
            y += row
        fig.set_height(y)
        return fig

    held = count["pair"] + count["concept"] + count["colour"] + count["clock"] + count["fingers"]
    n["held_out"] = held
    n["held_out_percent"] = 100 * held / len(rows)
    return Output(
        alt=(
            f"A bar of {n['icons']:,} icons, of which {n['train_percent']:.0f} % are for training, and a list of the "
            f"eight parts: train {n['train']:,}, judge {n['judge']:,}, held-out pairs {n['pair']:,}, held-out concepts "
            f"{n['concept']:,}, finger count {n['fingers']}, clock times {n['clock']}, colours {n['colour']}, twins "
            f"{n['twin']}. Pictures show some of the icons in five of the parts."
        ),
        caption=(
            f"**{n['train_percent']:.0f} % to learn from, {n['held_out_percent']:.0f} % to be asked about later.** "
            "Whether a model has learned an idea or a picture shows only on what it was never given, so each held-out "
            f"part withholds something else: a thing in one style ({n['pair']:,} icons), a thing in every style "
            f"({n['concept']:,}), a colour, a number of fingers, a time of day. All skin tones of a drawing are on one "
            f"side, and so are its man, woman and person, but for {n['families_apart']} of {n['families']:,} drawings."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )


"""How alike two sets draw the same thing: the match of every pair of the eight styles, measured on the shipped
specimens. Where a set redraws another's shapes, a held-out drawing of it is not really new to the model.
"""

from collections import defaultdict

import numpy as np

from denoised.data import splits
from denoised.data.captions import STYLE_WORDS
from denoised.data.catalogue import STYLES
from plotting.layout import picture
from plotting.output import Output
from plotting.style import contrast, new_figure

WEIGHTS = ()
DATA = ("specimens",)
TITLE = "Near-copies across styles"

CELLS = 32  # pictures are compared at this size, so that shading counts and single pixels do not
SUSPECTS = (("fluent-emoji", "fluent-emoji-flat"), ("noto", "noto-v1"))
EXAMPLES = ("pizza", "cactus", "skull")


def psnr(a, b):
    """Peak signal-to-noise ratio in dB of two pictures in [0, 1]: 10 log10(1 / mean squared difference)."""
    return float(-10 * np.log10(max(np.mean((a - b) ** 2), 1e-6)))


def overlap(a, b):
    """Shared share of two silhouettes (alpha over one half): intersection over union, 0 to 1."""
    a, b = a > 127, b > 127
    return float((a & b).sum() / max((a | b).sum(), 1))


def make(lab, smoke=False):
    specimens = lab.specimens()
    factor = specimens.images.shape[1] // CELLS
    small = specimens.images.reshape(-1, CELLS, factor, CELLS, factor, 3).mean((2, 4)) / 255
    drawn = defaultdict(dict)
    for i, record in enumerate(specimens.records):
        if record["tone"] == "none":
            drawn[record["concept"]].setdefault(record["style"], i)
    match, shape, common = np.full((8, 8), np.nan), np.full((8, 8), np.nan), np.zeros((8, 8), int)
    for a, first in enumerate(STYLES):
        for b, second in enumerate(STYLES[:a]):
            both = [(found[first], found[second]) for found in drawn.values() if first in found and second in found]
            match[a, b] = match[b, a] = np.mean([psnr(small[i], small[j]) for i, j in both])
            shape[a, b] = shape[b, a] = np.mean([overlap(specimens.alpha[i], specimens.alpha[j]) for i, j in both])
            common[a, b] = common[b, a] = len(both)
    others = [match[a, b] for a in range(8) for b in range(a) if (STYLES[b], STYLES[a]) not in SUSPECTS]
    rng = np.random.default_rng(0)
    draws = rng.integers(len(small), size=(100 if smoke else 2000, 2))
    strangers = [psnr(small[i], small[j]) for i, j in draws
                 if specimens.records[i]["concept"] != specimens.records[j]["concept"]]  # fmt: skip
    rows = splits.load()
    train = {(row.concept, row.style) for row in rows if row.split == "train"}
    pairs = [row for row in rows if row.split == "pair"]
    fluent = dict([SUSPECTS[0], SUSPECTS[0][::-1]])
    leaky = sum((row.concept, fluent.get(row.style)) in train for row in pairs)
    n = {
        "fluent_db": match[STYLES.index(SUSPECTS[0][0]), STYLES.index(SUSPECTS[0][1])],
        "fluent_overlap_percent": 100 * shape[STYLES.index(SUSPECTS[0][0]), STYLES.index(SUSPECTS[0][1])],
        "noto_db": match[STYLES.index("noto"), STYLES.index("noto-v1")],
        "noto_overlap_percent": 100 * shape[STYLES.index("noto"), STYLES.index("noto-v1")],
        "others_db": np.mean(others),
        "others_highest_db": np.max(others),
        "strangers_db": np.mean(strangers),
        "fewest_common": int(common[common > 0].min()),
        "most_common": int(common.max()),
        "pairs": len(pairs),
        "pairs_with_twin_style": leaky,
        "pairs_with_twin_style_percent": 100 * leaky / len(pairs),
    }

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        left, cell = (74, 35) if narrow else (84, 44)
        top = 78
        colours = theme.sequential("attention")
        fig.note(0, 0, "Likeness of two sets' drawings, in decibels", size=13, weight=600)
        for j, style in enumerate(STYLES):
            x = left + (j + 0.5) * cell
            fig.note(x, top + 10, STYLE_WORDS[style][0], "muted", 11, ha="center", va="bottom", rotation=90)
        y = top + 14
        for a, style in enumerate(STYLES):
            fig.note(0, y + (a + 0.5) * cell, STYLE_WORDS[style][0], "muted", 11 if narrow else 12, va="center")
            for b in range(8):
                if a == b:
                    continue
                value = match[a, b]
                rgb = colours(np.clip((value - 8) / 14, 0, 1))
                colour = "#" + "".join(f"{round(255 * part):02X}" for part in rgb[:3])
                box = fig.area(left + b * cell + 1, y + a * cell + 1, cell - 2, cell - 2, grid="")
                box.set(xticks=[], yticks=[], facecolor=colour)
                x = left + (b + 0.5) * cell
                word = fig.note(x, y + (a + 0.5) * cell, f"{value:.0f}", size=12, ha="center", va="center")
                word.set_color(max((theme.ink, theme.paper), key=lambda ink: contrast(ink, colour)))
        end = y + 8 * cell
        x0, y0 = (0, end + 22) if narrow else (left + 8 * cell + 40, 0)
        side = 90 if narrow else 76
        for first, second in SUSPECTS:
            value = n["fluent_db"] if first.startswith("fluent") else n["noto_db"]
            words = f"{STYLE_WORDS[first][0]} and {STYLE_WORDS[second][0]}: {value:.0f} dB"
            fig.note(x0, y0, words, size=13, weight=600)
            y0 += 22
            for k, style in enumerate((first, second)):
                for j, concept in enumerate(EXAMPLES):
                    found = drawn[concept].get(style)
                    if found is not None:
                        place = (x0 + j * (side + 6), y0 + k * (side + 6))
                        picture(fig, specimens.images[found], *place, side)
            y0 += 2 * (side + 6) + 16
        fig.set_height(max(end, y0 - 16))
        return fig

    return Output(
        alt=(
            "An eight by eight table of how alike the sets draw the same thing. fluent and fluent flat stand out with "
            f"{n['fluent_db']:.0f} dB and silhouettes that share {n['fluent_overlap_percent']:.0f} % of their area. "
            f"noto and old noto, with {n['noto_db']:.0f} dB, are close to the average of the other pairs, "
            f"{n['others_db']:.0f} dB. Different things reach {n['strangers_db']:.0f} dB. Examples of both pairs stand "
            "beside it."
        ),
        caption=(
            "**Fluent flat is fluent without the shading; old noto is a set of its own.** Two sets' drawings of one "
            f"thing agree to {n['others_db']:.0f} dB on average (different things: {n['strangers_db']:.0f} dB). "
            f"Fluent's two sets agree to {n['fluent_db']:.0f} dB and share {n['fluent_overlap_percent']:.0f} % of "
            f"their silhouettes; the two notos, which we suspected too, only to {n['noto_db']:.0f} dB. So "
            f"{n['pairs_with_twin_style']} of the {n['pairs']:,} held-out pairs "
            f"({n['pairs_with_twin_style_percent']:.0f} %) have a near-copy among the training icons, and scores on "
            "held-out pairs have to be read with that in mind."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

"""The same things as eight sets draw them: the specimens that are shipped with the repository, one row a thing
and one column a set.
"""

from denoised.data.captions import STYLE_WORDS
from denoised.data.catalogue import STYLES
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ()
DATA = ("specimens",)
TITLE = "Eight ways to draw a cat"

THINGS = (
    "cat-face", "octopus", "red-apple", "pizza", "cactus", "house", "rocket", "skull", "red-heart",
    "loudly-crying-face", "woman", "one-oclock",
)  # fmt: skip


def make(lab, smoke=False):
    specimens = lab.specimens()
    table = []
    for concept in THINGS:
        row = []
        for style in STYLES:
            found = specimens.where(concept=concept, style=style, tone="none")
            row.append(specimens.images[found[0]] if found else None)
        table.append(row)
    names = [concept.replace("-", " ").replace("oclock", "o'clock") for concept in THINGS]
    n = {
        "specimens": len(specimens.images),
        "things": len(THINGS),
        "styles": len(STYLES),
        "shown": sum(image is not None for row in table for image in row),
        "pixels": specimens.images.shape[1],
    }
    words = [STYLE_WORDS[style][0] for style in STYLES]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        if narrow:
            cell, gap, y = 40, 5, 62.0
            for j, word in enumerate(words):
                x = j * (cell + gap) + cell / 2
                fig.note(x, y - 4, word, "muted", 11, ha="center", va="bottom", rotation=90)
            for name, row in zip(names, table, strict=True):
                fig.note(0, y + 2, name, "muted", 11)
                y = image_grid(fig, [row], y=y + 18, cell=cell, gap=gap) + 6
        else:
            columns = [word.replace(" ", "\n") for word in words]
            image_grid(fig, table, cell=64, gap=8, left=148, rows=names, columns=columns, size=13)
        return fig

    return Output(
        alt=(
            f"A grid of {n['shown']} icons: {n['things']} things ({', '.join(names)}) down and {n['styles']} sets "
            f"({', '.join(words)}) across. Holes are drawings that a set lacks or that are not shipped."
        ),
        caption=(
            f"**One thing, {n['styles']} hands.** The captions name the set, so the model can be asked for any thing "
            f"in any style. openmoji's black outlines and noto's shading are the two ends. {n['shown']} of the "
            f"{n['specimens']} specimens that the figures of this site use are shown; a hole is a drawing that the set "
            "lacks, or that is kept for the judge."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

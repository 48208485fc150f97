"""How much of a picture's file is edges: the share of pixels beside which the brightness jumps, for one thing drawn by
four sets.
"""

import numpy as np

from denoised.data.captions import STYLE_WORDS
from plotting.layout import image_row
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ()
DATA = ("specimens",)
TITLE = "Edges of a rocket"

STYLES = ("noto", "twemoji", "openmoji", "fluent-emoji")
JUMP = 32  # of 255


def edges(image):
    """Share of pixels, in per cent, that differ from their right neighbour by more than JUMP. image uint8 [H, W, 3]."""
    grey = image.astype(float).mean(-1)
    return 100 * float((np.abs(np.diff(grey, axis=1)) > JUMP).mean())


def make(lab, smoke=False):
    specimens = lab.specimens()
    images = [specimens.one(style=style, concept="rocket", tone="none") for style in STYLES]
    share = [edges(image) for image in images]
    numbers = {style.replace("-", "_"): value for style, value in zip(STYLES, share, strict=True)}

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        labels = [f"{STYLE_WORDS[s][0]}\n{value:.1f} %" for s, value in zip(STYLES, share, strict=True)]
        image_row(fig, images, labels=labels, cell=80 if narrow else 160)
        return fig

    said = ", ".join(f"{STYLE_WORDS[s][0]} {value:.1f} %" for s, value in zip(STYLES, share, strict=True))
    return Output(
        alt=f"Four rockets and the share of their pixels at an edge: {said}.",
        caption=f"**Outlines cost pixels.** Share of pixels beside a jump in brightness: {said}.",
        numbers=numbers,
        draw=draw,
        format="webp",
    )

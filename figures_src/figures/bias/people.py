"""Women and men, none of them seen in training, through decoders on a balanced diet, on women only, on men only and on
plants only: what becomes of their faces and of their colours.

Tests claims: r10-14. Read from the results of `scripts/lab_unseen.py`.
"""

import numpy as np

from denoised.studies import unseen
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ()
DATA = ()
TITLE = "People, through decoders that saw only one half of them"
TINY_ONLY = "It compares decoders that this project trained on chosen kinds of emoji."

WAYS = {"": "drawn", "_balanced": "balanced\ndiet", "_women": "women\nonly", "_men": "men\nonly", "_plants": "plants\nonly"}


def pinkness(images):
    """How much red and blue exceed green, on average over each picture, of 255: pink, magenta and purple, [N]."""
    x = np.asarray(images, np.float64)
    return np.maximum(np.minimum(x[..., 0], x[..., 2]) - x[..., 1], 0).mean((1, 2))


def make(lab, smoke=False):
    _, arrays = unseen.load()
    people = {way: np.concatenate([arrays[f"shown_women{way}"], arrays[f"shown_men{way}"]]) for way in WAYS}
    n = {"people": len(people[""])}
    for way, some in people.items():
        n[f"pink{way or '_drawn'}"] = float(pinkness(some).mean())
    for who in ("women", "men"):
        for way in ("balanced", "women", "men", "plants"):
            n[f"likeness_{who}_{way}"] = float(unseen.mean(arrays, f"psnr_{who}_{way}").mean())
    order = [0, 4, 1, 5, 2, 6, 3, 7]  # a woman, a man, and so on

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        if narrow:
            rows = [[people[way][i] for way in WAYS] for i in order]
            image_grid(fig, rows, columns=list(WAYS.values()), cell=64, gap=8, size=12)
        else:
            rows = [[people[way][i] for i in order] for way in WAYS]
            image_grid(fig, rows, rows=list(WAYS.values()), left=72, cell=73, gap=8, size=12)
        return fig

    return Output(
        alt=(
            f"{n['people']} women and men as drawn and through four tiny decoders. Through the one that saw only men, a "
            "pink coat turns brown and blue shirts turn teal; of the drawings' pink "
            f"{n['pink_men'] / n['pink_drawn']:.0%} is left, through the one that saw only women "
            f"{n['pink_women'] / n['pink_drawn']:.0%}."
        ),
        caption=(
            f"**Habits of colour.** {n['people']} people whom none of these decoders has seen. Faces, hair and clothes are "
            "where the latent puts them, in every row. What a diet had little of is missing: of the drawings' pink and "
            f"purple {n['pink_balanced'] / n['pink_drawn']:.0%} is left on a balanced diet, "
            f"{n['pink_women'] / n['pink_drawn']:.0%} on women only, {n['pink_men'] / n['pink_drawn']:.0%} on men only. "
            "Over all held-out women, men only costs "
            f"{n['likeness_women_balanced'] - n['likeness_women_men']:.1f} dB, plants only "
            f"{n['likeness_women_balanced'] - n['likeness_women_plants']:.1f}."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

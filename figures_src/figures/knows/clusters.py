"""Contact sheets of what k-means finds without any word: icons of the largest clusters of pixels, the VAE's latents, of the
denoiser's features, and of the features of a judge that was told groups. Read from the results of `scripts/lab_labels.py`.
"""

import numpy as np

from denoised.studies import labels, shelf
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd", "judge")
DATA = ()
TITLE = "Sorted without words"
TINY_ONLY = "It reads what was measured with the small model."

SPACES = {"pixels": ("Pixels made small", "muted"), "latents": ("The VAE’s latents", "latent"),
          "unet": ("The denoiser’s features", "prediction"),
          "captions": ("CLIP’s features", "text"), "judge": ("The judge’s features", "image")}  # fmt: skip


def colour_spread(pictures) -> float:
    """Mean distance, in 255ths of the range, of icons' mean colours from that of their row; pictures [rows, icons, ...]."""
    colours = pictures.astype(float).mean((2, 3))
    return float(np.linalg.norm(colours - colours.mean(1, keepdims=True), axis=-1).mean())


def of_commonest(groups) -> float:
    """Share of the shown icons that are of the commonest group of their row; groups int [rows, icons]."""
    return float(np.mean([np.bincount(row).max() / len(row) for row in groups.astype(int)]))


def make(lab, smoke=False):
    facts, arrays = labels.load()
    shelf.expect(facts, lab, labels.NETWORKS, "lab_labels")
    made, shown, each = labels.SETTINGS.sheet
    n = {"made": made, "shown": shown, "each": each}
    for name in SPACES:
        n |= {f"colour_{name}": colour_spread(arrays[f"sheet_{name}"]),
              f"group_{name}": of_commonest(arrays[f"sheet_group_{name}"])}  # fmt: skip

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        y, per = 0, each
        for i, (name, (words, colour)) in enumerate(SPACES.items()):
            x = 0 if narrow else (i % 2) * 368
            fig.note(x, y, words, colour, 13, weight=600)
            bottom = image_grid(fig, [list(row)[:per] for row in arrays[f"sheet_{name}"]], x=x, y=y + 24,
                                cell=38, gap=5)  # fmt: skip
            if narrow or i % 2:
                y = bottom + 28
        return fig

    return Output(
        alt=(
            f"Five sheets of {shown} rows of {each} icons, a row a cluster. Of the commonest group of their row are "
            f"{n['group_latents']:.0%} in the VAE's latents, {n['group_unet']:.0%} in the denoiser's features, "
            f"{n['group_captions']:.0%} in CLIP's, {n['group_judge']:.0%} in the judge's."
        ),
        caption=(
            f"**Sorted without words.** The {shown} largest of {made} clusters in five spaces, each row the {each} icons "
            f"next to the centre. Of these icons {n['group_pixels']:.0%}, {n['group_latents']:.0%}, {n['group_unet']:.0%}, "
            f"{n['group_captions']:.0%} and {n['group_judge']:.0%} are of the commonest group of their row; the mean "
            f"colours of a row lie {n['colour_pixels']:.0f}, {n['colour_latents']:.0f}, "
            f"{n['colour_unet']:.0f}, {n['colour_captions']:.0f} and {n['colour_judge']:.0f} steps of 255 from their "
            "middle."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

"""The latent itself: the four channels that the autoencoder makes of an icon, and the colour picture that a
plain linear map recovers from them. The map is fitted on training icons and scored on concepts that no
model has seen."""

import numpy as np

from denoised.pipeline import encode
from denoised.probes.latents import channel_images, fit_preview, shrink
from denoised.probes.metrics import LUMA
from plotting.layout import colour_map, image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd/vae",)
DATA = ("specimens",)
TITLE = "Four channels, and the picture in them"

SHOWN = (("noto", "cat-face", "cat"), ("openmoji", "rocket", "rocket"), ("twemoji", "rose", "rose"))
NEAREST = False  # of `smooth`: the cells of a latent are shown as the squares they are


def make(lab, smoke=False):
    specimens, vae = lab.specimens(), lab.vae()
    count = 16 if smoke else 120
    training, unseen = (specimens.where(split=split)[:count] for split in ("train", "concept"))
    fitted = encode(vae, specimens.images[training]).numpy()
    tested = encode(vae, specimens.images[unseen]).numpy()
    preview = fit_preview(fitted, specimens.images[training])
    brightness = shrink(specimens.images[unseen], tested.shape[-2:]) @ LUMA
    channels = tested.shape[1]
    match = [float(np.corrcoef(tested[:, c].ravel(), brightness.ravel())[0, 1]) for c in range(channels)]
    brightest = int(np.argmax(np.abs(match)))

    shown = np.stack([specimens.one(style=s, concept=c, tone="none") for s, c, _ in SHOWN])
    latents = encode(vae, shown).numpy()
    small = preview(latents)
    maps, limits = channel_images(latents)
    n = {
        "channels": channels,
        "cells_across": latents.shape[-1],
        "patch": shown.shape[1] // latents.shape[-1],
        "r2_fitted": preview.r2,
        "r2": preview.score(tested, specimens.images[unseen]),
        "fitted_on": len(training),
        "scored_on": len(unseen),
        "brightest_channel": brightest + 1,
        "brightest_match": abs(match[brightest]),
        "dimmest_match": float(np.min(np.abs(match))),
    } | {f"std_{c + 1}": float(tested[:, c].std()) for c in range(channels)}

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        names = [f"channel {c + 1}" for c in range(channels)]
        rows = [[colour_map(maps[i, c], theme, limit=1.0) for c in range(channels)] for i in range(len(SHOWN))]
        y = 0
        if narrow:
            for i in range(len(SHOWN)):
                y = image_grid(
                    fig, [[shown[i], *rows[i][:2]], [small[i], *rows[i][2:]]], y=y, gap=8, cell=114,
                    labels=[["the icon", *names[:2]], ["preview", *names[2:]]],
                )  # fmt: skip
                y += 14
            fig.set_height(y - 14)
        else:
            grid = [[shown[i], *rows[i], small[i]] for i in range(len(SHOWN))]
            image_grid(fig, grid, columns=["the icon", *names, "preview"], gap=9, cell=112)
        return fig

    return Output(
        alt=(
            f"Three icons, each followed by the {channels} channels of its latent, drawn as "
            f"{n['cells_across']} by {n['cells_across']} squares that are blue above zero and brown "
            "below, and by a small colour preview computed from them. The icon's outline is visible in "
            f"every channel. The preview explains {100 * n['r2']:.0f} % of the colour variance of unseen "
            "icons."
        ),
        caption=(
            f"**A latent is a small, strange picture.** Each square stands for a patch of {n['patch']} by "
            f"{n['patch']} pixels and holds {channels} numbers: blue is above zero, brown below. A linear "
            f"map, one fixed recipe of {channels} weights and a constant for each of red, green and blue, "
            f"turns them into the previews on the right. Fitted on {n['fitted_on']} icons of the training "
            f"split, it explains {100 * n['r2']:.0f} % of the patch colours of {n['scored_on']} icons "
            f"whose concepts no model has seen. Channel {n['brightest_channel']} follows brightness most "
            f"closely (correlation {n['brightest_match']:.2f})."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

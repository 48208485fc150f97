"""The same latents through four decoders: the base one and three that were fine-tuned, encoder frozen, to a
single style of emoji: OpenMoji with its black outlines, Noto with its soft shading, Twemoji with its flat colours.

Tests claims: r10-04, r10-12.
"""

import numpy as np

from denoised import measured
from denoised.data import photos
from denoised.measured import vae_swap
from denoised.measured.vae_swap import DECODERS
from denoised.pipeline import decode, encode
from denoised.probes.metrics import high_frequency_ratio, outline, psnr, saturation
from plotting.layout import colour_map, image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd/vae", "decoders/openmoji", "decoders/noto", "decoders/twemoji")
DATA = ("specimens",)
TITLE = "One latent, four decoders"

NAMES = {"base": "all styles", "openmoji": "OpenMoji", "noto": "Noto", "twemoji": "Twemoji"}
CAST = (  # what a reader can choose; the first four are in the still picture
    ("openmoji", "rocket", "rocket, OpenMoji"),
    ("noto", "cat-face", "cat, Noto"),
    ("twemoji", "pizza", "pizza, Twemoji"),
    ("photo", "chelsea", "cat, photograph"),
    ("fluent-emoji", "octopus", "octopus, Fluent"),
    ("noto", "red-apple", "apple, Noto"),
    ("openmoji", "tiger-face", "tiger, OpenMoji"),
    ("fxemoji", "ghost", "ghost, FxEmoji"),
)
STILLS = 4
ERROR_LIMIT = 64


def cast_images(specimens):
    return np.stack(
        [photos.load() if style == "photo" else specimens.one(style=style, concept=concept, tone="none")
         for style, concept, _ in CAST]
    )  # fmt: skip


def make(lab, smoke=False):
    n, _ = measured.results(lab, vae_swap, smoke)
    specimens = lab.specimens()
    vaes = {name: lab.vae(name) for name in DECODERS}
    cast = cast_images(specimens)
    latents = encode(vaes["base"], cast)
    drawn = {name: decode(vaes[name], latents) for name in DECODERS}
    photo = next(i for i, (style, *_) in enumerate(CAST) if style == "photo")
    strange = {name: made[photo][None] for name, made in drawn.items()}
    n |= {f"photo_outline_{name}": float(outline(picture)[0]) for name, picture in strange.items()}
    n["photo_outline_real"] = float(outline(cast[photo][None])[0])
    n["photo_psnr_between"] = float(psnr(strange["openmoji"], strange["noto"])[0])
    sheet = np.concatenate(
        [np.concatenate([cast[i], *(drawn[name][i] for name in DECODERS)], axis=1) for i in range(len(CAST))]
    )
    rows = []
    for i, (style, _, label) in enumerate(CAST):
        entry = {"label": label, "style": style, "decoders": {}}
        for name in DECODERS:
            picture, original = drawn[name][i][None], cast[i][None]
            entry["decoders"][name] = {
                "psnr": round(float(psnr(picture, original)[0]), 1),
                "outline": round(float(outline(picture)[0]), 3),
                "saturation": round(float(saturation(picture)[0]), 3),
                "detail": round(float(high_frequency_ratio(picture, original)[0]), 2),
            }
        entry["between"] = {
            f"{a} {b}": round(float(psnr(drawn[a][i][None], drawn[b][i][None])[0]), 1)
            for k, a in enumerate(DECODERS) for b in DECODERS[k + 1 :]
        }  # fmt: skip
        rows.append(entry)
    data = {"size": cast.shape[1], "decoders": [{"id": d, "label": NAMES[d]} for d in DECODERS], "pictures": rows}

    def difference(i, theme):
        gap = np.abs(drawn["openmoji"][i].astype(float) - drawn["noto"][i]).max(-1)
        return colour_map(gap, theme, limit=ERROR_LIMIT, name="prediction")

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        columns = ["original", *(("by " if not narrow else "") + NAMES[d] for d in DECODERS), "difference"]
        grid = [[cast[i], *(drawn[d][i] for d in DECODERS), difference(i, theme)] for i in range(STILLS)]
        if narrow:
            columns[1] = "base"
            image_grid(fig, grid, columns=columns, gap=4, cell=56, size=11)
        else:
            image_grid(fig, grid, columns=columns, gap=8, cell=113)
        return fig

    def signed(key):
        return f"{'+' if n[key] >= 0 else '−'}{abs(n[key]):.1f} dB"

    moved = n["outline_moved"]
    told = (
        "a touch of the style, not a change of it" if moved < 0.25
        else "a good part of the way, but no redrawing" if moved <= 0.75
        else "nearly a change of style"
    )  # fmt: skip
    return Output(
        alt=(
            "Four pictures, each as original and painted by four decoders from one and the same latent: base, OpenMoji, "
            "Noto and Twemoji; then the difference of OpenMoji and Noto, mostly along edges. Shape, pose and colours are "
            f"the same in all four. The pictures of the OpenMoji and the Noto decoder agree to {n['psnr_between']:.1f} dB."
        ),
        caption=(
            "**Other decoder, same picture.** Three style decoders were fine-tuned on one style each with the encoder "
            "frozen, so all four read the same latents. Against the base, on unseen icons of their own style: "
            f"{signed('gain_openmoji_db')} (OpenMoji), {signed('gain_noto_db')} (Noto) and {signed('gain_twemoji_db')} "
            f"(Twemoji); on other styles: {signed('elsewhere_openmoji_db')}, {signed('elsewhere_noto_db')} and "
            f"{signed('elsewhere_twemoji_db')}. Pictures of the first two agree to {n['psnr_between']:.1f} dB. Given "
            f"the latents of {n['concepts_in_both']} Noto drawings, the OpenMoji decoder moves the share "
            f"of edges that touch black {moved:.0%} of the way from real Noto "
            f"({n['outline_of_noto']:.2f}) to real OpenMoji ({n['outline_of_openmoji']:.2f}): {told}. The "
            f"difference has its full colour from {ERROR_LIMIT} of 255."
        ),
        numbers=n,
        draw=draw,
        format="webp",
        data=data,
        files={"sheet.webp": sheet},
    )

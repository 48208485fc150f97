"""The same latents through three decoders: the base one and two that were fine-tuned, encoder frozen, to a
single style of emoji: OpenMoji with its black outlines, Noto with its soft shading.

Tests claims: r10-04, r10-12.
"""

import numpy as np

from denoised.data import photos
from denoised.pipeline import decode, encode
from denoised.probes.metrics import high_frequency_ratio, outline, psnr, saturation
from plotting.layout import colour_map, image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd/vae", "decoders/openmoji", "decoders/noto")
DATA = ("specimens",)
TITLE = "One latent, three decoders"

DECODERS = ("base", "openmoji", "noto")
NAMES = {"base": "all styles", "openmoji": "OpenMoji", "noto": "Noto"}
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
    specimens = lab.specimens()
    vaes = {name: lab.vae(name) for name in DECODERS}
    thin = 6 if smoke else 1
    records = specimens.records
    unseen = {
        style: [i for i, r in enumerate(records) if r["style"] == style and r["split"] in ("concept", "pair")][::thin]
        for style in ("openmoji", "noto")
    }
    unseen["other"] = [i for i in specimens.where(split="concept") if records[i]["style"] not in unseen][:: 3 * thin]

    n, made = {}, {}
    for style, picks in unseen.items():
        images = specimens.images[picks]
        z = encode(vaes["base"], images)
        made[style] = {name: decode(vaes[name], z) for name in DECODERS}
        for name in DECODERS:
            n[f"psnr_{style}_by_{name}"] = float(psnr(made[style][name], images).mean())
        n[f"count_{style}"] = len(picks)
    every = {name: np.concatenate([made[s][name] for s in unseen]) for name in DECODERS}
    originals = np.concatenate([specimens.images[picks] for picks in unseen.values()])
    inside = np.concatenate([specimens.alpha[picks] for picks in unseen.values()])
    n |= {f"psnr_{name}": float(psnr(every[name], originals).mean()) for name in DECODERS}
    n |= {f"saturation_{name}": float(saturation(every[name], inside).mean()) for name in DECODERS}
    n |= {f"detail_{name}": float(np.nanmean(high_frequency_ratio(every[name], originals))) for name in DECODERS}
    n |= {f"outline_{name}": float(outline(every[name]).mean()) for name in DECODERS}
    n["saturation_real"] = float(saturation(originals, inside).mean())
    n["psnr_between"] = float(psnr(every["openmoji"], every["noto"]).mean())
    n["psnr_to_base"] = min(float(psnr(every[name], every["base"]).mean()) for name in ("openmoji", "noto"))
    n["gain_openmoji_db"] = n["psnr_openmoji_by_openmoji"] - n["psnr_openmoji_by_base"]
    n["gain_noto_db"] = n["psnr_noto_by_noto"] - n["psnr_noto_by_base"]
    n["gain_db"] = (n["gain_openmoji_db"] + n["gain_noto_db"]) / 2
    for name in ("openmoji", "noto"):
        n[f"elsewhere_{name}_db"] = n[f"psnr_other_by_{name}"] - n["psnr_other_by_base"]
    n["cost_elsewhere_db"] = n["psnr_other_by_base"] - (n["psnr_other_by_openmoji"] + n["psnr_other_by_noto"]) / 2

    # How far does a decoder push a drawing towards its style, if the same concept drawn in that style is all the way?
    both = [  # concepts that the specimens hold in both styles
        [i for s in ("openmoji", "noto") for i in specimens.where(style=s, concept=c, tone="none")[:1]]
        for c in sorted({r["concept"] for r in records})
    ]
    pairs = np.array([pair for pair in both if len(pair) == 2])[::thin]
    real = {style: outline(specimens.images[pairs[:, k]]).mean() for k, style in enumerate(("openmoji", "noto"))}
    z = encode(vaes["base"], specimens.images[pairs[:, 1]])
    pushed = {name: float(outline(decode(vaes[name], z)).mean()) for name in ("base", "openmoji")}
    n |= {
        "concepts_in_both": len(pairs),
        "outline_of_openmoji": float(real["openmoji"]), "outline_of_noto": float(real["noto"]),
        "outline_real": float(real["openmoji"] - real["noto"]),
        "outline_noto_by_base": pushed["base"], "outline_noto_by_openmoji": pushed["openmoji"],
        "outline_moved": (pushed["openmoji"] - pushed["base"]) / float(real["openmoji"] - real["noto"]),
    }  # fmt: skip

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
            image_grid(fig, grid, columns=columns, gap=6, cell=67, size=11)
        else:
            image_grid(fig, grid, columns=columns, gap=10, cell=128, x=20)
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
            "Four pictures, each as original and painted by three decoders from one and the same latent: "
            "base, OpenMoji and Noto; then the difference of the last two, mostly along edges. Shape, "
            "pose and colours are the same in all three. The two style decoders' pictures agree to "
            f"{n['psnr_between']:.1f} dB."
        ),
        caption=(
            "**Other decoder, same picture.** Both style decoders were fine-tuned on one style with the "
            "encoder frozen, so all three read the same latents. Against the base, on unseen icons of "
            f"their own style: {signed('gain_openmoji_db')} (OpenMoji) and {signed('gain_noto_db')} "
            f"(Noto); on other styles: {signed('elsewhere_openmoji_db')} and "
            f"{signed('elsewhere_noto_db')}. Their pictures agree to {n['psnr_between']:.1f} dB. Given "
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

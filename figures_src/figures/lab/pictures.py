"""Pictures to begin with in the open box: each one's latent as the encoder gives it, and what six decoders paint of
that same latent. The browser shows these before it has loaded anything, and draws on from the same numbers.
"""

import numpy as np
import torch

from denoised import export
from denoised.data import photos
from denoised.models import tiny, tiny_vae
from denoised.pipeline import decode, encode
from denoised.probes.latents import fit_preview
from denoised.probes.metrics import psnr
from plotting.encode import encode_image
from plotting.layout import picture
from plotting.output import Output
from plotting.style import SMALL, new_figure

STYLED = ("noto", "openmoji", "twemoji")
WEIGHTS = (
    "emoji-sd/vae", "decoders/noto", "decoders/openmoji", "decoders/twemoji", "tiny-vae", "decoders/tiny-plants",
)  # fmt: skip
DATA = ("specimens",)
TITLE = "Pictures to begin with"
TINY_ONLY = "It records what the small model in the browser makes of them."

CAST = (  # style, concept, what the page calls it
    ("noto", "cat-face", "cat"),
    ("noto", "red-apple", "apple"),
    ("openmoji", "rocket", "rocket"),
    ("twemoji", "pizza", "pizza"),
    ("fluent-emoji", "octopus", "octopus"),
    ("photo", "chelsea", "photograph"),
)
STILLS = (0, 2, 5)
HEADS = {
    "base": "its own decoder", "noto": "Noto", "openmoji": "OpenMoji", "twemoji": "Twemoji", "tiny": "quick",
    "plants": "tiny, only plants",
}  # fmt: skip


def sources(specimens):
    """For each picture of the cast its pixels and its place among the specimens, or None for the photograph."""
    found = []
    for style, concept, _ in CAST:
        if style == "photo":
            found.append((photos.load(concept), None))
            continue
        place = next(
            i for i, record in enumerate(specimens.records)
            if (record["style"], record["concept"], record["tone"]) == (style, concept, "none")
        )  # fmt: skip
        found.append((specimens.images[place], place))
    return np.stack([pixels for pixels, _ in found]), [place for _, place in found]


def make(lab, smoke=False):
    specimens, vae = lab.specimens(), lab.vae()
    images, places = sources(specimens)
    cast = CAST
    if smoke:
        images, places, cast = images[:1], places[:1], CAST[:1]
    some = specimens.images[:: 150 if smoke else 10]
    preview = fit_preview(encode(vae, some), some)

    with torch.no_grad():
        encoder = export.encoder(vae, images.shape[1]).module
        pixels = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
        mean, spread = (torch.cat(rows) for rows in zip(*(encoder(row[None]) for row in pixels), strict=True))
    painted = {name: decode(lab.vae(name), mean) for name in ("base", *STYLED)}
    painted["tiny"] = decode(tiny_vae.load(lab.weight("tiny-vae")), mean)
    painted["plants"] = tiny.decode(tiny.load(lab.weight("decoders/tiny-plants/decoder.safetensors")), mean)
    drawings = [i for i, place in enumerate(places) if place is not None]
    n = {"pictures": len(images), "preview_r2": preview.r2}
    for name, made in painted.items():
        quality = psnr(images, made)
        n[f"psnr_{name}"] = float(quality[drawings].mean())
        if len(drawings) < len(images):
            n[f"photo_psnr_{name}"] = float(quality[-1])
    n["spread_percent"] = 100 * float((spread.pow(2).mean() / mean.var()).sqrt())

    files = {
        "starts.webp": encode_image(np.concatenate(list(images), axis=1), "webp", lossless=True),
        "latents.f32": torch.stack([mean, spread], dim=1).numpy().astype("<f4").tobytes(),  # [N, 2, C, h, w]
    }
    for name, made in painted.items():
        files[f"{name}.webp"] = encode_image(np.concatenate(list(made), axis=1), "webp", lossless=True)
    data = {
        "pixels": images.shape[1],
        "latent": list(mean.shape[1:]),
        "pictures": [
            {"name": title, "specimen": place, "photo": None if place is not None else concept}
            for (_, concept, title), place in zip(cast, places, strict=True)
        ],
        "painters": list(painted),
    }
    stills = [i for i in STILLS if i < len(images)]
    small = preview(mean)

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        gap = 8
        columns = [("the picture", "ink", images, None), ("its latent", "latent", small, False)]
        columns += [(HEADS[name], "image", made, None) for name, made in painted.items()]
        lines = [columns[:4], columns[4:]] if narrow else [columns]
        most = max(map(len, lines))
        cell = (fig.width - gap * (most - 1)) // most
        y = 0
        for line in lines:
            for j, (title, colour, _, _) in enumerate(line):
                words = title.replace(", ", ",\n").replace("its own ", "its own\n").replace("the ", "the\n")
                fig.note(j * (cell + gap) + cell / 2, y + 30, words, colour, SMALL, ha="center", va="bottom", weight=600)
            y += 38
            for i in stills:
                for j, (_, _, shown, smooth) in enumerate(line):
                    picture(fig, shown[i], j * (cell + gap), y, cell, cell, smooth)
                y += cell + gap
            y += 10
        fig.set_height(max(y, fig.height) if not narrow else y)
        return fig

    return Output(
        alt=(
            f"A grid: {len(stills)} of {len(images)} pictures, the latent of each as coloured squares, and what six "
            f"decoders paint of it. The model's own gives drawings back with {n['psnr_base']:.1f} dB, the quick one with "
            f"{n['psnr_tiny']:.1f} dB, the tiny one that saw only plants with {n['psnr_plants']:.1f} dB."
        ),
        caption=(
            "**One latent, six painters.** Each picture was encoded once and painted by each decoder. Over "
            f"{len(drawings)} drawings the model's own reaches {n['psnr_base']:.1f} dB against the original, the quick one "
            f"{n['psnr_tiny']:.1f} dB. The one made for OpenMoji's black outlines puts them on a photograph as well."
        ),
        numbers=n,
        draw=draw,
        format="webp",
        data=data,
        files=files,
    )

"""Is the autoencoder a codec for any picture? Round trips of icons that it was trained on, of icons that it never saw,
and of things that are no icons at all, against JPEG and WebP with the same number of bytes.

Tests claims: r13-04.
"""

from pathlib import Path

import matplotlib
import numpy as np

from denoised.data import photos
from denoised.pipeline import decode, encode
from denoised.probes import codecs, strangers
from denoised.probes.metrics import psnr
from plotting.layout import chunk, image_grid, label_point
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd/vae",)
DATA = ("specimens",)
TITLE = "A codec for everything?"

NAMES = {  # in the order from home to far away
    "known": "icons it\nlearnt from", "icons": "unseen\nicons", "chalk": "chalk on\na board", "lettering": "lettering",
    "lines": "thin\nlines", "photo": "a photo-\ngraph", "halftone": "newspaper\ndots", "static": "noise",
}  # fmt: skip
FOREIGN = ("chalk", "lettering", "lines", "photo", "halftone")  # noise apart: no codec can help it
WAYS = (("vae", "autoencoder", "latent"), ("jpeg", "JPEG", "attention"), ("webp", "WebP", "text"))
TEXTS = (
    "The quick\nbrown fox\njumps over\nthe lazy dog",
    "No prompt\nreaches the\ndecoder. It\nhas no ears.",
    "Silence in\nthe reading\nroom, please!\nThank you.",
    "a b c d e f\ng h i j k l\nm n o p q r\ns t u v w x",
)
FONTS = ("DejaVuSans.ttf", "DejaVuSerif.ttf", "DejaVuSansMono.ttf", "STIXGeneral.ttf")


def kinds(lab, specimens, thin):
    """{kind: uint8 [N, 128, 128, 3]}; the first of each is shown."""
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    cast = np.stack([specimens.one(style="twemoji", concept=c, tone="none") for c in ("octopus", "rocket", "house")])
    cat = photos.load(size=256)
    corners = [cat[y : y + 128, x : x + 128] for y in (0, 128) for x in (0, 128)]
    return {
        "known": specimens.images[specimens.where(split="train")[3 :: 19 * thin]],
        "icons": specimens.images[specimens.where(split="concept")[4 :: 10 * thin]],
        "chalk": strangers.chalk(cast),
        "lettering": strangers.lettering(TEXTS, [folder / name for name in FONTS]),
        "lines": strangers.line_drawings(),
        "photo": np.stack([photos.load(), *corners]),
        "halftone": strangers.halftone(cast),
        "static": strangers.static(2, lab.generator("static")),
    }


def make(lab, smoke=False):
    specimens, vae = lab.specimens(), lab.vae()
    groups = kinds(lab, specimens, 4 if smoke else 1)
    if smoke:
        groups = {name: some[:2] for name, some in groups.items()}
    budget = int(encode(vae, groups["icons"][:1]).numel())  # a byte a value

    n, shown = {"budget": budget, "kinds": len(groups)}, {}
    for name, images in groups.items():
        made = {"vae": decode(vae, codecs.byte_each(encode(vae, images)))}
        for kind in ("jpeg", "webp"):
            made[kind] = np.stack([codecs.at_most(image, kind.upper(), budget)[1] for image in images])
        for way, some in made.items():
            n[f"{name}_{way}"] = float(psnr(some, images).mean())
        n[f"count_{name}"] = len(images)
        shown[name] = [images[0], *(made[way][0] for way, _, _ in WAYS)]
    for way, _, _ in WAYS:
        n[f"foreign_{way}"] = float(np.mean([n[f"{name}_{way}"] for name in FOREIGN]))
    n["lead_icons_db"] = n["icons_vae"] - n["icons_jpeg"]
    n["lead_foreign_db"] = n["foreign_vae"] - n["foreign_jpeg"]
    n["foreign_loss_db"] = n["lead_icons_db"] - n["lead_foreign_db"]
    n["known_gap_db"] = n["known_vae"] - n["icons_vae"]
    n["beats_jpeg"] = sum(n[f"{name}_vae"] > n[f"{name}_jpeg"] for name in FOREIGN)
    n["beats_webp"] = sum(n[f"{name}_vae"] > n[f"{name}_webp"] for name in FOREIGN)
    n["foreign_kinds"] = len(FOREIGN)

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        y, rows = 0, ["original", *(word.replace("auto", "auto-\n") for _, word, _ in WAYS)]
        for some in chunk(groups, 4 if narrow else 8):
            grid = [[shown[name][i] for name in some] for i in range(4)]
            columns = [NAMES[name] for name in some]
            cell = 68 if narrow else 74
            y = image_grid(fig, grid, y=y, columns=columns, rows=rows, left=70, gap=4 if narrow else 7, cell=cell)
            y += 18
        y += 4
        fig.note(0, y, f"Likeness in {budget:,} bytes (PSNR, dB)", size=14, weight=600)
        x = 0
        for _, word, colour in WAYS:
            fig.note(x, y + 24, "●", colour, 12)
            fig.note(x + 15, y + 24, word, "ink", 12)
            x += 105 if word == WAYS[0][1] else 66
        names = list(groups)
        if narrow:  # one kind a row
            ax = fig.area(112, y + 52, fig.width - 126, 30 * len(names), grid="x", below=30)
            for i, name in enumerate(names):
                values = [n[f"{name}_{way}"] for way, _, _ in WAYS]
                ax.plot([min(values), max(values)], [i, i], color=theme.grid, linewidth=2, zorder=1)
                for (_, _, colour), value in zip(WAYS, values, strict=True):
                    ax.plot([value], [i], "o", color=theme.colour(colour), markersize=8, zorder=2)
            ax.set_ylim(len(names) - 0.5, -0.5)
            words = [NAMES[name].replace("-\n", "").replace("\n", " ") for name in names]
            ax.set_yticks(range(len(names)), [w.replace("icons it learnt from", "known icons") for w in words])
            ax.tick_params(axis="y", labelsize=11)
        else:
            ax = fig.area(70, y + 52, 8 * 74 + 7 * 7, 190, below=8)
            for i, name in enumerate(names):
                values = [n[f"{name}_{way}"] for way, _, _ in WAYS]
                ax.plot([i, i], [min(values), max(values)], color=theme.grid, linewidth=2, zorder=1)
                for (_, _, colour), value in zip(WAYS, values, strict=True):
                    ax.plot([i], [value], "o", color=theme.colour(colour), markersize=9, zorder=2)
                label_point(ax, i, n[f"{name}_vae"], f"{n[f'{name}_vae']:.0f}", "latent", dx=9, fontsize=12)
            ax.set_xlim(-0.45, len(names) - 0.45)
            ax.set_xticks([])
        return fig

    return Output(
        alt=(
            f"Eight columns of pictures, from icons to noise, each as original and through three codecs, and a plot of "
            f"their likeness. Unseen icons: autoencoder {n['icons_vae']:.1f} dB, JPEG {n['icons_jpeg']:.1f}, WebP "
            f"{n['icons_webp']:.1f}. Five kinds of picture that are no icons: autoencoder {n['foreign_vae']:.1f} dB on "
            f"average, JPEG {n['foreign_jpeg']:.1f}, WebP {n['foreign_webp']:.1f}. Noise: {n['static_vae']:.1f}, "
            f"{n['static_jpeg']:.1f} and {n['static_webp']:.1f}."
        ),
        caption=(
            f"**A codec with a home.** All pictures in at most {budget:,} bytes; JPEG and WebP may shrink the picture "
            f"first if that is better. From icons that it learnt from to unseen ones the autoencoder goes from "
            f"{n['known_vae']:.1f} to {n['icons_vae']:.1f} dB. Against JPEG its lead is {n['lead_icons_db']:+.1f} dB "
            f"on unseen icons and {n['lead_foreign_db']:+.1f} on chalk, lettering, thin lines, a photograph and "
            "newspaper "
            f"dots, which no emoji set holds: leaving home costs it {n['foreign_loss_db']:.1f} dB more than JPEG. It "
            f"beats JPEG on {n['beats_jpeg']} and WebP on {n['beats_webp']} of these {n['foreign_kinds']} kinds. Means "
            "of a few pictures each; the first is shown."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )  # fmt: skip

"""Act four: the finished latent passes the decoder, stage by stage. Which strokes survive the code, whether style can be
read before decoding, and whether anything in the decoder is left to chance.

Tests claims: r11-13, r11-15.
"""

import numpy as np
import torch

from denoised import measured
from denoised.measured import theatre_decode
from denoised.measured.theatre_decode import NUDGE, SHOWN, strokes
from denoised.pipeline import decode
from denoised.probes.features import Features
from plotting.layout import colour_map, picture
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "The fourth act: decoding"


@torch.no_grad()
def stages(vae, latent):
    """What the decoder's blocks hand on for one latent [C, h, w]: {name: [channels, H, W]}."""
    blocks = {"middle": "mid_block"} | {f"up {i + 1}": f"up_blocks.{i}" for i in range(len(vae.decoder.up_blocks))}
    with Features(vae.decoder, blocks.values()) as seen:
        decode(vae, latent[None])
    return {name: seen.maps[path][0][0] for name, path in blocks.items()}


def make(lab, smoke=False):
    n, found = measured.results(lab, theatre_decode, smoke)
    end = torch.from_numpy(found["end"])
    image = decode(lab.vae(), end[None])[0]
    passed = stages(lab.vae(), end)
    widths = found["widths"].tolist()
    sheet = [strokes(w, SHOWN)[0] for w in widths]
    back = decode(lab.vae(), torch.from_numpy(found["strokes"]))
    low, high = n["style_gain_low"], n["style_gain_high"]
    shapes = {"latent": tuple(end.shape)} | {name: tuple(x.shape) for name, x in passed.items()}
    maps = {name: x.abs().mean(0).numpy() for name, x in passed.items()}

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        fig.note(0, 0, "The latent on its way through the decoder", size=14, weight=600)
        tiles = [("latent", found["preview"], False)]
        for name, one_map in maps.items():
            span = float(one_map.max() - one_map.min()) or 1.0
            tiles.append((name, colour_map(one_map - one_map.min(), theme, span, "image"), one_map.shape[0] > 48))
        tiles.append(("picture", image, None))
        tiles = [one for one in tiles if not (narrow and one[0] == "middle")]  # six fill two rows of three
        columns, gap = 3 if narrow else len(tiles), 8
        cell = (fig.width - gap * (columns - 1)) // columns
        y = 26
        for k, (name, tile, smooth) in enumerate(tiles):
            row, column = divmod(k, columns)
            x, top = column * (cell + gap), y + row * (cell + 44)
            picture(fig, tile, x, top, cell, cell, smooth=smooth)
            colour = "latent" if name == "latent" else "image"
            fig.note(x + cell / 2, top + cell + 4, name, colour, SMALL, ha="center", weight=600)
            shape = shapes.get(name, (3, *image.shape[:2]))
            fig.note(x + cell / 2, top + cell + 20, " × ".join(map(str, shape)), "muted", 11, ha="center")
        y += -(-len(tiles) // columns) * (cell + 44) + 12
        fig.note(0, y, "Strokes, and what comes back of them", size=14, weight=600)
        y += 26
        columns = 3 if narrow else 6
        size = (fig.width - 8 * (columns - 1)) // columns
        for k, w in enumerate(widths):
            crop = np.concatenate([sheet[k][34:94, 34:64], back[k][34:94, 64:94]], axis=1)
            row, column = divmod(k, columns)
            x, top = column * (size + 8), y + row * (size + 26)
            picture(fig, crop, x, top, size, size, smooth=False)
            fig.note(x + size / 2, top + size + 4, f"{w} px: {n[f'recall_{w}']:.0%}", "ink", SMALL, ha="center")
        y += -(-len(widths) // columns) * (size + 26)
        fig.set_height(y)
        return fig

    return Output(
        alt=(
            f"A row of pictures: the latent, {len(passed)} stages of the decoder, growing sharper, and the picture. "
            f"Below, strokes of {widths[0]} to {widths[-1]} pixels, the left half as drawn and the right half after a "
            f"round trip: {n['recall_thin']:.0%} of the thinnest stroke's pixels stay dark, {n['recall_thick']:.0%} of "
            "the thickest's."
        ),
        caption=(
            f"**From {n['latent_values']:,} numbers to {n['picture_values']:,}.** Each square is the mean strength of a "
            "stage's channels. Below, strokes, enlarged: left half as drawn, right half after coding and decoding, with "
            "the share of the stroke that is still dark. Style is there before the decoder begins: a probe names it "
            f"right on {n['style_latent']:.0%} of {n['style_icons']} encoded unseen icons and on "
            f"{n['style_pixels']:.0%} of the decoded ones (chance {n['style_chance']:.0%}; difference "
            f"{100 * n['style_gain']:.0f} points, {100 * low:.0f} to {100 * high:.0f}). Decoded {n['repeats']} times, "
            f"one latent gives pictures that differ by {n['repeat_difference']}; a push of {NUDGE:.0%} of its spread "
            f"moves a pixel by {n['nudge_pixels']:.1f} of 255."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

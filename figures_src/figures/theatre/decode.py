"""Act four: the finished latent passes the decoder, stage by stage. Which strokes survive the code, whether style can be
read before decoding, and whether anything in the decoder is left to chance.

Tests claims: r11-13, r11-15.
"""

import numpy as np
import torch
from PIL import Image, ImageDraw

from denoised.pipeline import decode, encode
from denoised.probes import play, style_probe
from denoised.probes.features import Features
from denoised.probes.latents import fit_preview
from denoised.probes.metrics import bootstrap_ci
from plotting.layout import colour_map, picture
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "The fourth act: decoding"

WIDTHS = (1, 2, 3, 4, 6, 8)  # pixels
ANGLES = (0, 30, 60, 90)  # degrees
REPEATS = 20
NUDGE = 0.05  # length of the push to a latent, as a share of its own spread


def strokes(width, angle, side=128):
    """A black stroke of `width` pixels through the middle of white, uint8 [side, side, 3], and where it is, bool."""
    image = Image.new("L", (side, side), 255)
    dx, dy = (0.36 * side * f(np.radians(angle)) for f in (np.cos, np.sin))
    middle = side / 2
    ImageDraw.Draw(image).line((middle - dx, middle - dy, middle + dx, middle + dy), fill=0, width=width)
    values = np.asarray(image)
    return values[..., None].repeat(3, -1), values == 0


def recall(decoded, inside):
    """Share of a stroke's pixels that are still nearer to black than to white."""
    return float((decoded.mean(-1)[inside] < 127.5).mean())


@torch.no_grad()
def stages(vae, latent):
    """What the decoder's blocks hand on for one latent [C, h, w]: {name: [channels, H, W]}."""
    blocks = {"middle": "mid_block"} | {f"up {i + 1}": f"up_blocks.{i}" for i in range(len(vae.decoder.up_blocks))}
    with Features(vae.decoder, blocks.values()) as seen:
        decode(vae, latent[None])
    return {name: seen.maps[path][0][0] for name, path in blocks.items()}


def make(lab, smoke=False):
    pipe, specimens = lab.pipeline(), lab.specimens()
    vae = pipe.vae
    one = play.perform(pipe, smoke)
    end = one.xt[-1]
    passed = stages(vae, end)

    widths = WIDTHS[:: 3 if smoke else 1]
    drawn = [(w, *strokes(w, angle)) for w in widths for angle in ANGLES]
    sheet = np.stack([image for _, image, _ in drawn])
    back = decode(vae, encode(vae, sheet))
    kept = {w: float(np.mean([recall(b, d[2]) for b, d in zip(back, drawn, strict=True) if d[0] == w])) for w in widths}

    train = [i for i, r in enumerate(specimens.records) if r["split"] == "train"][:: 12 if smoke else 2]
    unseen = [i for i, r in enumerate(specimens.records) if r["split"] in ("concept", "pair")][:: 20 if smoke else 2]
    named = [[specimens.records[i]["style"] for i in picks] for picks in (train, unseen)]
    latents = [encode(vae, specimens.images[picks]) for picks in (train, unseen)]
    pixels = [decode(vae, z).transpose(0, 3, 1, 2) / 255 for z in latents]  # both sides after the decoder
    right = {}
    for name, sets in (("latent", latents), ("pixels", pixels)):
        rows = [style_probe.statistics(x) for x in sets]
        guess = style_probe.fit(rows[0], named[0])(rows[1])
        right[name] = np.array([a == b for a, b in zip(guess, named[1], strict=True)], dtype=float)
    accuracy = {name: float(hits.mean()) for name, hits in right.items()}
    low, high = bootstrap_ci(right["latent"] - right["pixels"], seed=4)
    preview = fit_preview(latents[0], specimens.images[train])

    # one at a time: batches of other sizes are added up in another order, which can round a pixel differently
    times = np.concatenate([decode(vae, end[None]) for _ in range(3 if smoke else REPEATS)])
    repeat = int(np.abs(times.astype(int) - times[:1].astype(int)).max())
    push = torch.randn(end.shape, generator=lab.generator("push"))
    push = push / push.square().mean().sqrt() * NUDGE * end.std()
    moved = decode(vae, (end + push)[None])[0].astype(float) - one.image
    picture_x = torch.from_numpy(one.image).permute(2, 0, 1)[None].float() / 127.5 - 1
    with torch.no_grad():
        cloud = vae.encode(picture_x).latent_dist
    scale = vae.config.scaling_factor
    sampled = decode(vae, torch.cat([cloud.mode(), cloud.sample(generator=lab.generator("cloud"))]) * scale)
    n = {
        "latent_values": end.numel(),
        "picture_values": one.image.size,
        "stages": len(passed),
        **{f"recall_{w}": value for w, value in kept.items()},
        "recall_thin": kept[widths[0]],
        "recall_thick": kept[widths[-1]],
        "thin": widths[0],
        "thick": widths[-1],
        "style_latent": accuracy["latent"],
        "style_pixels": accuracy["pixels"],
        "style_kept": accuracy["latent"] / max(accuracy["pixels"], 1e-9),
        "style_chance": 1 / len(set(named[0])),
        "style_icons": len(unseen),
        "style_fitted": len(train),
        "style_gain": accuracy["latent"] - accuracy["pixels"],
        "style_gain_low": low,
        "style_gain_high": high,
        "repeats": len(times),
        "levels": 255,
        "repeat_difference": repeat,
        "nudge": NUDGE,
        "nudge_pixels": float(np.sqrt((moved**2).mean())),
        "cloud_pixels": float(np.sqrt(((sampled[0].astype(float) - sampled[1]) ** 2).mean())),
        "latent_spread": float(end.std()),
    }
    shapes = {"latent": tuple(end.shape)} | {name: tuple(x.shape) for name, x in passed.items()}
    maps = {name: x.abs().mean(0).numpy() for name, x in passed.items()}

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        fig.note(0, 0, "The latent on its way through the decoder", size=14, weight=600)
        tiles = [("latent", preview(end), False)]
        for name, one_map in maps.items():
            span = float(one_map.max() - one_map.min()) or 1.0
            tiles.append((name, colour_map(one_map - one_map.min(), theme, span, "image"), one_map.shape[0] > 48))
        tiles.append(("picture", one.image, None))
        tiles = [tile for tile in tiles if not (narrow and tile[0] == "middle")]  # six fill two rows of three
        columns, gap = 3 if narrow else len(tiles), 8
        cell = (fig.width - gap * (columns - 1)) // columns
        y = 26
        for k, (name, image, smooth) in enumerate(tiles):
            row, column = divmod(k, columns)
            x, top = column * (cell + gap), y + row * (cell + 44)
            picture(fig, image, x, top, cell, cell, smooth=smooth)
            colour = "latent" if name == "latent" else "image"
            fig.note(x + cell / 2, top + cell + 4, name, colour, SMALL, ha="center", weight=600)
            shape = shapes.get(name, (3, *one.image.shape[:2]))
            fig.note(x + cell / 2, top + cell + 20, " × ".join(map(str, shape)), "muted", 11, ha="center")
        y += -(-len(tiles) // columns) * (cell + 44) + 12
        fig.note(0, y, "Strokes, and what comes back of them", size=14, weight=600)
        y += 26
        columns = 3 if narrow else 6
        size = (fig.width - 8 * (columns - 1)) // columns
        for k, w in enumerate(widths):
            at = k * len(ANGLES) + 1
            crop = np.concatenate([sheet[at][34:94, 34:64], back[at][34:94, 64:94]], axis=1)
            row, column = divmod(k, columns)
            x, top = column * (size + 8), y + row * (size + 26)
            picture(fig, crop, x, top, size, size, smooth=False)
            fig.note(x + size / 2, top + size + 4, f"{w} px: {kept[w]:.0%}", "ink", SMALL, ha="center")
        y += -(-len(widths) // columns) * (size + 26)
        fig.set_height(y)
        return fig

    return Output(
        alt=(
            f"A row of pictures: the latent, {len(passed)} stages of the decoder, growing sharper, and the picture. "
            f"Below, strokes of {widths[0]} to {widths[-1]} pixels, the left half as drawn and the right half after a "
            f"round trip: {kept[widths[0]]:.0%} of the thinnest stroke's pixels stay dark, {kept[widths[-1]]:.0%} of the "
            "thickest's."
        ),
        caption=(
            f"**From {end.numel():,} numbers to {one.image.size:,}.** Each square is the mean strength of a stage's "
            f"channels. Below, strokes, enlarged: left half as drawn, right half after coding and decoding, with the "
            f"share of the stroke that is still dark. Style is there before the decoder begins: a probe names it right "
            f"on {accuracy['latent']:.0%} of {len(unseen)} encoded unseen icons and on "
            f"{accuracy['pixels']:.0%} of the decoded ones (chance {n['style_chance']:.0%}; difference "
            f"{100 * n['style_gain']:.0f} points, {100 * low:.0f} to {100 * high:.0f}). Decoded {len(times)} times, "
            f"one latent gives pictures that differ by {repeat}; a push of {NUDGE:.0%} of its spread moves a pixel by "
            f"{n['nudge_pixels']:.1f} of 255."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

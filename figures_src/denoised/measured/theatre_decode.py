"""What theatre/decode measures: which strokes survive the code, whether style can be read before decoding, and whether
anything in the decoder is left to chance."""

import numpy as np
import torch
from PIL import Image, ImageDraw

from denoised import pipeline
from denoised.pipeline import decode, encode
from denoised.probes import latents as latent_probes
from denoised.probes import metrics, play, style_probe
from denoised.probes.latents import fit_preview
from denoised.probes.metrics import bootstrap_ci

FIGURE = "theatre/decode"
WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
SOURCES = (pipeline, latent_probes, metrics, play, style_probe)

WIDTHS = (1, 2, 3, 4, 6, 8)  # pixels
ANGLES = (0, 30, 60, 90)  # degrees
SHOWN = 30
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


def measure(lab, smoke=False):
    """(numbers, arrays): the finished latent and its preview, the strokes' widths, and their latents at the angle SHOWN."""
    pipe, specimens = lab.pipeline(), lab.specimens()
    vae = pipe.vae
    one = play.perform(pipe, smoke)
    end = one.xt[-1]

    widths = WIDTHS[:: 3 if smoke else 1]
    drawn = [(w, *strokes(w, angle)) for w in widths for angle in ANGLES]
    sheet = np.stack([image for _, image, _ in drawn])
    codes = encode(vae, sheet)
    back = decode(vae, codes)
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
        "stages": 1 + len(vae.decoder.up_blocks),
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
    tilted = codes[ANGLES.index(SHOWN) :: len(ANGLES)]
    return n, {"end": end.numpy(), "preview": preview(end), "widths": np.array(widths), "strokes": tilted.numpy()}

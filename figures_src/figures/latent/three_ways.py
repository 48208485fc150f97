"""One apple made in three ways: by a painter's layers, by casting a ray for each pixel, and by denoising. Beside each,
how much of what is stored every move changes.

Tests claims: c1-01.
"""

import numpy as np
import torch

from denoised.pipeline import decode, generate
from plotting.layout import picture
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd",)
TITLE = "A painter, a renderer, a denoiser"

PROMPT, SEED, STEPS, SIDE = "red apple, noto style", 1, 16, 128
FRAMES = 5  # of each strip


def painter():
    """Layers of flat colour in painter's order: pictures [L + 1, SIDE, SIDE, 3] uint8, the first one blank."""
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    layers = (
        (((x - 0.5) / 0.33) ** 2 + ((y - 0.6) / 0.32) ** 2 < 1, (200, 40, 40)),
        (((x - 0.58) / 0.24) ** 2 + ((y - 0.66) / 0.24) ** 2 < 1, (222, 60, 52)),
        ((abs(x - 0.5 - 0.1 * (0.34 - y)) < 0.02) & (y > 0.12) & (y < 0.36), (110, 72, 40)),
        (((x - 0.63) / 0.13) ** 2 + ((y - 0.2) / 0.06) ** 2 < 1, (84, 160, 60)),
        (((x - 0.36) / 0.06) ** 2 + ((y - 0.48) / 0.1) ** 2 < 1, (240, 140, 130)),
    )
    canvas = [np.full((SIDE, SIDE, 3), 255, np.uint8)]
    for inside, colour in layers:
        canvas.append(np.where(inside[..., None], np.uint8(colour), canvas[-1]))
    return np.stack(canvas)


def renderer(bands=STEPS):
    """A lit sphere, one ray a pixel, band by band: pictures [bands + 1, SIDE, SIDE, 3] uint8."""
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    u, v = (x - 0.5) / 0.34, (y - 0.55) / 0.34
    hit = u**2 + v**2 < 1
    depth = np.sqrt(np.clip(1 - u**2 - v**2, 0, None))  # the surface's normal is (u, v, depth)
    light = np.clip(-0.5 * u - 0.6 * v + 0.62 * depth, 0, None)
    shine = np.clip(-0.42 * u - 0.5 * v + 0.76 * depth, 0, 1) ** 24
    colour = (0.18 + 0.82 * light)[..., None] * [215, 45, 45] + 200 * shine[..., None]
    whole = np.where(hit[..., None], np.clip(colour, 0, 255), 255).astype(np.uint8)
    edges = np.linspace(0, SIDE, bands + 1).round().astype(int)
    return np.stack([np.concatenate([whole[:e], np.full_like(whole[e:], 128)]) for e in edges])


def changed(states, least=0.0):
    """Mean share of what is stored that a move changes by more than `least`. states [S, ...]."""
    states = np.asarray(states, dtype=np.float64)
    return float((np.abs(np.diff(states, axis=0)) > least).mean())


def make(lab, smoke=False):
    pipe = lab.pipeline()
    steps = 3 if smoke else STEPS
    trace = generate(pipe, PROMPT, seed=SEED, steps=steps)
    painted, rendered = painter(), renderer()
    kept = np.linspace(0, steps, FRAMES).round().astype(int)
    seen = decode(pipe.vae, trace.xt[torch.from_numpy(kept)])
    n = {
        "painter_moves": len(painted) - 1,
        "painter_changed": float((np.diff(painted.astype(int), axis=0) != 0).any(-1).mean()),
        "renderer_moves": len(rendered) - 1,
        "renderer_rays": SIDE * SIDE,
        "renderer_writes": 1,
        "denoiser_moves": steps,
        "denoiser_changed": changed(trace.xt, 1e-3),
        "stored_painter": int(painted[0].size),
        "stored_denoiser": int(trace.xt[0].numel()),
        "decoder_values": int(trace.image.size),
    }  # fmt: skip
    n["renderer_changed"] = 1 / n["renderer_moves"]
    for name in ("painter", "renderer", "denoiser"):
        n[f"{name}_percent"] = 100 * n[f"{name}_changed"]
    pick = [np.linspace(0, len(p) - 1, FRAMES).round().astype(int) for p in (painted, rendered)]
    rows = (
        ("a painter", "image", painted[pick[0]],
         f"{n['painter_moves']} layers, each\ncovers {n['painter_percent']:.0f} %"),
        ("a renderer", "attention", rendered[pick[1]],
         f"{n['renderer_rays']:,} rays,\neach pixel written once"),
        ("a denoiser", "latent", seen, f"{steps} steps, each\nmoves {n['denoiser_percent']:.0f} %"),
    )  # fmt: skip

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        gap, left = 8, 0 if narrow else 150
        cell = (fig.width - left - gap * (FRAMES - 1)) // FRAMES
        y = 0
        for name, colour, frames, words in rows:
            if narrow:
                fig.note(0, y, name, colour, 13, weight=600)
                fig.note(fig.width, y, words.replace("\n", " "), "muted", SMALL, ha="right")
                y += 22
            else:
                fig.note(0, y + cell / 2 - 30, name, colour, 14, weight=600)
                fig.note(0, y + cell / 2 - 8, words, "muted", SMALL)
            for j, frame in enumerate(frames):
                picture(fig, frame, j * (cell + gap) + left, y, cell, cell)
            y += cell + 14
        fig.set_height(y - 13)
        return fig

    return Output(
        alt=(
            f"Three strips of {FRAMES} pictures. A painter's apple grows in {n['painter_moves']} layers, each of which "
            f"covers {n['painter_percent']:.0f} % of the canvas; a rendered sphere appears row by row, every pixel "
            f"written once; a denoised apple appears everywhere at the same time: each of {steps} steps changes "
            f"{n['denoiser_percent']:.0f} % of the {n['stored_denoiser']:,} numbers."
        ),
        caption=(
            "**Add, compute, or move everything a little.** The painter's layers each change "
            f"{n['painter_percent']:.0f} % "
            "of the canvas and leave the rest alone. The renderer writes each pixel once and never looks back. "
            f"The denoiser has no canvas: it moves {n['denoiser_percent']:.0f} % of {n['stored_denoiser']:,} numbers "
            "at "
            f"every one of {steps} steps, and only when that is over does a decoder write {n['decoder_values']:,} "
            "pixel "
            "values, once. (Its strip shows what the decoder would make of the numbers at that moment.)"
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

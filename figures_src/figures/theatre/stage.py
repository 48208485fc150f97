"""Act two: the stage is swept. The first latent as it is, its numbers, and whether it is anything but normal noise; and
the same performance with a VAE of random weights, which changes no latent at all.

Tests claims: r11-06.
"""

import copy
import math

import numpy as np
import torch

from denoised.pipeline import encode
from denoised.probes import play
from denoised.probes.calls import watch
from plotting.layout import colour_map, picture
from plotting.output import Output
from plotting.style import MONO, SMALL, new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "The stage is noise"

CORNER = 4  # the numbers of so many rows and columns are written out


def kolmogorov(values):
    """(D, p): largest gap between the values' distribution and the standard normal one, and how often chance alone
    gives one as large (Kolmogorov's limit, good beyond some dozens of values)."""
    x = np.sort(np.asarray(values, dtype=np.float64).ravel())
    cdf = np.array([0.5 * (1 + math.erf(v / math.sqrt(2))) for v in x])
    steps = np.arange(len(x) + 1) / len(x)
    gap = float(max((steps[1:] - cdf).max(), (cdf - steps[:-1]).max()))
    root = math.sqrt(len(x))
    z = (root + 0.12 + 0.11 / root) * gap
    p = 2 * sum((-1) ** (k - 1) * math.exp(-2 * (k * z) ** 2) for k in range(1, 101))
    return gap, min(1.0, max(0.0, p))


def neighbours(latents):
    """Correlation of each value of [C, h, w] with the one to its right and the one below, both directions together."""
    x = latents.double()
    pairs = torch.cat([torch.stack([x[..., :-1].flatten(), x[..., 1:].flatten()]),
                       torch.stack([x[..., :-1, :].flatten(), x[..., 1:, :].flatten()])], dim=1)  # fmt: skip
    return float(torch.corrcoef(pairs)[0, 1])


def scramble(vae, generator):
    """A copy of a VAE with every weight drawn anew: it has never seen a picture."""
    other = copy.deepcopy(vae)
    with torch.no_grad():
        for weight in other.parameters():
            spread = 1 / max(1, weight[0].numel()) ** 0.5
            weight.copy_(torch.randn(weight.shape, generator=generator) * spread)
    return other


def make(lab, smoke=False):
    pipe, specimens = lab.pipeline(), lab.specimens()
    with watch(pipe) as log:
        one = play.perform(pipe, smoke)
    real = pipe.vae
    try:
        pipe.vae = scramble(real, lab.generator("weights"))
        other = play.perform(pipe, smoke)
    finally:
        pipe.vae = real
    first = one.xt[0]
    drawn = torch.randn(first.shape, generator=torch.Generator().manual_seed(play.SEED))
    gap, p = kolmogorov(first)
    encoded = encode(pipe.vae, specimens.images[:: 200 if smoke else 40])
    n = {
        "channels": first.shape[0],
        "side": first.shape[1],
        "values": first.numel(),
        "pixel_values": one.image.size,
        "mean": float(first.mean()),
        "spread": float(first.std()),
        "largest": float(first.abs().max()),
        "ks_gap": gap,
        "ks_p": p,
        "neighbours": neighbours(first),
        "neighbours_chance": 1.96 / math.sqrt(2 * first[..., 1:].numel()),
        "neighbours_icons": float(np.mean([neighbours(z) for z in encoded])),
        "icons": len(encoded),
        "encoder_calls": log.count("VAE encoder"),
        "drawn_difference": float((first - drawn).abs().max()),
        "changed_values": int((one.xt != other.xt).sum()),
        "compared_values": one.xt.numel(),
        "pixels_changed": float((one.image != other.image).mean()),
        "seed": play.SEED,
        "steps": one.steps,
    }
    centres = np.linspace(-3.5, 3.5, 29)
    counts = np.histogram(first.numpy(), bins=29, range=(-3.625, 3.625))[0]
    curve = first.numel() * 0.25 * np.exp(-(centres**2) / 2) / math.sqrt(2 * math.pi)

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        fig.note(0, 0, f"The first latent: {n['channels']} channels of {n['side']} × {n['side']}", size=14, weight=600)
        gap = 10
        columns = 2 if narrow else 4
        cell = (fig.width - gap * (columns - 1)) // columns
        cell -= cell % n["side"]
        y = 26
        for k in range(n["channels"]):
            row, column = divmod(k, columns)
            picture(fig, colour_map(first[k].numpy(), theme, 3.0), column * (cell + gap), y + row * (cell + gap), cell,
                    cell, smooth=False)  # fmt: skip
        y += -(-n["channels"] // columns) * (cell + gap) + 8
        half = fig.width if narrow else 300
        fig.note(0, y, "Its top left corner, in numbers", size=14, weight=600)
        for i in range(CORNER):
            line = "".join(f"{float(v):8.2f}" for v in first[0, i, :CORNER]).replace("-", "−")
            fig.note(0, y + 26 + 22 * i, f"{line}  …", "latent", 13, family=MONO)
        top = y
        x, y = (0, y + 26 + 22 * CORNER + 12) if narrow else (half + 40, y)
        fig.note(x, y, f"All {n['values']:,}, and the normal curve", size=14, weight=600)
        ax = fig.area(x, y + 28, fig.width - x, 88, grid="", below=24)
        ax.bar(centres, counts, width=0.21, color=theme.latent)
        ax.plot(centres, curve, color=theme.noise)
        ax.set(yticks=[], xlim=(-3.7, 3.7))
        ax.set_xticks([-3, -2, -1, 0, 1, 2, 3], ["−3", "−2", "−1", "0", "1", "2", "3"])
        y = max(y + 28 + 88 + 40, top + 26 + 22 * CORNER + 20)
        fig.note(0, y, "Once more, with a VAE of random weights", size=14, weight=600)
        y += 28
        size, space = (128, 52) if narrow else (128, 32)
        for k, (image, words) in enumerate(((one.image, "its own decoder"), (other.image, "random decoder"))):
            picture(fig, image, k * (size + space), y, size, size)
            fig.note(k * (size + space) + size / 2, y + size + 5, words, "muted", SMALL, ha="center")
        same = f"{n['compared_values']:,} latent values compared,\n{n['changed_values']:,} of them changed"
        if narrow:
            fig.note(0, y + size + 30, same.replace("\n", " "), "latent", SMALL, weight=600)
        else:
            fig.note(2 * (size + space), y + 44, same, "latent", 14, weight=600)
        fig.set_height(y + size + (52 if narrow else 26))
        return fig

    return Output(
        alt=(
            f"The first latent as {n['channels']} squares of coloured static, {n['side']} × {n['side']} each, the "
            f"numbers of a corner, and a histogram that follows the normal curve (spread {n['spread']:.2f}). Below, the "
            f"picture by the real decoder and blotches by a random one, from latents of which {n['changed_values']} of "
            f"{n['compared_values']:,} values differ."
        ),
        caption=(
            f"**The stage is drawn by lot.** {n['values']:,} numbers from a random generator with seed {play.SEED}: they "
            f"look normal (a gap to the normal distribution as large as this one comes up in {p:.0%} of draws), and "
            f"neighbours do not know each other (correlation {n['neighbours']:.3f}; in encoded icons "
            f"{n['neighbours_icons']:.2f}). The VAE's encoder was called {n['encoder_calls']} times. Nor does the "
            f"decoder's knowledge matter yet: with a VAE of random weights {n['changed_values']} of "
            f"{n['compared_values']:,} latent values change over all {one.steps} steps, and "
            f"{n['pixels_changed']:.0%} of the colour values at the end."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

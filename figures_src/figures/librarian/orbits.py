"""A copy of a copy of a copy: pictures sent through the real autoencoder again and again, next to JPEG of that size,
and where such orbits go: towards a training icon, or nowhere?

Tests claims: r13-03, r13-10.
"""

import numpy as np
import torch

from denoised.data import photos
from denoised.pipeline import decode, encode
from denoised.probes import codecs
from denoised.probes.archive import nearest
from denoised.probes.metrics import psnr
from plotting.layout import image_grid, label_ends
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd/vae",)
DATA = ("specimens",)
TITLE = "A copy of a copy"

CYCLES = 20
SHOWN = (1, 5, 20)
ICONS = 6
LANDED = 25.0  # dB to the likest training icon; the study of tiny autoencoders uses the same


def make(lab, smoke=False):
    specimens, vae = lab.specimens(), lab.vae()
    cycles = 2 if smoke else CYCLES
    icons = 2 if smoke else ICONS
    unseen = specimens.where(split="concept")[7::19][:icons]
    first = encode(vae, specimens.images[unseen[:1]])
    dream = decode(vae, torch.randn(1, *first.shape[1:], generator=lab.generator("dream")))
    start = np.concatenate([specimens.images[unseen], photos.load()[None], dream])
    budget = int(first.numel())

    trail, copies = [start], [start[:icons]]
    for _ in range(cycles):
        trail.append(decode(vae, encode(vae, trail[-1])))
        copies.append(np.stack([codecs.at_most(image, "JPEG", budget)[1] for image in copies[-1]]))
    again = decode(vae, encode(vae, start[:2]))
    known = specimens.images[specimens.where(split="train")]
    flat = known.reshape(len(known), -1)
    found, error = nearest(trail[-1].reshape(len(start), -1), flat)
    ends = 10 * np.log10(255**2 / error)
    vae_db = np.array([psnr(x[:icons], start[:icons]).mean() for x in trail[1:]])
    jpeg_db = np.array([psnr(x, start[:icons]).mean() for x in copies[1:]])
    step_db = np.array([psnr(a[:icons], b[:icons]).mean() for a, b in zip(trail[1:], trail[:-1], strict=True)])
    n = {
        "cycles": cycles, "icons": icons, "budget": budget, "archive": len(known),
        "deterministic": int((again == trail[1][:2]).all()),
        "first_db": float(vae_db[0]), "last_db": float(vae_db[-1]), "loss_db": float(vae_db[0] - vae_db[-1]),
        "jpeg_first_db": float(jpeg_db[0]), "jpeg_last_db": float(jpeg_db[-1]),
        "jpeg_loss_db": float(jpeg_db[0] - jpeg_db[-1]), "last_step_db": float(min(step_db[-1], 60)),
        "landed": int((ends >= LANDED).sum()), "orbits": len(start), "ends_db": float(ends.mean()),
        "nearest_db": float(ends.max()), "landed_within_db": LANDED,
        "photo_first_db": float(psnr(trail[1][icons : icons + 1], start[icons : icons + 1])[0]),
        "photo_last_db": float(psnr(trail[-1][icons : icons + 1], start[icons : icons + 1])[0]),
    }  # fmt: skip
    after = [c for c in SHOWN if c <= cycles]
    rows = [
        [trail[0][i], *(trail[c][i] for c in after), known[found[i]]]
        for i in (*range(min(3, icons)), icons, icons + 1)
    ]  # fmt: skip
    names = [*("unseen icon" for _ in range(min(3, icons))), "photo", "random\nlatent"]
    columns = ["start", *(f"after {c}" for c in after), "likest\ntraining icon"]
    steps = np.arange(1, cycles + 1)

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        if narrow:
            words = [name.replace(" ", "\n") for name in names]
            columns_narrow = [*columns[:-1], "likest\nknown"]
            y = image_grid(fig, rows, columns=columns_narrow, rows=words, left=66, cell=54, gap=5, size=11)
            x, top, width = 0, y + 26, fig.width
        else:
            image_grid(fig, rows, columns=columns, rows=names, left=84, cell=64, gap=7, size=12)
            x, top, width = 84 + 5 * 71 + 22, 0, fig.width - (84 + 5 * 71 + 22)
        fig.note(x, top, "Likeness to the start (dB)", size=14, weight=600)
        ax = fig.area(x + 30, top + 30, width - 112, 210, below=42)
        ax.plot(steps, vae_db, color=theme.latent, label="vae")
        ax.plot(steps, jpeg_db, color=theme.attention, label="jpeg")
        low, high = min(vae_db.min(), jpeg_db.min()), max(vae_db.max(), jpeg_db.max())
        ax.set_yticks(range(5 * round(low // 5), round(high) + 3, 5))
        ax.set_ylim(low - 2, high + 2)
        ax.set_xticks([1, *range(5, cycles + 1, 5)])
        ax.set_xlim(0.5, cycles + 0.5)
        ax.set_xlabel("times copied")
        label_ends(ax, {"vae": "autoencoder", "jpeg": "JPEG"}, size=12)
        return fig

    told = "bit for bit the same each time it is made" if n["deterministic"] else "not quite the same each time"
    return Output(
        alt=(
            f"Rows of pictures, copied 1, 5 and {cycles} times by the autoencoder, with the likest training icon at "
            "the "
            f"right: colours drift and detail goes, and what is left does not become the training icon. A plot: "
            f"unseen icons fall from {n['first_db']:.1f} to {n['last_db']:.1f} dB, JPEG copies of the same size from "
            f"{n['jpeg_first_db']:.1f} to {n['jpeg_last_db']:.1f}."
        ),
        caption=(
            f"**A copy of a copy of a copy.** {icons} unseen icons, encoded and decoded {cycles} times over: from "
            f"{n['first_db']:.1f} to {n['last_db']:.1f} dB, a loss of {n['loss_db']:.1f} dB; JPEG at the same "
            f"{budget:,} bytes loses {n['jpeg_loss_db']:.1f}. Every copy is {told}. Of all {n['orbits']} orbits, the "
            f"photograph and the random latent included, {n['landed']} ended within {LANDED:.0f} dB of one of the "
            f"{n['archive']} training icons that a clone has; the nearest came to {n['nearest_db']:.1f} dB."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )  # fmt: skip

"""A painter who has only seen blurred pictures: two tiny autoencoders, one trained on sharp icons, one on the same icons
shrunk and enlarged again, both given sharp ones.

Tests claims: r11-14.
"""

import numpy as np
import torch

from denoised.probes.metrics import LUMA
from denoised.probes.spectra import frequencies, power_spectrum
from denoised.studies import kl
from plotting.layout import image_grid, resize
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ()
DATA = ("specimens",)
TITLE = "Trained on blurred pictures"

SIDE, SMALL_SIDE = 32, 8  # pixels, and how far the blurred set is shrunk: by four, as from 128 to 32
STEPS = 160
FINE = 0.125  # cycles a pixel: finer than the enlarged pictures can hold two waves to a patch


def shrunk(images, side):
    """uint8 [N, H, W, 3] to [N, side, side, 3]."""
    return np.stack([resize(image, side, side, smooth=True) for image in images])


def fine_energy(pictures):
    """Energy of detail at and above FINE in pictures uint8 [N, H, W, 3]."""
    far = frequencies(*pictures.shape[1:3])
    return float(power_spectrum(pictures @ LUMA)[:, far >= FINE].sum())


def tensor(images):
    return torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()


@torch.no_grad()
def round_trip(encoder, decoder, images):
    """uint8 [N, 32, 32, 3] coded (the mean) and decoded, and the PSNR."""
    x = tensor(images).float() / 127.5 - 1
    y = decoder(encoder(x).chunk(2, dim=1)[0])
    made = ((y.clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()
    return made, kl.psnr(y, x)


def make(lab, smoke=False):
    specimens = lab.specimens()
    train = [i for i, r in enumerate(specimens.records) if r["split"] == "train"]
    unseen = [i for i, r in enumerate(specimens.records) if r["split"] == "concept"]
    sharp, test = shrunk(specimens.images[train], SIDE), shrunk(specimens.images[unseen], SIDE)
    blurred = shrunk(shrunk(specimens.images[train], SMALL_SIDE), SIDE)
    steps = 3 if smoke else STEPS
    made, score = {}, {}
    for name, pictures in (("sharp", sharp), ("blurred", blurred)):
        model = kl.train(1.6e-5, 0, tensor(pictures), steps)  # the weight of the KL term that our real VAE has
        made[name], score[name] = round_trip(*model, test)
    energy = {name: fine_energy(images) / fine_energy(test) for name, images in made.items()}
    n = {
        "icons": len(train),
        "unseen": len(unseen),
        "steps": steps,
        "side": SIDE,
        "small": SMALL_SIDE,
        "fine_sharp": energy["sharp"],
        "fine_blurred": energy["blurred"],
        "fine_ratio": energy["blurred"] / energy["sharp"],
        "psnr_sharp": score["sharp"],
        "psnr_blurred": score["blurred"],
        "psnr_loss": score["sharp"] - score["blurred"],
    }
    shown = [len(unseen) * k // 6 for k in range(6)]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        count = 3 if narrow else 6
        names = ("an unseen icon", "trained sharp", "trained blurred")
        rows = [[images[i] for i in shown[:count]] for images in (test, made["sharp"], made["blurred"])]
        if narrow:
            y = 0
            for name, row in zip(names, rows, strict=True):
                fig.note(0, y, name, "muted", 13, weight=600)
                y = image_grid(fig, [row], y=y + 22, cell=114, gap=9, smooth=False) + 12
        else:
            image_grid(fig, rows, rows=names, left=130, gap=8, cell=90, smooth=False)
        return fig

    return Output(
        alt=(
            f"Unseen icons of {SIDE} pixels, and what two tiny autoencoders make of them. The one trained on blurred "
            f"icons returns {energy['blurred']:.0%} of the fine detail, the one trained on sharp icons "
            f"{energy['sharp']:.0%}; {score['blurred']:.1f} and {score['sharp']:.1f} dB."
        ),
        caption=(
            f"**It returns what it has learned to return.** Two autoencoders that differ in their training pictures "
            f"alone: {len(train)} icons at {SIDE} pixels, or the same ones shrunk to {SMALL_SIDE} and enlarged again. "
            f"Given {len(unseen)} sharp icons of unseen concepts, the first keeps {energy['sharp']:.0%} of the energy of "
            f"fine detail, the second {energy['blurred']:.0%}, and it loses {n['psnr_loss']:.1f} dB. {steps} steps of "
            "training each, so neither is good; the difference is what counts."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

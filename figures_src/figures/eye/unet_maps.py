"""The U-Net's maps as colours: three principal directions of each stage's channels, at three noise levels."""

from types import SimpleNamespace

import numpy as np
import torch

from denoised.data.captions import prompt
from denoised.diffusion.schedules import mix
from denoised.pipeline import encode
from denoised.probes import play
from denoised.probes.features import Features, stages
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "Down, through, and up again"

TIMES = (100, 450, 800)
ICON = ("openmoji", "cat-face")
OTHERS = 12  # icons that the directions are found on, beside the one shown


def colours(maps):
    """[N, C, H, W] -> (uint8 [H, W, 3] of the first picture in the three main directions of all, their "
    "share of variance)."""
    flat = maps.permute(0, 2, 3, 1).flatten(0, 2).double()
    centred = flat - flat.mean(0)
    _, s, v = torch.linalg.svd(centred, full_matrices=False)
    v = v[:3] * torch.sign(v[:3].gather(1, v[:3].abs().argmax(1, keepdim=True)))  # one sign, on every machine
    x = (centred[: maps.shape[2] * maps.shape[3]] @ v.T).reshape(*maps.shape[2:], 3)
    low, high = x.quantile(0.02), x.quantile(0.98)
    shown = ((x - low) / (high - low)).clamp(0, 1).numpy()
    return np.round(255 * shown).astype(np.uint8), float((s[:3] ** 2).sum() / (s**2).sum())


def make(lab, smoke=False):
    pipe, specimens = lab.pipeline(), lab.specimens()
    network = play.denoiser(pipe)
    first = specimens.where(style=ICON[0], concept=ICON[1], tone="none")[0]
    picks = [first, *[i for i in specimens.where(split="train", tone="none") if i != first][:: 9][: 2 if smoke else OTHERS]]
    states = play.states_of(pipe, [prompt(SimpleNamespace(**specimens.records[i])) for i in picks])
    x0 = encode(pipe.vae, specimens.images[picks])
    noise = torch.randn(x0.shape, generator=lab.generator("noise"))
    names = stages(pipe.unet)
    pictures, shares, n = [], [], {"stages": len(names), "icons": len(picks)}
    for t in TIMES:
        clock = torch.full((len(x0),), t)
        with Features(pipe.unet, [name for _, name in names]) as seen:
            network(mix(x0, noise, network.alpha_bar[clock]), clock, states)
        row = [colours(seen.maps[name][0]) for _, name in names]
        pictures.append([image for image, _ in row])
        shares.append([share for _, share in row])
        n |= {f"share_{k}_{t}": share for k, share in enumerate(shares[-1])}
        n[f"signal_{t}"] = float(network.alpha_bar[t].sqrt())
    n["side_least"] = min(image.shape[0] for image in pictures[0])
    n["side_most"] = max(image.shape[0] for image in pictures[0])
    n["share_least"], n["share_most"] = float(np.min(shares)), float(np.max(shares))
    words = [w for w, _ in names]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        if narrow:
            y = 0
            for j, t in enumerate(TIMES):
                fig.note(112 + j * 82 + 38, 0, f"t = {t}", "muted", 12, ha="center")
            y = 22
            for k, word in enumerate(words):
                fig.note(0, y + 38, word.replace("first convolution", "first\nconvolution"), "muted", 12, va="center")
                y = image_grid(fig, [[row[k] for row in pictures]], x=112, y=y, cell=76, gap=6, smooth=False) + 6
        else:
            gap = 6
            columns = [w.replace("first convolution", "first\nconv.") for w in words]
            size = min(66, (720 - 62) // len(words) - gap)
            image_grid(fig, pictures, columns=columns, rows=[f"t = {t}" for t in TIMES], left=62, cell=size, gap=gap,
                       smooth=False, size=11)  # fmt: skip
        return fig

    return Output(
        alt=(
            f"For three noise levels, the maps of {n['stages']} stages of the U-Net as colours: from "
            f"{n['side_most']} cells "
            f"across down to {n['side_least']} in the middle and back. With little noise a cat's outline "
            "shows at both fine "
            "ends; the middle is a few coarse squares."
        ),
        caption=(
            "**An hourglass at work.** One cat, noised to three levels, and what each stage of the U-Net "
            "holds, its channels' "
            f"three main directions over {n['icons']} icons shown as red, green and blue (they hold "
            f"{n['share_least']:.0%} to "
            f"{n['share_most']:.0%} of the variance). On the way down the grid shrinks from {n['side_most']} to "
            f"{n['side_least']} cells; on the way up it grows back. Colours of different squares are not comparable."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

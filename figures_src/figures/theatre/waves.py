"""What the sine waves inside are for, and whether there is a Fourier stage: all operators of one call counted, position
read from features with and without a border, and the U-Net against the best fixed Fourier filter.

Tests claims: r11-10, r11-11.
"""

from types import SimpleNamespace

import numpy as np
import torch

from denoised.data.captions import prompt
from denoised.diffusion.schedules import mix
from denoised.pipeline import encode
from denoised.probes import play
from denoised.probes.features import Features, ring, without
from denoised.probes.operators import trace
from plotting.layout import label_ends
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "Where the waves are"

TIMES = (50, 150, 300, 450, 600, 750, 900)
LEVELS = {"first block": "down_blocks.0.resnets.0", "half way": "mid_block.resnets.1", "last block": "up_blocks.2"}


# --8<-- [start:wiener]
class Wiener:
    """The best linear guess at x0 that treats each frequency by itself (Wiener 1949): what a fixed Fourier stage could
    do at most. Fitted to the mean and the power spectrum of clean latents [N, C, h, w]."""

    def __init__(self, clean):
        self.mean = clean.mean(0)
        self.power = torch.fft.fft2(clean - self.mean, norm="ortho").abs().square().mean(0)

    def __call__(self, xt, alpha_bar):
        root = alpha_bar**0.5
        keep = root * self.power / (alpha_bar * self.power + 1 - alpha_bar)
        return (
            self.mean + torch.fft.ifft2(keep * torch.fft.fft2(xt - root * self.mean, norm="ortho"), norm="ortho").real
        )
        # --8<-- [end:wiener]


def position_r2(features, ridge=1.0):
    """How well row and column of a cell follow from its features [N, C, h, w], linearly: R^2 on the second half of N
    after fitting on the first."""
    n, c, h, w = features.shape
    rows = features.permute(0, 2, 3, 1).reshape(n, h * w, c).double()
    grid = torch.stack(torch.meshgrid(torch.linspace(-1, 1, h), torch.linspace(-1, 1, w), indexing="ij"), -1)
    target = grid.reshape(1, h * w, 2).expand(n, -1, -1).double()
    centre, scale = rows.mean((0, 1)), rows.std((0, 1)) + 1e-6
    rows = (rows - centre) / scale
    half = n // 2
    x, y = rows[:half].reshape(-1, c), target[:half].reshape(-1, 2)
    weights = torch.linalg.solve(x.T @ x + ridge * len(x) / 1000 * torch.eye(c, dtype=x.dtype), x.T @ y)
    guess, truth = rows[half:].reshape(-1, c) @ weights, target[half:].reshape(-1, 2)
    return float(1 - (guess - truth).square().sum() / truth.square().sum())


@torch.no_grad()
def features(unet, xt, context):
    """Outputs of the LEVELS' modules for noise xt at one late time."""
    with Features(unet, LEVELS.values()) as seen:
        unet(xt, torch.tensor(900), encoder_hidden_states=context)
    return {name: seen.maps[path][0] for name, path in LEVELS.items()}


def make(lab, smoke=False):
    pipe, specimens = lab.pipeline(), lab.specimens()
    network = play.denoiser(pipe)
    empty = play.states_of(pipe, [""])

    batch = torch.randn(3, 4, 16, 16, generator=lab.generator("trace"))
    seen = trace(lambda: pipe.unet(batch, torch.tensor(500), encoder_hidden_states=empty.expand(3, -1, -1)))
    ids = pipe.tokenizer([play.PROMPT], return_tensors="pt").input_ids
    read = trace(lambda: pipe.text_encoder(ids))
    of_place = [shape for shape in seen.waves if shape[0] != len(batch)]

    train = specimens.where(split="train")[:: 30 if smoke else 3]
    unseen = specimens.where(split="concept")[:: 30 if smoke else 4]
    wiener = Wiener(encode(pipe.vae, specimens.images[train]))
    x0 = encode(pipe.vae, specimens.images[unseen])
    words = play.states_of(pipe, [prompt(SimpleNamespace(**specimens.records[i])) for i in unseen])
    noise = torch.randn(x0.shape, generator=lab.generator("noise"))
    errors = {"Wiener filter": [], "U-Net, no words": [], "U-Net, no waves": []}
    for t in TIMES:
        level = float(network.alpha_bar[t])
        xt, told = mix(x0, noise, level), torch.full((len(x0),), t)
        guesses = {"Wiener filter": wiener(xt, level)}
        guesses["U-Net, no words"] = network(xt, told, empty.expand_as(words))[0]
        with without(pipe.unet, ["time_proj"]):
            guesses["U-Net, no waves"] = network(xt, told, empty.expand_as(words))[0]
        for name, guess in guesses.items():
            errors[name].append(float((guess - x0).square().mean() / x0.var()))
    wins = [a < b for a, b in zip(errors["U-Net, no words"], errors["Wiener filter"], strict=True)]

    count = 4 if smoke else 24
    xt = torch.randn(count, 4, 16, 16, generator=lab.generator("position"))
    context = empty.expand(count, -1, -1)
    plain = {name: position_r2(f) for name, f in features(pipe.unet, xt, context).items()}
    with ring(pipe.unet):
        on_ring = {name: position_r2(f) for name, f in features(pipe.unet, xt, context).items()}
    n = {
        "operators": sum(seen.names.values()),
        "fourier_calls": seen.fourier() + read.fourier(),
        "sinusoids": len(seen.waves),
        "sinusoids_of_place": len(of_place) + len(read.waves),
        "wave_length": seen.waves[0][-1],
        **{k.replace(" ", "_"): v for k, v in seen.family().items()},
        "position_table": pipe.text_encoder.config.max_position_embeddings,
        "silenced_ratio": float(np.mean(errors["U-Net, no waves"]) / np.mean(errors["U-Net, no words"])),
        "levels": len(TIMES),
        "wins": float(np.mean(wins)),
        "wiener_error": float(np.mean(errors["Wiener filter"])),
        "unet_error": float(np.mean(errors["U-Net, no words"])),
        "icons": len(unseen),
        "fitted": len(train),
        **{f"place_{name.replace(' ', '_')}": value for name, value in plain.items()},
        **{f"ring_{name.replace(' ', '_')}": value for name, value in on_ring.items()},
    }
    n["place_most"], n["ring_most"] = max(plain.values()), max(on_ring.values())

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        fig.note(0, 0, f"{n['operators']} operators in one call; among them", size=14, weight=600)
        y, left = 28, 132
        family = seen.family()
        for kind, value in family.items():
            colour = "accent" if kind == "Fourier transform" else "attention" if "sine" in kind else "latent"
            fig.note(left - 10, y + 9, kind, "ink", SMALL, ha="right", va="center")
            ax = fig.area(left, y, fig.width - left - 30, 18, grid="")
            ax.set_axis_off()
            ax.set(xlim=(0, max(family.values())), ylim=(-0.5, 0.5))
            ax.barh([0], [value], height=0.8, color=theme.colour(colour))
            ax.annotate(str(value), (value, 0), xytext=(6, 0), textcoords="offset points", va="center", fontsize=12,
                        weight=600, color=theme.ink, annotation_clip=False)  # fmt: skip
            y += 23
        y += 14
        half = fig.width if narrow else 350
        fig.note(0, y, "Error of the guess, by noise level", size=14, weight=600)
        ax = fig.area(40, y + 30, half - 40 - (114 if not narrow else 118), 150, below=44)
        for (name, values), colour in zip(errors.items(), ("noise", "latent", "attention"), strict=True):
            ax.plot(TIMES, values, "o-", markersize=4, color=theme.colour(colour), label=name)
        ax.set_xlabel("t")
        ax.set_ylim(0, None)
        ax.set_xticks([50, 450, 900])
        label_ends(ax, {name: name for name in errors}, size=12)
        x, top = (0, y + 236) if narrow else (390, y)
        fig.note(x, top, "Can a cell tell where it is? (R²)", size=14, weight=600)
        top += 30
        for name in LEVELS:
            fig.note(x + 82, top + 18, name, "ink", SMALL, ha="right", va="center")
            for value, colour, words in ((plain[name], "image", "as it is"), (on_ring[name], "noise", "no border")):
                ax = fig.area(x + 92, top, fig.width - x - 92 - 108, 16, grid="")
                ax.set_axis_off()
                ax.set(xlim=(0, 1), ylim=(-0.5, 0.5))
                ax.barh([0], [max(0.0, value)], height=0.85, color=theme.colour(colour))
                ax.annotate(f"{max(0.0, value):.2f} {words}", (max(0.0, value), 0), xytext=(6, 0),
                            textcoords="offset points", va="center", fontsize=12, color=theme.ink,
                            annotation_clip=False)  # fmt: skip
                top += 19
            top += 12
        fig.set_height(max(top, y + 224 if not narrow else 0))
        return fig

    return Output(
        alt=(
            f"Bars: among {n['operators']} operators of one call {n['sinusoids']} are sines and cosines and "
            f"{n['fourier_calls']} Fourier transforms. Curves of error by noise level: on average {n['unet_error']:.2f} "
            f"for the U-Net, {n['wiener_error']:.2f} for the best fixed Fourier filter. Bars of how well a cell's place "
            f"can be read: at most {n['place_most']:.2f}, without a border {n['ring_most']:.2f}."
        ),
        caption=(
            f"**The waves tell the time.** All operators of one call: {n['sinusoids']} of {n['operators']} are a sine or "
            f"a cosine, both of the step's number t, none of a place; Fourier transforms: {n['fourier_calls']}. The text "
            f"encoder has no waves either but a learned table of {n['position_table']} positions. With the waves "
            f"silenced the U-Net's error is {n['silenced_ratio']:.2f} times as large. The best fixed Fourier filter "
            f"(fitted on {n['fitted']} icons) has an error of {n['wiener_error']:.2f} on {n['icons']} unseen icons, the "
            f"U-Net without words {n['unet_error']:.2f}; it wins at {n['wins']:.0%} of the noise levels. A cell's place "
            f"can be read from its features up to R² = {n['place_most']:.2f}; made a ring, without retraining, the grid "
            f"gives {max(0.0, n['ring_most']):.2f}."
        ),
        numbers=n,
        draw=draw,
        format="svg",
    )

"""What can be read from the feature maps at each place of the U-Net: colour, outline and edges of the clean icon, and
the noise, by a linear map that was fitted on other icons. The network sees a noisy latent and no words.
"""

import numpy as np
import torch

from denoised.pipeline import encode, encode_prompts
from denoised.probes.features import Features, stages
from denoised.probes.latents import shrink
from denoised.probes.metrics import LUMA
from denoised.probes.runs import homework
from plotting.layout import label_ends
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "What each level knows"

T = 500
FITTED, TESTED = 64, 40
TARGETS = (("noise", "the noise", "noise"), ("colour", "colour", "image"), ("inside", "inside or outside", "latent"),
           ("edges", "edges", "prediction"))  # fmt: skip


def targets(images, alpha, eps, side):
    """{name: [N side side, k]}: what one might want to read at each cell of the latent."""
    size = (side, side)
    grey = images @ LUMA
    steep = np.hypot(*np.gradient(grey, axis=(1, 2)))
    patch = images.shape[1] // side
    pool = lambda x: x.reshape(len(x), side, patch, side, patch).mean((2, 4))  # noqa: E731
    return {
        "noise": eps.permute(0, 2, 3, 1).reshape(-1, eps.shape[1]).double().numpy(),
        "colour": shrink(images, size).reshape(-1, 3),
        "inside": pool(alpha.astype(float)).reshape(-1, 1),
        "edges": pool(steep).reshape(-1, 1),
    }


def read(features, wanted, fitted, penalty=1e-2):
    """R² on the rows beyond `fitted` of a ridge regression on the first `fitted`; features [M, C], wanted [M, k]."""
    scale = features[:fitted].std(0) + 1e-6
    rows = (features - features[:fitted].mean(0)) / scale
    rows = np.concatenate([rows, np.ones((len(rows), 1))], 1)
    a, b = rows[:fitted], wanted[:fitted]
    ridge = penalty * fitted * np.eye(a.shape[1])
    ridge[-1, -1] = 0
    guess = rows[fitted:] @ np.linalg.solve(a.T @ a + ridge, a.T @ b)
    truth = wanted[fitted:]
    return float(1 - ((truth - guess) ** 2).sum() / ((truth - b.mean(0)) ** 2).sum())


@torch.no_grad()
def make(lab, smoke=False):
    pipe, specimens = lab.pipeline(), lab.specimens()
    fitted, tested = (12, 6) if smoke else (FITTED, TESTED)
    train = specimens.where(split="train")
    train = train[:: max(1, len(train) // fitted)][:fitted]
    picks = train + specimens.where(split="concept")[:tested]
    images, alpha = specimens.images[picks], specimens.alpha[picks]
    x0 = encode(pipe.vae, images)
    side = x0.shape[-1]
    xt, _, eps = homework(pipe, x0, torch.full((len(x0),), T), lab.generator("noise"))
    empty = encode_prompts(pipe, [""]).states
    places = stages(pipe.unet)
    with Features(pipe.unet, [name for _, name in places]) as watched:
        for some in xt.split(32):
            pipe.unet(some, T, encoder_hidden_states=empty.expand(len(some), -1, -1))
    wanted = targets(images, alpha, eps, side)
    rows = len(train) * side * side
    scores = {key: [] for key, *_ in TARGETS}
    names = ["latent", *(words for words, _ in places)]
    for place in names:
        maps = xt if place == "latent" else torch.cat(watched.maps[dict(places)[place]])
        # every place is asked for the same 16x16 cells; a coarse one answers for all cells that it covers
        maps = torch.nn.functional.interpolate(maps, size=(side, side), mode="nearest")
        features = maps.permute(0, 2, 3, 1).reshape(-1, maps.shape[1]).double().numpy()
        for key, *_ in TARGETS:
            scores[key].append(read(features, wanted[key], rows))
    n = {"t": T, "fitted": len(train), "tested": len(picks) - len(train)}
    for key, *_ in TARGETS:
        for place, score in zip(names, scores[key], strict=True):
            n[f"{key}_{place.replace(' ', '_')}"] = 100 * score
        best = int(np.argmax(scores[key][1:-1])) + 1
        n |= {f"{key}_best": names[best], f"{key}_best_percent": 100 * scores[key][best]}
    short = {"latent": "in", "first convolution": "first", "middle": "mid", "answer": "out"}
    ticks = [short.get(p, p.replace("down ", "d").replace("up ", "u")) for p in names]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        fig.note(0, 0, "Share that a linear map can read", size=14, weight=600)
        wide = 232 if narrow else 540
        ax = fig.area(44, 32, wide, 220 if narrow else 240, below=26)
        at = np.arange(len(names))
        for key, _, colour in TARGETS:
            ax.plot(at, np.maximum(scores[key], 0), "o-", color=theme.colour(colour), markersize=5, label=key)
        ax.set(xlim=(-0.3, len(names) - 0.7), ylim=(-0.03, 1.03), yticks=[0, 0.5, 1],
               yticklabels=["0 %", "50 %", "100 %"])  # fmt: skip
        ax.set_xticks(at, ticks if not narrow else [t if i % 2 == 0 else "" for i, t in enumerate(ticks)])
        ax.tick_params(labelsize=11)
        words = {"inside": "inside or\noutside"} if narrow else {}
        label_ends(ax, {key: words.get(key, w) for key, w, _ in TARGETS}, size=12, gap=30 if narrow else 18)
        y = 32 + (220 if narrow else 240) + 34
        told = (
            "in: the noisy latent · first: first convolution · d1–d3: down\nmid: middle · u1–u3: up · out: the answer"
        )
        fig.note(0, y, told if narrow else told.replace("\n", " · "), "muted", 11)
        return fig

    return Output(
        alt=(
            f"Line plot over {len(names)} places of the U-Net at t = {T}: how much a linear map reads from the feature "
            f"maps there. Colour: {n['colour_latent']:.0f} % from the noisy latent, best {n['colour_best_percent']:.0f} "
            f"% at {n['colour_best']}, {n['colour_middle']:.0f} % in the middle. Noise: {n['noise_latent']:.0f} % from "
            f"the latent, {n['noise_middle']:.0f} % in the middle, {n['noise_answer']:.0f} % at the answer. Edges are "
            f"best read at {n['edges_best']} ({n['edges_best_percent']:.0f} %), the outline at {n['inside_best']} "
            f"({n['inside_best_percent']:.0f} %)."
        ),
        caption=(
            f"**What the maps respond to.** {n['tested']} icons whose concepts no model has seen, noised to t = {T}; the "
            f"network gets no words. From the maps at each place a linear map, fitted on {n['fitted']} other icons, "
            f"guesses four things at each cell of the latent: the clean icon's colour, whether the cell is inside the "
            f"drawing, how edgy it is, and the noise. Best read: colour at {n['colour_best']} "
            f"({n['colour_best_percent']:.0f} %), inside or outside at {n['inside_best']} "
            f"({n['inside_best_percent']:.0f} %), edges at {n['edges_best']} ({n['edges_best_percent']:.0f} %), noise at "
            f"{n['noise_best']} ({n['noise_best_percent']:.0f} %). In the noisy latent itself: colour "
            f"{n['colour_latent']:.0f} %, noise {n['noise_latent']:.0f} %. A coarse map must answer for several cells "
            "at once, which is why fine things fade in the depth."
        ),
        numbers=n,
        draw=draw,
    )

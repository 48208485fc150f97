"""Red apple minus green apple: does the difference, learnt from other styles, work as a direction? In pixels, in VAE
latents, and in the text; and is it the same direction from style to style?

Tests claims: c7-01.
"""

from types import SimpleNamespace

import numpy as np
import torch

from denoised.data.captions import prompt
from denoised.pipeline import decode, encode, encode_prompts
from denoised.probes import steering
from denoised.probes.dimension import distances
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "Arithmetic with apples"

ANALOGIES = (
    ("red-apple", "green-apple"), ("cat-face", "tiger-face"), ("grinning-face", "loudly-crying-face"),
    ("red-heart", "purple-heart"), ("one-oclock", "six-oclock"),
)  # fmt: skip
SHOWN, HOME, STEPS = 3, "noto", 12
SPACES = (("pixels", "pixels", "image"), ("latents", "VAE latents", "latent"), ("texts", "text vectors", "text"))


def make(lab, smoke=False):
    pipe, specimens = lab.pipeline(), lab.specimens()
    analogies = ANALOGIES[:2] if smoke else ANALOGIES
    wanted = {c for pair in analogies for c in pair}
    records = specimens.records
    picks = [i for i, r in enumerate(records) if r["concept"] in wanted and r["tone"] == "none"]
    picks += [i for k, i in enumerate(specimens.where(split="concept", tone="none")) if k % (12 if smoke else 2) == 0]
    some = [records[i] for i in picks]
    images = specimens.images[picks]
    latents = encode(pipe.vae, images)
    small = torch.nn.functional.avg_pool2d(torch.from_numpy(images).float().permute(0, 3, 1, 2), 4) / 255
    prompts = [prompt(SimpleNamespace(**r)) for r in some]
    points = {
        "pixels": small.flatten(1).numpy(),
        "latents": latents.flatten(1).numpy(),
        "texts": steering.sentence_vectors(pipe, prompts).numpy(),
    }
    place = {(r["concept"], r["style"]): k for k, r in enumerate(some)}
    cases = []  # source, target, and the same step in all other styles
    for a, b in analogies:
        styles = sorted({s for c, s in place if c == a} & {s for c, s in place if c == b})
        for style in styles:
            others = [(place[a, s], place[b, s]) for s in styles if s != style]
            if others:
                cases.append((place[a, style], place[b, style], others))
    n = {"cases": len(cases), "analogies": len(analogies), "candidates": len(picks)}
    for name, x in points.items():
        x = x.astype(np.float64)
        hit, stay, better, agree, stranger = [], [], [], [], []
        for source, target, others in cases:
            steps = np.array([x[b] - x[a] for a, b in others])
            guess = x[source] + steps.mean(0)
            gaps = distances(np.stack([guess, x[source]]), x)
            gaps[:, source] = np.inf  # the start itself is no answer
            hit.append(gaps[0].argmin() == target)
            stay.append(gaps[1].argmin() == target)
            better.append(1 - ((guess - x[target]) ** 2).sum() / ((x[source] - x[target]) ** 2).sum())
            own = x[target] - x[source]
            agree.append(own @ steps.mean(0) / (np.linalg.norm(own) * np.linalg.norm(steps.mean(0)) + 1e-12))
            other = next(c for c in cases if some[c[0]]["concept"] != some[source]["concept"])
            across = x[other[1]] - x[other[0]]
            stranger.append(own @ across / (np.linalg.norm(own) * np.linalg.norm(across) + 1e-12))
        n |= {
            f"hit_{name}": float(np.mean(hit)), f"stay_{name}": float(np.mean(stay)),
            f"better_{name}": float(np.mean(better)), f"agree_{name}": float(np.mean(agree)),
            f"stranger_{name}": float(np.mean(np.abs(stranger))),
        }  # fmt: skip
    of = [[c for c in cases if some[c[0]]["concept"] == a] for a, _ in analogies[:SHOWN]]
    shown = [next((c for c in each if some[c[0]]["style"] == HOME), each[0]) for each in of]
    states = encode_prompts(pipe, prompts).states
    moved = torch.stack([s0 + torch.stack([states[b] - states[a] for a, b in o]).mean(0)
                         for s0, o in ((states[c[0]], c[2]) for c in shown)])  # fmt: skip
    by_text = decode(
        pipe.vae, steering.run(pipe, moved, steering.start_noise(pipe, [1] * len(shown)), steps=2 if smoke else STEPS)
    )
    by_latent = decode(pipe.vae, torch.stack([
        latents[s] + torch.stack([latents[b] - latents[a] for a, b in o]).mean(0) for s, _, o in shown
    ]))  # fmt: skip
    big = images.astype(np.float64)
    by_pixel = [
        np.clip(big[s] + np.mean([big[b] - big[a] for a, b in o], axis=0), 0, 255).astype(np.uint8) for s, _, o in shown
    ]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        heads = (
            ["from", "to", "pixels", "latents", "text"]
            if narrow
            else ["from", "to", "by pixels", "by latents", "by text"]
        )
        grid = [[images[s], images[t], by_pixel[k], by_latent[k], by_text[k]] for k, (s, t, _) in enumerate(shown)]
        cell, gap = (67, 6) if narrow else (128, 20)
        y = image_grid(fig, grid, columns=heads, gap=gap, cell=cell) + 12
        x = 0 if narrow else 2 * (cell + gap)
        for name, title, colour in SPACES:
            fig.note(x, y, title, colour, 13, weight=600)
            fig.note(x, y + 20, f"{n[f'hit_{name}']:.0%} found", "ink", SMALL)
            fig.note(x, y + 38, f"direction {n[f'agree_{name}']:.2f}", "muted", SMALL)
            x += fig.width / 3 if narrow else cell + gap
        return fig

    def told(key, form):
        return ", ".join(f"{title} {form(n[f'{key}_{name}'])}" for name, title, _ in SPACES)

    return Output(
        alt=(
            "Three icons moved by a difference learnt from other styles, in pixels, latents and text. The right "
            "icon is the "
            f"nearest of {n['candidates']} in: {told('hit', lambda v: f'{v:.0%}')}."
        ),
        caption=(
            f"**Add the difference that other styles show.** For {n['cases']} cases in {n['analogies']} analogies "
            "(such as red "
            "to green apple) the mean difference in all other styles is added to one style's drawing. The right one "
            "is then the "
            f"nearest of {n['candidates']}: {told('hit', lambda v: f'{v:.0%}')}; without adding anything: "
            f"{told('stay', lambda v: f'{v:.0%}')}. Cosine of a style's own difference with the others': "
            f"{told('agree', lambda v: f'{v:.2f}')}. The last column was drawn from moved text states and fresh noise."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

"""Steering by weights: the text states of three prompts mixed in every proportion of a small grid, and drawn by the
real pipeline from two starts. The page lets a reader move the weights, and shows where the mixture lies on the plane
through the three prompts, beside the shadows of other prompts; the still picture is the grid's edge.

Tests claims: c5-02.
"""

from itertools import product
from math import gcd

import numpy as np
import torch

from denoised.pipeline import decode, encode_prompts
from denoised.probes import steering
from denoised.probes.paths import exposure
from plotting.encode import encode_image
from plotting.layout import picture
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd",)
TITLE = "Three weights and what they draw"

CONCEPTS = (("cat", "cat face, noto style"), ("apple", "red apple, noto style"), ("skull", "skull, noto style"))
LEVELS = (0, 1, 2)
SEEDS = (5, 8)
STEPS, GUIDANCE = 8, 3.0
COLUMNS = 5
OTHERS = (  # whose shadows on the plane give the reader something to go by
    "dog face", "tiger face", "fox", "bear", "green apple", "pear", "tomato", "strawberry", "ghost", "robot", "rocket",
    "house", "pizza", "red heart", "grinning face", "octopus", "cactus", "key", "snowman", "mushroom",
)  # fmt: skip
NUMBERS = 6  # of each tensor are shown


def mixtures(count, levels=LEVELS):
    """Every choice of one level a concept that differs in proportion from all others, nothing chosen first.
    (2, 2, 0) asks for the same as (1, 1, 0), so it is left out."""
    return [(0,) * count, *(w for w in product(levels, repeat=count) if gcd(*w) == 1)]


def smallest(weights):
    """The mixture of the grid with the proportions of `weights`."""
    unit = gcd(*weights) or 1
    return tuple(w // unit for w in weights)


def mixed(states, weights, empty):
    """Weighted mean of text states [K, L, D], token by token; the empty prompt's [L, D] where all weights are 0."""
    total = sum(weights)
    return sum(w / total * s for w, s in zip(weights, states, strict=True)) if total else empty


def plane(states, points):
    """Shadows of `points` [N, D] on the plane through three `states` [3, D]: places [N, 2], and of the way from the
    plane's middle to each point the share (of squared lengths) that lies in the plane, [N]."""
    middle = states.mean(0)
    axes = np.linalg.svd(states - middle, full_matrices=False)[2][:2]
    places = (points - middle) @ axes.T
    return places, (places**2).sum(1) / np.maximum(((points - middle) ** 2).sum(1), 1e-12)


def make(lab, smoke=False):
    pipe = lab.pipeline()
    seeds, steps = (SEEDS[:1], 2) if smoke else (SEEDS, STEPS)
    grid = mixtures(len(CONCEPTS))[: 5 if smoke else None]
    states = encode_prompts(pipe, [text for _, text in CONCEPTS]).states
    empty = encode_prompts(pipe, [""]).states[0]
    texts = torch.stack([mixed(states, w, empty) for w in grid])
    files, drawn, ends = {}, {}, {}
    for seed in seeds:
        start = steering.start_noise(pipe, [seed]).expand(len(grid), -1, -1, -1)
        ends[seed] = steering.run(pipe, texts, start, steps=steps, guidance=GUIDANCE)
        drawn[seed] = decode(pipe.vae, ends[seed])
        cells = [*drawn[seed], *[np.zeros_like(drawn[seed][0])] * (-len(grid) % COLUMNS)]
        rows = [np.concatenate(cells[i : i + COLUMNS], axis=1) for i in range(0, len(cells), COLUMNS)]
        files[f"s{seed}.webp"] = encode_image(np.concatenate(rows), "webp", lossless=False)

    one = np.eye(len(CONCEPTS), dtype=int).tolist()
    pure = [grid.index(tuple(w)) if tuple(w) in grid else 0 for w in one]
    shares = []  # of each result and concept: how near it is to the concept's pure picture, among all three
    for seed in seeds:
        z = ends[seed].flatten(1).numpy().astype(np.float64)
        gaps = np.stack([np.sqrt(((z - z[p]) ** 2).sum(1)) for p in pure], axis=1)
        spread = np.mean([np.sqrt(((z[a] - z[b]) ** 2).sum()) for a in pure for b in pure if a != b]) or 1.0
        shares.append(np.clip(1 - gaps / spread, 0, 1))
    likeness = np.stack(shares)  # [S, G, K]
    asked = np.array([[w / max(sum(m), 1) for w in m] for m in grid])
    mixes = [g for g, m in enumerate(grid) if sum(w > 0 for w in m) > 1]
    follows = float(np.corrcoef(np.tile(asked, (len(seeds), 1, 1)).ravel(), likeness.ravel())[0, 1])
    winner = [
        float(likeness[s, g].argmax() == asked[g].argmax())
        for s in range(len(seeds)) for g in mixes if (np.sort(asked[g])[-2:] @ [-1, 1]) > 1e-9
    ]  # fmt: skip
    double = [
        exposure(ends[seed][g], ends[seed][pure[i]], ends[seed][pure[j]])
        for seed in seeds for g in mixes for i in range(3) for j in range(i)
        if grid[g][i] == grid[g][j] == 1 and sum(grid[g]) == 2
    ]  # fmt: skip
    corners, others = (
        x.flatten(1).numpy().astype(np.float64)
        for x in (states, encode_prompts(pipe, [f"{o}, noto style" for o in OTHERS]).states)
    )
    spots, held = plane(corners, np.concatenate([texts.flatten(1).numpy().astype(np.float64), others]))
    low, high = spots.min(0), spots.max(0)
    spots = 0.06 + 0.88 * (spots - low) / (high - low).max()
    n = {
        "concepts": len(CONCEPTS), "mixtures": len(grid), "levels": len(LEVELS), "seeds": len(seeds), "steps": steps,
        "guidance": GUIDANCE, "pictures": len(grid) * len(seeds), "follows": follows if np.isfinite(follows) else 0.0,
        "winner": float(np.mean(winner)) if winner else 0.0, "mixed": len(mixes),
        "exposure": float(np.mean(double)) if double else 0.0,
    }  # fmt: skip
    n["winner_percent"] = 100 * n["winner"]
    n["plane_keeps"] = float(held[len(grid) :].mean())  # of how other prompts differ from the middle of the three
    n["state_numbers"] = int(corners.shape[1])
    end = (encode_prompts(pipe, [CONCEPTS[0][1]]).input_ids[0] == pipe.tokenizer.eos_token_id).int().argmax()
    data = {
        "size": int(drawn[seeds[0]].shape[1]), "columns": COLUMNS, "levels": list(LEVELS),
        "concepts": [{"id": name, "prompt": text} for name, text in CONCEPTS],
        "seeds": [{"seed": s, "name": f"s{s}"} for s in seeds],
        "mixtures": [list(m) for m in grid],
        "likeness": np.round(likeness, 3).tolist(),
        "spots": np.round(spots[: len(grid)], 4).tolist(),
        "others": [{"name": o, "at": np.round(p, 4).tolist()} for o, p in zip(OTHERS, spots[len(grid) :], strict=True)],
        "text": [np.round(x[end, :NUMBERS].numpy().astype(float), 2).tolist() for x in texts],
        "latent": [np.round(ends[s].flatten(1)[:, :NUMBERS].numpy().astype(float), 2).tolist() for s in seeds],
        "sizes": [int(corners.shape[1]), int(ends[seeds[0]][0].numel())],
    }  # fmt: skip
    strips = (
        ((1, 0, 0), (2, 1, 0), (1, 1, 0), (1, 2, 0), (0, 1, 0)),
        ((0, 1, 0), (0, 2, 1), (0, 1, 1), (0, 1, 2), (0, 0, 1)),
        ((0, 0, 1), (1, 0, 2), (1, 0, 1), (2, 0, 1), (1, 0, 0)),
    )

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        gap, cell = (6, 67) if narrow else (20, 128)
        y = 0
        for strip in strips:
            for j, m in enumerate(strip):
                image = drawn[seeds[0]][grid.index(m)] if m in grid else np.full_like(drawn[seeds[0]][0], 255)
                x = j * (cell + gap)
                picture(fig, image, x, y, cell, cell)
                words = " : ".join(f"{w}" for w in m)
                fig.note(x + cell / 2, y + cell + 4, words, "text", SMALL, ha="center")
            y += cell + 28
        fig.note(0, y, "weights of cat : apple : skull", "muted", SMALL)
        return fig

    return Output(
        alt=(
            "Three strips of five pictures: from cat to apple, from apple to skull, from skull to cat, with the "
            "text states mixed "
            f"two to one, half and half, one to two. Where one concept has the largest weight, the result is most "
            f"like that concept's own picture in {n['winner_percent']:.0f} % of mixtures."
        ),
        caption=(
            f"**Weights on words.** The text states of “{'”, “'.join(t for _, t in CONCEPTS)}”, mixed token by token "
            "in "
            f"{n['mixtures'] - 1} proportions and drawn from {n['seeds']} starts, {steps} steps, guidance "
            f"{GUIDANCE:g}. "
            "The weights that were asked for and the likeness of the result to each pure picture correlate by "
            f"{n['follows']:.2f}; the concept with the largest weight also wins in {n['winner_percent']:.0f} % of "
            "mixtures (a guess would in a third). A double exposure of both pure latents explains "
            f"{n['exposure']:.0%} of a half-and-half result. The plane through the three prompts holds "
            f"{n['plane_keeps']:.0%} of how {len(OTHERS)} other prompts lie around its middle."
        ),
        numbers=n,
        draw=draw,
        format="webp",
        data=data,
        files=files,
    )

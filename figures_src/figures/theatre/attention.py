"""Which word looks where: cross-attention in the middle of the performance, word by word; and, in scenes of two icons
side by side, whether a noun's map points at its own icon.

Tests claims: r11-08.
"""

import numpy as np
import torch

from denoised.diffusion.schedules import mix
from denoised.pipeline import encode, encode_prompts
from denoised.probes import play
from denoised.probes.cross_attention import Maps, token_map
from denoised.probes.metrics import bootstrap_ci
from denoised.probes.tokens import pieces
from plotting.layout import colour_map, picture, resize
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "Which word looks where"

NOUNS = {
    "pizza": "pizza", "rose": "rose", "cactus": "cactus", "house": "house", "rocket": "rocket", "skull": "skull",
    "ghost": "ghost", "robot": "robot", "octopus": "octopus", "guitar": "guitar", "key": "key", "books": "books",
}  # fmt: skip
STYLE = "openmoji"  # draws every noun
TIMES = (300, 500)
SIDES = (8, 4)  # cells of the maps; the first, the finest that there is, decides
APART = (1, 3, 5)  # scenes: each noun with the one so many places further


def scene(left, right):
    """Two icons uint8 [128, 128, 3], at half size side by side on white."""
    sheet = np.full((128, 128, 3), 255, np.uint8)
    sheet[32:96, :64], sheet[32:96, 64:] = (resize(icon, 64, 64, smooth=True) for icon in (left, right))
    return sheet


def places(tokenizer, prompt, word):
    """Where the tokens of a word stand in a prompt, the start token counted."""
    whole, part = pieces(tokenizer, prompt), pieces(tokenizer, word)
    at = next(i for i in range(len(whole)) if whole[i : i + len(part)] == part)
    return list(range(at + 1, at + 1 + len(part)))


def points_right(own, other, on_left):
    """Does a noun's map lean to its icon's half more than the other noun's map does? own, other [h, w]."""
    half = own.shape[1] // 2

    def lean(one):
        one = one / one.sum()
        return float(one[:, :half].sum() - one[:, half:].sum())

    difference = lean(own) - lean(other)
    return difference > 0 if on_left else difference < 0


@torch.no_grad()
def look(pipe, xt, t, states):
    """Cross-attention maps of one call."""
    with Maps(pipe.unet) as seen:
        pipe.unet(xt, t, encoder_hidden_states=states)
    return seen.maps


def make(lab, smoke=False):
    pipe, specimens = lab.pipeline(), lab.specimens()
    network = play.denoiser(pipe)
    names = list(NOUNS)[: 3 if smoke else None]
    icons = {name: specimens.one(concept=NOUNS[name], style=STYLE, tone="none") for name in names}
    pairs = [(a, names[(i + k) % len(names)]) for i, a in enumerate(names) for k in APART[: 1 if smoke else None]]
    scenes = [(a, b, flip) for a, b in pairs for flip in (False, True)]  # both ways round: a lean to one side cancels
    sheets = np.stack([scene(icons[b], icons[a]) if flip else scene(icons[a], icons[b]) for a, b, flip in scenes])
    x0 = encode(pipe.vae, sheets)
    prompts = [f"{a} and {b}, {STYLE} style" for a, b, _ in scenes]
    strangers = prompts[len(prompts) // 2 :] + prompts[: len(prompts) // 2]  # a prompt about two other icons
    noise = torch.randn(len(TIMES), *x0.shape, generator=lab.generator("noise"))
    right = {(kind, side): [[] for _ in scenes] for kind in ("own", "strange") for side in SIDES}
    kept = None
    for kind, said in (("own", prompts), ("strange", strangers)):
        states = play.states_of(pipe, said)
        for k, t in enumerate(TIMES):
            xt = mix(x0, noise[k], network.alpha_bar[t])
            maps = look(pipe, xt, torch.tensor(t), states)
            for side in SIDES:
                for i, (_, _, flip) in enumerate(scenes):
                    a, b = said[i].split(",")[0].split(" and ")
                    both = [
                        token_map({n: m[i : i + 1] for n, m in maps.items()}, places(pipe.tokenizer, said[i], w), side)
                        for w in (a, b)
                    ]
                    right[kind, side][i].append(points_right(both[0][0], both[1][0], not flip))
                    if kept is None and kind == "own" and side == SIDES[0] and i == 0:
                        kept = [one[0].numpy() for one in both]
    share = {key: [float(np.mean(one)) for one in rows] for key, rows in right.items()}
    per_pair = np.array(share["own", SIDES[0]]).reshape(len(pairs), 2).mean(1)
    low, high = bootstrap_ci(per_pair, seed=1)

    one = play.perform(pipe, smoke)
    middle = len(one.timesteps) // 2
    states = encode_prompts(pipe, [one.prompt]).states
    maps = look(pipe, one.xt[middle : middle + 1], one.timesteps[middle], states)
    end = one.tokens.index(pipe.tokenizer.eos_token)
    shown = [i for i in range(1, end) if one.tokens[i].strip("</w>") not in (",", "with")] + [0, end]
    words = {i: one.tokens[i].replace("</w>", "").strip("<|>") for i in shown}
    tiles = {i: token_map(maps, [i], SIDES[0])[0].numpy() for i in shown}
    mass = {i: float(tiles[i].mean()) for i in shown}
    padding = float(token_map(maps, list(range(end, len(one.tokens))), SIDES[0]).mean()) * (len(one.tokens) - end)
    n = {
        "scenes": len(scenes),
        "pairs": len(pairs),
        "pointing": float(np.mean(share["own", SIDES[0]])),
        "pointing_low": low,
        "pointing_high": high,
        "pointing_coarse": float(np.mean(share["own", SIDES[1]])),
        "strangers": float(np.mean(share["strange", SIDES[0]])),
        "side": SIDES[0],
        "side_coarse": SIDES[1],
        "layers": len(maps),
        "step": middle + 1,
        "steps": one.steps,
        "start_mass": mass[0],
        "padding_mass": padding,
        "chance": 0.5,
    }

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        fig.note(0, 0, f"Step {n['step']}: who looks at which word", size=14, weight=600)
        gap, columns = 10, 3 if narrow else 6
        cell = (fig.width - gap * (columns - 1)) // columns
        cell -= cell % SIDES[0]
        y = 26
        for k, i in enumerate(shown):
            row, column = divmod(k, columns)
            x, top = column * (cell + gap), y + row * (cell + 40)
            tile = tiles[i] - tiles[i].min()
            picture(
                fig, colour_map(tile, theme, float(tile.max()) or 1.0, "attention"), x, top, cell, cell, smooth=False
            )
            fig.note(x + cell / 2, top + cell + 4, words[i], "text", 12, ha="center", weight=600)
            fig.note(x + cell / 2, top + cell + 19, f"{mass[i]:.1%} of all", "muted", 11, ha="center")
        rows = -(-len(shown) // columns)
        spare = columns * rows - len(shown)
        y += rows * (cell + 40)
        if spare:
            x = (columns - spare) * (cell + gap)
            picture(fig, one.image, x, y - cell - 40, cell, cell)
            fig.note(x + cell / 2, y - 36, "the picture", "image", 12, ha="center", weight=600)
        y += 8
        fig.note(0, y, "Two icons: does a noun look at its own?", size=14, weight=600)
        y += 28
        size = 112
        a, b, _ = scenes[0]
        picture(fig, sheets[0], 0, y, size, size)
        for k, (word, one_map) in enumerate(zip((a, b), kept, strict=True)):
            x = (k + 1) * (size + 12)
            tile = one_map - one_map.min()
            picture(fig, colour_map(tile, theme, float(tile.max()) or 1.0, "attention"), x, y, size, size, smooth=False)
            fig.note(x + size / 2, y + size + 4, f"“{word}”", "text", 12, ha="center", weight=600)
        fig.note(size / 2, y + size + 4, "the scene", "image", 12, ha="center", weight=600)
        left, top = (0, y + size + 34) if narrow else (3 * (size + 12) + 10, y)
        width = fig.width - left
        for label, value, colour in (
            (f"maps of {SIDES[0]} × {SIDES[0]}", n["pointing"], "attention"),
            (f"maps of {SIDES[1]} × {SIDES[1]}", n["pointing_coarse"], "attention"),
            ("words of other icons", n["strangers"], "noise"),
        ):
            fig.note(left, top, label, "ink", SMALL)
            ax = fig.area(left, top + 17, width, 16, grid="")
            ax.set_axis_off()
            ax.set(xlim=(0, 1.16), ylim=(-0.5, 0.5))
            ax.barh([0], [value], color=theme.colour(colour))
            ax.axvline(0.5, color=theme.ink, linewidth=1, linestyle=(0, (3, 3)))
            ax.annotate(f"{value:.0%}", (max(value, 0.5), 0), xytext=(8, 0), textcoords="offset points", va="center",
                        fontsize=12, weight=600, color=theme.ink, annotation_clip=False)  # fmt: skip
            top += 40
        fig.set_height(max(y + size + 24, top))
        return fig

    return Output(
        alt=(
            f"Maps of {SIDES[0]} × {SIDES[0]} cells for each token of the prompt, bright where the U-Net looks at it. "
            f"Below, a scene of two icons with the maps of both nouns; the noun's map leans to its own icon in "
            f"{n['pointing']:.0%} of {len(scenes)} scenes ({low:.0%} to {high:.0%}), with words of other icons in "
            f"{n['strangers']:.0%}; chance is 50 %."
        ),
        caption=(
            f"**Cross-attention, word by word.** Above, one call in the middle of the performance: each square is the "
            f"mean over heads and layers with {SIDES[0]} × {SIDES[0]} cells, stretched to its own range; below it, the "
            f"word's share of all attention. Padding takes {padding:.0%}, the start token {mass[0]:.0%}. Below, "
            f"{len(scenes)} scenes of two icons, both ways round: a noun's map leans to its own icon in "
            f"{n['pointing']:.0%} of cases ({low:.0%} to {high:.0%}); in the coarser layers in "
            f"{n['pointing_coarse']:.0%}; with a prompt about two other icons in {n['strangers']:.0%}."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

"""Do words find their things? A noun's map of attention against the outline of the icon that it names, on single icons
under noise and in scenes of two."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image

from ..data.captions import STYLE_WORDS
from ..diffusion.schedules import mix
from ..pipeline import encode
from . import play
from .cross_attention import Maps, centre, covered, finds, token_map
from .tokens import pieces

NOUNS = ("pizza", "rose", "cactus", "house", "rocket", "skull", "ghost", "robot", "octopus", "guitar", "key", "books")
STYLES = ("openmoji", "noto", "twemoji", "fluent-emoji")
STYLE = "openmoji"  # of the scenes; draws every noun
TIME = 500  # of the single icons
TIMES = (300, 500)  # of the scenes
SIDES = (8, 4)  # cells of the maps; the first, the finest that there is, decides
APART = (1, 3, 5)  # scenes: each noun with the one so many places further


def scene(left, right, paper=255):
    """Two icons uint8 [128, 128, 3], at half size side by side on paper."""
    sheet = np.full((128, 128, 3), paper, np.uint8)
    sheet[32:96, :64], sheet[32:96, 64:] = (
        np.asarray(Image.fromarray(icon).resize((64, 64), Image.LANCZOS)) for icon in (left, right)
    )
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
def look(pipe, xt, t, states, heads=False):
    """Cross-attention maps of one call."""
    with Maps(pipe.unet, heads) as seen:
        pipe.unet(xt, t, encoder_hidden_states=states)
    return seen.maps


def row_of(maps, i):
    """The maps of one sample, as a batch of one."""
    return {name: one[i : i + 1] for name, one in maps.items()}


def read_icons(pipe, specimens, network, generator, smoke):
    """Single icons: {kind: [score per icon]}, {layer: {kind: mean}}, all heads' scores, and one icon with its maps."""
    names = NOUNS[: 2 if smoke else None]
    found = [(n, s, specimens.where(concept=n, style=s, tone="none")) for n in names for s in STYLES]
    found = [(n, s, where[0]) for n, s, where in found if where]
    at = [i for *_, i in found]
    x0 = encode(pipe.vae, specimens.images[at])
    said = [f"{n}, {STYLE_WORDS[s][0]} style" for n, s, _ in found]
    shift = len(STYLES)  # the words of the next noun, in the same style
    strange = said[shift:] + said[:shift]
    xt = mix(x0, torch.randn(x0.shape, generator=generator), network.alpha_bar[TIME])
    by_head = look(pipe, xt, torch.tensor(TIME), play.states_of(pipe, said), heads=True)
    others = look(pipe, xt, torch.tensor(TIME), play.states_of(pipe, strange))
    maps = {name: one.mean(1) for name, one in by_head.items()}
    masks = {side: covered(specimens.alpha[at], side) for side in SIDES}
    middle, side, scores, heads, layers, kept = centre(SIDES[0]), SIDES[0], {}, {}, {}, None
    for i, (noun, _, where) in enumerate(found):
        mask, end = masks[side][i], len(pieces(pipe.tokenizer, said[i])) + 1
        stranger = strange[i].split(",")[0]
        tokens = {"noun": places(pipe.tokenizer, said[i], noun), "end": [end], "start": [0]}
        own = {kind: token_map(row_of(maps, i), where, side)[0] for kind, where in tokens.items()}
        own["stranger"] = token_map(row_of(others, i), places(pipe.tokenizer, strange[i], stranger), side)[0]
        own["centre"] = middle
        for kind, one in own.items():
            scores.setdefault(kind, []).append(finds(one, mask))
        for name, one in by_head.items():
            cells = masks[one.shape[-2]][i]
            each = one[i][..., tokens["noun"]].mean(-1)
            heads.setdefault(name, []).append([finds(head, cells) for head in each])
            for kind, spots in tokens.items():
                of_layer = maps[name][i][..., spots].mean(-1)
                layers.setdefault(name, {}).setdefault(kind, []).append(finds(of_layer, cells))
        if kept is None:
            kept = (specimens.images[where], mask.numpy(), {kind: one.numpy() for kind, one in own.items()}, noun)
    layers = {name: {kind: float(np.mean(v)) for kind, v in row.items()} for name, row in layers.items()}
    return scores, layers, np.concatenate([np.mean(rows, axis=0) for rows in heads.values()]), kept


def read_scenes(pipe, specimens, network, generator, layer, smoke):
    """Scenes of two icons: {(kind, side): share of right pointings, a scene}, how well the end token's map in `layer`
    and mere nearness to the centre find both icons, and the first scene with its maps."""
    names = NOUNS[: 3 if smoke else None]
    where = {name: specimens.where(concept=name, style=STYLE, tone="none")[0] for name in names}
    icons = {name: specimens.images[i] for name, i in where.items()}
    shades = {name: np.repeat(specimens.alpha[i][..., None], 3, axis=-1) for name, i in where.items()}
    pairs = [(a, names[(i + k) % len(names)]) for i, a in enumerate(names) for k in APART[: 1 if smoke else None]]
    scenes = [(a, b, flip) for a, b in pairs for flip in (False, True)]  # both ways round: a lean to one side cancels
    sheets = np.stack([scene(icons[b], icons[a]) if flip else scene(icons[a], icons[b]) for a, b, flip in scenes])
    drawn = [scene(shades[b], shades[a], 0) if flip else scene(shades[a], shades[b], 0) for a, b, flip in scenes]
    x0 = encode(pipe.vae, sheets)
    said = [f"{a} and {b}, {STYLE} style" for a, b, _ in scenes]
    noise = torch.randn(len(TIMES), *x0.shape, generator=generator)
    right = {(kind, side): [[] for _ in scenes] for kind in ("own", "strange") for side in SIDES}
    kept, both_icons = None, {"end": [[] for _ in scenes], "centre": []}
    strangers = said[len(said) // 2 :] + said[: len(said) // 2]  # a prompt about two other icons
    for kind, prompts in (("own", said), ("strange", strangers)):
        states = play.states_of(pipe, prompts)
        for k, t in enumerate(TIMES):
            maps = look(pipe, mix(x0, noise[k], network.alpha_bar[t]), torch.tensor(t), states)
            for i, (_, _, flip) in enumerate(scenes):
                words = prompts[i].split(",")[0].split(" and ")
                where = [places(pipe.tokenizer, prompts[i], word) for word in words]
                if kind == "own":
                    one = maps[layer][i][..., len(pieces(pipe.tokenizer, said[i])) + 1]
                    mask = covered(drawn[i][None, ..., 0], len(one))[0]
                    both_icons["end"][i].append(finds(one, mask))
                    if k == 0:
                        both_icons["centre"].append(finds(centre(len(one)), mask))
                for side in SIDES:
                    both = [token_map(row_of(maps, i), one, side)[0] for one in where]
                    right[kind, side][i].append(points_right(*both, not flip))
                    if kept is None:
                        kept = (sheets[0], words, [one.numpy() for one in both])
    both_icons["end"] = [float(np.mean(one)) for one in both_icons["end"]]
    return {key: np.array([np.mean(one) for one in rows]) for key, rows in right.items()}, both_icons, kept


def short(layer):
    """A layer's name for people: which way, and how many it is there."""
    part, *rest = layer.split(".")
    if part == "mid_block":
        return "middle"
    return f"down {rest[0]}" if part == "down_blocks" else f"up {rest[0]}, {int(rest[2]) + 1}"

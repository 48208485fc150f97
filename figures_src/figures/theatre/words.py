"""Which word is looked at where: cross-attention during the performance, token by token, step by step, layer by layer and
head by head; and what becomes of the picture when one word is left out of the prompt.

Tests claims: r11-08.
"""

import base64
import re

import numpy as np
import torch

from denoised.pipeline import decode, encode_prompts, generate_batch
from denoised.probes import play
from denoised.probes.cross_attention import Maps
from denoised.probes.pointing import SIDES, short
from plotting.encode import encode_image
from plotting.layout import colour_map, picture
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd",)
DATA = ()
TITLE = "Which word is looked at where"

KEPT = (0, 4, 8, 12, 16, 20, 24)  # steps whose maps a reader can look at
SHOWN = 12  # the step of the still picture
SCALE = 255  # the root of a weight of 1 in the widget's bytes


def without(prompt, word):
    """A prompt with one word less."""
    return re.sub(r"\s+", " ", re.sub(rf"\b{re.escape(word)}\b", "", prompt)).replace(" ,", ",").strip()


@torch.no_grad()
def heads_of(pipe, xt, t, states):
    """{layer: weights [N, heads, h, w, L]} of one call on several moments of a run at once."""
    with Maps(pipe.unet, heads=True) as seen:
        pipe.unet(xt, t, encoder_hidden_states=states.expand(len(xt), -1, -1))
    return seen.maps


def gathered(maps, end):
    """Weights [N, heads, h, w, L] with all padding in one place: [N, heads, end + 2, h, w]; its tokens are summed."""
    words, padding = maps[..., : end + 1], maps[..., end + 1 :].sum(-1, keepdim=True)
    return torch.cat([words, padding], dim=-1).movedim(-1, 2)


def packed(layers):
    """Bytes of [steps, layers, tokens, heads, cells]: roots of the weights, so that small ones can still be told apart."""
    rows = []
    for step in range(len(layers[0])):
        for one in layers:
            rows.append(one[step].transpose(0, 1).sqrt().mul(SCALE).round().to(torch.uint8).flatten())
    return torch.cat(rows).numpy().tobytes()


def make(lab, smoke=False):
    pipe = lab.pipeline()
    one = play.perform(pipe, smoke)
    kept = [i for i in KEPT if i < one.steps]
    states = encode_prompts(pipe, [one.prompt]).states
    end = one.tokens.index(pipe.tokenizer.eos_token)
    found = heads_of(pipe, one.xt[kept], one.timesteps[kept], states)
    order = {name: k for k, name in enumerate(("down_blocks", "mid_block", "up_blocks"))}
    names = sorted(found, key=lambda name: (order[name.split(".")[0]], name))
    layers = [gathered(found[name], end) for name in names]
    fine = [one for one in layers if one.shape[-1] == SIDES[0]]
    at = kept.index(SHOWN) if SHOWN in kept else 0
    tiles = torch.stack([one[at].mean(0) for one in fine]).mean(0).numpy()  # [tokens, h, w]
    labels = [one.tokens[i].replace("</w>", "").strip("<|>") for i in range(end + 1)] + ["padding"]
    labels[0], labels[end] = "start", "end"
    mass = [float(tile.mean()) for tile in tiles]

    spoken = [word for word in labels[1:end] if re.fullmatch(r"\w+", word) and word != "style"]
    spoken = spoken[: 1 if smoke else None]
    runs = generate_batch(pipe, [without(one.prompt, word) for word in spoken], [one.seed] * len(spoken),
                          steps=one.steps, guidance=one.guidance)  # fmt: skip
    moved = {
        word: float(np.sqrt(((run.image.astype(float) - one.image) ** 2).mean()) / 255)
        for word, run in zip(spoken, runs, strict=True)
    }
    bets = decode(pipe.vae, one.x0[kept])
    sheet = np.concatenate([*bets, one.image, *(run.image for run in runs)], axis=1)
    dearest = max(moved, key=moved.get)
    n = {
        "tokens": end + 1,
        "padding": len(one.tokens) - end - 1,
        "layers": len(layers),
        "heads": sum(one.shape[1] for one in layers),
        "side": SIDES[0],
        "step": kept[at] + 1,
        "steps": one.steps,
        "guidance": one.guidance,
        "start_mass": mass[0],
        "end_mass": mass[end],
        "padding_mass": mass[-1],
        "words_mass": float(sum(mass[1:end])),
        **{f"without_{word}": value for word, value in moved.items()},
        "most_missed": dearest,
        "most_moved": moved[dearest],
        "least_missed": min(moved, key=moved.get),
        "least_moved": min(moved.values()),
    }
    data = {
        "prompt": one.prompt,
        "picture": one.image.shape[0],
        "tokens": [{"word": word, "without": spoken.index(word) if word in spoken else None} for word in labels],
        "moved": [round(moved[word], 4) for word in spoken],
        "steps": [i + 1 for i in kept],
        "of": one.steps,
        "t": one.timesteps[kept].tolist(),
        "layers": [{"name": short(name), "side": one.shape[-1], "heads": one.shape[1]}
                   for name, one in zip(names, layers, strict=True)],
        "scale": SCALE,
        "maps": base64.b64encode(packed(layers)).decode(),
    }  # fmt: skip
    shown = [i for i in range(len(labels)) if labels[i] != ","]

    def tile(theme, one):
        one = one - one.min()
        return colour_map(one, theme, float(one.max()) or 1.0, "attention")

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        fig.note(0, 0, f"Step {n['step']}: who looks at which token", size=14, weight=600)
        gap, columns = 10, 3 if narrow else 5
        cell = (fig.width - gap * (columns - 1)) // columns
        cell -= cell % SIDES[0]
        y = 26
        for k, i in enumerate(shown):
            row, column = divmod(k, columns)
            x, top = column * (cell + gap), y + row * (cell + 42)
            picture(fig, tile(theme, tiles[i]), x, top, cell, cell, smooth=False)
            fig.note(x + cell / 2, top + cell + 4, labels[i], "text", 12, ha="center", weight=600)
            fig.note(x + cell / 2, top + cell + 20, f"{mass[i]:.1%} of all", "muted", 11, ha="center")
        y += -(-len(shown) // columns) * (cell + 42) + 8
        fig.note(0, y, "The same seed, one word less", size=14, weight=600)
        y += 26
        columns = 3 if narrow else 6
        cell = (fig.width - gap * (columns - 1)) // columns
        pictures = [(one.image, "all words", "")]
        pictures += [
            (run.image, f"no “{word}”", f"{moved[word]:.0%} away") for word, run in zip(spoken, runs, strict=True)
        ]
        for k, (image, words, under) in enumerate(pictures):
            row, column = divmod(k, columns)
            x, top = column * (cell + gap), y + row * (cell + 42)
            picture(fig, image, x, top, cell, cell)
            fig.note(x + cell / 2, top + cell + 4, words, "text" if under else "image", 12, ha="center", weight=600)
            fig.note(x + cell / 2, top + cell + 20, under, "muted", 11, ha="center")
        fig.set_height(y + -(-len(pictures) // columns) * (cell + 42))
        return fig

    return Output(
        alt=(
            f"Maps of {SIDES[0]} × {SIDES[0]} cells for each token of “{one.prompt}”, bright where the U-Net looks at it; "
            f"the words get {n['words_mass']:.0%} of all attention, padding {n['padding_mass']:.0%}. Below, the picture "
            f"and {len(spoken)} more, each with one word left out of the prompt: without “{dearest}” the pixels move "
            f"most, by {n['most_moved']:.0%} of the range."
        ),
        caption=(
            f"**Cross-attention, token by token.** Step {n['step']} of {one.steps}; each square is the mean over heads and "
            f"over the layers with {SIDES[0]} × {SIDES[0]} cells, at that resolution, stretched to its own range. Under it "
            f"its share of all attention: the words get {n['words_mass']:.0%} together, the start token "
            f"{n['start_mass']:.0%}, the end token {n['end_mass']:.0%}, and {n['padding']} places of padding "
            f"{n['padding_mass']:.0%}. Below, what a word is for: the same seed with one word left out, and how far the "
            f"pixels move (root mean square, of their range). “{dearest}” is missed most, “{n['least_missed']}” least "
            f"({n['least_moved']:.0%})."
        ),
        numbers=n,
        draw=draw,
        format="webp",
        data=data,
        files={"sheet.webp": encode_image(sheet, "webp", lossless=False)},
    )

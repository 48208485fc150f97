"""Runs recorded on the real pipeline, with every latent and where each word was read, for readers whose browser has not
loaded the model; and how far the pictures move when the weights are rounded to eight bits for a smaller download.
"""

import copy

import numpy as np
import torch

from denoised import rounding
from denoised.pipeline import decode, encode, generate_batch
from denoised.probes.attention import Attention, is_word
from denoised.probes.latents import fit_preview
from plotting.encode import encode_image
from plotting.layout import picture
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "Recorded runs of the open box"
TINY_ONLY = "It records what the small model in the browser does."

PROMPTS = (
    "red apple, noto style",
    "cat face, noto style",
    "grinning face, twemoji style",
    "blue heart, noto style",
    "pizza, twemoji style",
    "tiger face, openmoji style",
    "sunflower, noto style",
    "crying face, fluent style",
    "green book, twemoji style",
    "penguin, noto style",
    "full moon, noto style",
    "birthday cake, openmoji style",
    "rocket, openmoji style",
    "octopus, fluent style",
    "strawberry, noto style",
    "angry face, twemoji style",
    "dog face, noto style",
    "red car, twemoji style",
    "tree, openmoji style",
    "hot beverage, noto style",
    "umbrella, twemoji style",
    "ghost, fluent style",
    "yellow star, noto style",
    "zebra piano, noto style",
)
SHOWN = 2  # of them, before a browser shows all
COMPARED = 12  # the first of them, drawn with rounded weights as well
SEED = 1
STEPS = 20  # divides the schedule's thousand, so that the stock sampler visits the same t
GUIDANCE = 3.0
SIDE = 8  # cells of the attention maps
COLUMNS = 7  # of a sprite of pictures
LEVELS = 255
FAR = 16  # of these levels: a change that can be seen
FIXED = 4096  # latents are recorded as whole numbers of 16 bits, this many to one


def sprite(frames):
    """Frames [F, h, w, 3] in reading order on one sheet of COLUMNS columns."""
    blank = np.zeros_like(frames[0])
    rows = [list(frames[i : i + COLUMNS]) for i in range(0, len(frames), COLUMNS)]
    rows[-1] += [blank] * (COLUMNS - len(rows[-1]))
    return np.concatenate([np.concatenate(row, axis=1) for row in rows], axis=0)


def fixed(latents):
    """Latents as bytes: int16, little-endian, FIXED to one."""
    return np.clip(np.round(latents.numpy() * FIXED), -32768, 32767).astype("<i2").tobytes()


def record(pipe, prompts, steps):
    """Traces of the prompts, and where the conditioned half of the batch read each token: [N, S, SIDE, SIDE, L]."""
    with Attention(pipe.unet) as seen:
        traces = generate_batch(
            pipe, prompts, [SEED] * len(prompts), steps=steps, guidance=GUIDANCE, batch=len(prompts)
        )
        maps = torch.stack([seen.maps(SIDE, call)[len(prompts) :] for call in range(steps)], dim=1)
    return traces, maps.numpy()


def make(lab, smoke=False):
    pipe, specimens = lab.pipeline(), lab.specimens()
    prompts, steps = (PROMPTS[:1], 2) if smoke else (PROMPTS, STEPS)
    some = specimens.images[:: 150 if smoke else 10]
    preview = fit_preview(encode(pipe.vae, some), some)
    traces, maps = record(pipe, prompts, steps)

    small = copy.copy(pipe)
    small.unet, small.text_encoder = (rounding.round_weights(copy.deepcopy(m)) for m in (pipe.unet, pipe.text_encoder))
    some = prompts[:COMPARED]
    again = generate_batch(small, some, [SEED] * len(some), steps=steps, guidance=GUIDANCE, batch=len(some))
    apart = np.array([
        np.abs(a.image.astype(int) - b.image.astype(int)) for a, b in zip(traces[: len(some)], again, strict=True)
    ])  # fmt: skip

    words = np.array([[is_word(token) for token in trace.tokens] for trace in traces])
    on_marks = [1 - some[..., word].sum(-1).mean() for some, word in zip(maps, words, strict=True)]

    files, runs, frames = {}, [], []
    for i, (trace, some_maps) in enumerate(zip(traces, maps, strict=True)):
        guesses = decode(pipe.vae, torch.cat([trace.x0, trace.xt[-1:]]))
        files[f"r{i}.bets.webp"] = encode_image(sprite(guesses), "webp", lossless=False)
        files[f"r{i}.latents.i16"] = fixed(trace.xt)
        files[f"r{i}.attention.u8"] = np.round(255 * some_maps).astype(np.uint8).tobytes()  # [S, SIDE, SIDE, L]
        runs.append({"name": f"r{i}", "prompt": trace.prompt, "seed": trace.seed, "tokens": trace.tokens})
        frames.append(guesses)

    n = {
        "prompts": len(prompts),
        "compared": len(some),
        "seed": SEED,
        "steps": steps,
        "guidance": GUIDANCE,
        "rounded_mean_levels": float(apart.mean()),
        "rounded_worst_mean_levels": float(apart.mean(axis=(1, 2, 3)).max()),
        "rounded_far_percent": 100 * float((apart.max(axis=-1) > FAR).mean()),
        "levels": LEVELS,
        "far_levels": FAR,
        "read_tokens": len(traces[0].tokens) - 2,  # between the marks of start and end
        "marks_percent": 100 * float(np.mean(on_marks)),
        "preview_r2": preview.r2,
    }
    data = {
        "steps": steps,
        "guidance": GUIDANCE,
        "seed": SEED,
        "columns": COLUMNS,
        "side": SIDE,
        "fixed": FIXED,
        "latent": list(traces[0].xt.shape[1:]),
        "pixels": int(traces[0].image.shape[0]),
        "length": len(traces[0].tokens),
        "t": traces[0].timesteps.tolist(),
        "alpha_bar": [round(level, 9) for level in traces[0].alpha_bar.tolist()],
        "preview": preview.matrix.round(4).tolist(),
        "runs": runs,
    }
    latents = [preview(trace.xt) for trace in traces]
    picks = [0, steps // 5, (2 * steps) // 5, (3 * steps) // 5, (4 * steps) // 5, steps]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        rows = range(min(SHOWN, len(traces)))
        gap = 6
        cell = (fig.width - gap * (len(picks) - 1)) // len(picks)
        y = 0
        for r in rows:
            fig.note(0, y, f"“{traces[r].prompt}”", "text", SMALL, weight=600)
            y += 22
            for shown, smooth in ((latents[r], False), (frames[r], None)):
                for j, i in enumerate(picks):
                    picture(fig, shown[i], j * (cell + gap), y, cell, cell, smooth)
                y += cell + gap
            y += 8
        for j, i in enumerate(picks):
            word = "end" if i == steps else f"step {i + 1}"
            fig.note(j * (cell + gap) + cell / 2, y, word, "ink", SMALL, ha="center", weight=600)
        return fig

    return Output(
        alt=(
            f"Film strips of {min(SHOWN, len(traces))} of {len(prompts)} recorded runs of {steps} steps: above, the noisy "
            f"latent as coloured squares, below, the picture that the model bets on; first “{traces[0].prompt}”."
        ),
        caption=(
            f"**Recorded runs.** {len(prompts)} prompts, {steps} steps, guidance {GUIDANCE:g}, seed {SEED}, made by "
            "the same model when this site was built. Above, the noisy latent as coloured squares; below, what the "
            "model bets on."
        ),
        numbers=n,
        draw=draw,
        format="webp",
        data=data,
        files=files,
    )

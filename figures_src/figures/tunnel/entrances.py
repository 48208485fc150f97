"""The two entrances of the text and the one of time. Words come in through cross-attention and, pooled into one vector,
with the clock; given two different prompts, which entrance decides? And what does a wrong clock cost?
"""

import numpy as np
import torch

from denoised.diffusion.guidance import guided
from denoised.pipeline import decode, encode, encode_prompts
from denoised.probes.features import pooled_from
from denoised.probes.runs import homework, noise, walk
from plotting.layout import label_point, picture
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "Where words and time come in"

PAIRS = (
    ("red apple, noto style", "cat face, noto style"),
    ("pizza, twemoji style", "red heart, twemoji style"),
    ("house, noto style", "octopus, twemoji style"),
    ("grinning face, noto style", "rocket, fluent style"),
)
SEED = 21
STEPS = 10
GUIDANCE = 3.0
ICONS = 12
TRUE_T = 500
TOLD = (20, 150, 300, 400, 500, 600, 700, 850, 980)


def between(x, a, b):
    """Where x lies on the way from a to b, each [N, C, h, w]: 0 at a, 1 at b. [N]."""
    way = (b - a).flatten(1)
    return ((x - a).flatten(1) * way).sum(1) / way.square().sum(1)


@torch.no_grad()
def make(lab, smoke=False):
    pipe, specimens = lab.pipeline(), lab.specimens()
    unet = pipe.unet
    pairs, steps = (PAIRS[:1], 1) if smoke else (PAIRS, STEPS)
    first, second = (encode_prompts(pipe, [pair[k] for pair in pairs]).states for k in (0, 1))
    empty = encode_prompts(pipe, [""]).states.expand_as(first)
    start = noise(pipe, [SEED + k for k in range(len(pairs))])

    def run(read, pooled):
        """Finished latents with one text for cross-attention and one for the pooled entrance; guidance on both."""
        model = guided(
            lambda xt, t, context: unet(xt, t, encoder_hidden_states=context, return_dict=False)[0],
            GUIDANCE,
            read,
            empty,
        )
        with pooled_from(unet, torch.cat([empty, pooled])):
            return walk(pipe, model, start, steps)

    ends = {"aa": run(first, first), "ab": run(first, second), "ba": run(second, first), "bb": run(second, second)}
    by_words = between(ends["ba"], ends["aa"], ends["bb"])  # only the words changed
    by_pool = between(ends["ab"], ends["aa"], ends["bb"])
    images = {key: decode(pipe.vae, x) for key, x in ends.items()}

    picks = specimens.where(split="concept")[: 2 if smoke else ICONS]
    x0 = encode(pipe.vae, specimens.images[picks])
    xt, right, _ = homework(pipe, x0, torch.full((len(picks),), TRUE_T), lab.generator("noise"))
    blank = encode_prompts(pipe, [""]).states.expand(len(picks), -1, -1)
    error = [
        float((unet(xt, t, encoder_hidden_states=blank, return_dict=False)[0] - right).square().mean()) for t in TOLD
    ]
    times = [e / error[TOLD.index(TRUE_T)] for e in error]
    hidden = unet.time_embedding.linear_2.out_features
    n = {
        "pairs": len(pairs), "steps": steps, "guidance": GUIDANCE, "icons": len(picks), "true_t": TRUE_T,
        "by_words_percent": 100 * float(by_words.mean()), "by_pool_percent": 100 * float(by_pool.mean()),
        "by_words_most": 100 * float(by_words.max()), "by_words_least": 100 * float(by_words.min()),
        "by_pool_most": 100 * float(by_pool.max()), "by_pool_least": 100 * float(by_pool.min()),
        "clock_values": hidden,
        "clock_doors": sum(name.endswith(".time_emb_proj") for name, _ in unet.named_modules()),
        "word_doors": sum(name.endswith(".attn2") for name, _ in unet.named_modules()),
        "told_least": TOLD[0], "told_most": TOLD[-1], "times_least": times[0], "times_most": times[-1],
        "best_told": TOLD[int(np.argmin(times))],
    }  # fmt: skip
    rows = (
        ("aa", "both hear A", ""),
        ("ba", "words hear B,\npooled hears A", f"{n['by_words_percent']:.0f} % of the way"),
        ("ab", "words hear A,\npooled hears B", f"{n['by_pool_percent']:.0f} % of the way"),
        ("bb", "both hear B", ""),
    )

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        gap, left = 8, 0 if narrow else 172
        cell = (fig.width - gap * (len(PAIRS) - 1)) // len(PAIRS) if narrow else 131
        y = 0
        if not narrow:
            for j, (a, b) in enumerate(pairs):
                short = [p.split(",")[0] for p in (a, b)]
                fig.note(
                    left + j * (cell + gap) + cell / 2, 0, f"A: {short[0]}\nB: {short[1]}", "muted", 11, ha="center"
                )
            y = 38
        for key, words, told in rows:
            if narrow:
                fig.note(0, y, words.replace("\n", " "), "text", SMALL, weight=600)
                fig.note(fig.width, y, told, "muted", 11, ha="right")
                y += 20
            else:
                fig.note(0, y + cell / 2 - 16, words, "text", 13, weight=600, va="center")
                fig.note(0, y + cell / 2 + 14, told, "muted", SMALL)
            for j, image in enumerate(images[key]):
                picture(fig, image, left + j * (cell + gap), y, cell, cell)
            y += cell + (12 if narrow else gap)
        y += 10
        fig.note(0, y, "What a wrong clock costs", size=14, weight=600)
        fig.note(0, y + 20, f"error, when t is {TRUE_T} and the network is told otherwise", "muted", 11)
        ax = fig.area(44, y + 50, fig.width - 60, 140, below=40)
        ax.plot(TOLD, times, "o-", color=theme.prediction, markersize=5)
        ax.axhline(1, color=theme.muted, linewidth=1)
        ax.axvline(TRUE_T, color=theme.muted, linewidth=1)
        ax.set(xlim=(0, 1000), ylim=(0, max(times) * 1.12))
        ax.set_xlabel("the t that it is told")
        label_point(ax, TRUE_T, 1, "true", "muted", dx=6, dy=-12)
        return fig

    return Output(
        alt=(
            f"{len(pairs)} pairs of prompts, A and B, drawn four ways: both entrances hear A; cross-attention hears B and "
            f"the pooled entrance A, which goes {n['by_words_percent']:.0f} % of the way to B; the other way round, "
            f"{n['by_pool_percent']:.0f} %; both hear B. Below, the error when the network is told a wrong t: "
            f"×{n['times_least']:.1f} for t = {n['told_least']}, ×{n['times_most']:.1f} for t = {n['told_most']}, where "
            f"{TRUE_T} is true."
        ),
        caption=(
            f"**Two doors for the words, one for the time.** Cross-attention reads the prompt token by token, at "
            f"{n['word_doors']} places; a second door pools it into one vector of {n['clock_values']} numbers, adds it to "
            f"the clock's and passes both to all {n['clock_doors']} convolution blocks. When the doors hear different "
            f"prompts, changing only what cross-attention hears moves the finished latent {n['by_words_percent']:.0f} % "
            f"of the way from A's to B's ({n['by_words_least']:.0f} to {n['by_words_most']:.0f} % over {n['pairs']} "
            f"pairs), changing only the pooled text {n['by_pool_percent']:.0f} % ({n['by_pool_least']:.0f} to "
            f"{n['by_pool_most']:.0f} %). Below: told the wrong time, the network errs up to ×{max(times):.1f} as much."
        ),
        numbers=n | {"times_worst": max(times)},
        draw=draw,
        format="webp",
    )

"""Take a part away: the same prompts and seeds without the words, without attention, without skip connections, with the
latent's scale forgotten, and with a decoder that expects another latent; a picture each, and what the judge says.

Tests claims: r11-07.
"""

from contextlib import nullcontext

import numpy as np
import torch

from denoised.data.captions import STYLE_WORDS
from denoised.models import judge as observer
from denoised.pipeline import decode, encode, generate_batch
from denoised.probes import judge, play
from denoised.probes.features import branches, count_skips, cut_skips, without
from plotting.layout import picture
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd", "judge")
DATA = ("specimens",)
TITLE = "Take a part away"

CAST = {"cat-face": "cat face", "red-apple": "red apple", "pizza": "pizza", "house": "house", "octopus": "octopus",
        "red-heart": "red heart", "skull": "skull", "rocket": "rocket"}  # fmt: skip
STYLE = "noto"
STEPS = 10
SHOWN = 4
ORDER = (1, 2, 3, 0)  # of the latent's channels, for a decoder that expects another latent


def cut(pipe, part):
    """The pipeline's U-Net with a part silenced, as a context."""
    if part == "no attention":
        names = [name for kind, _, name in branches(pipe.unet) if kind in ("words", "self-attention")]
        return without(pipe.unet, names)
    if part == "no skip connections":
        return cut_skips(pipe.unet, range(count_skips(pipe.unet)))
    return nullcontext()


def make(lab, smoke=False):
    pipe, specimens = lab.pipeline(), lab.specimens()
    net = observer.load(lab.weight("judge"))
    concepts = list(CAST)[: 2 if smoke else None]
    said = [f"{CAST[c]}, {STYLE_WORDS[STYLE][0]} style" for c in concepts]
    seeds = [play.SEED + k for k in range(len(said))]
    wanted = {"concept": concepts}

    def play_it(prompts=said, guidance=play.GUIDANCE):
        return generate_batch(pipe, prompts, seeds, steps=2 if smoke else STEPS, guidance=guidance)

    whole = play_it()
    ends = torch.stack([run.xt[-1] for run in whole])
    real = specimens.images[[specimens.where(concept=c, style=STYLE, tone="none")[0] for c in concepts]]
    made = {
        "real icons, coded and decoded": decode(pipe.vae, encode(pipe.vae, real)),
        "everything": np.stack([run.image for run in whole]),
        "no words": np.stack([run.image for run in play_it([""] * len(said), 1.0)]),
    }
    for part in ("no attention", "no skip connections"):
        with cut(pipe, part):
            made[part] = np.stack([run.image for run in play_it()])
    made["latent's scale forgotten"] = decode(pipe.vae, ends * pipe.vae.config.scaling_factor)
    made["a decoder for other latents"] = decode(pipe.vae, ends[:, list(ORDER)])
    scores = {part: judge.score(net, judge.look(net, images), wanted) for part, images in made.items()}
    apart = {
        part: float(np.sqrt(((images.astype(float) - made["everything"]) ** 2).mean()) / 255)
        for part, images in made.items()
    }
    keys = dict(zip(made, ("real", "everything", "words", "attention", "skips", "scale", "decoder"), strict=True))
    n = {
        "prompts": len(said),
        "steps": whole[0].steps,
        "guidance": play.GUIDANCE,
        "scale": float(pipe.vae.config.scaling_factor),
        "concepts": len(net.classes["concept"]),
    }
    for part, score in scores.items():
        n[f"{keys[part]}_named"] = score["top5"].share
        n[f"{keys[part]}_apart"] = apart[part]
    n["everything_low"], n["everything_high"] = scores["everything"]["top5"].interval

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        shown = min(SHOWN, len(said))
        gap, left = 8, 0 if narrow else 214
        cell = (fig.width - gap * (shown - 1)) // shown if narrow else 112
        y = 0
        for part, images in made.items():
            score = scores[part]
            colour = "image" if keys[part] == "real" else "latent" if keys[part] == "everything" else "prediction"
            named = f"{score['top5'].hits} of {score['top5'].n}"
            if narrow:
                fig.note(0, y, part, colour, 13, weight=600)
                fig.note(0, y + 18, f"the judge recognizes {named}", "muted", SMALL)
                y += 38
            else:
                fig.note(0, y + cell / 2 - 16, part, colour, 13, weight=600)
                fig.note(0, y + cell / 2 + 6, f"the judge recognizes {named}", "muted", SMALL)
            for j in range(shown):
                picture(fig, images[j], left + j * (cell + gap), y, cell, cell)
            y += cell + (16 if narrow else gap)
        fig.set_height(y)
        return fig

    parts = "; ".join(f"{part} {n[f'{keys[part]}_named']:.0%}" for part in made)
    return Output(
        alt=(
            f"Rows of pictures of the same prompts and seeds, each with another part of the pipeline taken away. Share of "
            f"{len(said)} things that the judge has among its first five: {parts}."
        ),
        caption=(
            f"**One part less.** {len(said)} prompts in one style, the same seeds, {whole[0].steps} steps, guidance "
            f"{play.GUIDANCE:g}. The judge, which no generator was trained with, has the right thing among its first five "
            f"of {n['concepts']:,} for {parts}. With so few pictures an interval is wide (everything: "
            f"{n['everything_low']:.0%} to {n['everything_high']:.0%}), and the judge is a weak one: the first row is what "
            "it can do at best. Without skips zeros arrive where fine detail should; the forgotten scale multiplies the "
            f"latent by {n['scale']:.2f}; the last decoder finds the channels in another order, as any decoder would "
            "that was trained with another encoder."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

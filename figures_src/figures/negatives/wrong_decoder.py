"""Can words undo a decoder that was fed with one gender? Men and women are asked for with no negative, with one and with
eight, and every latent goes through decoders that have seen only women, only men, or both.

Tests claims: r10b-01.
"""

import numpy as np
import torch

from denoised.models import judge as judge_model
from denoised.models import tiny
from denoised.pipeline import decode, generate_batch
from denoised.probes import judge
from denoised.probes.judge import Share
from denoised.studies import unseen
from plotting.bars import share_bar
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import new_figure

DIETS = ("balanced", "women", "men")
WEIGHTS = ("emoji-sd", "judge", "decoders/tiny-balanced", "decoders/tiny-women", "decoders/tiny-men",
           "decoders/tiny-plants")  # fmt: skip
DATA = ()
TITLE = "Words against a one-sided decoder"
TINY_ONLY = "It crosses this project's U-Net with decoders that were trained on chosen kinds of emoji."

WHO = ("farmer", "pilot", "cook", "singer", "firefighter", "office worker")
WORDS = ("woman", "man")
MORE = "house, rocket, guitar, key, ghost, cactus, books"  # seven negatives beside the gender
COUNTS = (0, 1, 8)
STEPS, GUIDANCE = 8, 3.0


def share_of(scores, axis):
    """Share of the variance of scores [decoder, count, word, who] that the means along one axis account for."""
    others = tuple(a for a in range(scores.ndim) if a != axis)
    return float(scores.mean(others).var() / max(scores.var(), 1e-12))


def make(lab, smoke=False):
    pipe, net = lab.pipeline(), judge_model.load(lab.weight("judge"))
    _, arrays = unseen.load()
    probe = unseen.probe(arrays, "woman")
    small = {d: tiny.load(lab.weight(f"decoders/tiny-{d}/decoder.safetensors")) for d in (*DIETS, "plants")}
    who, steps = (WHO[:2], 2) if smoke else (WHO, STEPS)
    prompts = [f"{word} {some}, noto style" for word in WORDS for some in who]
    # the negative that is to help: the other gender's word, alone or with seven others
    against = dict(zip(WORDS, WORDS[::-1], strict=True))
    latents = []
    for count in COUNTS:
        lines = {w: "" if count == 0 else against[w] if count == 1 else f"{against[w]}, {MORE}" for w in WORDS}
        made = [generate_batch(pipe, [p for p in prompts if p.startswith(f"{w} ")], range(len(who)),
                               negative_prompt=lines[w], steps=steps, guidance=GUIDANCE) for w in WORDS]  # fmt: skip
        latents.append(torch.stack([trace.xt[-1] for some in made for trace in some]))
    z = torch.cat(latents)
    shape = (len(COUNTS), len(WORDS), len(who))
    pictures = {"shipped": decode(pipe.vae, z)} | {d: tiny.decode(small[d], z) for d in small}
    scores = {d: probe.score(judge.look(net, some)["features"]).reshape(shape) for d, some in pictures.items()}
    woman = {d: some > 0 for d, some in scores.items()}
    n = {"pictures": len(z), "who": len(who), "steps": steps, "guidance": GUIDANCE}
    turned = np.stack([~woman["balanced"] & woman["women"], woman["balanced"] & ~woman["men"]])
    could = np.stack([~woman["balanced"], woman["balanced"]])
    flips = Share(int(turned.sum()), max(int(could.sum()), 1))
    n["flips_decoder"], (n["flips_low"], n["flips_high"]) = flips.share, flips.interval
    # the control: as one-sided, but with no gender in it
    turned = np.stack([~woman["balanced"] & woman["plants"], woman["balanced"] & ~woman["plants"]])
    plain = Share(int(turned.sum()), max(int(could.sum()), 1))
    n["flips_plain"], (n["flips_plain_low"], n["flips_plain_high"]) = plain.share, plain.interval
    n["flips_word"] = float((woman["balanced"][:, 0] != woman["balanced"][:, 1]).mean())
    n["flips_negative"] = float((woman["balanced"][1] != woman["balanced"][0]).mean())
    n["flips_negatives"] = float((woman["balanced"][2] != woman["balanced"][0]).mean())
    crossed = np.stack([scores[d] for d in DIETS])
    for axis, name in enumerate(("decoder", "negatives", "word")):
        n[f"share_{name}"] = share_of(crossed, axis)
    asked = np.broadcast_to(np.array([True, False])[None, :, None], shape)
    for d in woman:
        right = Share(int((woman[d] == asked).sum()), asked.size)
        n[f"right_{d}"], (n[f"right_{d}_low"], n[f"right_{d}_high"]) = right.share, right.interval
        n[f"women_{d}"] = float(woman[d].mean())
    n["probe"] = float(
        np.mean([(arrays["woman_score_women_real"] > 0).mean(), (arrays["woman_score_men_real"] <= 0).mean()])
    )
    index = np.arange(len(z)).reshape(shape)
    shown = [(index[0, 0, 0], "“woman farmer”"), (index[1, 0, 0], "the same,\nnot “man”"),
             (index[0, 1, 0], "“man farmer”"), (index[1, 1, 0], "the same,\nnot “woman”")]  # fmt: skip
    rows = [[pictures[d][i] for d in ("shipped", *DIETS)] for i, _ in shown]
    bars = [("decoder of one gender", n["flips_decoder"], "latent"),
            ("decoder of plants (control)", n["flips_plain"], "noise"), ("another word", n["flips_word"], "text"),
            ("one negative", n["flips_negative"], "attention"),
            ("eight negatives", n["flips_negatives"], "attention")]  # fmt: skip

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        cell, gap = (56, 6) if narrow else (78, 8)
        heads = ["shipped", "balanced", "women\nonly", "men\nonly"]
        y = image_grid(fig, rows, rows=[w for _, w in shown], columns=heads, left=112, cell=cell, gap=gap, size=12)
        x, y = (0, y + 26) if narrow else (112 + 4 * (cell + gap) + 22, 0)
        width = fig.width - x
        fig.note(x, y, "How often the probe's\nword for it changes", size=14, weight=600)
        y += 50
        for word, value, colour in bars:
            fig.note(x, y, word, "ink", 12)
            fig.note(x + width, y, f"{value:.0%}", "ink", 12, ha="right", weight=600)
            share_bar(fig, x, y + 19, width, 9, value, colour)
            y += 40
        return fig

    return Output(
        alt=(
            "A woman and a man farmer, each with and without the other's word as a negative, through four decoders. "
            f"The probe's word changes for {n['flips_decoder']:.0%} of "
            f"pictures with the decoder, for {n['flips_word']:.0%} with the word, for {n['flips_negative']:.0%} with one "
            f"negative and {n['flips_negatives']:.0%} with eight."
        ),
        caption=(
            f"**Who decides?** {n['pictures']} latents: {n['who']} trades, “woman” or “man”, no negative, the other word "
            "as a negative, or that and seven more. Where a decoder of one gender could have turned the picture, it did "
            f"in {n['flips_decoder']:.0%} of cases (95 % interval {n['flips_low']:.0%} to {n['flips_high']:.0%}); the "
            f"word in the prompt changes {n['flips_word']:.0%}, a decoder that knows only plants {n['flips_plain']:.0%}. "
            f"The probe, right on {n['probe']:.0%} of real icons, finds the gender asked for in {n['right_shipped']:.0%} "
            "of what the shipped decoder shows; a coin would in half."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

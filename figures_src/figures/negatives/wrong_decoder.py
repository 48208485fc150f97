"""Can words undo a decoder that was fed with one gender? Men and women are asked for with no negative, with one and with
eight, and every latent goes through decoders that have seen only women, only men, or both.

Tests claims: r10b-01.
"""

import torch

from denoised import measured
from denoised.measured import negatives_wrong_decoder
from denoised.measured.negatives_wrong_decoder import DIETS
from denoised.models import tiny
from denoised.pipeline import decode
from plotting.bars import share_bar
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd", "judge", "decoders/tiny-balanced", "decoders/tiny-women", "decoders/tiny-men",
           "decoders/tiny-plants")  # fmt: skip
DATA = ()
TITLE = "Words against a one-sided decoder"
TINY_ONLY = "It crosses this project's U-Net with decoders that were trained on chosen kinds of emoji."


def make(lab, smoke=False):
    n, found = measured.results(lab, negatives_wrong_decoder, smoke)
    z = torch.from_numpy(found["shown"])
    pictures = [decode(lab.vae(), z)]
    pictures += [tiny.decode(tiny.load(lab.weight(f"decoders/tiny-{d}/decoder.safetensors")), z) for d in DIETS]
    rows = [list(row) for row in zip(*pictures, strict=True)]
    asked = ("“woman farmer”", "the same,\nnot “man”", "“man farmer”", "the same,\nnot “woman”")
    bars = [("decoder of one gender", n["flips_decoder"], "latent"),
            ("decoder of plants (control)", n["flips_plain"], "noise"), ("another word", n["flips_word"], "text"),
            ("one negative", n["flips_negative"], "attention"),
            ("eight negatives", n["flips_negatives"], "attention")]  # fmt: skip

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        cell, gap = (56, 6) if narrow else (78, 8)
        heads = ["shipped", "balanced", "women\nonly", "men\nonly"]
        y = image_grid(fig, rows, rows=asked, columns=heads, left=112, cell=cell, gap=gap, size=12)
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

"""A style that nobody has shown the model, by an adapter that learned it in minutes: pixel art of new things, and what the
adapter does to prompts that ask for none. Read from the results of `scripts/lab_niche.py`.

Tests claims: r07-21.
"""

from textwrap import wrap

import torch

from denoised.pipeline import decode
from denoised.probes.metrics import bootstrap_ci
from denoised.studies import niche as study
from denoised.studies import shelf
from plotting.dots import dots
from plotting.output import Output
from plotting.sheets import named_rows
from plotting.style import new_figure

WEIGHTS = ("emoji-sd", "judge")
DATA = ()
TITLE = "A niche in minutes"
TINY_ONLY = "Its adapters were trained here, for the small model."

SHEET = {
    "aim": "their icons, squared",
    "plain": "ordinary words", "word": "“pixel art”", "niche_alone": "adapter, alone", "niche_beside": "adapter, mixed",
    "leak_alone": "alone, ordinary", "leak_beside": "mixed, ordinary",
}  # fmt: skip
WORDS = {
    "plain": "ordinary words, no adapter", "word": "“pixel art”, no adapter",
    "niche_alone": "“pixel art”, adapter alone", "niche_beside": "“pixel art”, adapter mixed",
    "leak_alone": "ordinary words, adapter alone", "leak_beside": "ordinary words, adapter mixed",
}  # fmt: skip
COLOURS = {"aim": "ink", "plain": "muted", "word": "muted", "niche": "prediction", "leak": "noise"}


def colour(case):
    return COLOURS[case.partition("_")[0]]


def make(lab, smoke=False):
    facts, arrays = study.load()
    shelf.expect(facts, lab, study.NETWORKS, "lab_niche")
    settings = study.SETTINGS
    n = {
        "learned": settings.learned, "asked": settings.asked, "drawings": settings.asked * settings.times,
        "parameters": facts["parameters"], "share": facts["parameters"] / facts["of"], "squares": study.SQUARES,
        "rank": study.ARMS["alone"].rank, "lessons": study.ARMS["alone"].samples,
        **{f"minutes_{arm}": seconds / 60 for arm, seconds in facts["seconds"].items()},
    }  # fmt: skip
    for case in (*study.CASES, "real", "mosaic"):
        for field in ("within", "moved", "top5", "style"):
            values = arrays[f"{field}_{case}"].astype(float).reshape(settings.asked, -1).mean(1)  # things, not drawings
            low, high = bootstrap_ci(values, seed=3)
            n |= {f"{field}_{case}": float(values.mean()), f"{field}_{case}_low": low, f"{field}_{case}_high": high}
        if case in study.CASES:
            n[f"far_{case}"] = float(arrays[f"far_{case}"].mean())
    whole = n["within_plain"] - n["within_mosaic"]
    n |= {f"way_{case}": (n["within_plain"] - n[f"within_{case}"]) / whole for case in study.CASES}
    n["ratio_alone"], n["ratio_beside"] = (n[f"top5_niche_{arm}"] / n["top5_plain"] for arm in study.ARMS)
    n["way_least"] = min(n[f"way_niche_{arm}"] for arm in study.ARMS)
    n["ratio_least"] = min(n["ratio_alone"], n["ratio_beside"])
    count = 2 if smoke else 6
    vae = lab.pipeline().vae
    drawn = {"aim": list(arrays["pixels"][:count].repeat(8, 1).repeat(8, 2))}
    for case in list(SHEET)[1:]:
        drawn[case] = list(decode(vae, torch.from_numpy(arrays[f"z_{case}"][:count]).float()))
    labels = ["\n".join(wrap(facts["things"][i], 13)) for i in arrays["shown"][:count]]

    def shares(fig, x, y, width, field, title, about, named):
        rows = [(word, *(n[f"{field}_{case}{end}"] for end in ("", "_low", "_high")), colour(case))
                for case, word in WORDS.items()]  # fmt: skip
        dots(fig, x, y, width, title, about, rows, 190, 27, named, line=(n[f"{field}_mosaic"], "prediction"))

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        shown = {word: drawn[case][: 4 if narrow else 6] for case, word in SHEET.items()}
        y = named_rows(fig, shown, narrow, colours={word: colour(case) for case, word in SHEET.items()})
        if not narrow:
            for k, label in enumerate(labels):
                fig.note(136 + k * 96 + 44, y + 5, label, "muted", 11, ha="center")
            y += 40
        y += 18
        height = 44 + 27 * len(WORDS) + 40
        squares = ("within", "Variance within squares", "0 = pure squares; dashed: real mosaics")
        named = ("top5", "Thing among the judge's first five", "95 % intervals; dashed: real mosaics")
        if narrow:
            shares(fig, 0, y, fig.width, *squares, True)
            shares(fig, 0, y + height + 8, fig.width, *named, True)
            fig.set_height(y + 2 * height + 8)
        else:
            shares(fig, 0, y, 440, *squares, True)
            shares(fig, 454, y, fig.width - 454, *named, False)
            fig.set_height(y + height)
        return fig

    def way(case):
        return f"{n[f'way_{case}']:.0%}".replace("-", "−")

    listed = ", ".join(f"{word} {n[f'within_{case}']:.0%}" for case, word in WORDS.items())
    return Output(
        alt=(
            "Rows of pictures of the same things: their icons as coarse squares; then, from the same noise, drawings "
            "with ordinary words; asked for pixel art without an adapter, which gives others, and no squares; with "
            "either adapter, as coarse squares; and with ordinary words while either adapter is on. Below, the share of "
            f"variance within squares: {listed}; real mosaics {n['within_mosaic']:.0%}. And how often the judge has the "
            f"thing among its first five: {n['top5_plain']:.0%} of ordinary drawings, {n['top5_niche_alone']:.0%} and "
            f"{n['top5_niche_beside']:.0%} of pixel art."
        ),
        caption=(
            f"**A niche in {n['minutes_alone']:.0f} minutes.** Adapters of rank {n['rank']} ({n['parameters']:,} "
            f"parameters, {n['share']:.1%} of the U-Net's) had {n['lessons']:,} lessons on {n['learned']} icons turned "
            f"into {n['squares']} by {n['squares']} squares: one those alone, one mixed with as many lessons on ordinary "
            f"icons. Then {n['drawings']} drawings of {n['asked']} other things, in each way. Asked for pixel art, they "
            f"come {way('niche_alone')} and {way('niche_beside')} of the way to real mosaics, by the words alone "
            f"{way('word')}; with ordinary words and the adapter left on {way('leak_alone')} and {way('leak_beside')}. "
            f"(It is no mere blur: with the grid moved by half a square, {n['moved_niche_alone']:.0%} and "
            f"{n['moved_niche_beside']:.0%} of the variance lie within squares instead of {n['within_niche_alone']:.0%} "
            f"and {n['within_niche_beside']:.0%}.) The judge has the thing among its first five for "
            f"{n['top5_plain']:.0%} of ordinary drawings, {n['top5_word']:.0%} by the words alone, "
            f"{n['top5_niche_alone']:.0%} and {n['top5_niche_beside']:.0%} of the two adapters' pixel art, and "
            f"{n['top5_mosaic']:.0%} of the icons' own mosaics, all of which icons it knows."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

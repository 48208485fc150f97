"""Does a decoder that was fed with women shave men, or make women of them? Beards that are there or not in otherwise equal
drawings, and held-out men and women before a probe for gender.

Tests claims: r10-14. Read from the results of `scripts/lab_unseen.py`.
"""

import numpy as np

from denoised.probes.judge import Share
from denoised.probes.metrics import bootstrap_ci
from denoised.studies import unseen
from plotting.forest import forest
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ()
DATA = ()
TITLE = "Beards, through decoders that have seen none"
TINY_ONLY = "It compares decoders that this project trained on chosen kinds of emoji."

TONES = 3  # each drawing comes in three skin tones, which count as one


def drawings(values):
    """One number a drawing: the mean over its tones."""
    return np.asarray(values).reshape(-1, TONES).mean(1)


def make(lab, smoke=False):
    facts, arrays = unseen.load()
    kept = {
        diet: drawings(unseen.mean(arrays, f"beard_kept_{diet}")) for diet in ("shipped", "balanced", "women", "men")
    }
    n = {"drawings": len(kept["women"]), "tones": TONES, "runs": unseen.SETTINGS.runs}
    for diet, values in kept.items():
        n[f"kept_{diet}"] = float(values.mean())
        n[f"kept_{diet}_low"], n[f"kept_{diet}_high"] = bootstrap_ci(values)
    n["kept_drop"] = n["kept_balanced"] - n["kept_women"]
    n["kept_drop_low"], n["kept_drop_high"] = bootstrap_ci(kept["balanced"] - kept["women"])
    # error under the beard beyond the error beside it, in dB
    extra = {
        diet: drawings(unseen.mean(arrays, f"beard_beside_{diet}") - unseen.mean(arrays, f"beard_psnr_{diet}"))
        for diet in kept
    }
    n["harder_women"], n["harder_balanced"] = float(extra["women"].mean()), float(extra["balanced"].mean())
    # a probe for gender, and what it says of held-out people through each decoder
    for way in ("real", "balanced"):
        right = [
            unseen.mean(arrays, f"woman_score_women_{way}") > 0,
            unseen.mean(arrays, f"woman_score_men_{way}") <= 0,
        ]
        told = Share(int(sum(r.sum() for r in right)), sum(len(r) for r in right))
        n |= {f"probe_{way}": told.share, f"probe_{way}_low": told.interval[0], f"probe_{way}_high": told.interval[1]}
    ways = ("balanced", "women", "men", "plants")
    score = {(who, way): unseen.mean(arrays, f"woman_score_{who}_{way}") for who in ("men", "women") for way in ways}
    for (who, way), some in score.items():
        wrong = Share(int(((some > 0) == (who == "men")).sum()), len(some))
        n[f"wrong_{who}_{way}"], (n[f"wrong_{who}_{way}_low"], n[f"wrong_{who}_{way}_high"]) = (
            wrong.share,
            wrong.interval,
        )
    for who, way in (("men", "women"), ("women", "men")):
        sign, spread = (1 if who == "men" else -1), score[who, "balanced"].std()
        for name, other in (("shift", way), ("plain_shift", "plants")):
            values = sign * (score[who, other] - score[who, "balanced"]) / spread
            n[f"{name}_{who}"], (n[f"{name}_{who}_low"], n[f"{name}_{who}_high"]) = (
                float(values.mean()),
                bootstrap_ci(values),
            )
    n |= {"men": len(score["men", "women"]), "women": len(score["women", "men"])}
    n["turned"] = n["wrong_men_women"] - n["wrong_men_balanced"]
    n["turned_women"] = n["wrong_women_men"] - n["wrong_women_balanced"]
    sides = ("beards", "beards_shipped", "beards_balanced", "beards_women", "beards_men")
    rows = list(zip(*(arrays[f"shown_{side}"] for side in sides), strict=True))
    bars = [
        ("shipped decoder, full size", "shipped", "image"), ("balanced diet", "balanced", "prediction"),
        ("women only", "women", "latent"), ("men without beards", "men", "text"),
    ]  # fmt: skip

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        cell, gap = (64, 8) if narrow else (82, 8)
        heads = ["drawn", "shipped", "balanced\ndiet", "women\nonly", "men, no\nbeards"]
        y = image_grid(fig, rows, columns=heads, cell=cell, gap=gap, size=12)
        x, y = (0, y + 26) if narrow else (5 * (cell + gap) + 22, 0)
        effects = [(word, n[f"kept_{d}"], n[f"kept_{d}_low"], n[f"kept_{d}_high"], colour) for word, d, colour in bars]
        least = min(0.5, *(low for _, _, low, _, _ in effects))
        most = max(1.05, *(high for _, _, _, high, _ in effects))
        y = forest(fig, x, y, fig.width - x, "How much of the beard is left", effects, (least, most), ".0%", zero=1)
        fig.note(x, y, "The line: all of it.", "muted", 12)
        y = max(y, 3 * (cell + gap) + 40) + 34
        half = fig.width if narrow else (fig.width - 40) / 2
        for k, (who, own) in enumerate((("men", "women"), ("women", "men"))):
            x = 0 if narrow else k * (half + 40)
            rows_of = (("balanced diet", "balanced", "prediction"), (f"{own} only", own, "latent"),
                       ("plants only (control)", "plants", "noise"))  # fmt: skip
            some = [
                (word, n[f"wrong_{who}_{d}"], n[f"wrong_{who}_{d}_low"], n[f"wrong_{who}_{d}_high"], colour)
                for word, d, colour in rows_of
            ]
            title = f"{who.capitalize()} that a probe takes for {own}"
            end = forest(fig, x, y, half, title, some, (0, 1), ".0%")
            y = end + 16 if narrow else y
        return fig

    return Output(
        alt=(
            "Three bearded faces as drawn, through the shipped decoder, and through tiny decoders on a balanced diet, on "
            f"women only and on beardless men only. Of a beard {n['kept_shipped']:.0%}, "
            f"{n['kept_balanced']:.0%}, {n['kept_women']:.0%} and {n['kept_men']:.0%} are left."
        ),
        caption=(
            f"**Drawn by who never saw one.** {n['drawings']} bearded drawings in {n['tones']} skin tones, each "
            "with and without its beard. On the way from without (none) to with (all), pictures through a decoder that "
            f"has seen only women lie at {n['kept_women']:.0%} (95 % interval {n['kept_women_low']:.0%} to "
            f"{n['kept_women_high']:.0%}), through one on a balanced diet, which has seen these very beards, at "
            f"{n['kept_balanced']:.0%}. Of {n['men']} held-out men a probe for gender takes "
            f"{n['wrong_men_balanced']:.0%} for women through the balanced decoder, {n['wrong_men_women']:.0%} through the "
            f"one fed with women and {n['wrong_men_plants']:.0%} through one fed with plants; of {n['women']} women it "
            f"takes {n['wrong_women_balanced']:.0%}, {n['wrong_women_men']:.0%} (fed with men) and "
            f"{n['wrong_women_plants']:.0%} for men. It tells {n['probe_real']:.0%} of real held-out icons rightly."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

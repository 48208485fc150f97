"""Does a decoder that knows only plants see plants everywhere? All else through it, before a probe for plants, and blurred
blobs, to see whether it grows leaves on them.

Tests claims: r10-15. Read from the results of `scripts/lab_unseen.py`.
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
TITLE = "The world, through a decoder that knows plants"
TINY_ONLY = "It compares decoders that this project trained on chosen kinds of emoji."


def make(lab, smoke=False):
    facts, arrays = unseen.load()
    scores = {
        diet: unseen.mean(arrays, f"plant_score_others_{diet}") for diet in ("real", "shipped", "balanced", "plants")
    }
    seen = {diet: Share(int((some > 0).sum()), len(some)) for diet, some in scores.items()}
    n = {"others": len(scores["plants"]), "runs": unseen.SETTINGS.runs}
    for diet, some in seen.items():
        n |= {
            f"plant_{diet}": some.share,
            f"plant_{diet}_low": some.interval[0],
            f"plant_{diet}_high": some.interval[1],
        }
    n["plant_gain"] = n["plant_plants"] - n["plant_balanced"]
    n["real_plants"] = unseen.share(unseen.mean(arrays, "plant_score_plants_real"))
    n["plants"] = len(unseen.mean(arrays, "plant_score_plants_real"))
    right = [unseen.mean(arrays, "plant_score_plants_real") > 0, scores["real"] <= 0]
    n["probe"] = float(np.mean([side.mean() for side in right]))
    lost = unseen.cost(arrays, "others", "plants")
    n["lost_db"], (n["lost_low"], n["lost_high"]) = float(lost.mean()), bootstrap_ci(lost)
    own = unseen.cost(arrays, "plants", "plants")
    n["lost_plants_db"] = float(own.mean())
    detail = {diet: unseen.mean(arrays, f"blob_detail_{diet}") for diet in ("real", "balanced", "plants")}
    n |= {f"detail_{diet}": float(some.mean()) for diet, some in detail.items()} | {"blobs": len(detail["plants"])}
    n["blob_detail"] = n["detail_plants"] / n["detail_balanced"]
    n["blob_low"], n["blob_high"] = bootstrap_ci(detail["plants"] / detail["balanced"])
    n["blob_plants"] = unseen.share(unseen.mean(arrays, "blob_score_plants"))
    n["blob_balanced"] = unseen.share(unseen.mean(arrays, "blob_score_balanced"))
    rows = [[arrays[f"shown_{kind}{side}"][i] for side in ("", "_balanced", "_plants")]
            for kind, some in (("others", (0, 1, 2)), ("blobs", (0, 1))) for i in some]  # fmt: skip
    bars = [
        ("real icons", "real", "image"),
        ("balanced diet", "balanced", "prediction"),
        ("plants only", "plants", "latent"),
    ]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        cell, gap = (78, 8) if narrow else (84, 8)
        heads, names = ["given", "balanced\ndiet", "plants\nonly"], ["icon"] * 3 + ["blob"] * 2
        y = image_grid(fig, rows, columns=heads, rows=names, left=52, cell=cell, gap=gap, size=12)
        x, y = (0, y + 26) if narrow else (52 + 3 * (cell + gap) + 30, 0)
        effects = [(w, n[f"plant_{d}"], n[f"plant_{d}_low"], n[f"plant_{d}_high"], colour) for w, d, colour in bars]
        most = max(0.3, *(high + 0.02 for _, _, _, high, _ in effects))
        y = forest(fig, x, y, fig.width - x, "Taken for plants, though none is", effects, (0, most), ".0%")
        y += 14
        effects = [("plants only / balanced", n["blob_detail"], n["blob_low"], n["blob_high"], "latent")]
        limits = (min(0.5, n["blob_low"] - 0.1), max(1.5, n["blob_high"] + 0.1))
        y = forest(fig, x, y, fig.width - x, "Detail grown on blobs", effects, limits, ".2f", zero=1)
        fig.note(x, y, "The line: no more than the other.", "muted", 12)
        return fig

    return Output(
        alt=(
            "Icons that show no plants, and blurred blobs, as given and through a decoder on a balanced diet and one that "
            f"knows only plants. A probe takes {n['plant_balanced']:.0%} and {n['plant_plants']:.0%} of the icons for "
            f"plants; on blobs the second puts {n['blob_detail']:.2f} times the detail of the first."
        ),
        caption=(
            f"**Trees out of blobs?** {n['others']} held-out icons that are no plants. A probe that is right on "
            f"{n['probe']:.0%} of real ones takes {n['plant_real']:.0%} of them for plants as they are, "
            f"{n['plant_balanced']:.0%} through the balanced decoder and {n['plant_plants']:.0%} through one that knows "
            f"only plants (95 % interval {n['plant_plants_low']:.0%} to {n['plant_plants_high']:.0%}). The diet costs them "
            f"{n['lost_db']:.2f} dB. On {n['blobs']} blobs it draws {n['blob_detail']:.2f} times as much fine detail as "
            f"the balanced one ({n['blob_low']:.2f} to {n['blob_high']:.2f})."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

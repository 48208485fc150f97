"""Nets raised on icons that were shrunk to 16, 24 or 32 pixels and blown up again: what they say of sharp pictures, what
their layers know, and which part of the net it helps to mend. Read from the results of `scripts/lab_thumbs.py`.

Bears on claims: r09-13.
"""

import numpy as np
import torch
import torch.nn.functional as F

from denoised.studies import thumbs
from plotting.layout import image_row
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ()
DATA = ("specimens",)
TITLE = "Raised on thumbnails"

ICON = ("noto", "victory-hand")
EARLY = slice(1, 4)  # of a probe's layers: the stem, units 1 and 2
RESAMPLES = 2000


def interval(gap, rng, clusters=None, resamples=RESAMPLES):
    """95 % (low, high) of the mean of gap [seeds, pictures]; seeds and pictures, or clusters of them, drawn anew."""
    clusters = np.arange(gap.shape[1]) if clusters is None else clusters
    sums = np.stack([gap[:, clusters == c].sum(1) for c in np.unique(clusters)], 1)
    sizes = np.bincount(clusters)
    drawn = []
    for _ in range(resamples):
        pick = rng.integers(len(sizes), size=len(sizes))
        drawn.append(sums[rng.integers(len(gap), size=len(gap))][:, pick].mean(0).sum() / sizes[pick].sum())
    return np.percentile(drawn, (2.5, 97.5))


def make(lab, smoke=False):
    facts, raw = thumbs.load()
    arrays = {name: values.astype(float) for name, values in raw.items()}
    sources, control = thumbs.SETTINGS.sources, thumbs.SIDE
    rng = np.random.default_rng(0)
    resamples = 100 if smoke else RESAMPLES
    n = {"seeds": len(thumbs.SETTINGS.seeds), "side": control, "smallest": sources[0], "parameters": facts["parameters"],
         "views": thumbs.SETTINGS.steps * thumbs.SETTINGS.batch, "icons": facts["test_icons"], "seconds": facts["seconds"],
         "hand_pictures": facts["hand_pictures"], "hand_drawings": facts["hand_drawings"],
         "hands": facts["chance"]["hands"]}  # fmt: skip
    n |= {f"chance_{task}": facts["chance"][task] for task in ("fine", "style", "hand", "group")}
    best = {}

    def compare(name, first, second, clusters=None):
        low, high = interval(first - second, rng, clusters, resamples)
        n.update({f"{name}_gap": float((first - second).mean()), f"{name}_low": float(low), f"{name}_high": float(high)})

    for source in sources:
        n |= {f"{what}_{source}": float(arrays[f"{what}_{source}"].mean()) for what in ("group", "own", "concept")}
        for task in ("fine", "coarse", "style", "hand"):
            depth = arrays[f"probe_{task}_{source}"].mean((0, 2))
            n |= {f"{task}_{source}_{layer}": float(v) for layer, v in enumerate(depth)}
            n[f"{task}_{source}"] = float(depth[-1])
        early = arrays[f"probe_fine_{source}"].mean((0, 2))[EARLY]
        best[source] = EARLY.start + int(early.argmax())
        n |= {f"early_{source}": float(early.max()), f"coarse_early_{source}": n[f"coarse_{source}_{best[source]}"]}
    for source in sources[:-1]:
        compare(f"early_{source}", *(arrays[f"probe_fine_{s}"][:, best[s]] for s in (source, control)))
        compare(f"coarse_early_{source}", *(arrays[f"probe_coarse_{s}"][:, best[s]] for s in (source, control)))
        compare(f"group_{source}", arrays[f"group_{source}"], arrays[f"group_{control}"])
        compare(f"style_{source}", *(arrays[f"probe_style_{s}"][:, -1] for s in (source, control)))
        compare(f"hand_{source}", *(arrays[f"probe_hand_{s}"][:, -1] for s in (source, control)), clusters=raw["drawing"])
    small = thumbs.SETTINGS.mended
    gains = {}
    for part in thumbs.PARTS:
        gained = {s: arrays[f"mended_{s}_{part}"] - arrays[f"mended_{s}_norms"] for s in (small, control)}
        gains[part] = gained[small] - gained[control]
        compare(f"mend_{part}", gained[small], gained[control])
        n[f"numbers_{part}"] = facts["part_parameters"][part]
    compare("mend_early_late", gains["early"], gains["late"])
    norms = (float(arrays[f"mended_{s}_norms"].mean()) for s in (small, control))
    n |= dict(zip(("norms", "norms_control"), norms, strict=True))
    specimens = lab.specimens()
    icon = torch.from_numpy(specimens.one(style=ICON[0], concept=ICON[1], tone="none")).permute(2, 0, 1)[None].float()
    sharp = F.avg_pool2d(icon, icon.shape[-1] // control).round().byte()
    shown = [thumbs.thumbnail(sharp, s)[0].permute(1, 2, 0).numpy() for s in sources]
    words = [f"{s} px" if s < control else f"{s} px\n(control)" for s in sources]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        fig.note(0, 0, "What a net was raised on", size=13, weight=600)
        cell = 78 if narrow else 96
        y = image_row(fig, shown, words, x=0 if narrow else 36, y=26, cell=cell, gap=12 if narrow else 40, smooth=False)
        width = 300 if narrow else 190
        places = [(0, y + 20), (0, y + 246), (0, y + 472)] if narrow else [(0, y + 20), (246, y + 20), (492, y + 20)]
        at = np.arange(len(sources))

        def bars(ax, columns):
            for k, (field, colour) in enumerate(columns):
                values = [n[field.format(s)] for s in sources]
                ax.bar(at + 0.38 * k - 0.19, values, width=0.34, color=theme.colour(colour))
            ax.set_xticks(at, [str(s) for s in sources])
            ax.set_xlabel("px that the pictures had")
            ax.yaxis.set_major_formatter(lambda v, _: f"{v:.0%}")
            ax.set_ylim(0, 1.25 * max(n[f.format(s)] for f, _ in columns for s in sources))

        (x, top), second, third = places
        fig.note(x, top, "Direction of stripes,\nread in early layers", size=13, weight=600)
        bars(fig.area(x + 36, top + 64, width - 36, 104, below=40), (("early_{}", "latent"), ("coarse_early_{}", "noise")))
        fig.note(x + 36, top + 40, "fine", "latent", 12, weight=600)
        fig.note(x + 74, top + 40, "coarse", "noise", 12, weight=600)
        x, top = second
        fig.note(x, top, "Groups named rightly", size=13, weight=600)
        bars(fig.area(x + 36, top + 64, width - 36, 104, below=40), (("group_{}", "prediction"), ("own_{}", "muted")))
        fig.note(x + 36, top + 22, "sharp pictures", "prediction", 12, weight=600)
        fig.note(x + 36, top + 40, "pictures like those learned", "muted", 12, weight=600)
        x, top = third
        fig.note(x, top, f"Mending nets of {small} px:\npoints gained, by part", size=13, weight=600)
        ax = fig.area(x + 62, top + 54, width - 62, 114, grid="x", below=40)
        ax.axvline(0, color=theme.muted, linewidth=1)
        for i, part in enumerate(thumbs.PARTS):
            low, mid, high = (100 * n[f"mend_{part}_{k}"] for k in ("low", "gap", "high"))
            ax.plot([low, high], [-i, -i], color=theme.image, linewidth=2.4)
            ax.plot([mid], [-i], "o", color=theme.image, markersize=7)
            fig.note(x, top + 54 + 114 * (0.6 + i) / 3.2, part, "muted", 12, va="center")
        ax.set(ylim=(-2.6, 0.6), yticks=())
        ax.set_xlabel("more than the control")
        return fig

    def points(name):
        gap, low, high = (f"{round(100 * n[f'{name}_{k}']):+d}".replace("-", "−") for k in ("gap", "low", "high"))
        return f"{gap} ({low} to {high})"

    s = sources[0]
    return Output(
        alt=(
            f"A hand as it looks when it once had {', '.join(map(str, sources))} pixels a side. Below: the direction of "
            f"fine stripes is read for {n[f'early_{s}']:.0%} in early layers of nets raised on {s} pixels, "
            f"{n[f'early_{control}']:.0%} in the control; groups of sharp pictures named rightly by "
            f"{n[f'group_{s}']:.0%} and {n[f'group_{control}']:.0%}; and what mending one part of a net gains."
        ),
        caption=(
            f"**Raised on thumbnails.** Small nets ({n['parameters']:,} numbers, {n['views']:,} views, {n['seeds']} seeds) "
            f"that learned from icons of {s} pixels blown up to {control}, less nets raised on sharp ones; points of per "
            f"cent with 95 % intervals. Groups of sharp pictures named rightly: {points(f'group_{s}')}. Direction of "
            f"stripes too fine for a thumbnail, read in early layers: {points(f'early_{s}')}; of coarse ones: "
            f"{points(f'coarse_early_{s}')}. Which of {n['hands']} hands a picture shows, read off the last layer in "
            f"{n['hand_drawings']} drawings of held-out styles: {points(f'hand_{s}')}. Gained by a little training on "
            f"sharp pictures of one third of the net, beyond what the same gives the control: early "
            f"{points('mend_early')}, middle {points('mend_middle')}, late {points('mend_late')}."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

"""What repetition does: icons that are once, ten, a hundred or a thousand times among what a small denoiser learns, what it
draws when asked for them and when not, and how near that is to what it learned. Read from `scripts/lab_duplicates.py`.

Tests claims: r07-05.
"""

import numpy as np
import torch
from scipy import stats

from denoised.pipeline import decode
from denoised.probes.judge import Share
from denoised.studies import duplicates as study
from denoised.studies import shelf
from plotting.forest import forest
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd/vae", "judge")
DATA = ()
TITLE = "Once, ten, a hundred, a thousand times"
TINY_ONLY = "It reads what was measured with the laboratory model."

TIMES = {1: "once", 10: "10 times", 100: "100 times", 1000: "1,000 times"}
SHOWN = 4  # the first icons of those that were drawn by lot, one of each group that has its level together


def cells(arrays, kind, level, variant="repeated", settings=study.SETTINGS):
    """(nearest, near), [icons of the level over all seeds, draws]: whether the nearest learned icon is the chosen one that
    the prompt is about, and the nearness. level None: all chosen icons of all seeds."""
    some, nearest, near = arrays["some"], [], []
    for seed, which, share in zip(
        settings.seeds, arrays[f"{variant}_which_{kind}"], arrays[f"{variant}_near_{kind}"], strict=True
    ):
        mine = np.ones(len(some), bool) if level is None else study.counts(seed, settings) == level
        nearest.append((which.reshape(len(some), -1) == some[:, None])[mine])
        near.append(share.reshape(len(some), -1)[mine])
    return np.concatenate(nearest), np.concatenate(near)


def paired(a, b) -> tuple[float, float, float]:
    """(mean, low, high) of a - b over seeds, with Student's 95 % interval."""
    d = np.asarray(a, float) - np.asarray(b, float)
    half = stats.t.ppf(0.975, len(d) - 1) * d.std(ddof=1) / np.sqrt(len(d))
    return float(d.mean()), float(d.mean() - half), float(d.mean() + half)


def make(lab, smoke=False):
    facts, arrays = study.load()
    shelf.expect(facts, lab, ("emoji-sd/vae", "judge"), "lab_duplicates")
    s, rng = study.SETTINGS, np.random.default_rng(0)
    new, among = arrays["near_new"], arrays["near_among"]
    copy, strict = (float(np.quantile(new[::2], share)) for share in (s.real, s.strict))
    extra = s.each * sum(level - 1 for level in s.levels)
    n = {"seeds": len(s.seeds), "icons": facts["icons"], "held": facts["held"], "chosen": len(arrays["some"]),
         "each": s.each, "draws": s.own, "crowd": s.crowd * len(s.seeds), "threshold": copy, "strict": strict,
         "parameters": facts["parameters"], "samples": s.training.samples, "guidance": s.guidance,
         "seen": s.training.samples / (facts["icons"] + extra), "next": study.NEIGHBOURS,
         "data_share": s.each * (max(s.levels) - 1) / (facts["icons"] + extra),
         "real_copies": float((new[1::2] < copy).mean()), "among_copies": float((among < copy).mean()),
         "near_new": float(np.median(new)), "near_among": float(np.median(among)),
         "far_new": float(np.median(arrays["far_new"])), "far_among": float(np.median(arrays["far_among"]))}  # fmt: skip
    spread = {"real, learned": among, "real, not learned": new}
    for level in s.levels:
        n[f"times_{level}"] = level
        for kind, word in (("own", "copied"), ("thing", "thing"), ("kin", "kin")):
            nearest, near = cells(arrays, kind, level)
            share, low, high = study.found(nearest & (near < copy), rng, 200 if smoke else 2000)
            n |= {f"{word}_{level}": share, f"{word}_{level}_low": low, f"{word}_{level}_high": high}
            if kind == "own":
                n[f"strict_{level}"] = float((nearest & (near < strict)).mean())
                n |= {f"nearest_{level}": float(nearest.mean()), f"near_{level}": float(np.median(near))}
                spread[f"drawn, {TIMES[level]}"] = near.ravel()
    nearest, near = cells(arrays, "own", None, "once")
    n |= {"copied_once": float((nearest & (near < copy)).mean()), "near_once": float(np.median(near))}
    for kind in ("nothing", "style", "rest"):
        near = arrays[f"repeated_near_{kind}"]
        hits = np.isin(arrays[f"repeated_which_{kind}"], arrays["some"]) & (near < copy)
        n |= {f"copies_{kind}": int(hits.sum()), f"near_{kind}": float(np.median(near))}
        n |= {
            f"unasked_{kind}": float(hits.mean()),
            f"unasked_{kind}_high": Share(int(hits.sum()), hits.size).interval[1],
        }
    for word in ("loss", "apart", "covered", "top5"):
        by = {v: arrays[f"{v}_{word}"].reshape(len(s.seeds), -1).mean(1) for v in study.VARIANTS}
        n |= {f"{word}_{v}": float(x.mean()) for v, x in by.items()}
        for other in ("once", "shorter"):
            n |= dict(zip((f"{word}_to_{other}", f"{word}_to_{other}_low", f"{word}_to_{other}_high"),
                          paired(by["repeated"], by[other]), strict=True))  # fmt: skip
    seed_of = {(i, level): next(k for k, seed in enumerate(s.seeds) if study.counts(seed)[i] == level)
               for i in range(SHOWN) for level in s.levels}  # fmt: skip
    kept = [arrays["z_some"][:SHOWN]] + [
        np.stack([arrays["repeated_z_own"][seed_of[i, level], i, 0] for i in range(SHOWN)]) for level in s.levels
    ]
    columns = [decode(lab.vae(), torch.from_numpy(z).float()) for z in kept]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        heads = ["the icon", *(TIMES[level] for level in s.levels)]
        heads = [head.replace(" times", "\ntimes") for head in heads] if narrow else heads
        cell, gap = (60, 10) if narrow else (120, 26)
        fig.note(0, 0, "Asked for by its caption, after it was learned …", size=14, weight=600)
        grid = [[columns[k][i] for k in range(len(columns))] for i in range(SHOWN)]
        y = image_grid(fig, grid, x=4, y=26, cell=cell, gap=gap, columns=heads) + 20
        width = 350 if narrow else 330
        fig.note(0, y, "Distance to the nearest learned icon", size=14, weight=600)
        fig.note(0, y + 20, f"as a share of that to the next {study.NEIGHBOURS}", "muted", 12)
        row, left = 30, 116
        ax = fig.area(left, y + 48, width - left - 8, row * len(spread), grid="x", below=30)
        for k, (words, values) in enumerate(spread.items()):
            a, b, middle, c, d = np.quantile(values, (0.05, 0.25, 0.5, 0.75, 0.95))
            colour = theme.colour("noise" if words.startswith("real") else "latent")
            ax.plot([a, d], [k, k], color=colour, linewidth=2)
            ax.plot([b, c], [k, k], color=colour, linewidth=7, solid_capstyle="butt")
            ax.plot([middle], [k], "o", color=theme.ink, markersize=5)
            fig.note(0, y + 48 + row * (k + 0.5), words, "ink", 12, va="center")
        ax.axvline(copy, color=theme.accent, linewidth=1.4, linestyle=(0, (3, 2)))
        ax.set(xlim=(0, 1.02), ylim=(len(spread) - 0.5, -0.5))
        ax.set_xticks([0, 0.5, 1], ["0", "½", "1"])
        ax.set_yticks([])
        x, top = (0, y + 48 + row * len(spread) + 46) if narrow else (380, y)
        rows = [(f"asked by its caption, learned {TIMES[level]}", f"copied_{level}", "latent") for level in s.levels]
        rows += [(f"asked without a style, {TIMES[1000]}", "thing_1000", "attention"),
                 (f"asked in another style, {TIMES[1000]}", "kin_1000", "attention")]  # fmt: skip
        made = [(words, n[key], n[f"{key}_low"], n[f"{key}_high"], colour) for words, key, colour in rows]
        end = forest(fig, x, top, width, "Copies among drawings", made, (-0.02, 1.02), ".0%")
        fig.set_height(max(y + 48 + row * len(spread) + 34, end - 6))
        return fig

    def said(key):
        return f"{n[key]:.0%} ({n[f'{key}_low']:.0%} to {n[f'{key}_high']:.0%})"

    return Output(
        alt=(
            "Rows of an icon and what is drawn for its caption after it was learned once, 10, 100 and 1,000 times: blots "
            "first, the icon itself at last. Below, the distance to the nearest learned icon, as a share of that to the "
            f"next {study.NEIGHBOURS}: median {n['near_new']:.2f} for real icons not learned, {n['near_1']:.2f} for "
            f"drawings of icons learned once, {n['near_1000']:.2f} for those learned 1,000 times. Copies: "
            f"{said('copied_1')}, {said('copied_10')}, {said('copied_100')} and {said('copied_1000')}."
        ),
        caption=(
            f"**Once, ten, a hundred, a thousand times.** Of {n['icons']:,} icons {n['chosen']} were chosen by lot; in "
            f"each of {n['seeds']} trainings {n['each']} of them were there once, 10, 100 and 1,000 times, taking turns. A "
            "drawing is a copy if the icon it is about is the nearest one, and nearer than the dashed line, which "
            f"{s.real:.0%} of real icons that nobody learned from pass ({n['real_copies']:.0%} of a second half of them). "
            f"Copies among {n['draws']} drawings of each: {said('copied_1')}, {said('copied_10')}, "
            f"{said('copied_100')}, {said('copied_1000')}. Control, trained with each icon once: "
            f"{n['copied_once']:.0%}. Thin bars: nine tenths, thick ones: half."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

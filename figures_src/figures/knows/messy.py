"""Untidy captions: a small denoiser learns few scenes or many, of which no, half or all captions belong to others. What
does it still draw as asked? Read from the results of `scripts/lab_scenes.py`.

Tests claims: r07-07.
"""

import numpy as np

from denoised.studies import scenes, shelf
from plotting.layout import label_ends
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd/vae",)
DATA = ()
TITLE = "Untidy captions"
TINY_ONLY = "It reads what was measured with the laboratory model."

RESAMPLES = 1000
MANY, FEW = {0: "words", 50: "wrong50", 100: "wrong100"}, {0: "few", 50: "few50"}
LEARNED, NEW = ("both", "one way"), ("reversed", "never")


def make(lab, smoke=False):
    facts, arrays = scenes.load()
    shelf.expect(facts, lab, ("emoji-sd/vae",), "lab_scenes")
    resamples = 100 if smoke else RESAMPLES
    n = {"many": scenes.VARIANTS["words"].scenes, "few_scenes": scenes.VARIANTS["few"].scenes,
         "seeds": len(scenes.SETTINGS.seeds), "views": scenes.SETTINGS.training.samples}  # fmt: skip

    def right(name, groups):
        said = np.concatenate([arrays[f"{name}_said_{g}_{k}"] for g in groups for k in (0, 1)], 1)
        want = np.concatenate([scenes.questions(k, g) for g in groups for k in (0, 1)])
        return scenes.right(said, want).astype(float), want

    for name in (*MANY.values(), *FEW.values()):
        for ending, groups in (("", LEARNED), ("_new", NEW)):
            hits, want = right(name, groups)
            key = ("words_" + name if name == "wrong100" else name) + ending
            made = scenes.share_ci(hits, np.ones_like(hits), want, resamples)
            n |= dict(zip((key, f"{key}_low", f"{key}_high"), made, strict=True))
            n[f"frechet_{name}"] = float(arrays[f"frechet_{name}"].mean())
    gaps = _gap(right("wrong50", LEARNED), right("few50", LEARNED), resamples)
    n |= {"grown": n["wrong50"] - n["few50"], "grown_low": gaps[0], "grown_high": gaps[1], "asked": int(hits.size)}

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        plots = (("Learned scenes, right", ""), ("New pairs and orders, right", "_new"))
        y = 0
        for k, (title, ending) in enumerate(plots):
            x = 0 if narrow else k * 372
            fig.note(x, y, title, size=13, weight=600)
            ax = fig.area(x + 42, y + 30, 196 if narrow else 200, 180, below=44)
            for words, colour, shares in (
                (f"{n['many']:,} scenes", "text", MANY),
                (f"{n['few_scenes']} scenes", "attention", FEW),
            ):
                keys = [("words_" + name if name == "wrong100" else name) + ending for name in shares.values()]
                ax.fill_between(list(shares), [n[f"{key}_low"] for key in keys], [n[f"{key}_high"] for key in keys],
                                color=theme.colour(colour), alpha=0.18, linewidth=0)  # fmt: skip
                ax.plot(list(shares), [n[key] for key in keys], "o-", color=theme.colour(colour), label=words)
            ax.set(ylim=(-0.02, 1.02), xlim=(-4, 104), xticks=(0, 50, 100))
            ax.xaxis.set_major_formatter(lambda v, _: f"{v:.0f}%")
            ax.yaxis.set_major_formatter(lambda v, _: f"{v:.0%}")
            ax.set_xlabel("captions of another scene")
            label_ends(
                ax, {line.get_label(): line.get_label().replace(" ", "\n") for line in ax.lines}, gap=36, size=12
            )
            y += 268 if narrow else 0
        return fig

    def said(key):
        return f"{n[key]:.0%} ({n[f'{key}_low']:.0%} to {n[f'{key}_high']:.0%})"

    return Output(
        alt=(
            f"Two plots over the share of wrong captions. Of learned scenes {said('words')} are right with clean captions, "
            f"{said('wrong50')} with half of them wrong and {said('words_wrong100')} with all wrong, from {n['many']:,} "
            f"scenes; from {n['few_scenes']}: {said('few')} and {said('few50')}. Of new pairs and orders "
            f"{said('words_new')}, {said('wrong50_new')} and {said('words_wrong100_new')}."
        ),
        caption=(
            f"**Untidy captions.** How often both things stand where they were asked to, above or in front of one another. "
            f"From {n['many']:,} scenes: {said('words')} with clean captions, {said('wrong50')} with half of them "
            f"from other "
            f"scenes, {said('words_wrong100')} with all; from {n['few_scenes']} scenes, looked at as often in all, "
            f"{said('few')} and {said('few50')}. {n['seeds']} trainings each; bands are 95 % intervals."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )


def _gap(one, other, resamples: int) -> tuple[float, float]:
    """95 % interval of the difference of two shares, seeds and pairs drawn anew, the same pairs for both."""
    rng, (a, want), (b, _) = np.random.default_rng(0), one, other
    _, place = np.unique(want, axis=0, return_inverse=True)
    place = place.reshape(-1)
    count = np.bincount(place)
    sums = [np.stack([np.bincount(place, row) for row in rows]) for rows in (a, b)]
    gaps = []
    for _ in range(resamples):
        pairs = rng.integers(len(count), size=len(count))
        shares = [
            rows[rng.integers(len(rows), size=len(rows))][:, pairs].mean(0).sum() / count[pairs].sum() for rows in sums
        ]
        gaps.append(shares[0] - shares[1])
    return tuple(float(v) for v in np.percentile(gaps, (2.5, 97.5)))

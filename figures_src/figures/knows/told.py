"""One network, taught three ways: without a word, by a closed list of labels, by captions. How near, how varied and how
complete are its scenes, and how many are such as it never saw? Read from the results of `scripts/lab_scenes.py`.

Tests claims: r07-16, r07-26.
"""

import numpy as np
import torch

from denoised.pipeline import decode
from denoised.studies import scenes, shelf
from plotting.forest import forest
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd/vae",)
DATA = ()
TITLE = "Told nothing, told a number, told in words"
TINY_ONLY = "It reads what was measured with the laboratory model."

RESAMPLES = 1000
WAYS = {
    "nothing": ("told nothing", "noise"),
    "label": ("a number from a list", "latent"),
    "words": ("captions", "text"),
}
MEASURES = ("frechet", "apart", "coverage")


def make(lab, smoke=False):
    facts, arrays = scenes.load()
    shelf.expect(facts, lab, ("emoji-sd/vae",), "lab_scenes")
    rng, pairs = np.random.default_rng(0), scenes.scenes.split()
    known = {(kind, *pair) for pair in scenes.learned(pairs) for kind in (0, 1)}
    n = {"crowd": scenes.SETTINGS.crowd, "seeds": len(scenes.SETTINGS.seeds), "guidance": scenes.SETTINGS.guidance,
         "chance": 1 - len(scenes.learned(pairs)) / sum(map(len, pairs.values()))}  # fmt: skip
    for measure in MEASURES:
        for name in ("real", *WAYS, "label_loud", "words_loud"):
            values = arrays[f"{measure}_{name}"]
            n |= {f"{measure}_{name}": float(values.mean()), f"{measure}_{name}_low": float(values.min()),
                  f"{measure}_{name}_high": float(values.max())}  # fmt: skip
    astray, clear = {}, {}
    for name in (*WAYS, "wrong100"):
        said = arrays[f"{name}_said_crowd"]
        clear[name] = (said >= 0).all(-1) & (said[..., 1] != said[..., 2])
        astray[name] = clear[name] & ~np.array([[tuple(map(int, one)) in known for one in row] for row in said])
        for key, hits, of in (("astray", astray[name], clear[name]), ("clear", clear[name], np.ones_like(clear[name]))):
            made = scenes.share_ci(hits, of, np.arange(hits.shape[1]), 100 if smoke else RESAMPLES)
            n |= dict(zip((f"{key}_{name}", f"{key}_{name}_low", f"{key}_{name}_high"), made, strict=True))

    def share(name):
        pick = np.ix_(rng.integers(n["seeds"], size=n["seeds"]), rng.integers(n["crowd"], size=n["crowd"]))
        return astray[name][pick].sum() / max(clear[name][pick].sum(), 1)

    gaps = [share("nothing") - share("words") for _ in range(100 if smoke else RESAMPLES)]
    n |= {"fewer": n["astray_nothing"] - n["astray_words"], "fewer_low": float(np.percentile(gaps, 2.5)),
          "fewer_high": float(np.percentile(gaps, 97.5))}  # fmt: skip
    count = 2 if smoke else 5
    shown = {
        v: decode(lab.vae(), torch.from_numpy(arrays[f"{v}_z_crowd"][:count]).float()) for v in ("nothing", "words")
    }

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        columns, cell, gap = (min(count, 3), 104, 16) if narrow else (count, 112, 32)
        y = 0
        for name, pictures in shown.items():
            fig.note(
                0, y, f"{WAYS[name][0][0].upper()}{WAYS[name][0][1:]}, guidance off", WAYS[name][1], 13, weight=600
            )
            y = image_grid(fig, [list(pictures[:columns])], x=6, y=y + 22, cell=cell, gap=gap) + 16
        width, top = (350 if narrow else 330), y + 4
        plots = [("Distance from real scenes", "frechet", WAYS, (0, None), ".1f"),
                 ("Real scenes that are covered", "coverage", WAYS, (0, 1), ".0%"),
                 ("How far apart drawings are", "apart", WAYS, (0, None), ".1f"),
                 ("Clear scenes that are of no learned pair", "astray", WAYS, (0, 1), ".0%")]  # fmt: skip
        ends = []
        for k, (title, key, ways, (low, high), write) in enumerate(plots):
            x, start = (0, top) if narrow else (k % 2 * 380, top)
            made = [(words, n[f"{key}_{name}"], n[f"{key}_{name}_low"], n[f"{key}_{name}_high"], colour)
                    for name, (words, colour) in ways.items()]  # fmt: skip
            high = 1.1 * max(row[3] for row in made) if high is None else high
            zero = {"apart": n["apart_real"], "astray": n["chance"], "coverage": n["coverage_real"]}.get(key, 0)
            ends.append(forest(fig, x, start, width, title, made, (low, high * 1.02), write, zero=zero))
            if narrow or k % 2:
                top = max(ends) + 14
        fig.set_height(max(ends) - 8)
        return fig

    def said(key, write=".0%"):
        return f"{n[key]:{write}} ({n[f'{key}_low']:{write}} to {n[f'{key}_high']:{write}})"

    return Output(
        alt=(
            f"Two rows of drawings and four groups of bars for one network told nothing, told a number from a list "
            f"and told "
            f"captions. Distance from real scenes {n['frechet_nothing']:.1f}, {n['frechet_label']:.1f} and "
            f"{n['frechet_words']:.1f}; covered {n['coverage_nothing']:.0%}, {n['coverage_label']:.0%} and "
            f"{n['coverage_words']:.0%} of real scenes; {n['astray_nothing']:.0%}, {n['astray_label']:.0%} and "
            f"{n['astray_words']:.0%} of its clear scenes are of a pair that was never shown."
        ),
        caption=(
            f"**Told nothing, a number, or words.** The same network, data and time, {n['crowd']} drawings of learned "
            f"scenes "
            f"without guidance, {n['seeds']} trainings (bars: lowest to highest; in the last group 95 % intervals). "
            f"Lines: other real scenes, "
            f"which are {n['apart_real']:.1f} apart and cover {n['coverage_real']:.0%}, and, in the last group, pairs "
            f"dealt "
            f"by chance ({n['chance']:.0%}). Clear, for the onlooker, are {said('clear_nothing')}, "
            f"{said('clear_label')} and "
            f"{said('clear_words')}. With a guidance of {n['guidance']:g}, captions: distance "
            f"{n['frechet_words_loud']:.1f}, "
            f"covered {n['coverage_words_loud']:.0%}, apart {n['apart_words_loud']:.1f}."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

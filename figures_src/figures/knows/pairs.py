"""Red apple, blue apple: a thing in a colour, where that pair was learned, was kept out of training, or exists nowhere;
and a thing in a style in which the model never met it.

Tests claims: r07-20.
"""

import random

import numpy as np
import torch

from denoised import measured
from denoised.data import splits
from denoised.measured import knows_pairs
from denoised.models import judge as judge_model
from denoised.pipeline import decode
from denoised.probes.judge import Share
from denoised.studies import judged, shelf
from plotting.forest import forest
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd", "judge")
DATA = ("specimens",)
TITLE = "Things in colours that they never had"
TINY_ONLY = "The judge knows the small model's emoji only."

SHUFFLES = 40


def numbers(name, share):
    low, high = share.interval
    return {name: share.share, f"{name}_low": low, f"{name}_high": high, f"{name}_of": share.n}


def of_pairs(arrays, asked, name):
    """[(words, colour, thing, colours [N], right [N])], one a pair of a set."""
    place = {words: [i for i, one in enumerate(asked[name]) if one[2] == words] for *_, words in knows_pairs.SETS[name]}
    return [(words, colour, thing, arrays[f"colour_{name}"][place[words]], arrays[f"right_{name}"][place[words]])
            for thing, colour, words in knows_pairs.SETS[name] if place[words]]  # fmt: skip


def by_chance(arrays, asked):
    """How often things of the kept pairs, asked for in *other* colours, are drawn in the kept pair's colour."""
    every = [pair for name in ("kept", "seen") for pair in of_pairs(arrays, asked, name)]
    hits = total = 0
    for words, colour, thing, *_ in of_pairs(arrays, asked, "kept"):
        for other, other_colour, other_thing, colours, right in every:
            if other_thing == thing and other != words and other_colour != colour:
                hits, total = hits + int(((colours == colour) & right).sum()), total + len(right)
    return Share(hits, max(total, 1))


def styles(lab, smoke):
    """{"kept" | "learned": Share in which thing (among the first five) and style are right}, and for answers that are
    dealt out among the questions at random, of what was kept."""
    facts, drawn = judged.load()
    net = judge_model.load(lab.weight("judge"))
    shelf.expect(facts, lab, judged.NETWORKS, "lab_judged")
    row_of = {row.id: row for row in splits.load()}
    found = {}
    for name in ("kept", "learned"):
        rows = [row_of[one] for one in facts["asked"][name]]
        logits = {head: net.heads[head](torch.from_numpy(drawn[name])).numpy() for head in ("concept", "style")}
        first = np.argsort(-logits["concept"], axis=1)[:, :5]
        thing = np.array([net.classes["concept"].index(row.concept) for row in rows])
        style = np.array([net.classes["style"].index(row.style) for row in rows])
        said = logits["style"].argmax(1)

        def both(order, first=first, thing=thing, style=style, said=said):
            return (first == thing[order, None]).any(1) & (said == style[order])

        found[name] = Share(int(both(np.arange(len(rows))).sum()), len(rows))
        if name == "kept":
            orders = [random.Random(k).sample(range(len(rows)), len(rows)) for k in range(4 if smoke else SHUFFLES)]
            hits = sum(int(both(np.array(order)).sum()) for order in orders)
            found["chance"] = Share(round(hits / len(orders)), len(rows))
    return found


def make(lab, smoke=False):
    n, arrays = measured.results(lab, knows_pairs, smoke)
    asked = knows_pairs.asked(smoke)
    pairs = {name: of_pairs(arrays, asked, name) for name in asked}
    shown = {name: decode(lab.vae(), torch.from_numpy(arrays[f"shown_{name}"])) for name in ("kept", "seen", "never")}
    for name in ("kept", "seen", "never"):
        both = np.concatenate([(colours == colour) & right for _, colour, _, colours, right in pairs[name]])
        coloured = np.concatenate([colours == colour for _, colour, _, colours, _ in pairs[name]])
        right = np.concatenate([right for *_, right in pairs[name]])
        n |= numbers(name, Share(int(both.sum()), len(both)))
        n |= numbers(f"colour_{name}", Share(int(coloured.sum()), len(coloured)))
        n |= numbers(f"thing_{name}", Share(int(right.sum()), len(right)))
        n |= {f"pair_{words.replace(' ', '_')}": float((colours == colour).mean())
              for words, colour, _, colours, _ in pairs[name]}  # fmt: skip
    n |= numbers("kept_chance", by_chance(arrays, asked))
    plain = [(colours == colour) & right for _, colour, _, colours, right in pairs["plain"]]
    n |= numbers("never_chance", Share(int(np.concatenate(plain).sum()), sum(map(len, plain))))
    cells = styles(lab, smoke)
    n |= {k: v for name, share in cells.items() for k, v in numbers(f"style_{name}", share).items()}

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        step = 1 if smoke else 2
        chosen = {"seen": slice(0, None, step), "kept": slice(None), "never": slice(None)}
        titles = {"seen": "Learned pairs", "kept": "Kept out of training", "never": "No set has such an icon"}
        colours = {"seen": "image", "kept": "prediction", "never": "attention"}
        y = 0.0
        for name in ("seen", "kept", "never"):
            fig.note(0, y, titles[name], colours[name], 13, weight=600)
            pictures, some = list(shown[name][chosen[name]]), pairs[name][chosen[name]]
            words = [w.replace(" face", "").rsplit(" ", 1) if narrow else [w] for w, *_ in some]
            labels = ["\n".join([*w, f"{(c == colour).mean():.0%}" + ("" if narrow else f" {colour}")])
                      for w, (_, colour, _, c, _) in zip(words, some, strict=True)]  # fmt: skip
            cell, gap = (54, 18) if narrow else (104, 38)
            y = image_grid(fig, [pictures], x=9 if narrow else 10, y=y + 24, cell=cell, gap=gap, labels=[labels]) + 16
        rows = [("colour and thing, learned", "seen", "image"), ("colour and thing, kept out", "kept", "prediction"),
                ("colour and thing, nowhere", "never", "attention"),
                ("kept out, but another colour asked", "kept_chance", "noise")]  # fmt: skip
        more = [("thing and style, learned", "style_learned", "image"),
                ("thing and style, kept out", "style_kept", "prediction"),
                ("answers dealt at random", "style_chance", "noise")]  # fmt: skip
        width = 350 if narrow else 330
        for k, (title, lines) in enumerate((("Right: colours", rows), ("Right: styles", more))):
            x, top = (0, y) if narrow else (k * 380, y)
            made = [(words, n[key], n[f"{key}_low"], n[f"{key}_high"], colour) for words, key, colour in lines]
            end = forest(fig, x, top, width, title, made, (-0.02, 1.02), ".0%")
            y = end + 12 if narrow else y
            fig.set_height(max(fig.height, end - 8))
        return fig

    def said(key):
        return f"{n[key]:.0%} ({n[f'{key}_low']:.0%} to {n[f'{key}_high']:.0%})"

    return Output(
        alt=(
            f"Three rows of drawings: hearts, circles, squares, books and diamonds in learned colours, in colours kept "
            f"out of training, and things in colours that no icon has. Colour and thing are right in {said('seen')} of "
            f"the first, {said('kept')} of the second and {said('never')} of the last. Thing and style are right in "
            f"{said('style_learned')} of learned and {said('style_kept')} of kept-out pairs of thing and style."
        ),
        caption=(
            f"**Mixing what was learned.** Under each drawing: how often that pair comes out in the colour asked for. "
            f"Colour and thing right: {said('seen')} of {n['seen_of']} drawings of learned pairs, {said('kept')} of "
            f"{n['kept_of']} of pairs kept out of all styles, where the same things asked for in other colours have that "
            f"colour in {said('kept_chance')}. Of things in a colour that no icon of any set has: {said('never')}, "
            f"the colour alone {said('colour_never')}; without the word, {said('never_chance')}. The reader of colours "
            f"agrees with the names of {n['reader']:.0%} of {n['real']} real hearts and apples; the judge names "
            f"{n['real_thing']:.0%} of them. Right: icons whose thing the model learned in other styles only, "
            f"{n['style_kept_of']} drawings a row."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

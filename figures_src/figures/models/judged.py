"""What an observer that no generator was trained with makes of the model's drawings, beside what it makes of real
icons: does it name the thing and the style that were asked for, and how far apart are the pictures to its eyes?
"""

import json

import numpy as np
import torch

from denoised.data import splits
from denoised.data.captions import STYLE_WORDS
from denoised.data.prompts import SHEET
from denoised.lab import seed_of
from denoised.models import judge as judge_model
from denoised.pipeline import decode, encode
from denoised.probes import judge
from denoised.studies import judged, shelf
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd", "judge")
DATA = ("specimens",)
TITLE = "The model before a judge"
TINY_ONLY = "The judge knows the small model's emoji only."

HALVES = 200  # random halves for the distances between sets
SCORES = (("top1", "names the thing"), ("top5", "thing among its first five"), ("style", "names the style"))


def wanted(rows):
    return {"concept": [row.concept for row in rows], "style": [row.style for row in rows]}


def answers(net, features):
    """What `judge.look` gives, from features [N, D] that were kept."""
    x = torch.from_numpy(features)
    return {"features": features} | {head: layer(x).detach().numpy() for head, layer in net.heads.items()}


def apart(real, other, rng, repeats):
    """KID between half of the real pictures and `other`'s versions of the other half: mean and spread over random
    halves. With `other` the real pictures themselves it is what chance alone puts between two sets of this size."""
    half, values = len(real) // 2, []
    for _ in range(repeats):
        order = rng.permutation(len(real))
        values.append(judge.kid(real[order[:half]], other[order[half : 2 * half]], size=half, subsets=1)[0])
    return float(np.mean(values)), float(np.std(values))


def make(lab, smoke=False):
    facts, drawn = judged.load()
    net = judge_model.load(lab.weight("judge"))
    shelf.expect(facts, lab, judged.NETWORKS, "lab_judged")
    card = json.loads((lab.weight("judge") / "card.json").read_text(encoding="utf-8"))
    known = set(net.classes["concept"])
    specimens, all_rows = lab.specimens(), splits.load()
    place_of = {record["id"]: i for i, record in enumerate(specimens.records)}
    row_of = {row.id: row for row in all_rows}
    kept, learned = ([row_of[name] for name in facts["asked"][side]] for side in ("kept", "learned"))
    some = slice(6 if smoke else None)
    kept, learned, drawn = kept[some], learned[some], drawn | {side: drawn[side][some] for side in ("kept", "learned")}

    real = specimens.images[[place_of[row.id] for row in kept]]
    again = decode(lab.vae(), encode(lab.vae(), real))
    size = len(kept)
    rows = {
        "real": ("the same real icons", kept, "image"),
        "vae": ("the same through the VAE", kept, "latent"),
        "kept": ("drawn, icon kept from it", kept, "prediction"),
        "learned": ("drawn, trained on it", learned, "prediction"),
    }
    seen = {"real": judge.look(net, real), "vae": judge.look(net, again)}
    seen |= {name: answers(net, features) for name, features in drawn.items()}
    shares = {name: judge.score(net, seen[name], wanted(rows[name][1])) for name in rows}
    steps, guidance = judged.SETTINGS.steps, judged.SETTINGS.guidance
    n = {"count": size, "guidance": guidance, "steps": steps, "things": len(known), "held_out": card["tested_on"]}
    n |= {f"held_out_{key}": card["held_out"][key] / 100 for key, _ in SCORES}
    shares = {
        "all": {key: judge.Share(round(n[f"held_out_{key}"] * n["held_out"]), n["held_out"]) for key, _ in SCORES}
    } | shares
    for name in rows:
        for key, _ in SCORES:
            share = shares[name][key]
            n |= {f"{name}_{key}": share.share, f"{name}_{key}_hits": share.hits}
            n |= {f"{name}_{key}_low": share.interval[0], f"{name}_{key}_high": share.interval[1]}
    n["ratio_kept"] = n["kept_top5"] / n["real_top5"] if n["real_top5"] else 0.0

    rng = np.random.default_rng(seed_of(lab.seed, lab.figure_id, "halves") % 2**32)
    distances = {}
    for name in ("real", "vae", "kept"):
        distances[name] = apart(seen["real"]["features"], seen[name]["features"], rng, 2 if smoke else HALVES)
        n |= {f"kid_{name}": distances[name][0], f"kid_{name}_spread": distances[name][1]}
    n["half"] = size // 2

    # The sheet of fixed prompts: only things that the judge has a name for.
    place = {row.label.lower(): row.concept for row in all_rows
             if row.split == "train" and row.tone == "none" and row.concept in known}  # fmt: skip
    styles = {words[0]: style for style, words in STYLE_WORDS.items()}
    can = [i for i, (what, _) in enumerate(SHEET) if what in place]
    looked = {name: values[can] for name, values in seen["sheet"].items()}
    of_sheet = judge.score(net, looked, {"concept": [place[SHEET[i][0]] for i in can],
                                         "style": [styles[SHEET[i][1]] for i in can]})  # fmt: skip
    n |= {"sheet": len(can)} | {f"sheet_{key}": of_sheet[key].hits for key, _ in SCORES}

    lines = [("all", f"all {n['held_out']:,} held-out icons", "image")]
    lines += [(name, words, colour) for name, (words, _, colour) in rows.items()]

    def panel(fig, x, y, width, title, key):
        fig.note(x, y, title, size=13, weight=600)
        ax = fig.area(x, y + 26, width, 26 * len(lines), grid="x", below=24)
        for i, (name, _, colour) in enumerate(lines):
            share, at = shares[name][key], len(lines) - 1 - i
            low, high = (100 * end for end in share.interval)
            ax.plot([low, high], [at, at], color=fig.theme.colour(colour), linewidth=2, solid_capstyle="round")
            ax.plot([100 * share.share], [at], "o", color=fig.theme.colour(colour), markersize=8)
        ax.set(xlim=(-3, 103), ylim=(-0.6, len(lines) - 0.4), yticks=[])
        ax.set_xticks([0, 50, 100], ["0", "50", "100 %"])
        return y + 26 + 26 * len(lines) + 24

    def names(fig, x, y, right):
        for i, (_, words, colour) in enumerate(lines):
            fig.note(x, y + 26 + 26 * i + 13, words, colour, 12, ha="right" if right else "left", va="center")

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        left = 176 if narrow else 190
        y = 0.0
        if narrow:
            for key, title in SCORES:
                names(fig, 0, y, right=False)
                y = panel(fig, left, y, fig.width - left - 14, title, key) + 20
        else:
            names(fig, left - 12, 0, right=True)
            for i, (key, title) in enumerate(SCORES):
                y = panel(fig, left + i * 180, 0, 156, title, key) + 20
        fig.note(0 if narrow else left, y, "How far from real, to its eyes (KID)", size=13, weight=600)
        kinds = (("real", "real icons, other half", "image"), ("vae", "through the VAE", "latent"),
                 ("kept", "drawn", "prediction"))  # fmt: skip
        ax = fig.area(left, y + 26, fig.width - left - 14, 26 * len(kinds), grid="x", below=26)
        for i, (name, words, colour) in enumerate(kinds):
            at = len(kinds) - 1 - i
            mean, spread = distances[name]
            ax.plot([mean - spread, mean + spread], [at, at], color=theme.colour(colour), linewidth=2,
                    solid_capstyle="round")  # fmt: skip
            ax.plot([mean], [at], "o", color=theme.colour(colour), markersize=8)
            fig.note(0 if narrow else left - 12, y + 26 + 26 * i + 13, words, colour, 12,
                     ha="left" if narrow else "right", va="center")  # fmt: skip
        ax.set(ylim=(-0.6, len(kinds) - 0.4), yticks=[])
        ax.axvline(0, color=theme.muted, linewidth=1)
        ax.locator_params(axis="x", nbins=4 if narrow else 7)
        return fig

    def said(name, key):
        return f"{n[f'{name}_{key}']:.0%} ({n[f'{name}_{key}_low']:.0%} to {n[f'{name}_{key}_high']:.0%})"

    def far(name):
        return f"{round(n[f'kid_{name}'], 2) + 0.0:.2f}"  # no minus before a zero

    return Output(
        alt=(
            f"Dots with intervals. The thing is among the judge's first five for {said('real', 'top5')} of {size} real "
            f"icons, {said('vae', 'top5')} of them after the VAE, {said('kept', 'top5')} of the drawings of the same "
            f"things and {said('learned', 'top5')} of drawings of icons that the model was trained on. The style is "
            f"right in {said('real', 'style')}, {said('vae', 'style')}, {said('kept', 'style')} and "
            f"{said('learned', 'style')}. Distances between sets: {far('real')} between two halves of the real icons, "
            f"{far('vae')} after the VAE, {far('kept')} for the drawings."
        ),
        caption=(
            f"**Drawings and real icons before the same judge.** It has names for {n['things']:,} things and never "
            f"saw the {size} icons of the upper rows, nor did the model; the last row has {size} captions, drawn by "
            f"lot, of icons that both learned from. One seed each, guidance {guidance:g}, {steps} steps; bars are "
            f"Wilson's 95 % intervals. First name right: real {said('real', 'top1')}, drawn {said('kept', 'top1')} and "
            f"{said('learned', 'top1')}. On the sheet of fixed prompts it names {n['sheet_top1']} of the {n['sheet']} "
            f"things that it knows, and {n['sheet_top5']} among its first five. Below: kernel inception distance in "
            f"the judge's features between {n['half']} real icons and the other {n['half']} things, as they are, "
            f"through the VAE, or drawn (mean and spread over {HALVES} random halves)."
        ),
        numbers=n,
        draw=draw,
        format="svg",
    )

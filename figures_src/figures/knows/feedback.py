"""Tuned to please: a small denoiser before and after it was tuned on its own drawings, of which a rater liked some better.
Whom it pleases, what the judge who had no part says, and what it costs in variety. Read from `scripts/lab_feedback.py`.

Tests claims: r07-19. Shows for r07-25 what such tuning would be.
"""

import numpy as np
import torch
from matplotlib.ticker import MultipleLocator

from denoised.pipeline import decode
from denoised.probes.crossed import crossed_ci
from denoised.studies import feedback, shelf
from plotting.layout import image_grid, label_ends, label_point
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd/vae", "judge")
DATA = ()
TITLE = "Tuned to please"
TINY_ONLY = "It reads what was measured with the laboratory model."

RESAMPLES = 1000
# What is measured of a drawing, of a thing's drawings or of a model, and what of it is of real icons.
MEASURES = {"liked": None, "sure": None, "rater_right": None, "right": None, "apart": "real_apart", "near": None,
            "kid": None, "saturation": "real_saturation", "outline": "real_outline"}  # fmt: skip
COLOURS = {"dpo": "prediction", "picked": "latent", "guidance": "attention"}
NAMES = {"coin": "DPO by a coin", "own": "own, by lot", "more": "more training"}


def make(lab, smoke=False):
    facts, arrays = feedback.load()
    shelf.expect(facts, lab, feedback.NETWORKS, "lab_feedback")
    settings, rng, repeats = feedback.SETTINGS, np.random.default_rng(0), 100 if smoke else RESAMPLES
    at = {name: i for i, name in enumerate(feedback.models())}
    last, main = settings.marks[-1], settings.main
    n = {"seeds": len(settings.seeds), "things": len(facts["things"]), "icons": facts["icons"], "main": main, "last": last,
         "of": settings.of, "wishes": settings.rounds * settings.concepts, "asked": settings.asked * settings.concepts,
         "parameters": facts["parameters"], "pairs": settings.tuning.batch // 2,
         "loud": settings.strengths[1], "loudest": settings.strengths[-1]}  # fmt: skip
    n |= {k: facts[k] for k in ("tested", "tested_things", "rater_right", "judge_right", "rater_thing", "judge_thing")}

    def key(model):
        return "base" if model == "s1" else model.replace("-", "_").replace(".", "_")

    def put(name, rows):
        """The mean over seeds and things, and its interval: drawings of one thing are kin and count together."""
        by_thing = rows.astype(np.float64)
        if rows.shape[1] == n["asked"]:
            by_thing = by_thing.reshape(len(rows), settings.asked, settings.concepts).mean(1)
        low, high = crossed_ci(by_thing, rng, repeats)
        n.update({name: float(by_thing.mean()), f"{name}_low": low, f"{name}_high": high})

    for measure, real in MEASURES.items():
        name = {"rater_right": "rater_names", "right": "judge_names"}.get(measure, measure)
        for model, i in at.items():
            put(f"{name}_{key(model)}", arrays[measure][:, i])
        if real:
            n[f"{name}_real"] = float(arrays[real].mean())
    for model, i in at.items():
        n[f"styles_{key(model)}"] = float(np.mean([feedback.styles(row) for row in arrays["style"][:, i]]))
    n["styles_real"] = feedback.styles(arrays["real_style"])

    def against(name, measure, one, other):
        put(name, arrays[measure][:, at[one]].astype(float) - arrays[measure][:, at[other]])

    for road, control in (("dpo", "coin"), ("picked", "own")):
        for mark in settings.marks:
            against(f"{road}_gain_{mark}", "right", f"{road}-{mark}", "s1")
            against(f"{road}_pleased_{mark}", "liked", f"{road}-{mark}", "s1")
            against(f"{road}_surer_{mark}", "sure", f"{road}-{mark}", "s1")
            against(f"{road}_variety_{mark}", "apart", f"{road}-{mark}", "s1")
        against(f"{road}_over_{control}_{main}", "right", f"{road}-{main}", f"{control}-{main}")
        against(f"{road}_over_more_{main}", "right", f"{road}-{main}", f"more-{main}")
    against("dpo_turn", "sure", f"dpo-{last}", f"dpo-{main}")
    sure = arrays["sure"][:, [at[f"dpo-{main}"], at[f"dpo-{last}"]]].mean(2)  # [seeds, 2]
    n["dpo_fell"] = int((sure[:, 1] < sure[:, 0]).sum())
    against("guided_over_picked", "right", "s2", f"picked-{main}")
    against("guided_variety", "apart", "s2", f"picked-{main}")
    for look in ("saturation", "outline"):
        against(f"{look}_more", look, f"dpo-{last}", "s1")
    count = 2 if smoke else 8
    rows = {"before tuning": "s1", f"DPO, {main} steps": f"dpo-{main}", f"DPO, {last} steps": f"dpo-{last}"}
    shown = []  # by thing, then by model
    for k, thing in enumerate(facts["things"][: 1 if smoke else 3]):
        shown.append((thing.replace("-", " "), [
            decode(lab.vae(), torch.from_numpy(arrays[f"z_{model}"][k, :count]).float()) for model in rows.values()
        ]))  # fmt: skip

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        columns, cell, gap, left = (min(count, 4), 60, 6, 96) if narrow else (count, 64, 8, 132)
        y = 0
        for thing, pictures in shown[: 2 if narrow else None]:
            fig.note(0, y, f"Asked for: {thing}", "ink", 13, weight=600)
            y = image_grid(fig, [list(some[:columns]) for some in pictures], x=2, y=y + 22, cell=cell, gap=gap,
                           rows=[words.replace(", ", ",\n") for words in rows], left=left) + 12  # fmt: skip
        y = pleased(fig, n, settings, 0, y + 4, narrow)
        return plane(fig, n, settings, 0 if narrow else 372, y[1] if narrow else y[0], narrow)

    def said(name, write=".0%"):
        return f"{n[name]:{write}} ({n[f'{name}_low']:{write}} to {n[f'{name}_high']:{write}})"

    return Output(
        alt=(
            f"Drawings of one wish in rows, before and after tuning, and two plots. The rater is sure of the thing in "
            f"{n['liked_base']:.0%} before, {n[f'liked_dpo_{main}']:.0%} after {main} steps of DPO and "
            f"{n[f'liked_dpo_{last}']:.0%} after {last}; the judge names it in {n['judge_names_base']:.0%}, "
            f"{n[f'judge_names_dpo_{main}']:.0%} and {n[f'judge_names_dpo_{last}']:.0%}. Drawings of one wish are "
            f"{n['apart_base']:.2f} apart before, {n[f'apart_dpo_{main}']:.2f} and {n[f'apart_dpo_{last}']:.2f} after; "
            f"real icons {n['apart_real']:.2f}."
        ),
        caption=(
            f"**Tuned to please.** {n['seeds']} small models, each tuned on its own drawings; same noise in each column. "
            f"Left: how much surer of the asked thing the rater is, who is to be pleased, and the judge, who had no "
            f"part. Right: what the judge names rightly, and how far apart drawings of one wish are; at {main} steps of "
            f"DPO {said(f'judge_names_dpo_{main}')} against {said('judge_names_base')} before, apart "
            f"{n[f'apart_dpo_{main}']:.2f} against {n['apart_base']:.2f}. The same pairs, preferred by a coin: "
            f"{said(f'judge_names_coin_{main}')}. Grey: controls, {main} steps. Bars: 95 % intervals over models "
            f"and things. Of {n['tested']} real icons that neither had learned from, the rater names "
            f"{n['rater_right']:.0%}, the judge {n['judge_right']:.0%}."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )


def pleased(fig, n, settings, x, y, narrow):
    """How much surer rater and judge are than before, by steps of tuning. Returns the y of its beginning and end."""
    theme, width = fig.theme, 214 if narrow else 236
    fig.note(x, y, "How much surer of the asked thing than before", size=13, weight=600)
    ax = fig.area(x + 42, y + 30, width, 250, below=44)
    places, shift = np.arange(len(settings.marks) + 1), -0.09
    ax.axhline(0, color=theme.muted, linewidth=1.2)
    for who, line, words in (("pleased", "-", "rater"), ("surer", "--", "judge")):
        for road in ("dpo", "picked"):
            keys, colour = [f"{road}_{who}_{mark}" for mark in settings.marks], theme.colour(COLOURS[road])
            ax.vlines(places[1:] + shift, [n[f"{k}_low"] for k in keys], [n[f"{k}_high"] for k in keys], color=colour,
                      alpha=0.45, linewidth=2)  # fmt: skip
            ax.plot(np.append(0, places[1:] + shift), [0, *(n[k] for k in keys)], line, color=colour, linewidth=2,
                    label=f"{words}, {road}")  # fmt: skip
            shift += 0.06
    ax.set_xticks(places, ["0", *map(str, settings.marks)])
    ax.set(xlim=(0, places[-1] + 0.2))
    ax.yaxis.set_major_formatter(lambda v, _: f"{v:+.0%}" if abs(v) > 1e-9 else "0")
    ax.set_xlabel("steps of tuning")
    label_ends(ax, {f"{who}, {road}": f"{who}, {'DPO' if road == 'dpo' else road}"
                    for who in ("rater", "judge") for road in ("dpo", "picked")}, dx=16, size=12)  # fmt: skip
    return y, y + 30 + 250 + 56


def plane(fig, n, settings, x, y, narrow):
    """Rightness by the judge against variety: roads, guidance, controls."""
    theme, width = fig.theme, 286 if narrow else 290
    fig.note(x, y, "How far apart drawings of one wish are", size=13, weight=600)
    ax = fig.area(x + 46, y + 30, width, 250, below=44)
    lines = {road: ["base", *(f"{road}_{mark}" for mark in settings.marks)] for road in ("dpo", "picked")}
    lines["guidance"] = ["base", *(f"s{s:g}".replace(".", "_") for s in settings.strengths[1:])]
    for road, keys in lines.items():
        ax.plot([n[f"judge_names_{k}"] for k in keys], [n[f"apart_{k}"] for k in keys], "o-", markersize=5, linewidth=1.6,
                color=theme.colour(COLOURS[road]), label="DPO" if road == "dpo" else road)  # fmt: skip
    for (road, words), mark in zip(NAMES.items(), "s^D", strict=True):
        k = f"{road}_{settings.main}"
        ax.plot(n[f"judge_names_{k}"], n[f"apart_{k}"], mark, markersize=7, color=theme.noise, label=words)
    ax.plot(n["judge_names_base"], n["apart_base"], "o", markersize=10, color=theme.ink)
    label_point(ax, n["judge_names_base"], n["apart_base"], "before", dx=8, dy=11)
    ax.axhline(n["apart_real"], color=theme.muted, linewidth=1.2, linestyle=":")
    ends = ax.get_xlim()
    label_point(ax, ends[1], n["apart_real"], "real icons", "muted", dx=-2, dy=-11, ha="right")
    ax.set(xlim=ends, ylim=(-0.02, 1.08 * n["apart_real"]))
    ax.xaxis.set_major_locator(MultipleLocator(0.05))
    ax.yaxis.set_major_locator(MultipleLocator(0.1))
    ax.legend(loc="lower left", ncols=2, fontsize=12, frameon=False, labelcolor=theme.ink, handlelength=1.4)
    ax.xaxis.set_major_formatter(lambda v, _: f"{v:.0%}")
    ax.set_xlabel("named rightly by the judge")
    return fig

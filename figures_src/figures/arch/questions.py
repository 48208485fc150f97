"""One job, all architectures: how many questions, put at once, each of them answers rightly after the same training; and
Mamba with a part taken away.

Tests claims: r08-23, r08b-04, r08b-11. Read from the results of `scripts/lab_recall.py`.
"""

import numpy as np

from denoised.models.sequences import KINDS, NAMES
from denoised.probes.judge import Share
from denoised.studies import recall
from plotting.layout import label_ends
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ()
DATA = ()
TITLE = "Four questions at once"

MAMBAS = ("mamba", "mamba_wide1", "mamba_stateless")
COLOURS = {"rnn": "noise", "lstm": "text", "gru": "muted", "cnn": "image", "transformer": "attention",
           "rwkv": "prediction", "mamba": "latent", "mamba_wide1": "prediction", "mamba_stateless": "noise"}  # fmt: skip
CHANCE = 1 / len(recall.VALUES)


def shares(facts, kind, test):
    """(mean, lowest and highest seed, Wilson interval of all answers, share confused) for one kind and test."""
    runs = [run[test] for run in facts["runs"][kind]]
    each = [right / asked for right, asked, _ in runs]
    low, high = Share(sum(r[0] for r in runs), sum(r[1] for r in runs)).interval
    return {"acc": float(np.mean(each)), "least": min(each), "best": max(each), "low": low, "high": high,
            "confused": float(np.mean([r[2] for r in runs]))}  # fmt: skip


def make(lab, smoke=False):
    facts, _ = recall.load("questions")
    s = recall.SETTINGS
    n = {"seeds": len(s.seeds), "steps": s.steps, "chance": CHANCE, "tested": s.tested, "trained_pairs": max(s.pairs),
         "parameters_least": min(facts["parameters"].values()), "parameters_most": max(facts["parameters"].values()),
         "minutes": facts["seconds"] / 60}  # fmt: skip
    found = {}
    for kind in s.questions:
        for count in s.crowds:
            found[kind, count] = one = shares(facts, kind, f"all_{count}")
            n |= {f"{key}_{kind}_{count}": value for key, value in one.items()}
        n[f"one_{kind}"] = shares(facts, kind, "one")["acc"]
    n["others_4"] = max(n[f"acc_{kind}_4"] for kind in KINDS if kind != "mamba")
    n["others_name"] = NAMES[max((k for k in KINDS if k != "mamba"), key=lambda k: n[f"acc_{k}_4"])]
    n["drop_convolution"] = n["acc_mamba_8"] - n["acc_mamba_wide1_8"]
    n["drop_state"] = n["acc_mamba_8"] - n["acc_mamba_stateless_8"]
    able = [kind for kind in KINDS if n[f"acc_{kind}_4"] >= 0.9]
    n |= {"able": len(able), "able_names": ", ".join(NAMES[kind] for kind in able) or "none", "kinds": len(KINDS)}

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        y = 0
        for title, kinds in (("Questions answered rightly", KINDS), ("Mamba with a part taken away", MAMBAS)):
            fig.note(0, y, title, size=14, weight=600)
            wide = fig.width - 40 - (104 if narrow else 190)
            ax = fig.area(40, y + 30, wide, 240 if kinds is KINDS else 170, below=44)
            for kind in kinds:
                colour = theme.colour(COLOURS[kind])
                ys = [found[kind, c]["acc"] for c in s.crowds]
                ax.fill_between(s.crowds, [found[kind, c]["least"] for c in s.crowds],
                                [found[kind, c]["best"] for c in s.crowds],
                                color=colour, alpha=0.13, linewidth=0)  # fmt: skip
                ax.plot(s.crowds, ys, "o-", markersize=4, color=colour, label=kind)
            ax.axhline(CHANCE, color=theme.muted, linewidth=1, linestyle=(0, (3, 3)))
            ax.axvline(max(s.pairs), color=theme.grid, linewidth=1.5)
            ax.set(
                xscale="log", xlim=(1, s.crowds[-1]), ylim=(0, 1.02), yticks=[0, 0.5, 1], yticklabels=["0", "½", "all"]
            )
            ax.set_xticks(s.crowds, [str(c) for c in s.crowds])
            ax.minorticks_off()
            ax.set_xlabel("facts, and questions, in one input")
            short = {"mamba_wide1": "no convolution", "mamba_stateless": "no state", "mamba": "Mamba"}
            label_ends(ax, {k: short.get(k, NAMES[k]) for k in kinds}, size=12, gap=15)
            y += 30 + (240 if kinds is KINDS else 170) + 62
        fig.set_height(y - 10)
        return fig

    said = ", ".join(f"{NAMES[kind]} {n[f'acc_{kind}_4']:.0%}" for kind in KINDS)
    return Output(
        alt=(
            "Above, share of right answers against the number of questions put at once, 1 to 16. With four "
            f"questions: {said}; "
            f"chance is {CHANCE:.0%}. Below, Mamba at eight questions: {n['acc_mamba_8']:.0%}, without its convolution "
            f"{n['acc_mamba_wide1_8']:.0%}, without its state {n['acc_mamba_stateless_8']:.0%}."
        ),
        caption=(
            "**Four questions at once.** A model reads facts (a key, a value), then is asked for every key again, in "
            "another "
            f"order. All have about 50,000 parameters and the same {s.steps:,} steps of training on up to "
            f"{max(s.pairs)} facts "
            f"(line); {n['seeds']} seeds, bands from the lowest to the highest. Four questions: {said}. Asked only "
            "one question of "
            f"eight facts, as control, Mamba is right in {n['one_mamba']:.0%}, the GRU in {n['one_gru']:.0%}: what is "
            "hard is "
            f"the number of facts, not of questions. Below: with a kernel of width one instead of four Mamba answers "
            f"{n['acc_mamba_wide1_8']:.0%} of eight, without its state {n['acc_mamba_stateless_8']:.0%}, whole "
            f"{n['acc_mamba_8']:.0%}. Dashed: chance."
        ),
        numbers=n,
        draw=draw,
    )

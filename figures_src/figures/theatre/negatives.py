"""From no negative to twelve, one list of the usual words and one of words about nothing: how far the picture moves,
whether the judge finds it worse, and when the seats are full. The runs are those of denoised/studies/evenings.py.
"""

import numpy as np

from denoised.models import judge as observer
from denoised.probes import judge
from denoised.probes.metrics import bootstrap_ci
from denoised.studies import evenings
from plotting.layout import label_ends, picture
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd", "judge")
DATA = ("specimens",)
TITLE = "From no negative to twelve"
TINY_ONLY = "the evenings were played with the small model, see denoised/studies/evenings.py"

KINDS = {"usual": ("the usual list", "text"), "neutral": ("words about nothing", "noise")}
SHOWN = 0  # which of the cast stands in the sheet


def make(lab, smoke=False):
    facts, sheets = evenings.load(lab)
    settings = evenings.SETTINGS
    net = observer.load(lab.weight("judge"))
    wanted = {"concept": list(settings.cast)}
    known = judge.score(net, judge.look(net, evenings.real(lab.pipeline(), lab.specimens())), wanted)["top5"]
    seen = {c: judge.look(net, sheets[c]) for c in facts["lost"]}
    named = {c: judge.score(net, some, wanted)["top5"] for c, some in seen.items()}
    yardstick = float(np.mean(facts["other_seed"]))
    counts = (0, *settings.lists)

    def at(kind, count):
        return "none" if count == 0 else f"{kind}_{count}"

    moved = {c: np.array(some) / yardstick for c, some in facts["changed"].items()} | {
        "none": np.zeros(len(settings.cast))
    }
    top = settings.lists[-1]
    # of the right thing's place in the judge's ranking, picture by picture: does the long list make it lower?
    column = [net.classes["concept"].index(c) for c in settings.cast]

    def belief(c):
        logits = seen[c]["concept"] - seen[c]["concept"].max(1, keepdims=True)
        odds = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        return np.log(odds[np.arange(len(column)), column])

    worse = {kind: belief(at(kind, top)) - belief("none") for kind in KINDS}
    against = worse["usual"] - worse["neutral"]
    fits = [s for s in settings.lists if facts["lost"][at("usual", s)] == 0]
    n = {
        "pictures": len(settings.cast),
        "steps": settings.listed_steps,
        "guidance": settings.listed_guidance,
        "most": top,
        "fit": fits[-1] if fits else 0,
        "lost": facts["lost"][at("usual", top)],
        "real_named": known.share,
        "none_named": named["none"].share,
        "worse": float(against.mean()),
        **dict(zip(("worse_low", "worse_high"), bootstrap_ci(against, seed=4), strict=True)),
    }
    for kind in KINDS:
        n[f"{kind}_worse"] = float(worse[kind].mean())
        n[f"{kind}_worse_low"], n[f"{kind}_worse_high"] = bootstrap_ci(worse[kind], seed=5)
        for count in settings.lists:
            n[f"{kind}_{count}_named"] = named[at(kind, count)].share
            n[f"{kind}_{count}_moved"] = float(moved[at(kind, count)].mean())

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        gap, left = 6, 0 if narrow else 132
        cell = min(88, (fig.width - left - gap * (len(counts) - 1)) // len(counts))
        y = 0
        for j, count in enumerate(counts):
            word = "none" if count == 0 else f"{count}"
            fig.note(left + j * (cell + gap) + cell / 2, y, word, "muted", SMALL, ha="center")
        y += 22
        for kind, (name, colour) in KINDS.items():
            if narrow:
                fig.note(0, y, name, colour, 12, weight=600)
                y += 20
            else:
                fig.note(0, y + cell / 2, name, colour, 12, va="center", weight=600)
            for j, count in enumerate(counts):
                picture(fig, sheets[at(kind, count)][SHOWN], left + j * (cell + gap), y, cell, cell, True)
            y += cell + gap
        y += 14
        plots = (("How far the picture moves", "1 = as far as another seed's", moved, None),
                 ("The judge names the thing", "dashed: real icons, coded and decoded", named, known.share))  # fmt: skip
        for k, (title, about, some, level) in enumerate(plots):
            x, top_ = (0, y) if narrow or k == 0 else (372, y)
            fig.note(x, top_, title, size=13, weight=600)
            fig.note(x, top_ + 19, about, "muted", SMALL)
            width = fig.width - 168 if narrow else 186
            ax = fig.area(x + 34, top_ + 46, width, 130, below=40)
            for kind, (_, colour) in KINDS.items():
                values = [some[at(kind, c)] for c in counts]
                if level is None:
                    edges = np.array([bootstrap_ci(v, seed=6) for v in values]).T
                    values = [float(v.mean()) for v in values]
                else:
                    edges = np.array([v.interval for v in values]).T
                    values = [v.share for v in values]
                places = np.arange(len(counts)) + (0.08 if kind == "neutral" else -0.08)
                ax.vlines(places, *edges, color=theme.colour(colour), linewidth=1.4, alpha=0.5)
                ax.plot(places, values, "o-", color=theme.colour(colour), markersize=4, label=kind)
            if level is not None:
                ax.axhline(level, color=theme.muted, linewidth=1, linestyle=(0, (3, 3)))
            ax.set(xlim=(-0.4, len(counts) - 0.6), ylim=(0, None if level is None else 1.04))
            ax.set_xticks(range(len(counts)), [str(c) for c in counts])
            ax.set_xlabel("negatives")
            if k == 0 or narrow:
                label_ends(ax, {kind: name for kind, (name, _) in KINDS.items()}, size=11, gap=15)
            y = top_ + 232 if narrow else y
        fig.set_height(y if narrow else y + 228)
        return fig

    usual, neutral = (n[f"{kind}_{top}_moved"] for kind in KINDS)
    return Output(
        alt=(
            f"A sheet: one prompt with none and up to {top} negatives, by the usual list and by words about "
            f"nothing. Below, how "
            f"far pictures move, {usual:.2f} and {neutral:.2f} of another seed's distance with {top}, and how "
            f"many the judge "
            f"names: {named['none'].share:.0%} without negatives, {named[at('usual', top)].share:.0%} and "
            f"{named[at('neutral', top)].share:.0%} with {top}."
        ),
        caption=(
            f"**What a longer list does.** {n['pictures']} prompts, guidance {settings.listed_guidance:g}; "
            f"{top} of the usual "
            f"words (*{', '.join(evenings.USUAL[:3])}*, ...) move a picture by {usual:.2f} of what another seed "
            f"would change, "
            f"as many words about nothing (*{', '.join(evenings.NEUTRAL[:3])}*, ...) by {neutral:.2f}. The "
            f"judge's first five "
            f"hold the right thing in {named['none'].share:.0%} of cases without negatives, in "
            f"{named[at('usual', top)].share:.0%} with the usual {top} and "
            f"{named[at('neutral', top)].share:.0%} with the "
            f"others; real icons: {known.share:.0%}. More than {n['fit']} of the usual do not fit: of {top}, {n['lost']} "
            "tokens stay outside."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

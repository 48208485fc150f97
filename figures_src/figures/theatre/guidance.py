"""How loud should the prompt be? Guidance from 0 to 15 on the same prompts and seeds: a sheet, and what the judge makes of
it, beside how much two seeds differ and how saturated the colours become.
"""

import numpy as np

from denoised.models import judge as observer
from denoised.probes import judge
from denoised.probes.metrics import bootstrap_ci, saturation
from denoised.studies import evenings
from plotting.layout import picture
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd", "judge")
DATA = ("specimens",)
TITLE = "How loud should the prompt be?"
TINY_ONLY = "the evenings were played with the small model, see denoised/studies/evenings.py"


def make(lab, smoke=False):
    facts, sheets = evenings.load(lab)
    settings = evenings.SETTINGS
    net = observer.load(lab.weight("judge"))
    strengths, seeds = settings.strengths, settings.loud_seeds
    concepts = settings.cast
    asked = [c for c in concepts for _ in seeds]
    real = evenings.real(lab.pipeline(), lab.specimens())
    known = judge.score(net, judge.look(net, real), {"concept": list(concepts)})
    made, named, varied, colour = {}, {}, {}, {}
    for s in strengths:
        made[s] = sheets[f"guidance_{s}"]
        seen = judge.look(net, made[s])
        named[s] = judge.score(net, seen, {"concept": asked})["top5"]
        pairs = seen["features"].reshape(len(concepts), len(seeds), -1)
        varied[s] = np.array([judge.diversity(pair) for pair in pairs])
        colour[s] = bootstrap_ci(saturation(made[s]), seed=1) + (float(saturation(made[s]).mean()),)
    best = max(strengths, key=lambda s: (named[s].share, -s))
    n = {
        "prompts": len(concepts),
        "seeds": len(seeds),
        "pictures": len(asked),
        "steps": settings.loud_steps,
        "real_named": known["top5"].share,
        "real_saturation": float(saturation(real).mean()),
        "concepts": len(net.classes["concept"]),
        "best": best,
        "best_named": named[best].share,
        **{f"named_{s}": named[s].share for s in strengths},
        **{f"named_{s}_{side}": edge for s in strengths
           for side, edge in zip(("low", "high"), named[s].interval, strict=True)},
        **{f"varied_{s}": float(varied[s].mean()) for s in strengths},
        **{f"saturation_{s}": colour[s][2] for s in strengths},
        "least": strengths[0],
        "most": strengths[-1],
    }  # fmt: skip

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        gap, columns = 8, 3 if narrow else len(strengths)
        cell = (fig.width - gap * (columns - 1)) // columns
        y = 0
        rows = [k * len(seeds) for k in range(2 if narrow else 4)]
        for start in range(0, len(strengths), columns):
            some = strengths[start : start + columns]
            for j, s in enumerate(some):
                fig.note(j * (cell + gap) + cell / 2, y, f"guidance {s}", "text", 12, ha="center", weight=600)
            y += 20
            for row in rows:
                for j, s in enumerate(some):
                    picture(fig, made[s][row], j * (cell + gap), y, cell, cell)
                y += cell + gap
            y += 10
        titles = (("The judge names the thing", "latent", 1.0), ("Two seeds differ (judge's features)", "prediction", None),
                  ("Saturation", "image", None))  # fmt: skip
        x = np.arange(len(strengths))
        for k, (title, name, top) in enumerate(titles):
            left, at = (0, y) if narrow else (k * 244, y)
            width = fig.width if narrow else 226
            fig.note(left, at, title, size=13, weight=600)
            ax = fig.area(left + 38, at + 26, width - 44, 120, below=40)
            if k == 0:
                edges = np.array([named[s].interval for s in strengths]).T
                ax.vlines(x, *edges, color=theme.colour(name), linewidth=1.4, alpha=0.6)
                values, level = [named[s].share for s in strengths], n["real_named"]
            elif k == 1:
                values, level = [n[f"varied_{s}"] for s in strengths], None
                edges = np.array([bootstrap_ci(varied[s], seed=2) for s in strengths]).T
                ax.vlines(x, *edges, color=theme.colour(name), linewidth=1.4, alpha=0.6)
            else:
                values, level = [colour[s][2] for s in strengths], n["real_saturation"]
                ax.vlines(x, [colour[s][0] for s in strengths], [colour[s][1] for s in strengths],
                          color=theme.colour(name), linewidth=1.4, alpha=0.6)  # fmt: skip
            ax.plot(x, values, "o-", color=theme.colour(name), markersize=4)
            if level is not None:
                ax.axhline(level, color=theme.muted, linewidth=1, linestyle=(0, (3, 3)))
            ax.set(ylim=(0, top or 1.25 * max(values) + 1e-3), xlim=(-0.4, len(strengths) - 0.6))
            ax.set_xticks(x, [str(s) for s in strengths])
            y = at + 190 if narrow else y
        y = y if narrow else y + 190
        fig.note(0, y, "dashed: real icons, coded and decoded", "muted", SMALL)
        fig.set_height(y + 22)
        return fig

    quiet, loudest = n[f"varied_{strengths[0]}"], n[f"varied_{strengths[-1]}"]
    shares = ", ".join(f"{named[s].share:.0%} at {s}" for s in strengths)
    return Output(
        alt=(
            f"A sheet of pictures, a column for each guidance from {strengths[0]} to {strengths[-1]}. Three "
            f"curves below: "
            f"the judge names the thing in {shares}; two seeds differ by {quiet:.2f} at first and "
            f"{loudest:.2f} at last; saturation goes from {colour[strengths[0]][2]:.2f} to "
            f"{colour[strengths[-1]][2]:.2f}."
        ),
        caption=(
            f"**From a whisper to a shout.** {len(concepts)} prompts, {len(seeds)} seeds, {n['steps']} steps; 0 ignores "
            "the prompt, 1 is the model as trained. The judge has the right thing among its first five of "
            f"{n['concepts']:,} in {shares} (real icons: {n['real_named']:.0%}; upright lines: intervals). Two seeds of "
            f"one prompt differ by {quiet:.2f} at {strengths[0]} and {loudest:.2f} at "
            f"{strengths[-1]}, as the judge sees it. Saturation goes from {colour[strengths[0]][2]:.2f} to "
            f"{colour[strengths[-1]][2]:.2f}; real icons have {n['real_saturation']:.2f}." + facts["remark"]
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

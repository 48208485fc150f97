"""Five names from the drop-down, on the same noise: how far each is from where the road ends, after how many steps, and
whether a judge sees the difference. The runs are those of denoised/studies/evenings.py.
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
TITLE = "Five samplers, few steps and many"
TINY_ONLY = "the evenings were played with the small model, see denoised/studies/evenings.py"

COLOURS = dict(zip(evenings.SETTINGS.samplers, ("prediction", "muted", "text", "latent", "image"), strict=True))
SHOWN = 1  # which of the cast stands in the sheet
NEAR = 0.25  # of what another seed would change: what the page calls settled


def code(name, steps):
    return f"{name}_{steps}".replace(" ", "-")


def make(lab, smoke=False):
    facts, sheets = evenings.load(lab)
    settings = evenings.SETTINGS
    net = observer.load(lab.weight("judge"))
    concepts = list(settings.cast[: settings.sampled])
    yardstick = np.array(facts["other_seed"])
    far = {c: np.array(some) / yardstick.mean() for c, some in facts["far"].items()}
    real = evenings.real(lab.pipeline(), lab.specimens())[: settings.sampled]

    def named(images):
        return judge.score(net, judge.look(net, images), {"concept": concepts})["top5"]

    known, goal = named(real), named(sheets["full"])
    seen = {c: named(sheets[c]) for c in far}
    n = {
        "samplers": len(settings.samplers),
        "pictures": len(concepts),
        "guidance": settings.guidance,
        "full": settings.full,
        "real_named": known.share,
        "full_named": goal.share,
        "full_low": goal.interval[0],
        "full_high": goal.interval[1],
        "other_seed": float(yardstick.mean()),
        "twins": max(facts["twins"]) / float(yardstick.mean()),
        "least": settings.counts[0],
        "most": settings.counts[-1],
        "near": NEAR,
    }
    for name in settings.samplers:
        word = name.lower().replace("++", "").replace(" ", "_")
        for steps in settings.counts:
            n[f"{word}_{steps}"] = float(far[code(name, steps)].mean())
            n[f"{word}_{steps}_low"], n[f"{word}_{steps}_high"] = bootstrap_ci(far[code(name, steps)], seed=3)
            n[f"{word}_{steps}_named"] = seen[code(name, steps)].share
        close = [s for s in settings.counts if far[code(name, s)].mean() < NEAR]
        n[f"{word}_enough"] = close[0] if close else 0  # 0: with none of the counts

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        counts, gap = settings.counts, 6
        left = 0 if narrow else 132
        cell = (fig.width - left - gap * len(counts)) // (len(counts) + 1)
        cell = min(cell, 92)
        y = 0
        for j, word in enumerate([*(f"{s} steps" for s in counts), f"{settings.full}"]):
            fig.note(left + j * (cell + gap) + cell / 2, y, word, "muted", SMALL, ha="center")
        y += 22
        for name in settings.samplers:
            if narrow:
                fig.note(0, y, name, COLOURS[name], 12, weight=600)
                y += 19
            else:
                fig.note(0, y + cell / 2, name, COLOURS[name], 13, va="center", weight=600)
            for j, steps in enumerate(counts):
                picture(fig, sheets[code(name, steps)][SHOWN], left + j * (cell + gap), y, cell, cell, True)
            if name == settings.samplers[0]:
                picture(fig, sheets["full"][SHOWN], left + len(counts) * (cell + gap), y, cell, cell, True)
            y += cell + gap
        y += 14
        plots = (
            ("Distance from where the road ends", "1 = as far as another seed's picture", far, None),
            ("The judge names the thing", "dashed: real icons, coded and decoded", seen, known.share),
        )
        for k, (title, about, some, level) in enumerate(plots):
            x, at = (0, y) if narrow or k == 0 else (372, y)
            fig.note(x, at, title, size=13, weight=600)
            fig.note(x, at + 19, about, "muted", SMALL)
            width = fig.width - 130 if narrow else 218
            ax = fig.area(x + 34, at + 46, width, 150, below=40)
            for name in settings.samplers:
                values = [some[code(name, s)] for s in counts]
                values = [v.share if level is not None else float(v.mean()) for v in values]
                ax.plot(counts, values, "o-", color=theme.colour(COLOURS[name]), label=name, markersize=4,
                        linewidth=2.6 if name == "DDIM" else 1.5, alpha=0.55 if name == "DDIM" else 1.0)  # fmt: skip
            if level is not None:
                ax.axhline(level, color=theme.muted, linewidth=1, linestyle=(0, (3, 3)))
            ax.set_xscale("log")
            ax.minorticks_off()
            ax.set_xticks(counts, [str(s) for s in counts])
            ax.set(xlim=(counts[0] * 0.9, counts[-1] * 1.08), ylim=(0, None if level is None else 1.04))
            ax.set_xlabel("steps")
            if k == 0 or narrow:
                label_ends(ax, {name: name for name in settings.samplers}, size=11, gap=14)
            y = at + 250 if narrow else y
        fig.set_height(y if narrow else y + 246)
        return fig

    two = ", ".join(f"{name} {far[code(name, 5)].mean():.2f}" for name in settings.samplers)
    return Output(
        alt=(
            f"A sheet: one prompt drawn by {n['samplers']} samplers in {', '.join(map(str, settings.counts))} "
            f"steps. Below, "
            f"the distance from DDIM's result in {settings.full} steps, 1 being another seed's: after 5 steps "
            f"{two}. Beside "
            f"it the share that the judge names: {goal.share:.0%} in {settings.full} steps, {known.share:.0%} "
            f"of real icons."
        ),
        caption=(
            f"**Roads to one place, and one to another.** {n['pictures']} prompts, guidance {settings.guidance:g}, the "
            f"schedulers of diffusers with the shipped schedule. Distance between finished latents and DDIM's in "
            f"{settings.full} steps, where 1 is what another seed changes. After 5 steps: {two}. DDIM and Euler "
            f"are at most "
            f"{n['twins']:.3f} apart: one sampler under two names. The judge's first five hold the right thing in "
            f"{goal.share:.0%} of the {settings.full}-step pictures and {known.share:.0%} of real ones; with "
            f"{n['pictures']} pictures a point, it tells large differences only." + facts["remark"]
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

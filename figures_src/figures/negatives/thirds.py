"""When are the words heard? The prompt is replaced by an empty one in the first, the middle or the last third of the
steps, and, as bounds, in none and in all of them.

Tests claims: r10b-14.
"""

from denoised.models import judge as judge_model
from denoised.pipeline import decode
from denoised.probes import judge
from denoised.probes.judge import Share
from denoised.probes.metrics import bootstrap_ci
from denoised.probes.negatives import apart, silenced
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd", "judge")
DATA = ()
TITLE = "When the words are heard"

THINGS = ("cat-face", "red-apple", "red-heart", "pizza", "skull", "dog-face")
STEPS, GUIDANCE = 9, 3.0
WAYS = (("all", "heard\nthroughout", "prediction"), ("first", "deaf in the\nfirst third", "text"),
        ("middle", "deaf in the\nmiddle", "text"), ("last", "deaf in the\nlast third", "text"),
        ("none", "never\nheard", "noise"))  # fmt: skip


def make(lab, smoke=False):
    pipe, net = lab.pipeline(), judge_model.load(lab.weight("judge"))
    things, steps = (THINGS[:2], 3) if smoke else (THINGS, STEPS)
    prompts = [f"{thing.replace('-', ' ')}, noto style" for thing in things]
    third = steps // 3
    deaf = {
        "all": range(0), "first": range(third), "middle": range(third, steps - third),
        "last": range(steps - third, steps), "none": range(steps),
    }  # fmt: skip
    latents = {
        name: silenced(pipe, prompts, range(len(prompts)), steps=steps, guidance=GUIDANCE, deaf=some)
        for name, some in deaf.items()
    }
    images = {name: decode(pipe.vae, z) for name, z in latents.items()}
    whole = apart(latents["all"], latents["none"])
    n = {"things": len(things), "steps": steps, "guidance": GUIDANCE, "third": third, "moved_none": float(whole.mean())}
    for name in deaf:
        best = judge.names(net, judge.look(net, images[name]), k=5)
        hits = Share(sum(thing in five for thing, five in zip(things, best, strict=True)), len(things))
        n[f"asked_{name}"] = hits.share
        if name not in ("all", "none"):
            share = apart(latents["all"], latents[name]) / whole
            n[f"moved_{name}"] = float(share.mean())
            n[f"moved_{name}_low"], n[f"moved_{name}_high"] = bootstrap_ci(share)
    shown = range(min(3, len(things)))
    grid = [[images[name][i] for name, _, _ in WAYS] for i in shown]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        cell, gap = (64, 8) if narrow else (88, 10)
        heads = [word for _, word, _ in WAYS]
        if narrow:
            heads = ["heard", "deaf\nfirst", "deaf\nmiddle", "deaf\nlast", "never"]
        y = image_grid(fig, grid, columns=heads, cell=cell, gap=gap, size=12)
        x, y = (0, y + 28) if narrow else (5 * (cell + gap) + 20, 0)
        width = fig.width - x
        fig.note(x, y, "Share of the words' effect\nthat is missing", size=14, weight=600)
        y += 48
        for name, word, colour in WAYS[1:4]:
            fig.note(x, y, word.replace("\n", " "), "ink", 12)
            fig.note(x + width, y, f"{n[f'moved_{name}']:.0%}", "ink", 12, ha="right")
            ax = fig.area(x, y + 18, width, 9, grid="")
            ax.set_axis_off()
            ax.barh([0], [min(n[f"moved_{name}"], 1.2)], color=theme.colour(colour), height=1)
            ax.axvline(1, color=theme.ink, linewidth=1.5)
            ax.set(xlim=(0, 1.2), ylim=(-0.5, 0.5))
            y += 38
        fig.note(x, y + 4, "The line: as far as\nnever having heard them.", "muted", 12)
        return fig

    return Output(
        alt=(
            "Three things drawn with the words heard throughout, not heard in the first, middle or last third, and never "
            f"heard. Of the distance between always and never, deafness in the first third makes {n['moved_first']:.0%}, "
            f"in the middle {n['moved_middle']:.0%}, in the last third {n['moved_last']:.0%}."
        ),
        caption=(
            f"**To the end, but mostly at the beginning.** {n['things']} prompts, {n['steps']} steps, guidance "
            f"{n['guidance']:g}. Never hearing the words moves a finished latent by {n['moved_none']:.2f}; not hearing "
            f"them in the first {n['third']} steps makes {n['moved_first']:.0%} of that (95 % interval "
            f"{n['moved_first_low']:.0%} to {n['moved_first_high']:.0%}), in the middle {n['moved_middle']:.0%} "
            f"({n['moved_middle_low']:.0%} to {n['moved_middle_high']:.0%}), in the last {n['third']} "
            f"{n['moved_last']:.0%} ({n['moved_last_low']:.0%} to {n['moved_last_high']:.0%}). What was asked for is "
            f"among the judge's first five in {n['asked_all']:.0%}, {n['asked_first']:.0%}, {n['asked_middle']:.0%} and "
            f"{n['asked_last']:.0%} of pictures, and in {n['asked_none']:.0%} if it never heard."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )  # fmt: skip

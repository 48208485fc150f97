"""How soon a small denoiser draws what is asked: by our recipe, by that of diffusers' text-to-image example, and by ours
with one part exchanged, all in the same processor time. Read from the results of `scripts/lab_recipes.py`.
"""

from textwrap import wrap

import numpy as np
import torch

from denoised.pipeline import decode
from denoised.probes.crossed import crossed_ci
from denoised.studies import recipes as study
from denoised.studies import shelf
from denoised.training.recipes import OURS, RECIPES, STOCK
from plotting.layout import label_ends
from plotting.output import Output
from plotting.sheets import named_rows
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd/vae", "judge")
DATA = ()
TITLE = "Two recipes against the clock"
TINY_ONLY = "It reads what was measured with small models of our own."

RESAMPLES = 1000
WORDS = {
    "ours": "ours", "anew": "ours, encoding each time", "plain": "ours, no average or cooldown",
    "noise": "ours, asked for noise", "faster": "example, our rate", "stock": "example",
}  # fmt: skip
LOOKS = {  # colour and line
    "ours": ("prediction", "-"), "anew": ("image", "-"), "plain": ("text", "-"), "noise": ("latent", "-"),
    "faster": ("noise", (0, (4, 2))), "stock": ("noise", "-"),
}  # fmt: skip
SHOWN = ("ours", "faster", "stock")


def make(lab, smoke=False):
    facts, arrays = study.load()
    shelf.expect(facts, lab, study.NETWORKS, "lab_recipes")
    settings, rng = study.SETTINGS, np.random.default_rng(0)
    right = {name: arrays[f"right_{name}"].astype(float) for name in RECIPES}  # [seeds, marks, strengths, wishes]
    n = {
        "things": len(facts["things"]), "icons": facts["icons"], "seeds": len(settings.seeds),
        "seconds": settings.marks[-1],
        "drawings": right["ours"].shape[-1], "parameters": facts["parameters"], "real": float(arrays["real_right"].mean()),
        "batch_ours": OURS.batch, "batch_stock": STOCK.batch, "rate_ours": OURS.lr, "rate_stock": STOCK.lr,
        "rate_ratio": OURS.lr / STOCK.lr, "chance": 1 / len(facts["things"]),
    }  # fmt: skip
    best, curves = {}, {}
    for name, some in right.items():
        best[name] = int(some[:, -1].mean((0, 2)).argmax())
        curves[name] = some[:, :, best[name]].mean((0, 2))
        of_things = some[:, -1, best[name]].reshape(len(some), settings.asked, -1).mean(1)  # ten wishes for one are kin
        low, high = crossed_ci(of_things, rng, 100 if smoke else RESAMPLES)
        n |= {f"right_{name}": float(curves[name][-1]), f"low_{name}": low, f"high_{name}": high}
        n[f"samples_{name}"] = float(arrays[f"samples_{name}"][:, -1].mean())
        n[f"guidance_{name}"] = settings.strengths[best[name]]
        n |= {f"right_{name}_{mark}": float(v) for mark, v in zip(settings.marks, curves[name], strict=True)}
    gap = n["right_ours"] - n["right_stock"]
    n |= {"ahead": gap, "made_up": (n["right_faster"] - n["right_stock"]) / gap if gap else 0.0}
    n |= {f"cost_{name}": n["right_ours"] - n[f"right_{name}"] for name in ("noise", "plain", "anew")}
    count = 2 if smoke else settings.shown
    drawn = {
        name: list(decode(lab.vae(), torch.from_numpy(arrays[f"z_{name}"][best[name], :count]).float())) for name in SHOWN
    }
    things = ["\n".join(wrap(thing.replace("-", " "), 11)) for thing in facts["things"][:count]]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        shown = {WORDS[name]: pictures[:4] if narrow else pictures[:6] for name, pictures in drawn.items()}
        y = named_rows(fig, shown, narrow, colours={WORDS[name]: LOOKS[name][0] for name in SHOWN})
        if not narrow:
            for k, thing in enumerate(things[:6]):
                fig.note(136 + k * 96 + 44, y + 5, thing, "muted", 11, ha="center")
            y += 34
        y += 18
        fig.note(0, y, "Named rightly by the judge, after so much work", size=13, weight=600)
        fig.note(0, y + 19, "dashed line: real icons", "muted", SMALL)
        room = fig.width - 40 - 172
        ax = fig.area(40, y + 46, room, 230, below=44)
        ax.axhline(n["real"], color=theme.muted, linewidth=1, dashes=(3, 2.2))
        for name in WORDS:
            colour, line = LOOKS[name]
            ax.plot(settings.marks, curves[name], linestyle=line, marker="o", markersize=4, label=name,
                    color=theme.colour(colour))  # fmt: skip
        ax.yaxis.set_major_formatter(lambda v, _: f"{v:.0%}")
        ax.set(ylim=(0, 1.03), xlim=(0, settings.marks[-1] + 3))
        ax.set_xticks(settings.marks[1:])
        ax.set_xlabel("seconds of one core" if narrow else "seconds of one processor core", fontsize=11)
        ax.tick_params(labelsize=11)
        label_ends(ax, WORDS, size=11, gap=15)
        fig.set_height(y + 330)
        return fig

    ends = ", ".join(f"{word} {n[f'right_{name}']:.0%}" for name, word in WORDS.items())
    return Output(
        alt=(
            "Three rows of small drawings of the same wishes from the same noise: by our recipe, by the example's with our "
            f"batch and rate, and by the example's as it is. Curves over {n['seconds']} seconds of one processor core: how "
            f"many of the drawings the judge names rightly. At the end: {ends}."
        ),
        caption=(
            f"**Against the clock.** One network of {n['parameters']:,} parameters, {n['icons']} icons of {n['things']} "
            f"things, {n['seeds']} seeds, {n['seconds']} seconds of one core for each recipe; all take turns. The judge "
            f"chooses among the things, of {n['drawings']} drawings each (chance {n['chance']:.0%}, real icons "
            f"{n['real']:.0%}). In the same time our recipe comes to {n['right_ours']:.0%} (95 % interval "
            f"{n['low_ours']:.0%} to {n['high_ours']:.0%}) and the example's, as it is, to {n['right_stock']:.0%} "
            f"({n['low_stock']:.0%} to {n['high_stock']:.0%}); with our batch and rate to {n['right_faster']:.0%}. Ours "
            f"without its average and cooldown: {n['right_plain']:.0%}; asked for the noise, on Stable Diffusion's "
            f"schedule, at all times alike and unweighted: {n['right_noise']:.0%}; with pictures encoded at each step: "
            f"{n['right_anew']:.0%}. Each with the guidance that suits it better."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

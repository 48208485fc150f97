"""How many steps does it take? The same prompts and the same starting noise, in one step up to a thousand, with two
samplers: where DDIM's result stops changing, and what DDPM's fresh noise does to the idea of "the" result.

Tests claims: c3-02. The small model's runs of all steps are read from the results of `scripts/lab_thousand.py`.
"""

import torch

from denoised import measured
from denoised.measured import canvas_steps
from denoised.pipeline import decode
from plotting.layout import label_ends, picture
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd",)
DATA = ()
TITLE = "One step, twenty, a thousand"

SHOWN = (1, 2, 5, 10, 20, 50)


def make(lab, smoke=False):
    n, found = measured.results(lab, canvas_steps, smoke)
    full, most, vae = n["full"], n["most"], lab.pipeline().vae
    counts = canvas_steps.counts(smoke)
    far = {name: {steps: n[f"{name}_{steps}"] for steps in some} for name, some in counts.items()}
    ddim = far["ddim"]
    shown = [s for s in SHOWN if s in ddim]
    made = {
        name: dict(zip(some, decode(vae, torch.from_numpy(found[name])), strict=True)) for name, some in counts.items()
    }
    end = decode(vae, torch.from_numpy(found["full"])[None])[0]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        columns = [*shown, full]
        gap, left = 6, 0 if narrow else 52
        per_row = 4 if narrow else len(SHOWN) + 1
        cell = (fig.width - left - gap * (per_row - 1)) // per_row
        y = 0
        for name, colour in (("ddim", "prediction"), ("ddpm", "noise")):
            label = name.upper()
            if narrow:
                fig.note(0, y, label, colour, SMALL, weight=600)
                y += 19
            else:
                fig.note(0, y + cell / 2, label, colour, SMALL, va="center", weight=600)
            have = [s for s in columns if s in made[name] or (name == "ddim" and s == full)]
            for j, steps in enumerate(have):
                row, column = divmod(j, per_row)
                image = end if steps == full else made[name][steps]
                top = y + row * (cell + 24)
                picture(fig, image, left + column * (cell + gap), top, cell, cell)
                middle = left + column * (cell + gap) + cell / 2
                word = f"{steps:,}"
                fig.note(middle, top + cell + 4, word if j else f"{word} step", "muted", SMALL, ha="center")
            y += -(-len(have) // per_row) * (cell + 24) + 6
        y += 10
        fig.note(0, y, f"Distance from DDIM's result in {full:,} steps", size=14, weight=600)
        fig.note(0, y + 20, "1 = as far as another seed's picture", "muted", SMALL)
        ax = fig.area(30, y + 50, fig.width - 30 - 60, 180, below=40)
        for name, colour in (("ddim", theme.prediction), ("ddpm", theme.noise)):
            ax.plot(list(far[name]), list(far[name].values()), color=colour, label=name, marker="o", markersize=5)
        ax.axhline(1, color=theme.muted, linewidth=1, dashes=(3, 2.2))
        ticks = list(ddim)
        ax.set_xscale("log")
        ax.minorticks_off()
        top = max(1.1, 1.08 * max(max(some.values()) for some in far.values()))
        ax.set(xlim=(0.9, most * 1.05), ylim=(0, top), yticks=[0, 0.5, 1])
        ax.set_xticks(ticks, [str(s) for s in ticks])
        ax.set_xlabel("steps")
        label_ends(ax, {"ddim": "DDIM", "ddpm": "DDPM"}, size=12)
        return fig

    many = max(far["ddpm"])
    last = far["ddpm"][many]
    few = min(ddim)
    reached = (
        f"at {n['quarter_steps']} steps it is within a quarter of what another seed would change"
        if n["quarter_reached"]
        else f"even at {most} steps it is not within a quarter of what another seed would change"
    )
    headline = (
        f"{n['quarter_steps']} steps lead nearly where {full:,} lead, if no noise is added on the way."
        if n["quarter_reached"]
        else "Fewer steps lead somewhere else."
    )
    return Output(
        alt=(
            f"The same prompt drawn in {', '.join(map(str, shown))} and {full:,} steps by DDIM and DDPM. Below, the "
            f"distance from DDIM's result in {full:,} steps, where 1 is another seed's: DDIM falls from "
            f"{ddim[few]:.2f} with {few} step to {ddim[most]:.2f} with {most}; DDPM is at {last:.2f} with "
            f"{many}."
        ),
        caption=(
            f"**{headline}** DDIM with {few} step is {ddim[few]:.2f} away from its own result in {full:,} steps (1 = "
            f"as far as another seed's picture), with {most} steps {ddim[most]:.2f}; {reached}. DDPM draws fresh "
            f"noise at each step, so it does not aim at that picture: with {many} steps it is {last:.2f} away. "
            f"Mean over {n['prompts']} prompts, guidance {n['guidance']:g}; these are distances between latents."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

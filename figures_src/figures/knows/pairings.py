"""A U-Net and a transformer of one size, each taught to take away noise by diffusion and by a flow: what they draw from the
same noise, how soon, and how alike. Read from the results of `scripts/lab_pairings.py`.

Tests claims: r00-01.
"""

from textwrap import wrap

import numpy as np
import torch

from denoised.pipeline import decode
from denoised.probes.crossed import crossed_ci
from denoised.probes.metrics import bootstrap_ci
from denoised.studies import pairings, shelf
from plotting.layout import image_grid, label_ends
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd/vae", "judge")
DATA = ()
TITLE = "Both networks, both paths"
TINY_ONLY = "It reads what was measured with small models of our own."

RESAMPLES = 1000
WORDS = {"unet": "U-Net", "dit": "transformer", "diffusion": "diffusion", "flow": "flow"}
COLOURS = {"unet": "prediction", "dit": "latent"}
ALIKE = {
    "seeds": "the same pairing, taught twice",
    "nets_diffusion": "U-Net and transformer, diffusion",
    "nets_flow": "U-Net and transformer, flow",
    "paths_unet": "diffusion and flow, U-Net",
    "paths_dit": "diffusion and flow, transformer",
}


def name(net, path):
    return f"{WORDS[net]}, {WORDS[path]}"


def make(lab, smoke=False):
    facts, arrays = pairings.load()
    shelf.expect(facts, lab, pairings.NETWORKS, "lab_pairings")
    settings, rng, resamples = pairings.SETTINGS, np.random.default_rng(0), 100 if smoke else RESAMPLES
    n = {
        "things": len(facts["things"]), "icons": facts["icons"], "seeds": len(settings.seeds), "steps": settings.steps,
        "drawings": settings.asked * len(facts["things"]), "real": float(arrays["real_right"].mean()),
        "guidance": settings.strengths[-1], "samples": settings.marks[-1], "chance": 1 / len(facts["things"]),
        **{f"parameters_{net}": number for net, number in facts["parameters"].items()},
    }  # fmt: skip
    for net, path in pairings.PAIRS:
        right = arrays[f"right_{net}_{path}"].astype(float)  # [seeds, marks, strengths, wishes]
        for i, mark in enumerate(settings.marks):
            for j, s in enumerate(settings.strengths):
                n[f"right_{net}_{path}_{mark}_s{s:g}"] = float(right[:, i, j].mean())
        low, high = crossed_ci(right[:, -1, -1], rng, resamples)
        n |= {
            f"right_{net}_{path}": float(right[:, -1, -1].mean()),
            f"low_{net}_{path}": low,
            f"high_{net}_{path}": high,
        }
    n["least_of_real"] = min(n[f"right_{net}_{path}"] for net, path in pairings.PAIRS) / n["real"]
    apart = {key: arrays[f"apart_{key}"] for key in list(ALIKE)[1:]}
    apart["seeds"] = np.mean([arrays[f"apart_seeds_{net}_{path}"] for net, path in pairings.PAIRS], axis=0)
    for key, values in apart.items():
        low, high = bootstrap_ci(values, n=resamples)
        n |= {f"apart_{key}": float(values.mean()), f"apart_{key}_low": low, f"apart_{key}_high": high}
    count = 2 if smoke else settings.shown
    drawn = [
        decode(lab.vae(), torch.from_numpy(arrays[f"z_{net}_{path}"][:count]).float()) for net, path in pairings.PAIRS
    ]
    things = ["\n".join(wrap(facts["things"][k].replace("-", " "), 10)) for k in arrays["wishes"]]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        columns, gap = (min(4, count), 8) if narrow else (count, 8)
        left = 0 if narrow else 96
        cell = int((fig.width - left - gap * (columns - 1)) // columns)
        y = 0
        for (net, path), pictures in zip(pairings.PAIRS, drawn, strict=True):
            if narrow:
                fig.note(0, y, name(net, path), COLOURS[net], 12, weight=600)
                y += 18
            else:
                fig.note(0, y + cell / 2 - 9, WORDS[net], COLOURS[net], 13, weight=600, va="center")
                fig.note(0, y + cell / 2 + 9, WORDS[path], "muted", 12, va="center")
            y = image_grid(fig, [list(pictures[:columns])], x=left, y=y, cell=cell, gap=gap) + (12 if narrow else 8)
        if not narrow:
            for k, thing in enumerate(things[:columns]):
                fig.note(left + k * (cell + gap) + cell / 2, y - 2, thing, "muted", 11, ha="center")
            y += 36
        y += 10
        fig.note(0, y, "Named rightly by the judge", size=13, weight=600)
        fig.note(0, y + 19, f"guidance {n['guidance']:g}; dashed: real icons", "muted", SMALL)
        ax = fig.area(40, y + 46, 150 if narrow else 170, 190, below=44)
        marks = np.array(settings.marks) / 1000
        ax.axhline(n["real"], color=theme.muted, linewidth=1, dashes=(3, 2.2))
        for net, path in pairings.PAIRS:
            values = [n[f"right_{net}_{path}_{mark}_s{settings.strengths[-1]:g}"] for mark in settings.marks]
            ax.plot(marks, values, "o-" if path == "diffusion" else "s:", color=theme.colour(COLOURS[net]),
                    label=f"{net} {path}", markersize=5)  # fmt: skip
        ax.set_xscale("log")
        ax.minorticks_off()
        ax.set_xticks(marks, [f"{mark:.0f}k" for mark in marks])
        ax.set(ylim=(0, 1.02), xlim=(marks[0] * 0.9, marks[-1] * 1.1))
        ax.yaxis.set_major_formatter(lambda v, _: f"{v:.0%}")
        ax.set_xlabel("samples seen")
        label_ends(ax, {f"{net} {path}": name(net, path) for net, path in pairings.PAIRS}, size=11, gap=15)
        x, top = (0, y + 300) if narrow else (fig.width - 350, y)
        fig.note(x, top, "How far apart from the same noise", size=13, weight=600)
        fig.note(x, top + 19, "1 = as far as with other noise", "muted", SMALL)
        ax = fig.area(x + 10, top + 46, fig.width - x - 30, 190, below=44)
        ax.grid(False)
        ax.axvline(1, color=theme.muted, linewidth=1, dashes=(3, 2.2))
        for k, (key, words) in enumerate(ALIKE.items()):
            at = len(ALIKE) - 1 - k
            colour = theme.colour("noise" if key == "seeds" else "image" if key.startswith("nets") else "attention")
            ax.plot([n[f"apart_{key}_low"], n[f"apart_{key}_high"]], [at, at], color=colour, linewidth=3)
            ax.plot(n[f"apart_{key}"], at, "o", color=colour)
            ax.text(0.02, at + 0.32, words, fontsize=11, color=theme.ink, va="center")
        ax.set(xlim=(0, 1.1), ylim=(-0.5, len(ALIKE) - 0.35), yticks=[], xticks=[0, 0.5, 1])
        fig.set_height(top + 296)
        return fig

    shares = ", ".join(f"{name(net, path)} {n[f'right_{net}_{path}']:.0%}" for net, path in pairings.PAIRS)
    return Output(
        alt=(
            f"Rows of small drawings by four models from the same noise, and two plots. After {n['samples']:,} samples the "
            f"judge names rightly: {shares}; real icons {n['real']:.0%}. From the same noise, drawings of U-Net and "
            f"transformer are {n['apart_nets_diffusion']:.2f} (diffusion) and {n['apart_nets_flow']:.2f} (flow) of the way "
            f"to other noise apart, two trainings of one pairing {n['apart_seeds']:.2f}."
        ),
        caption=(
            f"**Either network, either path.** A U-Net ({n['parameters_unet']:,} parameters) and a transformer "
            f"({n['parameters_dit']:,}) learn the same {n['icons']} icons of {n['things']} things, each by diffusion and "
            f"by a flow, {n['seeds']} trainings each. In a column, all begin with the same noise. Of {n['drawings']} "
            f"drawings a model, the judge, choosing among the things, names rightly: {shares}; of the real icons "
            f"{n['real']:.0%} (chance {n['chance']:.0%}). How far finished latents are apart, where 1 is as far as "
            f"drawings of the same thing from other noise: two trainings of one pairing {n['apart_seeds']:.2f}, the two "
            f"networks {n['apart_nets_diffusion']:.2f} and {n['apart_nets_flow']:.2f}, the two paths "
            f"{n['apart_paths_unet']:.2f} and {n['apart_paths_dit']:.2f}."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

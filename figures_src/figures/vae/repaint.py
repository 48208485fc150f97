"""Decoders that paint in steps: one small network taught to paint at once, as a diffusion model and as a consistency
model, beside the shipped decoder and the tiny one. Likeness, fine detail and distance from real icons against the work
they do. Read from the results of `scripts/lab_repaint.py`.

Tests claims: r10-19.
"""

import numpy as np
import torch

from denoised.models import tiny
from denoised.models import vae as vae_model
from denoised.studies import repaint, shelf
from plotting.layout import image_grid, label_point
from plotting.output import Output
from plotting.sheets import named_rows
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd/vae", "decoders/tiny-balanced", "judge")
DATA = ()
TITLE = "Decoders that paint in steps"
TINY_ONLY = "It reads what was measured with small decoders of our own."

ROWS = {
    "original": "unseen icons",
    "shipped": "our decoder",
    "tiny": "the tiny one",
    "plain-1": "at once",
    "diffusion-16": "diffusion, 16",
    "consistency-2": "consistency, 2",
}
COLOURS = {"plain": "muted", "diffusion": "noise", "consistency": "prediction", "shipped": "image", "tiny": "latent"}
PLOTS = (("psnr", "Likeness (dB)"), ("detail", "Fine detail, 1 = the icons'"), ("kid", "Distance from real icons"))


def make(lab, smoke=False):
    facts, arrays = repaint.load()
    shelf.expect(facts, lab, repaint.NETWORKS, "lab_repaint")
    settings, latent = repaint.SETTINGS, torch.zeros(1, 4, 16, 16)
    small = tiny.load(lab.weight("decoders/tiny-balanced/decoder.safetensors"))
    work = {"shipped": tiny.multiply_adds(vae_model.Half(lab.vae()), latent), "tiny": tiny.multiply_adds(small, latent)}
    work |= {name: facts["operations"] * int(name.rpartition("-")[2]) for name in facts["kinds"]}
    found = {name: {f: np.array([run[f] for run in some]) for f in some[0]} for name, some in facts["kinds"].items()}
    found |= {name: {f: np.array([value]) for f, value in some.items()} for name, some in facts["others"].items()}
    n = {
        "unseen": facts["unseen"], "seeds": len(settings.seeds), "parameters": facts["parameters"],
        "samples": settings.samples[0], "tuned": settings.samples[2], "most": settings.steps[-1],
        "operations_once": facts["operations"], "seconds": facts["seconds"],
        "real_top5": facts["others"]["real"]["top5"], "real_kid": facts["others"]["real"]["kid"],
    }  # fmt: skip
    for name, values in found.items():
        if name != "real":
            word = name.replace("-", "_")
            n |= {f"{field}_{word}": float(some.mean()) for field, some in values.items()}
            n[f"work_{word}"] = work[name] / work["shipped"]
    n["ahead_db"] = n["psnr_plain_1"] - n[f"psnr_diffusion_{n['most']}"]
    gained = n[f"detail_diffusion_{n['most']}"] - n["detail_plain_1"]
    n["kept_detail"] = (n["detail_consistency_2"] - n["detail_plain_1"]) / gained if gained else 0.0

    def plot(fig, theme, x, y, width, field, title):
        fig.note(x, y, title, size=12, weight=600)
        ax = fig.area(x + 38, y + 26, width - 54, 150, below=44)
        for family in ("diffusion", "consistency"):
            names = [name for name in facts["kinds"] if name.startswith(family)]
            ax.plot([work[m] / 1e6 for m in names], [found[m][field].mean() for m in names], "-",
                    color=theme.colour(COLOURS[family]), linewidth=1.2)  # fmt: skip
        for name in (*facts["kinds"], "shipped", "tiny"):
            values, colour = found[name][field], COLOURS[name.partition("-")[0]]
            mark = "D" if name in ("shipped", "tiny") else "s" if name == "plain-1" else "o"
            ax.plot([work[name] / 1e6] * len(values), values, mark, color=theme.colour(colour), markersize=5)
        if field != "psnr":
            ax.axhline(1 if field == "detail" else n["real_kid"], color=theme.muted, linewidth=1, linestyle=(0, (3, 3)))
        ax.set_xscale("log")
        ax.minorticks_off()
        ax.set_xlim(min(work.values()) / 1e6 / 2, max(work.values()) / 1e6 * 2)
        ax.set_xticks([300, 1000, 3000], ["300", "1,000", "3,000"])
        ax.set_xlabel("million multiplications a picture", fontsize=11)
        ax.tick_params(labelsize=11)
        if field == "psnr":
            for name, word, dx, dy in (("shipped", "ours", 0, 12), ("tiny", "tiny", 0, 12), ("plain-1", "at once", 0, 12),
                                       (f"diffusion-{n['most']}", "diffusion", 0, -13),
                                       ("consistency-1", "consistency", -4, -14)):  # fmt: skip
                label_point(ax, work[name] / 1e6, found[name][field].mean(), word, COLOURS[name.partition("-")[0]],
                            dx=dx, dy=dy, fontsize=11, ha="center")  # fmt: skip
            low, high = ax.get_ylim()
            ax.set_ylim(low - 0.12 * (high - low), high + 0.12 * (high - low))

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        rows = [list(arrays[name]) for name in ROWS]
        if narrow:
            colours = {word: COLOURS.get(name.partition("-")[0], "muted") for name, word in ROWS.items()}
            y = named_rows(fig, dict(zip(ROWS.values(), rows, strict=True)), True, colours=colours) + 10
            for field, title in PLOTS:
                plot(fig, theme, 0, y + 8, fig.width, field, title)
                y += 244
        else:
            cell, gap = 104, 8
            columns = [list(column) for column in zip(*rows, strict=True)]
            y = 24
            for i, (name, word) in enumerate(ROWS.items()):
                colour = "muted" if name == "original" else COLOURS[name.partition("-")[0]]
                fig.note(i * (cell + gap) + cell / 2, 0, word, colour, 11, ha="center", weight=600)
            y = image_grid(fig, columns, y=y, cell=cell, gap=gap) + 22
            third = (fig.width + 10) // 3
            for i, (field, title) in enumerate(PLOTS):
                plot(fig, theme, i * third, y, third, field, title)
            y += 240
        fig.note(0, y, "each dot a seed and a number of steps; dashed: the icons", "muted", SMALL)
        fig.set_height(y + 22)
        return fig

    most = n["most"]
    return Output(
        alt=(
            "Unseen icons and five pictures of each by decoders: ours, the tiny one, a small network that paints at "
            f"once, the same as a diffusion model in {most} steps and as a consistency model in 2. Plots against the "
            f"work a picture takes: likeness {n['psnr_shipped']:.1f}, {n['psnr_tiny']:.1f}, {n['psnr_plain_1']:.1f}, "
            f"{n[f'psnr_diffusion_{most}']:.1f} and {n['psnr_consistency_2']:.1f} dB in that order; fine detail, where 1 "
            f"is the icons' own, {n['detail_shipped']:.2f}, {n['detail_tiny']:.2f}, {n['detail_plain_1']:.2f}, "
            f"{n[f'detail_diffusion_{most}']:.2f} and {n['detail_consistency_2']:.2f}; and the distance from real icons. "
            "What the last two add looks like grain."
        ),
        caption=(
            f"**Likeness for grain.** One network of {n['parameters']:,} parameters, taught in three ways on the same "
            f"latents, {n['seeds']} seeds each, and two decoders for comparison; {n['unseen']} icons of things that none "
            f"has seen. Painting at once: {n['psnr_plain_1']:.1f} dB and {n['detail_plain_1']:.0%} of the fine detail. "
            f"As a diffusion model in {most} steps: {n[f'psnr_diffusion_{most}']:.1f} dB and "
            f"{n[f'detail_diffusion_{most}']:.0%}. As a consistency model in 2 steps: {n['psnr_consistency_2']:.1f} dB "
            f"and {n['detail_consistency_2']:.0%}. Our decoder, which was trained for much longer: "
            f"{n['psnr_shipped']:.1f} dB and {n['detail_shipped']:.0%}. The distance, KID of half of the icons from "
            f"pictures of the other half in the features of our judge, is {n['kid_plain_1']:.3f} at once, "
            f"{n[f'kid_diffusion_{most}']:.3f} by diffusion and {n['kid_consistency_2']:.3f} by consistency; "
            f"{n['kid_shipped']:.3f} for our decoder."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

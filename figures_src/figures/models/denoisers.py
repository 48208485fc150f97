"""Two denoisers of one size on the same job: the U-Net, which learned a diffusion, and a transformer that learned a flow. A
sheet from the same noise, and how often a judge names the thing and the style, in many steps and in few. Read from the
results of `scripts/lab_denoisers.py`.
"""

import copy
import json

import numpy as np
import torch

from denoised.data import splits
from denoised.data.captions import prompt
from denoised.models import dit
from denoised.pipeline import decode
from denoised.probes.metrics import bootstrap_ci
from denoised.probes.work import work
from denoised.studies import denoisers, fewsteps, shares, shelf
from plotting.dots import rows_of, two_panels
from plotting.output import Output
from plotting.sheets import caption_lines, captioned_rows
from plotting.style import new_figure

WEIGHTS = ("emoji-sd", "dit", "judge")
DATA = ()
TITLE = "A U-Net and a transformer at full size"
TINY_ONLY = "Its transformer was trained here, on what the small model learned from."

WORDS = {
    "unet-25": "U-Net, 25 steps",
    "dit-25": "transformer, 25",
    "unet-8": "U-Net, 8 steps",
    "dit-8": "transformer, 8",
    "unet-4": "U-Net, 4 steps",
    "dit-4": "transformer, 4",
    "dit-4-even": "… in equal strides",
    "unet-25-plain": "U-Net, unguided",
    "dit-25-plain": "transformer, unguided",
}
NAMES = {"unet-25": "U-Net, a diffusion", "dit-25": "transformer, a flow"}


def colour(name):
    return "prediction" if name.startswith("dit") else "muted"


def paired(name, a, b) -> dict[str, float]:
    """By how much a is more often true than b, with its interval: numbers `name`, `name`_low and `name`_high."""
    gap = a.astype(float) - b
    low, high = bootstrap_ci(gap, seed=3)
    return {name: float(gap.mean()), f"{name}_low": low, f"{name}_high": high}


def make(lab, smoke=False):
    facts, arrays = denoisers.load()
    shelf.expect(facts, lab, denoisers.NETWORKS, "lab_denoisers")
    card = json.loads((lab.weight("dit/transformer") / "card.json").read_text(encoding="utf-8"))
    runs = [card]
    while "start" in runs[-1]:
        runs.append(runs[-1]["start"])
    pipe = lab.pipeline()
    unet_work, unet_parameters = work(pipe), sum(p.numel() for p in pipe.unet.parameters())
    other = dit.put_into(copy.copy(pipe), lab.weight("dit"))
    net = other.unet.net
    n = {
        "parameters_unet": unet_parameters / 1e6, "parameters_dit": sum(p.numel() for p in net.parameters()) / 1e6,
        "work_unet": unet_work, "work_dit": work(other),
        "blocks": net.config.num_layers, "tokens": (dit.SIDE // dit.PATCH) ** 2, "words": dit.READS,
        "samples": sum(stage["samples"] for stage in runs), "minutes": sum(stage["seconds"] for stage in runs) / 60,
        "drawings": len(arrays["kept"]), "kept": int(arrays["kept"].sum()),
        "guidance": denoisers.RUNNERS["dit-25"].guidance, "steps": denoisers.RUNNERS["dit-25"].steps,
        "apart": float(arrays["apart"].mean()),
    }  # fmt: skip
    n["apart_low"], n["apart_high"] = bootstrap_ci(arrays["apart"], seed=3)
    for name in denoisers.RUNNERS:
        n |= shares.numbers(arrays, name)
    for word, a, b in (("25", "dit-25", "unet-25"), ("8", "dit-8", "unet-8"), ("4", "dit-4", "unet-4"),
                       ("even_25", "dit-25-even", "dit-25"), ("even_4", "dit-4-even", "dit-4")):  # fmt: skip
        for field in ("top1", "top5"):  # pairs: same caption, same noise
            n |= paired(f"{field}_gain_{word}", arrays[f"{field}_{a}"], arrays[f"{field}_{b}"])
    for field in ("top1", "top5"):
        for net_name in ("unet", "dit"):  # by four steps instead of 25
            few, many = arrays[f"{field}_{net_name}-4"], arrays[f"{field}_{net_name}-25"]
            n |= paired(f"lost_{field}_{net_name}", many, few)

    count = 3 if smoke else fewsteps.SETTINGS.shown
    drawn = {name: decode(pipe.vae, torch.from_numpy(arrays[f"z_{name}"][:count]).float()) for name in NAMES}
    row_of = {row.id: row for row in splits.load()}
    labels = [caption_lines(prompt(row_of[i])) for i in np.array(facts["asked"])[arrays["shown"][:count]]]

    def panel(title, about, field):
        return title, about, rows_of(n, field, WORDS, colour), {"most": 1}

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        tints = {name: "prediction" if name.startswith("dit") else "ink" for name in NAMES}
        y = captioned_rows(fig, {title: (tints[name], drawn[name]) for name, title in NAMES.items()}, labels)
        things = panel("Thing among the judge's first five", "same captions, same noise; 95 % intervals", "top5")
        two_panels(fig, y + 12, (things, panel("Style named rightly", "by the same judge", "style")))
        return fig

    shares_of = {name: [n[f"top5_{net}_{name}"] for net in ("unet", "dit")] for name in ("25", "8", "4", "25_plain")}
    told = {"25": "25 steps", "8": "8 steps", "4": "4 steps", "25_plain": "25 steps without guidance"}
    listed = "; ".join(f"{told[name]} {a:.0%} and {b:.0%}" for name, (a, b) in shares_of.items())
    return Output(
        alt=(
            "Two rows of drawings from the same noise, by the U-Net and by the transformer. Below, how often the judge has "
            f"the thing among its first five, U-Net and transformer: {listed}; and the style: {n['style_unet_25']:.0%} and "
            f"{n['style_dit_25']:.0%} in 25 steps."
        ),
        caption=(
            f"**One job, two networks.** {n['drawings']} captions, {n['kept']} of them of icons that neither learned from; "
            f"guidance {n['guidance']:.0f} where nothing else is said, DDIM. The U-Net has {n['parameters_unet']:.1f} "
            f"million parameters and takes {n['work_unet']:.2f} billion multiplications a call, the transformer "
            f"{n['parameters_dit']:.1f} million and {n['work_dit']:.2f} billion. In 25 steps the judge has the right thing "
            f"among its first five for {n['top5_unet_25']:.0%} and {n['top5_dit_25']:.0%} of drawings. Shown are the first "
            "captions whose thing it names in both networks' drawings."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

"""Few steps: what the U-Net draws in four, and what it draws in four with an adapter that learned to do it, beside its own
twenty-five steps. A sheet from the same noise, how often a judge names the thing, and how far the latents are from where
the long run ends. Read from the results of `scripts/lab_fewsteps.py`.
"""

import json

import numpy as np
import torch

from denoised.data import splits
from denoised.data.captions import prompt
from denoised.models import adapter
from denoised.pipeline import decode
from denoised.probes.metrics import bootstrap_ci
from denoised.studies import fewsteps, shares, shelf
from plotting.dots import rows_of, two_panels
from plotting.output import Output
from plotting.sheets import caption_lines, captioned_rows
from plotting.style import new_figure

WEIGHTS = ("emoji-sd", "student", "judge")
DATA = ()
TITLE = "Four steps instead of twenty-five"
TINY_ONLY = "Its adapter was trained here, for the small model."

WORDS = {
    "unet-25": "25 steps, guidance",
    "unet-4": "4 steps, guidance",
    "unipc-4": "4 of UniPC, guidance",
    "unet-2": "2 steps, guidance",
    "unet-4-plain": "4 steps, no guidance",
    "adapter-1": "adapter, 1 step",
    "adapter-2": "adapter, 2 steps",
    "adapter-4": "adapter, 4 steps",
    "adapter-8": "adapter, 8 steps",
    "adapter-4-loud": "adapter, 4, guided",
}
SHEET = ("unet-25", "unet-4", "unet-4-plain", "adapter-4")


def colour(name):
    return "prediction" if name.startswith("adapter") else "muted" if name == fewsteps.FULL else "noise"


def make(lab, smoke=False):
    facts, arrays = fewsteps.load()
    shelf.expect(facts, lab, fewsteps.NETWORKS, "lab_fewsteps")
    runners, full, kept = fewsteps.RUNNERS, fewsteps.FULL, arrays["kept"]
    factors = adapter.load(lab.weight("student"))
    card = json.loads((lab.weight("student") / "card.json").read_text(encoding="utf-8"))
    preset = card["preset"]
    n = {
        "samples": card["samples"], "minutes": card["seconds"] / 60, "rate": f"{preset['lr']:g}", "batch": preset["batch"],
        "pictures": preset["extra"]["pictures"], "teacher_steps": preset["extra"]["teacher_steps"],
        "teacher_guidance": preset["extra"]["guidance"],
        "drawings": len(kept), "kept": int(kept.sum()), "guidance": runners[full].guidance, "steps": runners[full].steps,
        "parameters": sum(v.numel() for v in factors.values()), "rank": min(factors[next(iter(factors))].shape),
        "share": sum(v.numel() for v in factors.values()) / sum(p.numel() for p in lab.pipeline().unet.parameters()),
        "megabytes": sum(p.stat().st_size for p in lab.weight("student").glob("*.safetensors")) / 1e6,
    }  # fmt: skip
    for name, runner in runners.items():
        word = name.replace("-", "_")
        n |= {f"calls_{word}": runner.calls, **shares.numbers(arrays, name, ("top1", "top5"))}
        for field in ("top1", "top5"):
            gap = arrays[f"{field}_{name}"].astype(float) - arrays[f"{field}_{full}"]  # pairs: same caption, same noise
            n[f"{field}_gap_{word}"] = float(gap.mean())
            n[f"{field}_gap_{word}_low"], n[f"{field}_gap_{word}_high"] = bootstrap_ci(gap, seed=3)
        n[f"saturation_{word}"] = float(arrays[f"saturation_{name}"].mean())
        low, high = bootstrap_ci(arrays[f"far_{name}"], seed=3)
        n |= {f"far_{word}": float(arrays[f"far_{name}"].mean()), f"far_{word}_low": low, f"far_{word}_high": high}
    n["loud"] = runners["adapter-4-loud"].guidance
    n["fewer_calls"] = n["calls_unet_25"] / n["calls_adapter_4"]
    count = 3 if smoke else fewsteps.SETTINGS.shown
    vae = lab.pipeline().vae
    drawn = {name: decode(vae, torch.from_numpy(arrays[f"z_{name}"][:count]).float()) for name in SHEET}
    row_of = {row.id: row for row in splits.load()}
    labels = [caption_lines(prompt(row_of[i])) for i in np.array(facts["asked"])[arrays["shown"][:count]]]

    def panel(title, about, field, **more):
        return title, about, rows_of(n, field, WORDS, colour), more

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        y = captioned_rows(fig, {WORDS[name]: (colour(name), drawn[name]) for name in SHEET}, labels)
        tops = panel("Thing among the judge's first five", "95 % intervals; dashed: 25 steps", "top5", most=1,
                     line=(n["top5_unet_25"], "muted"))  # fmt: skip
        ways = panel("Distance from the long run's end", "1 = another drawing", "far", percent=False)
        two_panels(fig, y + 12, (tops, ways))
        return fig

    named = {name: n[f"top5_{name.replace('-', '_')}"] for name in WORDS}
    listed = ", ".join(f"{word} {named[name]:.0%}" for name, word in WORDS.items())
    return Output(
        alt=(
            "Four rows of drawings from the same noise: 25 steps with guidance, four steps with guidance, four without, "
            "and four without by the U-Net with its adapter. Below, how often the judge has the thing among its first "
            f"five: {listed}; and how far the latents are from the long run's: four steps with guidance "
            f"{n['far_unet_4']:.2f}, the adapter's four {n['far_adapter_4']:.2f}."
        ),
        caption=(
            f"**{n['fewer_calls']:.1f} times fewer calls.** {n['drawings']} captions, the same noise for all, by DDIM "
            f"where no other sampler is named. The yardstick asks the network {n['calls_unet_25']} times a picture, four "
            f"steps with guidance {n['calls_unet_4']} times, the adapter's four steps {n['calls_adapter_4']} times. The "
            f"judge has the right thing among its first five: {listed}. The adapter has {n['parameters']:,} parameters, "
            f"{n['share']:.0%} of the U-Net's. Shown are the first captions whose thing the judge names in the long run."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

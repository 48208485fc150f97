"""A small network that a large one taught: four calls instead of sixteen, each a fraction of the work. A sheet from the
same noise, how often a judge names the thing, and how far the latents are from the teacher's. Read from the results of
`scripts/lab_small.py`.
"""

import copy
import json

import numpy as np
import torch

from denoised.data import splits
from denoised.data.captions import prompt
from denoised.models import dit
from denoised.models import small as small_model
from denoised.pipeline import decode
from denoised.probes.metrics import bootstrap_ci
from denoised.probes.work import work
from denoised.studies import fewsteps, shares, shelf
from denoised.studies import small as study
from plotting.dots import rows_of, two_panels
from plotting.output import Output
from plotting.sheets import caption_lines, captioned_rows
from plotting.style import new_figure

WEIGHTS = ("emoji-sd", "dit", "small", "judge")
DATA = ()
TITLE = "A small network that a large one taught"
TINY_ONLY = "Both were trained here, on what the small model learned from."

WORDS = {
    "dit-8": "teacher, 8 steps",
    "small-8": "small, 8 steps",
    "small-4": "small, 4 steps",
    "small-2": "small, 2 steps",
    "small-1": "small, 1 step",
    "small-4-loud": "small, 4, guided",
}
SHEET = {
    "dit-8": "the teacher, 8 steps, guided",
    "small-4": "the small one, 4 steps",
    "small-2": "the small one, 2 steps",
    "small-1": "the small one, 1 step",
}


def colour(name):
    return "muted" if name == study.TEACHER else "prediction"


def make(lab, smoke=False):
    facts, arrays = study.load()
    shelf.expect(facts, lab, study.NETWORKS, "lab_small")
    card = json.loads((lab.weight("small") / "card.json").read_text(encoding="utf-8"))
    stages = [card, card["start"], card["start"]["start"]]
    pipe, extra, count = lab.pipeline(), card["preset"]["extra"], len(arrays["kept"])
    large = dit.put_into(copy.copy(pipe), lab.weight("dit"))
    small = small_model.put_into(copy.copy(pipe), lab.weight("small"))
    n = {
        "parameters": sum(p.numel() for p in small.unet.parameters()) / 1e6,
        "parameters_teacher": sum(p.numel() for p in large.unet.parameters()) / 1e6,
        "work": work(small), "work_teacher": work(large), "layers": small.unet.net.config.num_layers,
        "megabytes": sum(p.stat().st_size for p in lab.weight("small").glob("*.safetensors")) / 1e6,
        "samples": sum(stage["samples"] for stage in stages[1:]), "lessons": card["samples"],
        "minutes": sum(stage["seconds"] for stage in stages[1:]) / 60, "minutes_lessons": card["seconds"] / 60,
        "pictures": extra["pictures"], "teacher_steps": extra["teacher_steps"], "guidance": extra["guidance"],
        "drawings": count, "kept": int(arrays["kept"].sum()), "loud": study.RUNNERS["small-4-loud"].guidance,
    }  # fmt: skip
    for name, runner in study.RUNNERS.items():
        word = name.replace("-", "_")
        n |= {f"calls_{word}": runner.calls, **shares.numbers(arrays, name)}
        for field in shares.FIELDS:
            found = arrays[f"{field}_{name}"]
            for rival, there in ((study.TEACHER, "teacher"), (study.TAUGHT, "taught")):  # same caption, same noise
                gap = found.astype(float) - arrays[f"{field}_{rival}"]
                low, high = bootstrap_ci(gap, seed=3)
                n |= {f"{field}_{word}_to_{there}": float(gap.mean()), f"{field}_{word}_to_{there}_low": low}
                n[f"{field}_{word}_to_{there}_high"] = high
        low, high = bootstrap_ci(arrays[f"far_{name}"], seed=3)
        n |= {f"far_{word}": float(arrays[f"far_{name}"].mean()), f"far_{word}_low": low, f"far_{word}_high": high}
    n |= {"allowed": study.ALLOWED, "bar": study.BAR}
    n["cheaper"] = n["calls_dit_8"] * n["work_teacher"] / (n["calls_small_4"] * n["work"])

    shown = 3 if smoke else fewsteps.SETTINGS.shown
    drawn = {name: decode(pipe.vae, torch.from_numpy(arrays[f"z_{name}"][:shown]).float()) for name in SHEET}
    row_of = {row.id: row for row in splits.load()}
    labels = [caption_lines(prompt(row_of[i])) for i in np.array(facts["asked"])[arrays["shown"][:shown]]]

    def panel(title, about, field, **more):
        return title, about, rows_of(n, field, WORDS, colour), more

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        y = captioned_rows(fig, {title: (colour(name), drawn[name]) for name, title in SHEET.items()}, labels)
        tops = panel("Thing among the judge's first five", "95 % intervals; dashed: the teacher", "top5", most=1,
                     line=(n["top5_dit_8"], "muted"))  # fmt: skip
        ways = panel("Distance from the teacher's latent", "1 = another drawing", "far", percent=False)
        two_panels(fig, y + 12, (tops, ways))
        return fig

    top5 = {word: n[f"top5_{name.replace('-', '_')}"] for name, word in WORDS.items()}
    listed = ", ".join(f"{word} {share:.0%}" for word, share in top5.items())
    return Output(
        alt=(
            "Four rows of drawings from the same noise: by the teacher in eight steps with guidance, and by the small "
            "transformer in four, two and one. Below, how often the judge has the thing among its first five: "
            f"{listed}; and how far the latents are from the teacher's: {n['far_small_4']:.2f} in four steps, "
            f"{n['far_small_1']:.2f} in one."
        ),
        caption=(
            f"**{n['cheaper']:.0f} times less work a picture.** The teacher has {n['parameters_teacher']:.1f} million "
            f"parameters, is asked {n['calls_dit_8']} times and takes {n['work_teacher']:.2f} billion multiplications a "
            f"call; the small one has {n['parameters']:.1f} million, is asked {n['calls_small_4']} times and takes "
            f"{n['work']:.2f}. {n['drawings']} captions, the same noise for all; the teacher by DPM-Solver++, as it "
            f"drew when it taught, the small one by DDIM. The judge has the right thing "
            f"among its first five: {listed}. Shown are the first captions whose thing it names in the teacher's drawing."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

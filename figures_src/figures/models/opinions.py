"""Two judges before the same drawings: would a better one have said something else? Drawings that both, one or neither
names, and how often each judge names what four networks draw, beside real icons. Read from the results of
`scripts/lab_opinions.py`.
"""

import numpy as np
import torch

from denoised.data import splits
from denoised.data.captions import prompt
from denoised.pipeline import decode
from denoised.probes.judge import Share
from denoised.studies import opinions as study
from denoised.studies import shares, shelf
from plotting.dots import rows_of, two_panels
from plotting.layout import image_grid
from plotting.output import Output
from plotting.sheets import caption_lines
from plotting.style import new_figure

WEIGHTS = ("emoji-sd", "dit", "small", "student", "judge", "judge2")
DATA = ()
TITLE = "Two judges before the same drawings"
TINY_ONLY = "The judges know the small models' emoji only."

WORDS = {
    "real": "real, held out",
    "dit-25": "transformer, 25",
    "unet-25": "U-Net, 25 steps",
    "adapter-4": "adapter, 4 steps",
    "small-4": "small, 4 steps",
}
GROUPS = {"both": "both name it", "second": "only the second", "first": "only the first", "neither": "neither"}
REAL = ("same_learned", "same_kept")  # real icons of the things that captions of each kind ask for


def colour(name):
    return "image" if name == "real" else "prediction"


def numbers_of(arrays) -> dict[str, float]:
    """Shares of each judge, as they are and as parts of what real icons of the same things get."""
    n = {"drawings": len(arrays["kept"]), "kept": int(arrays["kept"].sum()), "real": len(arrays["same_kept"])}
    for judge in study.JUDGES:
        for field in shares.FIELDS:
            right, word = arrays[f"{field}_{judge}_real"], f"{field}_{judge}_real"
            share = Share(int(right.sum()), len(right))
            n |= {word: share.share, f"{word}_low": share.interval[0], f"{word}_high": share.interval[1]}
            n |= {f"{word}_{part}": float(right[arrays[part]].mean()) for part in REAL}
        for name in study.RUNNERS:
            n |= shares.numbers(arrays, f"{judge}_{name}")
            word = f"{judge}_{name.replace('-', '_')}"
            for field in ("top1", "top5"):
                for part in ("learned", "kept"):
                    real = n[f"{field}_{judge}_real_same_{part}"]
                    n[f"{field}_{word}_{part}_of_real"] = n[f"{field}_{word}_{part}"] / real
    for name in study.RUNNERS:
        word = name.replace("-", "_")
        first, second = (arrays[f"{study.ORDER_BY}_{judge}_{name}"] for judge in study.JUDGES)
        n[f"agreed_{word}"] = float((first == second).mean())
        parts = [n[f"top1_{judge}_{word}"] / n[f"top1_{judge}_real"] for judge in study.JUDGES]
        n |= {f"part_first_{word}": parts[0], f"part_second_{word}": parts[1]}
    n["agreed_least"] = min(n[f"agreed_{name.replace('-', '_')}"] for name in study.RUNNERS)
    n["moved_most"] = max(abs(n[f"part_first_{w}"] - n[f"part_second_{w}"])
                          for w in (name.replace("-", "_") for name in study.RUNNERS))  # fmt: skip
    ranks = [sorted(study.RUNNERS, key=lambda name: -arrays[f"{study.ORDER_BY}_{judge}_{name}"].sum())
             for judge in study.JUDGES]  # fmt: skip
    n["same_order"] = int(ranks[0] == ranks[1])
    return n | {f"count_{group}": int(here.sum()) for group, here in study.groups(arrays).items()}


def make(lab, smoke=False):
    facts, arrays = study.load()
    shelf.expect(facts, lab, study.NETWORKS, "lab_opinions")
    n = numbers_of(arrays) | {"guidance": study.RUNNERS[study.BEST].guidance, "steps": study.RUNNERS[study.BEST].steps}
    row_of = {row.id: row for row in splits.load()}
    vae, some = lab.vae(), slice(2 if smoke else None)
    drawn = {group: decode(vae, torch.from_numpy(arrays[f"z_{group}"][some]).float()) for group in GROUPS}
    asked = np.array(facts["asked"])
    labels = {group: [caption_lines(prompt(row_of[i])) for i in asked[arrays[f"shown_{group}"][some]]] for group in GROUPS}

    def group(fig, name, x, y, cell, gap):
        """One group's pictures with their captions below; where it ends."""
        words = f"{GROUPS[name]} ({n[f'count_{name}']} of {n['drawings']})"
        fig.note(x, y, words, "prediction" if name == "both" else "muted", 13, weight=600)
        end = image_grid(fig, [list(drawn[name])], x=x, y=y + 22, cell=cell, gap=gap) + 4
        for k, label in enumerate(labels[name]):
            fig.note(x + k * (cell + gap) + cell / 2, end, label, "muted", 11, ha="center")
        return end + 14 * max(label.count("\n") + 1 for label in labels[name]) + 16

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        y, cell, gap = 0.0, 82 if narrow else 80, 8 if narrow else 6
        for pair in (("both", "second"), ("first", "neither")):
            if narrow:
                for name in pair:
                    y = group(fig, name, 0, y, cell, gap)
            else:
                y = max(group(fig, name, k * 370, y, cell, gap) for k, name in enumerate(pair))
        panels = [
            (title, "thing named at once; 95 % intervals",
             rows_of(n, f"top1_{judge}", WORDS, colour), {"most": 1, "line": (n[f"top1_{judge}_real"], "image")})
            for judge, title in (("first", "The judge"), ("second", "Its second run"))
        ]  # fmt: skip
        two_panels(fig, y + 6, panels)
        return fig

    def key(judge, name):
        return f"top1_{judge}_{name.replace('-', '_')}"

    def listed(judge):
        return ", ".join(f"{words} {n[key(judge, name)]:.0%}" for name, words in WORDS.items())

    return Output(
        alt=(
            f"Drawings of the transformer: some that both judges name, some that only one of them names, some that neither "
            f"does. Below, how often the thing is named at once, by the judge: {listed('first')}; and by its second run: "
            f"{listed('second')}."
        ),
        caption=(
            f"**Would a better judge have said something else?** {n['drawings']} captions, {n['kept']} of icons that no "
            f"network learned from; dashed: {n['real']:,} real icons that neither judge learned from. Above, drawings of "
            f"the transformer ({n['steps']} steps, guidance {n['guidance']:.0f}), the first of each kind: both judges name "
            f"{n['count_both']} at once, only the second {n['count_second']}, only the first {n['count_first']}."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )

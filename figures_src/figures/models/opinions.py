"""Two judges before the same drawings: would a better one have said something else? Drawings that both, one or neither
names, and how often each judge names what four networks draw, beside real icons. Read from the results of
`scripts/lab_opinions.py`.
"""

import numpy as np
import torch

from denoised.data import splits
from denoised.data.captions import prompt
from denoised.pipeline import decode
from denoised.studies import opinions as study
from denoised.studies import shelf
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
    "dit-25": "transformer, 25 steps",
    "unet-25": "U-Net, 25 steps",
    "adapter-4": "adapter, 4 steps",
    "small-4": "small, 4 steps",
}
LETTER = 6.4  # px: a long word below the first picture is moved to where it fits
GROUPS = {"both": "both name it", "second": "only the second", "first": "only the first", "neither": "neither"}


def colour(name):
    return "image" if name == "real" else "prediction"


def make(lab, smoke=False):
    facts, arrays = study.load()
    shelf.expect(facts, lab, study.NETWORKS, "lab_opinions")
    best = study.RUNNERS[study.BEST]
    n = study.numbers(facts, arrays) | {"guidance": best.guidance, "steps": best.steps}
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
            middle = max(x + k * (cell + gap) + cell / 2, LETTER * max(map(len, label.split("\n"))) / 2)
            fig.note(middle, end, label, "muted", 11, ha="center")
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
             rows_of(n, f"top1_{judge}", WORDS, colour), {"most": 0.8, "line": (n[f"top1_{judge}_real"], "image")})
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

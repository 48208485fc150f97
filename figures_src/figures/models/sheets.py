"""The fixed prompts once more, by all networks that draw here, from the same noise and never picked: the U-Net, the U-Net
with its four-step adapter, the transformer, and the small transformer.
"""

import numpy as np

from denoised.data import splits
from denoised.data.prompts import SHEET, SHEET_PROMPTS
from denoised.models import judge as judge_model
from denoised.models import second_judge
from denoised.pipeline import generate_batch
from denoised.probes import judge
from denoised.studies import opinions
from plotting.layout import image_grid
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd", "student", "dit", "small", "judge", "judge2")
DATA = ()
TITLE = "Four networks, the same prompts, not picked"
TINY_ONLY = "These networks were trained here."

WAYS = {runner.net: runner for runner in opinions.RUNNERS.values()}  # each as it is used
WIDE = {"unet": "U-Net,\n", "adapter": "its adapter,\n", "dit": "transformer,\n", "small": "small,\n"}
NARROW = {"unet": "U-Net", "adapter": "adapter", "dit": "large", "small": "small"}


def make(lab, smoke=False):
    count = 1 if smoke else len(SHEET)
    pipes, drawn = opinions.networks(lab), {}
    for name in NARROW:
        way = WAYS[name]
        traces = generate_batch(
            pipes[name], SHEET_PROMPTS[:count], range(count), steps=1 if smoke else way.steps, guidance=way.guidance
        )
        drawn[name] = [trace.image for trace in traces]
    judges = {"first": judge_model.load(lab.weight("judge")), "second": second_judge.load(lab.weight("judge2"))}
    known = judges["first"].classes["concept"]
    place = {row.label.lower(): row.concept for row in splits.load() if row.concept in known and row.tone == "none"}
    can = [i for i, (what, _) in enumerate(SHEET[:count]) if what in place]
    n = {"pictures": count, "can": len(can), "steps": WAYS["dit"].steps, "guidance": WAYS["dit"].guidance,
         "few": WAYS["small"].steps}  # fmt: skip
    for name, pictures in drawn.items():
        for who, net in judges.items():
            named = judge.names(net, judge.look(net, np.stack([pictures[i] for i in can])))
            n[f"named_{who}_{name}"] = sum(best == place[SHEET[i][0]] for (best,), i in zip(named, can, strict=True))
    words = ["\n".join([*what.split(), style]) for what, style in SHEET[:count]]

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        columns, left, gap = (4, 64, 6) if narrow else (8, 96, 6)
        cell, y = (fig.width - left - gap * (columns - 1)) // columns, 0.0
        titles = list(NARROW.values()) if narrow else [f"{word}{WAYS[name].steps} steps" for name, word in WIDE.items()]
        for start in range(0, count, columns):
            here = slice(start, start + columns)
            y = image_grid(fig, [pictures[here] for pictures in drawn.values()], y=y, cell=cell, gap=gap, rows=titles,
                           left=left, columns=words[here], size=SMALL) + 20  # fmt: skip
        fig.set_height(y - 20)
        return fig

    told = {"unet": "U-Net", "adapter": "U-Net with its adapter", "dit": "transformer", "small": "small transformer"}
    listed = ", ".join(f"{word} {n[f'named_second_{name}']}" for name, word in told.items())
    return Output(
        alt=(
            f"Four rows of pictures, by the U-Net, the U-Net with its adapter, the transformer and the small transformer, "
            f"for {count} prompts: {'; '.join(SHEET_PROMPTS[:count])}. Of {n['can']} that a judge has a name for it names "
            f"at once: {listed}."
        ),
        caption=(
            f"**{count} prompts, the first {count} seeds, by each network as it is used**: U-Net and transformer in "
            f"{n['steps']} steps with a guidance of {n['guidance']:g}, the others in {n['few']} without. In a column "
            f"the noise is the same. Of the {n['can']} things that the judge knows its second run names at once: {listed}."
        ),
        numbers=n,
        draw=draw,
        format="webp",
    )
